//! Who calls, and what that allows.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::request::Parts;
use model::{AccountId, Error, ObjectKind, ProjectUuid};
use platform::within;
use store::{Author, Conditions, NamedRequest, ProjectRow, Role, TokenRow};
use tracing::warn;

use crate::Admin;
use crate::idempotency::IDEMPOTENCY_KEY;
use crate::secrets::SecretMaker;

/// The name under which `BURGEE_ADMIN_TOKEN` appears in audit rows.
pub(crate) const ROOT_NAME: &str = "admin";

/// How exactly the last use of a token is known.
const HOUR_MS: i64 = 60 * 60 * 1000;

/// How long a request waits for its token's use to be noted, once an hour.
const NOTE_LIMIT: Duration = Duration::from_millis(200);

/// A caller whose token is good, and what its request demands.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// The token's id; empty for `BURGEE_ADMIN_TOKEN`.
    pub(crate) id: String,
    name: String,
    role: Role,
    pub(crate) account: Option<AccountId>,
    pub(crate) project: Option<ProjectUuid>,
    conditions: Conditions,
    /// For secrets that the request makes.
    pub(crate) secrets: SecretMaker,
}

impl Access {
    /// The caller of a request that begins so, and the version that it expects.
    pub(crate) async fn of_caller(head: &Parts, admin: &Admin) -> Result<Self, Error> {
        let mut access = match head.extensions.get::<Self>() {
            Some(known) => known.clone(),
            None => Self::read(admin, &head.headers).await?,
        };
        if !head.method.is_safe() {
            access.conditions.version = api::entity_tag::if_match(&head.headers)?;
        }
        Ok(access)
    }

    /// The caller with these headers.
    pub(crate) async fn read(admin: &Admin, headers: &HeaderMap) -> Result<Self, Error> {
        let missing = "send an access token in the header x-api-key, or as Authorization: Bearer";
        let token = api::credentials::admin(headers).ok_or(Error::Unauthenticated(missing))?;
        let request = headers.get(&IDEMPOTENCY_KEY).map(http::HeaderValue::as_bytes);
        let secrets = SecretMaker::new(token, request.unwrap_or_default());
        if admin.root_token.as_ref().is_some_and(|root| api::credentials::same_secret(root, token)) {
            return Ok(Self::root(secrets));
        }
        Ok(Self::of(find_token(admin, token).await?, secrets))
    }

    fn root(secrets: SecretMaker) -> Self {
        Self {
            id: String::new(),
            name: ROOT_NAME.to_owned(),
            role: Role::Owner,
            account: None,
            project: None,
            conditions: Conditions::default(),
            secrets,
        }
    }

    fn of(token: TokenRow, secrets: SecretMaker) -> Self {
        Self {
            id: token.id,
            name: token.name,
            role: token.role,
            account: token.account,
            project: token.project,
            conditions: Conditions::default(),
            secrets,
        }
    }

    /// The caller, whose request may be sent again.
    pub(crate) fn of_request(mut self, request: Arc<NamedRequest>) -> Self {
        self.conditions.request = Some(request);
        self
    }

    /// Whether the caller may change flags.
    pub(crate) fn check_edit(&self) -> Result<(), Error> {
        self.check_role(Role::Editor)
    }

    /// Whether the caller may change projects, environments and keys.
    pub(crate) fn check_own(&self) -> Result<(), Error> {
        self.check_role(Role::Owner)
    }

    /// Whether the token covers the account.
    pub(crate) fn check_account(&self, account: &AccountId) -> Result<(), Error> {
        match &self.account {
            Some(own) if own != account => Err(Error::Forbidden(format!(
                "the access token is for account {:?}, not {:?}",
                own.as_str(),
                account.as_str()
            ))),
            _ => Ok(()),
        }
    }

    /// Whether the token covers the project; another project is as good as absent.
    pub(crate) fn check_project(&self, project: &ProjectRow) -> Result<(), Error> {
        if self.project.as_ref().is_none_or(|own| *own == project.id) {
            return Ok(());
        }
        Err(Error::not_found(ObjectKind::Project, &project.identifier))
    }

    /// Whether the token reaches beyond one project.
    pub(crate) fn check_account_wide(&self) -> Result<(), Error> {
        match self.project {
            Some(_) => Err(Error::Forbidden("the access token is for one project only".to_owned())),
            None => Ok(()),
        }
    }

    /// The project that the token is for, if it is for one only.
    pub(crate) const fn only_project(&self) -> Option<&ProjectUuid> {
        self.project.as_ref()
    }

    /// Whether a list may show the project.
    pub(crate) fn covers(&self, project: &ProjectRow) -> bool {
        self.check_project(project).is_ok()
    }

    /// The caller as the author of a change, on the request's conditions.
    pub(crate) fn author(&self, comment: Option<String>) -> Author {
        Author {
            actor: self.name.clone(),
            comment: comment.unwrap_or_default(),
            conditions: self.conditions.clone(),
        }
    }

    fn check_role(&self, needed: Role) -> Result<(), Error> {
        if self.role >= needed {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "the access token {:?} has the role {}; this needs the role {}",
            self.name,
            self.role.as_str(),
            needed.as_str()
        )))
    }
}

/// The token, if it is good. Looked up for every request, so that a revoked one is refused at once.
async fn find_token(admin: &Admin, token: &str) -> Result<TokenRow, Error> {
    let db = &*admin.platform.db;
    let hash = api::credentials::secret_hash(token);
    let found = store::token_by_hash(db, &hash).await?;
    let now_ms = admin.platform.clock.now_ms();
    let live = found.filter(|token| token.expires_ms.is_none_or(|expires_ms| expires_ms > now_ms));
    let token = live.ok_or(Error::Unauthenticated("the access token is unknown, revoked or expired"))?;
    let hour_ms = now_ms - now_ms.rem_euclid(HOUR_MS);
    if token.last_used_ms.is_none_or(|last_used_ms| last_used_ms < hour_ms) {
        note_use(admin, &token, hour_ms).await;
    }
    Ok(token)
}

/// For people to look at: no reason to refuse a request, or to let it wait.
async fn note_use(admin: &Admin, token: &TokenRow, hour_ms: i64) {
    let batch = admin.platform.db.batch(vec![store::touch_token(&token.id, hour_ms)]);
    match within(&*admin.platform.clock, NOTE_LIMIT, batch).await {
        Some(Ok(_)) => {}
        Some(Err(error)) => {
            warn!(%error, "the last use of access token {:?} could not be noted", token.name);
        }
        None => warn!("noting the last use of access token {:?} took too long", token.name),
    }
}
