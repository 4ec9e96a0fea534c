//! Which flags use a segment, and which do not yet.

use std::sync::Arc;

use api::Page;
use model::{Error, Flag, FlagConfig, SegmentId, VariationId};
use platform::Db;
use serde::Serialize;
use store::Kind;

use super::find;
use crate::answer::Answer;
use crate::call::Call;
use crate::clauses::SEGMENT_MATCH;
use crate::context::Place;
use crate::heads::FlagHead;

/// A flag that serves a variation to the segment: `SegmentFlag` of openapi/admin.yaml.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SegmentFlag {
    identifier: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    environment: String,
    project: String,
    /// `CONDITION` for a rule, `DIRECT` for the target map.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_id: Option<String>,
    /// Empty for a percentage rollout.
    variation: VariationId,
}

#[derive(Serialize)]
struct FlagBasicInfo {
    identifier: String,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlagBasicInfos {
    #[serde(flatten)]
    page: Page,
    feature_flags: Vec<FlagBasicInfo>,
}

pub(crate) async fn flags(call: Call) -> Result<Answer, Error> {
    let db = call.db();
    let place = call.place().await?;
    let segment = find(db, &place.environment, &SegmentId::parse(&call.identifier)?).await?.identifier;
    let mut answers = Vec::new();
    for flag in using(db, &place, &segment).await? {
        let Some(config) = config(db, &place, &flag).await? else { continue };
        let Some(named) = flag_of(db, &place, &flag).await? else { continue };
        answers.extend(uses(&config, &segment).map(|(r#type, rule_id, variation)| SegmentFlag {
            identifier: flag.clone(),
            name: named.name.clone(),
            description: named.description.clone(),
            environment: place.environment.identifier.to_string(),
            project: place.project.identifier.to_string(),
            r#type,
            rule_id,
            variation,
        }));
    }
    Answer::ok(&answers)
}

pub(crate) async fn available_flags(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let wanted = call.query.text("flagNameIdentifier")?.unwrap_or_default().to_lowercase();
    let db = call.db();
    let place = call.place().await?;
    let segment = find(db, &place.environment, &SegmentId::parse(&call.identifier)?).await?.identifier;
    let taken = using(db, &place, &segment).await?;
    let holds = |text: &str| text.to_lowercase().contains(&wanted);
    let is_free = |flag: &FlagHead| {
        let matches = holds(&flag.name) || holds(&flag.identifier);
        matches && !flag.archived && !taken.contains(&flag.identifier)
    };
    let flags = call.admin.heads.flags(db, &place.project).await?;
    let (free, page) = page.cut(flags.iter().filter(|flag| is_free(flag)).collect());
    let info =
        |flag: &Arc<FlagHead>| FlagBasicInfo { identifier: flag.identifier.clone(), name: flag.name.clone() };
    let feature_flags = free.into_iter().map(info).collect();
    Answer::ok(&FlagBasicInfos { page: page.at_version(place.environment.version), feature_flags })
}

/// Identifiers of the flags that name the segment, in order.
async fn using(db: &dyn Db, place: &Place, segment: &SegmentId) -> Result<Vec<String>, Error> {
    let scope = place.environment.id.as_str();
    let referring = store::referring(db, scope, Kind::Segment, segment.as_str()).await?;
    let flags = referring.into_iter().filter(|(kind, _)| *kind == Kind::FlagConfig);
    Ok(flags.map(|(_, identifier)| identifier).collect())
}

async fn config(db: &dyn Db, place: &Place, flag: &str) -> Result<Option<FlagConfig>, Error> {
    let object = store::current(db, place.environment.id.as_str(), Kind::FlagConfig, flag).await?;
    object.and_then(|object| object.body).as_deref().map(store::read_body).transpose()
}

async fn flag_of(db: &dyn Db, place: &Place, flag: &str) -> Result<Option<Flag>, Error> {
    let object = store::current(db, place.project.id.as_str(), Kind::Flag, flag).await?;
    object.and_then(|object| object.body).as_deref().map(store::read_body).transpose()
}

/// How the flag uses the segment: type, rule, variation.
fn uses(
    config: &FlagConfig,
    segment: &SegmentId,
) -> impl Iterator<Item = (&'static str, Option<String>, VariationId)> {
    let names = |values: &[Box<str>]| values.iter().any(|id| **id == *segment.as_str());
    let rules = config.rules.iter().filter(move |rule| {
        rule.clauses.iter().any(|clause| &*clause.op == SEGMENT_MATCH && names(&clause.values))
    });
    let by_rule = rules.map(|rule| {
        ("CONDITION", Some(rule.rule_id.to_string()), rule.serve.variation.clone().unwrap_or_default())
    });
    let maps = config.variation_to_target_map.iter().filter(move |map| map.target_segments.contains(segment));
    by_rule.chain(maps.map(|map| ("DIRECT", None, map.variation.clone())))
}
