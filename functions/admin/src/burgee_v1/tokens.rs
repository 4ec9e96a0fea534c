//! Access tokens of the admin API: what their bearers may do, and where.

mod change;

use api::Page;
use http::StatusCode;
use model::limits::NAME_BYTES_MAX;
use model::{AccountId, Error, FieldError, ObjectKind, OrganisationId, ProjectId};
use serde::{Deserialize, Serialize};
use store::{ListedToken, ProjectRow, Role, TokenRow};

use crate::access::ROOT_NAME;
use crate::answer::Answer;
use crate::call::Call;
use crate::projects::named;
use crate::secrets::{self, Made};
use change::{CreateToken, NewToken, RevokeToken};

/// `TokenRequest` of openapi/burgee.yaml. Where it names no account or project, the token reaches as far as
/// the one that makes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// For people, and the actor in audit.
    pub name: String,
    /// What the bearer may do.
    pub role: Role,
    /// The account that it is for.
    #[serde(default)]
    pub account: Option<String>,
    /// The project's organisation.
    #[serde(default)]
    pub org: Option<String>,
    /// The project that it is for.
    #[serde(default)]
    pub project: Option<String>,
    /// Unix milliseconds after which it is refused.
    #[serde(default)]
    pub expires_at: Option<i64>,
}

/// An access token as it is listed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    id: String,
    name: String,
    /// In clear, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The first characters of the token.
    prefix: String,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<OrganisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<ProjectId>,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<i64>,
}

/// A page of tokens.
#[derive(Serialize)]
pub(crate) struct Tokens {
    #[serde(flatten)]
    page: Page,
    tokens: Vec<Token>,
}

pub(crate) async fn create(call: Call, request: TokenRequest) -> Result<Answer, Error> {
    call.access.check_own()?;
    let (account, project) = request.scope(&call).await?;
    let chain = match &project {
        Some(project) => project.id.clone(),
        None => store::begin_account_chain(call.db(), account.as_ref(), call.now_ms()).await?,
    };
    let scope = (account.as_ref(), project.as_ref());
    let made = NewToken { id: call.random().uuid(), made: Made::now(&call.admin.platform) };
    let (listed, _) = request.make(&call, scope, &made)?;
    // Of a request that was sent before, the token that was made then.
    let made = call.write_answered(&chain, &CreateToken { listed, made }).await?;
    let (listed, clear) = request.make(&call, scope, &made)?;
    let token = Token { token: Some(clear), ..Token::from(listed) };
    Ok(Answer::created(&token)?.not_stored())
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    call.access.check_own()?;
    let (rows, page) = page.cut(within(&call).await?);
    Answer::ok(&Tokens { page, tokens: rows.into_iter().map(Token::from).collect() })
}

/// Revokes a token: every request looks its token up, so the next one is refused.
pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    call.access.check_own()?;
    let db = call.db();
    let found = within(&call).await?.into_iter().find(|one| one.token.id == call.identifier);
    let found = found.ok_or_else(|| Error::not_found(ObjectKind::Token, &call.identifier))?.token;
    let chain = match &found.project {
        // A deleted project's chain takes no more changes.
        Some(project) if store::project_by_id(db, project).await.is_ok() => project.clone(),
        _ => {
            let now_ms = call.now_ms();
            store::begin_account_chain(db, found.account.as_ref(), now_ms).await?
        }
    };
    let decision = RevokeToken { id: found.id, is_last_way_in: call.admin.root_token.is_none() };
    call.write(&chain, &decision).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The tokens that reach no further than the caller's.
async fn within(call: &Call) -> Result<Vec<ListedToken>, Error> {
    store::tokens_within(call.db(), call.access.account.as_ref(), call.access.project.as_ref()).await
}

impl TokenRequest {
    /// The new token, and its clear text.
    fn make(
        &self,
        call: &Call,
        (account, project): (Option<&AccountId>, Option<&ProjectRow>),
        NewToken { id, made }: &NewToken,
    ) -> Result<(ListedToken, String), Error> {
        let clear = call.access.secrets.token(&made.seed);
        let token = TokenRow {
            id: id.clone(),
            hash: api::credentials::secret_hash(&clear),
            name: self.checked_name()?,
            prefix: secrets::prefix(&clear),
            role: self.role,
            account: account.cloned(),
            project: project.map(|project| project.id.clone()),
            created_ms: made.at_ms,
            expires_ms: self.expires_at,
            last_used_ms: None,
        };
        let project = project.map(|row| (row.organisation.clone(), row.identifier.clone()));
        Ok((ListedToken { token, project }, clear))
    }

    fn checked_name(&self) -> Result<String, FieldError> {
        let name = self.name.trim();
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let rule = format!("needs 1 to {NAME_BYTES_MAX} bytes; say who or what the token is for");
            return Err(FieldError::new("name", rule));
        }
        if name == ROOT_NAME {
            let message = format!("{name:?} is what audit calls BURGEE_ADMIN_TOKEN; choose another name");
            return Err(FieldError::new("name", message));
        }
        Ok(name.to_owned())
    }

    /// Account and project; never more than the caller's own.
    async fn scope(&self, call: &Call) -> Result<(Option<AccountId>, Option<ProjectRow>), Error> {
        let (db, access) = (call.db(), &call.access);
        let account = match &self.account {
            Some(text) => Some(AccountId::parse(text).map_err(|error| named("account", error))?),
            None => access.account.clone(),
        };
        if let Some(account) = &account {
            access.check_account(account)?;
        }
        let project = match (&self.org, &self.project, &access.project) {
            (None, None, None) => None,
            (None, None, Some(own)) => Some(store::project_by_id(db, own).await?),
            (Some(org), Some(project), _) => {
                let organisation = OrganisationId::parse(org).map_err(|error| named("org", error))?;
                let identifier = ProjectId::parse(project).map_err(|error| named("project", error))?;
                let account = account.as_ref().ok_or_else(|| missing("account", "project"))?;
                let row = store::project_by_identifier(db, account, &organisation, &identifier).await?;
                access.check_project(&row)?;
                Some(row)
            }
            (None, Some(_), _) => return Err(missing("org", "project").into()),
            (Some(_), None, _) => return Err(missing("project", "org").into()),
        };
        let of_project = project.as_ref().map(|project| project.account.clone());
        Ok((of_project.or(account), project))
    }
}

fn missing(field: &str, other: &str) -> FieldError {
    FieldError::new(field, format!("is missing; {other} is only found together with it"))
}

impl From<ListedToken> for Token {
    fn from(ListedToken { token, project }: ListedToken) -> Self {
        let (org, project) = project.unzip();
        Self {
            id: token.id,
            name: token.name,
            token: None,
            prefix: token.prefix,
            role: token.role,
            account: token.account,
            org,
            project,
            created_at: token.created_ms,
            expires_at: token.expires_ms,
            last_used_at: token.last_used_ms,
        }
    }
}
