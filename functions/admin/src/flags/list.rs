//! Listing flags: filtered and sorted here, over the heads of all of them; only those of the page are read
//! whole.

mod entry;
mod filters;
mod page;

use std::collections::HashSet;

use api::{Page, PageRequest};
use model::{Error, FieldError, FlagConfig, FlagId, Segment, Snapshot, Stored, Target};
use platform::Db;
use serde::Serialize;
use store::{EnvironmentRow, Kind, ProjectRow};

use super::activity::{Activity, StatusFilter};
use super::answer::Feature;
use crate::answer::Answer;
use crate::call::Call;
use crate::heads::{self, ConfigHead, FlagHead, Listed};
use crate::pinned::AsOf;
pub(super) use entry::Entry;
pub(super) use filters::Filters;
use page::Bodies;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Features {
    #[serde(flatten)]
    page: Page,
    #[serde(skip_serializing_if = "Option::is_none")]
    feature_counts: Option<FeatureCounts>,
    pub(super) features: Vec<Feature>,
}

/// Over all flags of the project, whatever the filters.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FeatureCounts {
    total_features: usize,
    total_archived: usize,
    total_enabled: usize,
    total_permanent: usize,
    total_active: usize,
    total_recently_accessed: usize,
    total_potentially_stale: usize,
}

/// What a list is made from.
pub(super) struct Listing<'a> {
    pub(super) call: &'a Call,
    pub(super) project: &'a ProjectRow,
    pub(super) environment: Option<&'a EnvironmentRow>,
    /// Whether the environment is told of as it was at its row's version.
    pub(super) is_past: bool,
}

/// All flags of the project at one time.
pub(super) struct Flags {
    flags: Listed<FlagHead>,
    configs: Option<Listed<ConfigHead>>,
    /// Of all of them, where they had to be read anyway.
    bodies: Option<Bodies>,
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let filters = Filters::read(&call.query)?;
    let as_of = AsOf::read(&call.query)?;
    let project = call.project().await?;
    let mut environment = call.named_environment(&project).await?;
    let past = as_of.version(environment.as_ref())?;
    if let (Some(environment), Some(version)) = (&mut environment, past) {
        environment.version = version;
    }
    let environment = environment.as_ref();
    let listing = Listing { call: &call, project: &project, environment, is_past: past.is_some() };
    Answer::ok(&listing.page(page, &filters, None).await?)
}

/// The flags that have this one as a prerequisite, with the same filters.
pub(crate) async fn dependants(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let filters = Filters::read(&call.query)?;
    let db = call.db();
    let project = call.project().await?;
    let environment = call.named_environment(&project).await?;
    let flag = super::find(db, &project, &FlagId::parse(&call.identifier)?).await?;
    let scope = project.id.as_str();
    let referring = store::referring(db, scope, Kind::Flag, flag.identifier.as_str()).await?;
    let only: HashSet<String> = referring.into_iter().map(|(_, identifier)| identifier).collect();
    let environment = environment.as_ref();
    let listing = Listing { call: &call, project: &project, environment, is_past: false };
    Answer::ok(&listing.page(page, &filters, Some(&only)).await?)
}

