//! The folder that holds everything, for the tools that need it for themselves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use platform::Platform;
use platform::config::{Fallback, Kind, Var};
use platform_native::{Options, STORE_VARS, Sqlite, config, connect, embedded_on};

/// The database's name in the folder.
const DATABASE: &str = "burgee.db";

/// Where the folder is, unless the command line says it.
pub(crate) const VAR: Var = Var {
    name: "BURGEE_DATA",
    kind: Kind::Text,
    default: Fallback::Value("burgee-data"),
    secret: false,
    help: "The folder that holds everything; --data goes before it.",
};

/// The database of installations without a folder. The functions demand it ([`STORE_VARS`]), here it may be absent.
pub(crate) const DATABASE_URL: Var = Var {
    name: "BURGEE_DATABASE_URL",
    kind: Kind::Text,
    default: Fallback::Optional,
    secret: true,
    help: "A Postgres that several servers and functions share, instead of a file in the folder: postgres://user:password@host/database?sslmode=verify-full.",
};

/// What the tools read of the environment.
const VARS: &[Var] = &[VAR];

/// The same where there may be no folder.
const NAMED: &[Var] = &[DATABASE_URL];

/// The folder of an installation that no server is using.
#[derive(clap::Args)]
pub(crate) struct DataFolder {
    /// The folder that holds everything; no server may be using it [default: BURGEE_DATA, else burgee-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// An open installation. Nobody else can use its folder until it is dropped.
pub(crate) struct Installation {
    pub(crate) platform: Platform,
    pub(crate) sqlite: Arc<Sqlite>,
}

impl DataFolder {
    /// Opens what is there.
    ///
    /// # Errors
    /// If nothing is there, if a server is using it, or if its schema is another one than this program's.
    pub(crate) async fn open(&self) -> anyhow::Result<Installation> {
        let Some(installation) = self.find().await? else {
            let folder = self.path()?;
            return Err(nothing_in(&folder));
        };
        Ok(installation)
    }

    /// Opens what is there, if something is.
    ///
    /// # Errors
    /// As [`DataFolder::open`].
    pub(crate) async fn find(&self) -> anyhow::Result<Option<Installation>> {
        let file = file(&self.path()?);
        if !file.exists() {
            return Ok(None);
        }
        let installation = Installation::on(Sqlite::open(&file, Options::default())?);
        store::check_schema(&*installation.platform.db).await.with_context(|| file.display().to_string())?;
        Ok(Some(installation))
    }

    /// The same, or the database that functions share, if no folder is named but that is.
    ///
    /// # Errors
    /// As [`DataFolder::open`]; if the shared database cannot be used.
    pub(crate) async fn open_or_shared(&self) -> anyhow::Result<Platform> {
        let Some(platform) = self.shared()? else { return Ok(self.open().await?.platform) };
        store::check_schema(&*platform.db).await.with_context(shared_name)?;
        Ok(platform)
    }

    /// The database that functions share, if no folder is named but that is.
    fn shared(&self) -> anyhow::Result<Option<Platform>> {
        if self.data.is_some() || config::read(&[NAMED])?.opt_text(DATABASE_URL.name)?.is_none() {
            return Ok(None);
        }
        connect(&config::read(&[STORE_VARS])?).map(Some)
    }

    /// Brings the schema of what is there up to date. Returns the versions applied.
    ///
    /// # Errors
    /// If nothing is there, if a server is using it, or if its schema is newer than this program's.
    pub(crate) async fn migrate(&self) -> anyhow::Result<Vec<i64>> {
        if let Some(platform) = self.shared()? {
            return store::migrate(&*platform.db).await.with_context(shared_name);
        }
        let folder = self.path()?;
        let file = file(&folder);
        if !file.exists() {
            return Err(nothing_in(&folder));
        }
        let installation = Installation::on(Sqlite::open(&file, Options::default())?);
        let migrated = store::migrate(&*installation.platform.db).await;
        migrated.with_context(|| file.display().to_string())
    }

    /// Opens what is there, makes what is missing, and brings the schema up to date.
    ///
    /// # Errors
    /// If the folder cannot be made or a server is using it.
    pub(crate) async fn open_or_make(&self) -> anyhow::Result<Installation> {
        let folder = self.path()?;
        let installation = Installation::on(open(&folder)?);
        let migrated = store::migrate(&*installation.platform.db).await;
        migrated.with_context(|| file(&folder).display().to_string())?;
        Ok(installation)
    }

    /// Where it is.
    ///
    /// # Errors
    /// If the environment says something that is no path.
    pub(crate) fn path(&self) -> anyhow::Result<PathBuf> {
        folder(self.data.as_deref())
    }
}

impl Installation {
    /// An empty one, gone when it is dropped.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub(crate) async fn in_memory() -> anyhow::Result<Self> {
        let installation = Self::on(Sqlite::in_memory()?);
        store::migrate(&*installation.platform.db).await?;
        Ok(installation)
    }

    fn on(sqlite: Sqlite) -> Self {
        let sqlite = Arc::new(sqlite);
        Self { platform: embedded_on(sqlite.clone()), sqlite }
    }
}

fn shared_name() -> String {
    format!("the database that {} names", DATABASE_URL.name)
}

/// Opens the database in a folder, which is made if it is not there.
///
/// # Errors
/// If it cannot be made, or a process is using it.
pub(crate) fn open(folder: &Path) -> anyhow::Result<Sqlite> {
    make(folder)?;
    Ok(Sqlite::open(&file(folder), Options::default())?)
}

/// The data folder: what the command line says, else the environment, else the default.
///
/// # Errors
/// If the environment says something that is no path.
pub(crate) fn folder(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    match named {
        Some(folder) => Ok(folder.to_owned()),
        None => Ok(PathBuf::from(config::read(&[VARS])?.text(VAR.name)?)),
    }
}

/// Makes the folder if it is not there.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn make(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| {
        format!("the data folder {} cannot be made; choose another with --data", folder.display())
    })
}

/// What to say where a database should be and is not.
pub(crate) fn nothing_in(folder: &Path) -> anyhow::Error {
    anyhow!("there is no database in {}; name the data folder with --data", folder.display())
}

/// The database of a folder.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// Runs a tool to its end.
///
/// # Errors
/// What the tool fails with.
pub(crate) fn run<T>(tool: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(tool)
}
