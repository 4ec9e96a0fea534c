//! What is to be here after the import: the files' content, put into projects and environments.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::limits::{
    ENVIRONMENTS_PER_PROJECT_MAX, FLAGS_PER_PROJECT_MAX, KEYS_PER_ENVIRONMENT_MAX,
    SEGMENTS_PER_ENVIRONMENT_MAX, TARGETS_PER_ENVIRONMENT_MAX,
};
use model::{
    AccountId, EnvironmentId, EnvironmentUuid, FlagConfig, FlagId, KeyHash, OrganisationId, ProjectId,
    Segment, SegmentId, Tag, Version,
};
use store::TargetRow;

use super::flags::{self, WantedFlag};
use super::keys::{self, WantedKey};
use super::naming::{DEFAULT, Naming};
use super::notes::{Notes, Topic};
use super::refuse;
use crate::relay_directory::{EnvironmentFolder, Named};

/// How far versions begin above those in the files. SDKs drop what is not above what they hold, and what
/// they hold may have been changed since the files were written.
const VERSION_MARGIN: i64 = 1_000;

/// Java SDKs read versions into 32 bits. Half of them are left for the future.
const VERSION_MAX: i64 = 1 << 30;

/// A project as it is to be.
pub(crate) struct WantedProject {
    pub(crate) account: AccountId,
    pub(crate) organisation: OrganisationId,
    pub(crate) identifier: ProjectId,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<Tag>,
    pub(crate) flags: BTreeMap<FlagId, WantedFlag>,
    /// By identifier.
    pub(crate) environments: Vec<WantedEnvironment>,
}

/// An environment as it is to be.
pub(crate) struct WantedEnvironment {
    pub(crate) id: EnvironmentUuid,
    pub(crate) identifier: EnvironmentId,
    pub(crate) named: Named,
    /// What flags serve; without versions.
    pub(crate) configs: BTreeMap<FlagId, FlagConfig>,
    pub(crate) segments: BTreeMap<SegmentId, Segment>,
    pub(crate) targets: BTreeMap<String, TargetRow>,
    pub(crate) keys: Vec<WantedKey>,
    /// The newest version of an object in the files.
    pub(crate) newest: Version,
}

impl WantedProject {
    /// `account/organisation/project`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}/{}", self.account, self.organisation, self.identifier)
    }
}

impl WantedEnvironment {
    /// The version that the environment is taken to if it is not above the files' versions.
    pub(crate) fn first_version(&self) -> Version {
        Version(self.newest.0.saturating_add(VERSION_MARGIN))
    }
}

/// Where a folder belongs.
struct Place {
    account: AccountId,
    organisation: OrganisationId,
    project: ProjectId,
    environment: EnvironmentId,
}

/// Puts folders into projects.
///
/// # Errors
/// All mistakes at once.
pub(super) fn projects(
    folders: Vec<EnvironmentFolder>,
    naming: &Naming,
    notes: &mut Notes,
) -> anyhow::Result<Vec<WantedProject>> {
    let mut mistakes = unknown_names(&folders, naming);
    let only_project = only_project(&folders);
    let mut projects: BTreeMap<String, WantedProject> = BTreeMap::new();
    if folders.iter().any(|folder| folder.companion.is_none()) {
        notes.raise(Topic::FILES_HOLD_NO);
    }
    for folder in folders {
        let place = match place(&folder, naming, only_project.as_deref()) {
            Ok(place) => place,
            Err(mistake) => {
                mistakes.push(format!("env-{}: {mistake}", folder.id));
                continue;
            }
        };
        let path = format!("{}/{}/{}", place.account, place.organisation, place.project);
        let project = projects.entry(path).or_insert_with(|| empty(&place, &folder));
        flags::add_known(&mut project.flags, &folder);
        project.environments.push(environment(folder, place, naming, notes));
    }
    let mut projects: Vec<_> = projects.into_values().collect();
    for project in &mut projects {
        project.environments.sort_by(|one, other| one.identifier.cmp(&other.identifier));
        flags::unite(project, notes);
        check(project, &mut mistakes);
    }
    check_keys(&projects, &mut mistakes);
    refuse(&mistakes)?;
    Ok(projects)
}

/// Names on the command line that are of nothing in the directory.
fn unknown_names(folders: &[EnvironmentFolder], naming: &Naming) -> Vec<String> {
    let environments = naming.environments.iter().filter(|named| folders.iter().all(|f| f.id != named.id));
    let environments = environments
        .map(|named| format!("--environment-map: there is no folder env-{} in the directory", named.id));
    let known: BTreeSet<&KeyHash> = folders.iter().flat_map(|folder| &folder.keys).collect();
    let named = naming.client_keys.iter().chain(&naming.server_keys);
    let keys = named
        .filter(|hash| !known.contains(hash))
        .map(|hash| format!("--client-key, --server-key: {hash} is in no auth_config.json of the directory"));
    environments.chain(keys).collect()
}

