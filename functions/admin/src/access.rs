//! Who calls, and what that allows.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use model::{AccountId, Error, ObjectKind, ProjectUuid};
use store::{Author, ProjectRow, Role};

use crate::Admin;

/// The name under which `BURGEE_ADMIN_TOKEN` appears in audit rows.
const ROOT_NAME: &str = "admin";

/// A caller whose token is good. As an extractor: 401 without a good one.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    name: String,
    role: Role,
    account: Option<AccountId>,
    project: Option<ProjectUuid>,
}

impl FromRequestParts<Admin> for Access {
    type Rejection = api::Problem;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Self::Rejection> {
        Ok(Self::read(admin, &parts.headers).await?)
    }
}

impl Access {
    /// The caller with these headers.
    pub(crate) async fn read(admin: &Admin, headers: &HeaderMap) -> Result<Self, Error> {
        let missing = "send an access token in the header x-api-key, or as Authorization: Bearer";
        let token = api::credentials::admin(headers).ok_or(Error::Unauthenticated(missing))?;
        Self::of(admin, token).await
    }

    async fn of(admin: &Admin, token: &str) -> Result<Self, Error> {
        if admin.root_token.as_ref().is_some_and(|root| api::credentials::same_secret(root, token)) {
            return Ok(Self { name: ROOT_NAME.to_owned(), role: Role::Owner, account: None, project: None });
        }
        let hash = api::credentials::secret_hash(token);
        let found = store::token_by_hash(&*admin.platform.db, &hash).await?;
        let now_ms = admin.platform.clock.now_ms();
        let live = found.filter(|token| token.expires_ms.is_none_or(|expires_ms| expires_ms > now_ms));
        let Some(token) = live else {
            return Err(Error::Unauthenticated("the access token is unknown, revoked or expired"));
        };
        Ok(Self { name: token.name, role: token.role, account: token.account, project: token.project })
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

    /// The caller as the author of a change.
    pub(crate) fn author(&self, comment: Option<String>) -> Author {
        Author { actor: self.name.clone(), comment: comment.unwrap_or_default(), ..Author::default() }
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
