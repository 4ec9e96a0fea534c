//! What happens once: a token, a demo, and a page that says what to do next.

use std::net::SocketAddr;

use anyhow::Context;
use model::Error;
use platform::Platform;
use store::{Role, TokenRow};

use super::app::App;
use super::demo::{self, Demo};
use super::settings::Settings;
use super::welcome::{self, Welcome};

/// Says that the first start was completed.
const DONE: &str = "first_start";

/// The id of the token that is made when there is no other way in.
const TOKEN_ID: &str = "first-start";

/// Makes what is missing and tells about it. A first start that was interrupted is repeated.
pub(super) async fn prepare(app: &App, settings: &Settings, address: SocketAddr) -> anyhow::Result<()> {
    let db = &*app.platform.db;
    let first = store::setting(db, DONE).await?.is_none();
    let locked_out = settings.admin_token.is_none() && store::count_tokens(db).await? == 0;
    if !first && !locked_out {
        return Ok(());
    }
    let made = match settings.admin_token {
        Some(_) => None,
        None => Some(make_token(&app.platform).await?),
    };
    let demo = match (first && settings.demo, made.as_deref().or(settings.admin_token.as_deref())) {
        (true, Some(token)) => {
            Some(demo::create(app.admin_router(), token).await.context("the demo could not be made")?)
        }
        _ => None,
    };
    let welcome = Welcome { address, token: made.as_deref(), demo: demo.as_ref() };
    welcome::show(&welcome, &settings.data)?;
    store::put_setting_once(db, DONE, "done").await?;
    Ok(())
}

/// An owner's token. One that an interrupted first start left behind was seen by nobody and goes.
async fn make_token(platform: &Platform) -> Result<String, Error> {
    let token = fn_admin::made_token(&*platform.random);
    let row = TokenRow {
        id: TOKEN_ID.to_owned(),
        hash: api::credentials::secret_hash(&token),
        name: "first start".to_owned(),
        prefix: token.chars().take(8).collect(),
        role: Role::Owner,
        account: None,
        project: None,
        created_ms: platform.clock.now_ms(),
        expires_ms: None,
        last_used_ms: None,
    };
    let batch = vec![store::delete_token(TOKEN_ID), store::insert_token(&row)];
    platform.db.batch(batch).await.map_err(store::unavailable)?;
    Ok(token)
}

/// Where the demo's things are, for the query of every request.
impl Demo {
    pub(super) fn query(environment: &str) -> String {
        format!(
            "accountIdentifier={}&orgIdentifier={}&projectIdentifier={}&environmentIdentifier={environment}",
            demo::ACCOUNT,
            demo::ORGANISATION,
            demo::PROJECT
        )
    }
}
