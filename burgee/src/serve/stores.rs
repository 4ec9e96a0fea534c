//! What stands behind the server: a folder of its own, or stores that it shares with others.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use platform::config::{Var, Vars};
use platform::{Dialect, Platform};
use platform_native::{STORE_VARS, Sqlite, config, connect, embedded_on};
use tracing::{error, info};

use crate::data::{self, DATABASE_URL};

/// What else is read where it is set.
pub(super) const SHARED_VARS: &[Var] = match STORE_VARS {
    [_, rest @ ..] => rest,
    [] => &[],
};

/// The stores of one server.
pub(super) struct Stores {
    pub(super) platform: Platform,
    /// The database in the folder, if it is there.
    pub(super) sqlite: Option<Arc<Sqlite>>,
}

impl Stores {
    /// Opens what the settings name; a folder's database is brought to this program's schema.
    ///
    /// # Errors
    /// Whatever is wrong with the settings or the database, as one sentence.
    pub(super) async fn open(folder: &Path, vars: &Vars) -> anyhow::Result<Self> {
        match vars.opt_text(DATABASE_URL.name)? {
            None => Self::own(folder).await,
            Some(_) => Self::shared().await,
        }
    }

    async fn own(folder: &Path) -> anyhow::Result<Self> {
        let sqlite = Arc::new(data::open(folder)?);
        let platform = embedded_on(sqlite.clone());
        let migrated = store::migrate(&*platform.db).await;
        for version in migrated.with_context(|| data::file(folder).display().to_string())? {
            info!(version, "the database now has schema {version}");
        }
        pick_up(&platform).await?;
        Ok(Self { platform, sqlite: Some(sqlite) })
    }

    /// Others may be using it: nothing is migrated, and nobody's leases end.
    async fn shared() -> anyhow::Result<Self> {
        let platform = connect(&config::read(&[STORE_VARS])?)?;
        if platform.db.dialect() == Dialect::Sqlite {
            bail!(
                "BURGEE_DATABASE_URL names SQLite, which `burgee serve` keeps in a folder: unset it and use --data"
            );
        }
        store::check_schema(&*platform.db).await.context("the database that BURGEE_DATABASE_URL names")?;
        warn_of_restore(&platform).await?;
        Ok(Self { platform, sqlite: None })
    }
}

/// Looks at how the last server, or a tool since, left the database.
async fn pick_up(platform: &Platform) -> anyhow::Result<()> {
    let db = &*platform.db;
    warn_of_restore(platform).await?;
    store::release_leases(db).await?;
    let late = store::date_unsent(db, platform.clock.now_ms()).await?;
    if late > 0 {
        info!(
            objects = late,
            "{late} objects changed and were not announced yet; streams are told of them now"
        );
    }
    Ok(())
}

async fn warn_of_restore(platform: &Platform) -> anyhow::Result<()> {
    if store::needs_repair(&*platform.db).await? {
        error!(
            "the database was restored from a backup and not repaired: SDKs that heard of newer versions ignore every \
             change; stop this server and run `burgee repair after-restore`"
        );
    }
    Ok(())
}
