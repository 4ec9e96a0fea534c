//! Making and revoking access tokens. What is done is recorded in the chain of the project that the token is
//! for, else of its account or of the installation.

use async_trait::async_trait;
use model::limits::ACCESS_TOKENS_MAX;
use model::{Error, EventKind, ObjectKind};
use serde::{Deserialize, Serialize};
use store::{Decision, Kind, ListedToken, ObjectStep, Plan, ProjectState, Role, Scope, TokenRow};

use crate::secrets::Made;

/// What is new about a token, whatever is asked for.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct NewToken {
    pub(super) id: String,
    pub(super) made: Made,
}

pub(super) struct CreateToken {
    pub(super) listed: ListedToken,
    pub(super) made: NewToken,
}

#[async_trait]
impl Decision for CreateToken {
    type Answer = NewToken;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<NewToken>, Error> {
        let row = &self.listed.token;
        if let Some(expires_ms) = row.expires_ms.filter(|expires_ms| *expires_ms <= state.now_ms) {
            let message = format!(
                "{expires_ms} has passed, in Unix milliseconds; leave it out for a token that does not expire"
            );
            return Err(Error::invalid("expiresAt", message));
        }
        if store::count_tokens(state.db).await? >= ACCESS_TOKENS_MAX as i64 {
            let message =
                format!("there are {ACCESS_TOKENS_MAX} access tokens, the most allowed; revoke one first");
            return Err(Error::TooLarge(message));
        }
        let mut plan = Plan::new(self.made.clone());
        plan.step(step(&self.listed, EventKind::Create)?);
        plan.row(store::insert_token(row));
        Ok(plan)
    }
}

pub(super) struct RevokeToken {
    pub(super) id: String,
    /// Whether nobody gets in without a token that may do everything.
    pub(super) is_last_way_in: bool,
}

#[async_trait]
impl Decision for RevokeToken {
    type Answer = ();

    /// Tokens that may do everything have one chain, so two that revoke each other are not both right.
    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let may_do_everything = |one: &ListedToken| {
            let TokenRow { role, account, project, expires_ms, .. } = &one.token;
            *role == Role::Owner
                && (account, project) == (&None, &None)
                && expires_ms.is_none_or(|expires_ms| expires_ms > state.now_ms)
        };
        let (revoked, others): (Vec<_>, Vec<_>) = store::tokens_within(state.db, None, None)
            .await?
            .into_iter()
            .partition(|one| one.token.id == self.id);
        let token = revoked.first().ok_or_else(|| Error::not_found(ObjectKind::Token, &self.id))?;
        if self.is_last_way_in && may_do_everything(token) && !others.iter().any(may_do_everything) {
            return Err(Error::InUse(
                "this is the last access token that may do everything; make another one with the role owner, or \
                 start the server with BURGEE_ADMIN_TOKEN, before revoking it"
                    .to_owned(),
            ));
        }
        let mut plan = Plan::new(());
        plan.step(step(token, EventKind::Delete)?);
        plan.row(store::delete_token(&self.id).expect_rows(1));
        Ok(plan)
    }
}

/// The change row of a token that comes or goes; it holds nothing secret.
fn step(listed: &ListedToken, event: EventKind) -> Result<ObjectStep, Error> {
    let token = &listed.token;
    let (org, project) = listed.project.as_ref().map(|(org, project)| (org, project)).unzip();
    let body = serde_json::json!({
        "name": token.name, "prefix": token.prefix, "role": token.role, "account": token.account,
        "org": org, "project": project, "expiresAt": token.expires_ms,
    });
    let body = Some(serde_json::to_string(&body).map_err(Error::internal)?);
    let (action, before, after) = match event {
        EventKind::Delete => ("AccessTokenRevoked", body, None),
        EventKind::Create | EventKind::Patch => ("AccessTokenCreated", None, body),
    };
    Ok(ObjectStep {
        scope: Scope::Project,
        kind: Kind::Token,
        identifier: token.id.clone(),
        action,
        event,
        before,
        after,
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
