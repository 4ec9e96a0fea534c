//! Access tokens of the admin API.

use model::{AccountId, Error, KeyHash, OrganisationId, ProjectId, ProjectUuid};
use platform::{Db, DbError, Row, Statement};
use serde::{Deserialize, Serialize};

use crate::fault::unavailable;

/// What the bearer of a token may do within its scope.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read.
    Viewer,
    /// Read and write flags, segments, targets.
    Editor,
    /// Everything, keys and tokens included.
    Owner,
}

impl Role {
    /// As stored and as spelt in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    fn read(text: &str) -> Result<Self, DbError> {
        match text {
            "viewer" => Ok(Self::Viewer),
            "editor" => Ok(Self::Editor),
            "owner" => Ok(Self::Owner),
            other => Err(DbError::Invalid(format!("{other:?} is not a role"))),
        }
    }
}

/// An access token; its clear text is known to its bearer only.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Its id.
    pub id: String,
    /// SHA-256 of the clear text.
    pub hash: KeyHash,
    /// For people; also the actor in audit rows.
    pub name: String,
    /// The first characters of the clear text, to recognise it by.
    pub prefix: String,
    /// What it allows.
    pub role: Role,
    /// Restricted to this account, if any.
    pub account: Option<AccountId>,
    /// Restricted to this project, if any.
    pub project: Option<ProjectUuid>,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub expires_ms: Option<i64>,
    /// Unix milliseconds, to the hour.
    pub last_used_ms: Option<i64>,
}

/// An access token with the names of its project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedToken {
    /// The token.
    pub token: TokenRow,
    /// The organisation and identifier of the project that it is restricted to, if any.
    pub project: Option<(OrganisationId, ProjectId)>,
}

const INSERT: &str = "INSERT INTO admin_token
    (id, hash, name, prefix, role, account, project_id, created_ms, expires_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const DELETE: &str = "DELETE FROM admin_token WHERE id = $1";

const TOUCH: &str = "UPDATE admin_token SET last_used_ms = $1
    WHERE id = $2 AND (last_used_ms IS NULL OR last_used_ms < $3)";

const COUNT: &str = "SELECT count(*) FROM admin_token";

const BY_HASH: &str = "SELECT id, hash, name, prefix, role, account, project_id, created_ms, expires_ms,
    last_used_ms FROM admin_token WHERE hash = $1";

const WITHIN: &str = "SELECT t.id, t.hash, t.name, t.prefix, t.role, t.account, t.project_id, t.created_ms,
    t.expires_ms, t.last_used_ms, p.organisation, p.identifier
    FROM admin_token t LEFT JOIN project p ON p.id = t.project_id
    WHERE (CAST($1 AS TEXT) IS NULL OR t.account = $1) AND (CAST($2 AS TEXT) IS NULL OR t.project_id = $2)
    ORDER BY t.created_ms, t.id";

/// Adds a token.
pub fn insert_token(token: &TokenRow) -> Statement {
    Statement::new(INSERT)
        .bind(token.id.as_str())
        .bind(token.hash.as_str())
        .bind(token.name.as_str())
        .bind(token.prefix.as_str())
        .bind(token.role.as_str())
        .bind(token.account.as_ref().map(AccountId::as_str))
        .bind(token.project.as_ref().map(ProjectUuid::as_str))
        .bind(token.created_ms)
        .bind(token.expires_ms)
        .expect_rows(1)
}

/// Removes a token, if it is there.
pub fn delete_token(id: &str) -> Statement {
    Statement::new(DELETE).bind(id)
}

/// Notes that a token was used in the hour that begins at `hour_ms`; at most one row changes an hour.
pub fn touch_token(id: &str, hour_ms: i64) -> Statement {
    Statement::new(TOUCH).bind(hour_ms).bind(id).bind(hour_ms)
}

/// The tokens restricted to the account and project, all where these are `None`, oldest first.
///
/// # Errors
/// `Unavailable`.
pub async fn tokens_within(
    db: &dyn Db,
    account: Option<&AccountId>,
    project: Option<&ProjectUuid>,
) -> Result<Vec<ListedToken>, Error> {
    let statement =
        Statement::new(WITHIN).bind(account.map(AccountId::as_str)).bind(project.map(ProjectUuid::as_str));
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.iter().map(|row| read_listed(row).map_err(unavailable)).collect()
}

/// How many tokens there are.
///
/// # Errors
/// `Unavailable`.
pub async fn count_tokens(db: &dyn Db) -> Result<i64, Error> {
    let rows = db.query(Statement::new(COUNT)).await.map_err(unavailable)?;
    rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)
}

/// The token with that hash.
///
/// # Errors
/// `Unavailable`.
pub async fn token_by_hash(db: &dyn Db, hash: &KeyHash) -> Result<Option<TokenRow>, Error> {
    let rows = db.query(Statement::new(BY_HASH).bind(hash.as_str())).await.map_err(unavailable)?;
    rows.first().map(read).transpose().map_err(unavailable)
}

fn read(row: &Row) -> Result<TokenRow, DbError> {
    Ok(TokenRow {
        id: row.text(0)?.to_owned(),
        hash: KeyHash::from_wire(row.text(1)?),
        name: row.text(2)?.to_owned(),
        prefix: row.text(3)?.to_owned(),
        role: Role::read(row.text(4)?)?,
        account: row.opt_text(5)?.map(AccountId::from_wire),
        project: row.opt_text(6)?.map(ProjectUuid::from_wire),
        created_ms: row.int(7)?,
        expires_ms: row.opt_int(8)?,
        last_used_ms: row.opt_int(9)?,
    })
}

fn read_listed(row: &Row) -> Result<ListedToken, DbError> {
    let names = row.opt_text(10)?.zip(row.opt_text(11)?);
    let project = names.map(|(organisation, identifier)| {
        (OrganisationId::from_wire(organisation), ProjectId::from_wire(identifier))
    });
    Ok(ListedToken { token: read(row)?, project })
}