impl Listing<'_> {
    /// All flags as they are told of.
    async fn flags(&self, filters: &Filters<'_>) -> Result<Flags, Error> {
        match self.environment.filter(|_| self.is_past) {
            Some(environment) => self.past(environment).await,
            None => self.present(filters).await,
        }
    }

    /// All flags as they are now.
    async fn present(&self, filters: &Filters<'_>) -> Result<Flags, Error> {
        let (db, heads) = (self.call.db(), &self.call.admin.heads);
        let configs = match self.environment.filter(|_| filters.look_at_configs()) {
            Some(environment) => Some(heads.configs(db, environment).await?),
            None => None,
        };
        Ok(Flags { flags: heads.flags(db, self.project).await?, configs, bodies: None })
    }

    /// All flags as they were when the environment had the version that its row says.
    async fn past(&self, environment: &EnvironmentRow) -> Result<Flags, Error> {
        let revision = store::revision_at(self.call.db(), &environment.id, environment.version).await?;
        let flags = store::objects_at(self.call.db(), self.project.id.as_str(), Kind::Flag, revision).await?;
        let configs =
            store::objects_at(self.call.db(), environment.id.as_str(), Kind::FlagConfig, environment.version)
                .await?;
        Ok(Flags {
            flags: heads::of(&flags)?,
            configs: Some(heads::of(&configs)?),
            bodies: Some(Bodies::of(flags, configs)),
        })
    }

    pub(super) async fn page(
        &self,
        page: PageRequest,
        filters: &Filters<'_>,
        only: Option<&HashSet<String>>,
    ) -> Result<Features, Error> {
        let state = self.flags(filters).await?;
        let environment = self.environment_for(filters)?;
        let activity = match environment.filter(|_| filters.look_at_activity()) {
            Some(environment) => {
                Some(Activity::read(self.call.db(), &environment.id, self.call.now_ms()).await?)
            }
            None => None,
        };
        let targeted = match environment.zip(filters.named_target()) {
            Some((environment, target)) => Some(self.naming(environment, target).await?),
            None => None,
        };
        let mut entries = entry::all(&state.flags, state.configs.as_deref());
        let feature_counts = filters.flag_counts().then(|| counts(&entries, activity.as_ref()));
        entries.retain(|entry| {
            [only, targeted.as_ref()].into_iter().flatten().all(|only| only.contains(entry.identifier()))
                && filters.admit(entry, activity.as_ref())
        });
        entries.sort_by(|one, other| filters.order(one, other));
        let (entries, mut page) = page.cut(entries);
        page.version = environment.map(|row| row.version);
        let bodies = match state.bodies {
            Some(bodies) => bodies,
            None => Bodies::of_page(self.call.db(), self.project, self.environment, &entries).await?,
        };
        let mut told =
            page::features(self.call.db(), (self.project, self.environment), &entries, bodies).await?;
        if let Some(activity) = activity.as_ref().filter(|_| filters.metrics()) {
            told.iter_mut().for_each(|(entry, feature)| activity.tell(feature, entry));
        }
        let mut features = told.into_iter().map(|(_, feature)| feature).collect::<Vec<_>>();
        self.decorate(&mut features, filters).await?;
        Ok(Features { page, feature_counts, features })
    }

    /// What is on or off, evaluated or not, is so in an environment.
    fn environment_for(&self, filters: &Filters<'_>) -> Result<Option<&EnvironmentRow>, FieldError> {
        match (self.environment, filters.needs_environment()) {
            (None, Some(field)) => {
                Err(FieldError::new(field, "needs environmentIdentifier: it looks at one environment"))
            }
            (environment, _) => Ok(environment),
        }
    }

    /// The flags that serve a variation to the target by its name.
    async fn naming(&self, environment: &EnvironmentRow, target: &str) -> Result<HashSet<String>, Error> {
        let configs = self.snapshot(environment).await?.flags;
        let names = |config: &FlagConfig| {
            let mut targets = config.variation_to_target_map.iter().flat_map(|map| &map.targets);
            targets.any(|named| named.identifier.as_str() == target)
        };
        Ok(configs.into_iter().filter(names).map(|config| config.feature.to_string()).collect())
    }

    /// What the environment serves, or served.
    async fn snapshot(&self, environment: &EnvironmentRow) -> Result<Snapshot, Error> {
        if self.is_past {
            return store::snapshot_at(self.call.db(), &environment.id, environment.version).await;
        }
        let scope = environment.id.as_str();
        Ok(Snapshot {
            version: environment.version,
            flags: bodies::<FlagConfig>(self.call.db(), scope, Kind::FlagConfig).await?,
            segments: bodies::<Segment>(self.call.db(), scope, Kind::Segment).await?,
        })
    }

    /// Adds what was asked for to the features of the page.
    async fn decorate(&self, features: &mut [Feature], filters: &Filters<'_>) -> Result<(), Error> {
        if let (Some(target), Some(environment)) = (filters.target(), self.environment) {
            self.evaluate(features, target, environment).await?;
        }
        if filters.summary() {
            features.iter_mut().for_each(Feature::summarise);
        }
        Ok(())
    }

    /// What a target is served; one that is not in the list of targets has no attributes.
    async fn evaluate(
        &self,
        features: &mut [Feature],
        target: &str,
        environment: &EnvironmentRow,
    ) -> Result<(), Error> {
        let snapshot = self.snapshot(environment).await?;
        let (ruleset, _) = eval::compile(&snapshot);
        let known = store::target(self.call.db(), &environment.id, target).await?;
        let target = known.unwrap_or_else(|| Target::bare(target));
        for feature in features {
            let Some(index) = ruleset.flag(feature.identifier.as_str()) else { continue };
            if let Some(variation) = ruleset.evaluate(index, &target).variation {
                feature.evaluation = Some(variation.value.to_string());
                feature.evaluation_identifier = Some(variation.identifier.to_string());
            }
        }
        Ok(())
    }
}

fn counts(entries: &[Entry], activity: Option<&Activity>) -> FeatureCounts {
    let count = |admits: &dyn Fn(&Entry) -> bool| entries.iter().filter(|entry| admits(entry)).count();
    let in_use = |wanted| count(&|entry| activity.is_some_and(|activity| activity.is(wanted, entry)));
    FeatureCounts {
        total_features: entries.len(),
        total_archived: count(&|entry| entry.flag.archived),
        total_enabled: count(&|entry| entry.is_on),
        total_permanent: count(&|entry| entry.flag.permanent),
        total_active: in_use(StatusFilter::Active),
        total_recently_accessed: in_use(StatusFilter::RecentlyAccessed),
        total_potentially_stale: in_use(StatusFilter::PotentiallyStale),
    }
}

async fn bodies<T: Stored>(db: &dyn Db, scope: &str, kind: Kind) -> Result<Vec<T>, Error> {
    let objects = store::current_bodies(db, scope, kind).await?;
    let bodies = objects.iter().filter_map(|object| object.body.as_deref());
    bodies.map(store::read_body).collect()
}
