//! Listing flags: filtered and sorted here, over one snapshot.

mod filters;

use std::collections::{HashMap, HashSet};

use api::{Json, Page, PageRequest, Path, Problem, Query};
use axum::extract::State;
use model::{Error, FieldError, Flag, FlagConfig, FlagId, Segment, Snapshot, Target};
use platform::Db;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{EnvironmentRow, Kind, ProjectRow};

use super::activity::Activity;
use super::answer::Feature;
use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use filters::Filters;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Features {
    #[serde(flatten)]
    page: Page,
    #[serde(skip_serializing_if = "Option::is_none")]
    feature_counts: Option<FeatureCounts>,
    features: Vec<Feature>,
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
struct Listing<'a> {
    db: &'a dyn Db,
    project: &'a ProjectRow,
    environment: Option<&'a EnvironmentRow>,
    now_ms: i64,
}

pub(crate) async fn list(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    page: PageRequest,
    Query(filters): Query<Filters>,
) -> Result<Json<Features>, Problem> {
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = super::named_environment(db, &project, &context).await?;
    let now_ms = admin.platform.clock.now_ms();
    let listing = Listing { db, project: &project, environment: environment.as_ref(), now_ms };
    Ok(Json(listing.page(page, &filters, None).await?))
}

/// The flags that have this one as a prerequisite, with the same filters.
pub(crate) async fn dependants(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    (page, Query(filters)): (PageRequest, Query<Filters>),
) -> Result<Json<Features>, Problem> {
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = super::named_environment(db, &project, &context).await?;
    let flag = super::find(db, &project, &FlagId::parse(&identifier)?).await?;
    let scope = project.id.as_str();
    let referring = store::referring(db, scope, Kind::Flag, flag.identifier.as_str()).await?;
    let only: HashSet<String> = referring.into_iter().map(|(_, identifier)| identifier).collect();
    let now_ms = admin.platform.clock.now_ms();
    let listing = Listing { db, project: &project, environment: environment.as_ref(), now_ms };
    Ok(Json(listing.page(page, &filters, Some(&only)).await?))
}

impl Listing<'_> {
    async fn page(
        &self,
        page: PageRequest,
        filters: &Filters,
        only: Option<&HashSet<String>>,
    ) -> Result<Features, Error> {
        let environment = self.environment_for(filters)?;
        let mut features = self.features().await?;
        let activity = match environment {
            Some(environment) if filters.need_activity() => {
                Some(Activity::read(self.db, &environment.id, self.now_ms).await?)
            }
            _ => None,
        };
        let feature_counts = filters.flag_counts().then(|| counts(&features, activity.as_ref()));
        features.retain(|feature| {
            only.is_none_or(|only| only.contains(feature.identifier.as_str()))
                && filters.admit(feature, activity.as_ref())
        });
        features.sort_by(|one, other| filters.order(one, other));
        let (mut features, mut page) = page.cut(features);
        page.version = environment.map(|row| row.version);
        self.decorate(&mut features, filters, activity.as_ref()).await?;
        Ok(Features { page, feature_counts, features })
    }

    /// What is on or off, evaluated or not, is so in an environment.
    fn environment_for(&self, filters: &Filters) -> Result<Option<&EnvironmentRow>, FieldError> {
        match (self.environment, filters.needs_environment()) {
            (None, Some(field)) => {
                Err(FieldError::new(field, "needs environmentIdentifier: it looks at one environment"))
            }
            (environment, _) => Ok(environment),
        }
    }

    async fn features(&self) -> Result<Vec<Feature>, Error> {
        let mut configs: HashMap<String, (FlagConfig, i64)> = HashMap::new();
        if let Some(environment) = self.environment {
            for object in store::current_bodies(self.db, environment.id.as_str(), Kind::FlagConfig).await? {
                if let Some(body) = object.body {
                    configs.insert(object.identifier, (read(&body)?, object.changed_ms));
                }
            }
        }
        let flags = store::current_bodies(self.db, self.project.id.as_str(), Kind::Flag).await?;
        let bodies = flags.into_iter().filter_map(|object| object.body);
        bodies
            .map(|body| {
                let flag: Flag = read(&body)?;
                Ok(match configs.remove(flag.identifier.as_str()) {
                    Some((config, changed_ms)) => {
                        Feature::new(flag, self.project, Some(config)).changed_at(changed_ms)
                    }
                    None => Feature::new(flag, self.project, None),
                })
            })
            .collect()
    }

    /// Adds what was asked for to the features of the page.
    async fn decorate(
        &self,
        features: &mut [Feature],
        filters: &Filters,
        activity: Option<&Activity>,
    ) -> Result<(), Error> {
        if let Some(activity) = activity.filter(|_| filters.metrics()) {
            for feature in features.iter_mut() {
                feature.results = Some(activity.results(feature));
                feature.status = Some(activity.status(feature));
                feature.stale_reason = activity.stale_reason(feature);
                feature.stale = Some(feature.stale_reason.is_some());
            }
        }
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
        let scope = environment.id.as_str();
        let snapshot = Snapshot {
            version: environment.version,
            flags: bodies::<FlagConfig>(self.db, scope, Kind::FlagConfig).await?,
            segments: bodies::<Segment>(self.db, scope, Kind::Segment).await?,
        };
        let (ruleset, _) = eval::compile(&snapshot);
        let known = store::target(self.db, &environment.id, target).await?;
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

fn counts(features: &[Feature], activity: Option<&Activity>) -> FeatureCounts {
    let mut counts = FeatureCounts { total_features: features.len(), ..FeatureCounts::default() };
    for feature in features {
        counts.total_archived += usize::from(feature.archived);
        counts.total_permanent += usize::from(feature.permanent);
        counts.total_enabled += usize::from(filters::is_on(feature));
        if let Some(activity) = activity {
            counts.total_active += usize::from(activity.is(super::activity::StatusFilter::Active, feature));
            counts.total_recently_accessed += usize::from(activity.accessed_recently(feature));
            counts.total_potentially_stale += usize::from(activity.stale_reason(feature).is_some());
        }
    }
    counts
}

async fn bodies<T: DeserializeOwned>(db: &dyn Db, scope: &str, kind: Kind) -> Result<Vec<T>, Error> {
    let objects = store::current_bodies(db, scope, kind).await?;
    objects.iter().filter_map(|object| object.body.as_deref()).map(read).collect()
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(Error::internal)
}