/// The one project that the files are of, if it is one.
fn only_project(folders: &[EnvironmentFolder]) -> Option<String> {
    let mut projects: BTreeSet<&String> = folders.iter().flat_map(|folder| &folder.scope.projects).collect();
    projects.extend(folders.iter().filter_map(|f| Some(&f.companion.as_ref()?.project.identifier)));
    match projects.len() {
        1 => projects.first().map(|project| (*project).clone()),
        _ => None,
    }
}

fn place(folder: &EnvironmentFolder, naming: &Naming, only: Option<&str>) -> Result<Place, String> {
    let (scope, companion) = (&folder.scope, folder.companion.as_ref());
    let named = naming.environment(&folder.id);
    let account = match (&naming.account, companion) {
        (Some(account), _) => account.clone(),
        (None, Some(companion)) => companion.account.clone(),
        (None, None) => {
            let said = one("account", &scope.accounts, "--account")?.unwrap_or(DEFAULT);
            AccountId::parse(said).map_err(|error| format!("account: {}", error.message))?
        }
    };
    let organisation = match (&naming.organisation, companion) {
        (Some(organisation), _) => organisation.clone(),
        (None, Some(companion)) => companion.organisation.clone(),
        (None, None) => {
            let said = one("organisation", &scope.organisations, "--org")?.unwrap_or(DEFAULT);
            OrganisationId::parse(said).map_err(|error| format!("organisation: {}", error.message))?
        }
    };
    let project = named.and_then(|named| named.project.clone()).or_else(|| naming.project.clone());
    let project = match project {
        Some(project) => project,
        None => {
            let said = match companion {
                Some(companion) => Some(companion.project.identifier.as_str()),
                None => one("project", &scope.projects, "--project")?,
            };
            let said = said.or(only.filter(|_| named.is_some())).ok_or_else(|| unnamed(folder))?;
            ProjectId::parse(said)
                .map_err(|error| format!("project: {}; choose one with --project", error.message))?
        }
    };
    let environment = match named {
        Some(named) => named.identifier.clone(),
        None => {
            let said = match companion {
                Some(companion) => Some(companion.environment.identifier.as_str()),
                None => one("environment", &scope.environments, "--environment-map")?,
            };
            let said = said.ok_or_else(|| unnamed(folder))?;
            EnvironmentId::parse(said).map_err(|error| {
                format!("environment: {}; choose one with --environment-map", error.message)
            })?
        }
    };
    Ok(Place { account, organisation, project, environment })
}

/// What the files say, if they agree.
fn one<'a>(what: &str, said: &'a BTreeSet<String>, option: &str) -> Result<Option<&'a str>, String> {
    if said.len() > 1 {
        let said: Vec<_> = said.iter().map(String::as_str).collect();
        return Err(format!(
            "its files name more than one {what}: {}; choose with {option}",
            said.join(", ")
        ));
    }
    Ok(said.first().map(String::as_str))
}

fn unnamed(folder: &EnvironmentFolder) -> String {
    format!(
        "its files do not say of which project and environment they are; say it with --environment-map {}=PROJECT/IDENTIFIER, \
         or move the folder away",
        folder.id
    )
}

fn empty(place: &Place, folder: &EnvironmentFolder) -> WantedProject {
    let named = folder.companion.as_ref().map(|companion| companion.project.clone());
    let named = named.unwrap_or_else(|| Named::unnamed(place.project.as_str()));
    WantedProject {
        account: place.account.clone(),
        organisation: place.organisation.clone(),
        identifier: place.project.clone(),
        name: named.name,
        description: named.description,
        tags: named.tags,
        flags: BTreeMap::new(),
        environments: Vec::new(),
    }
}

fn environment(
    folder: EnvironmentFolder,
    place: Place,
    naming: &Naming,
    notes: &mut Notes,
) -> WantedEnvironment {
    let name = &place.environment;
    for (file, fields) in &folder.unknown {
        let fields = fields.iter().map(|field| format!("env-{}/{file}: {field}", folder.id));
        fields.for_each(|field| notes.add(Topic::UNKNOWN_FIELDS, field));
    }
    for target in &folder.anonymous {
        notes.add(Topic::ANONYMOUS_TARGETS, format!("{target:?} in environment {name}"));
    }
    let versions = folder.flags.iter().map(|flag| flag.version);
    let versions = versions.chain(folder.segments.iter().map(|segment| segment.version));
    let newest = versions.fold(Version(0), Version::max);
    let mut configs = BTreeMap::new();
    for config in folder.flags {
        let config = FlagConfig {
            project: place.project.as_str().into(),
            environment: name.as_str().into(),
            version: Version(0),
            ..config
        };
        insert("flag", config.feature.clone(), config, &mut configs, (name, &mut *notes));
    }
    let mut segments = BTreeMap::new();
    for segment in folder.segments {
        let segment = Segment { version: Version(0), ..segment };
        insert("target group", segment.identifier.clone(), segment, &mut segments, (name, &mut *notes));
    }
    let targets = targets(folder.targets, name, notes);
    let keys = keys::wanted(&folder.keys, folder.companion.as_ref(), naming);
    let named = folder.companion.map(|companion| companion.environment);
    WantedEnvironment {
        named: named.unwrap_or_else(|| Named::unnamed(name.as_str())),
        id: folder.id,
        identifier: place.environment,
        configs,
        segments,
        targets,
        keys,
        newest,
    }
}

/// Adds an object under its identifier; the last one counts, as in SDKs.
fn insert<K: Ord + AsRef<str>, V>(
    kind: &str,
    id: K,
    value: V,
    map: &mut BTreeMap<K, V>,
    (environment, notes): (&EnvironmentId, &mut Notes),
) {
    if id.as_ref().is_empty() {
        notes.add(Topic::LEFT_OUT, format!("a {kind} without identifier in environment {environment}"));
        return;
    }
    let text =
        format!("{kind} {:?} in environment {environment} is there twice; the last one is kept", id.as_ref());
    if map.insert(id, value).is_some() {
        notes.add(Topic::LEFT_OUT, text);
    }
}

/// The targets that can be listed: the newest ones, if there are too many.
fn targets(
    mut rows: Vec<TargetRow>,
    environment: &EnvironmentId,
    notes: &mut Notes,
) -> BTreeMap<String, TargetRow> {
    rows.sort_by_key(|row| std::cmp::Reverse(row.created_ms));
    let mut targets = BTreeMap::new();
    let mut left_out = 0_usize;
    for row in rows {
        let id = row.target.identifier.to_string();
        if targets.len() == TARGETS_PER_ENVIRONMENT_MAX && !targets.contains_key(&id) {
            left_out += 1;
            continue;
        }
        insert("target", id, row, &mut targets, (environment, &mut *notes));
    }
    if left_out > 0 {
        let text = format!(
            "the {left_out} oldest targets of environment {environment}: an environment lists at most \
             {TARGETS_PER_ENVIRONMENT_MAX}. Evaluation does not need the list, and SDKs that see a target list it"
        );
        notes.add(Topic::LEFT_OUT, text);
    }
    targets
}

/// What would not fit here.
fn check(project: &WantedProject, mistakes: &mut Vec<String>) {
    let mut limit = |what: &str, count: usize, max: usize| {
        if count > max {
            mistakes.push(format!("project {}: {count} {what}, at most {max} are possible", project.path()));
        }
    };
    limit("environments", project.environments.len(), ENVIRONMENTS_PER_PROJECT_MAX);
    limit("flags", project.flags.len(), FLAGS_PER_PROJECT_MAX);
    for environment in &project.environments {
        limit("target groups in an environment", environment.segments.len(), SEGMENTS_PER_ENVIRONMENT_MAX);
        limit("SDK keys in an environment", environment.keys.len(), KEYS_PER_ENVIRONMENT_MAX);
    }
    let mut seen: HashMap<&EnvironmentId, &EnvironmentUuid> = HashMap::new();
    for environment in &project.environments {
        if let Some(other) = seen.insert(&environment.identifier, &environment.id) {
            mistakes.push(format!(
                "env-{other} and env-{} are both {:?} in project {}; choose other names with --environment-map",
                environment.id,
                environment.identifier.as_str(),
                project.path()
            ));
        }
        if environment.newest.0 > VERSION_MAX {
            mistakes.push(format!(
                "env-{}: version {} is beyond {VERSION_MAX}, and SDKs must be able to count on from there",
                environment.id, environment.newest
            ));
        }
        flags::check_cycles(environment, mistakes);
    }
}

/// A key belongs to one environment of the installation.
fn check_keys(projects: &[WantedProject], mistakes: &mut Vec<String>) {
    let mut seen: HashMap<&KeyHash, &EnvironmentUuid> = HashMap::new();
    for environment in projects.iter().flat_map(|project| &project.environments) {
        for key in &environment.keys {
            if let Some(other) = seen.insert(&key.hash, &environment.id) {
                let message =
                    format!("the same key {} is in env-{other} and env-{}", key.hash, environment.id);
                mistakes.push(message);
            }
        }
    }
}
