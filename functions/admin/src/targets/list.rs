//! Listing targets: filtered, sorted and paged by the database.

use api::{Page, Query};
use model::Error;
use model::limits::ATTRIBUTE_NAMES_MAX;
use serde::{Deserialize, Serialize};
use store::{Direction, TargetField, TargetFilter};

use super::answer::TargetAnswer;
use crate::answer::Answer;
use crate::call::Call;
use crate::sorting::{SortOrder, window};

/// Targets read at once by walks over all of them.
pub(super) const WALK: usize = 1_000;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SortField {
    Name,
    #[default]
    Identifier,
    CreatedAt,
}

#[derive(Serialize)]
pub(crate) struct Targets {
    #[serde(flatten)]
    page: Page,
    targets: Vec<TargetAnswer>,
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let filter = filter(&call.query, "targetName", "targetIdentifier")?;
    let field = match call.query.word("sortByField")?.unwrap_or_default() {
        SortField::Name => TargetField::Name,
        SortField::Identifier => TargetField::Identifier,
        SortField::CreatedAt => TargetField::CreatedAt,
    };
    let order = (field, direction(&call.query)?);
    let db = call.db();
    let place = call.place().await?;
    let count = store::count_targets(db, &place.environment.id, &filter).await?;
    let rows = store::targets(db, &place.environment.id, &filter, order, window(&page)).await?;
    let targets = rows.into_iter().map(|row| TargetAnswer::new(row, &place)).collect();
    Answer::ok(&Targets { page: page.totals(count), targets })
}

/// The names of all attributes that listed targets have, for people who write rules.
pub(crate) async fn attributes(call: Call) -> Result<Answer, Error> {
    let db = call.db();
    let place = call.place().await?;
    let mut names: Vec<String> = Vec::new();
    let mut last = String::new();
    loop {
        let rows = store::targets_after(db, &place.environment.id, &last, WALK).await?;
        let Some(row) = rows.last() else { return Answer::ok(&names) };
        last = row.target.identifier.to_string();
        for name in rows.into_iter().flat_map(|row| row.target.attributes.into_iter().map(|(name, _)| name)) {
            let Err(place) = names.binary_search(&name) else { continue };
            if names.len() == ATTRIBUTE_NAMES_MAX {
                return Answer::ok(&names);
            }
            names.insert(place, name);
        }
    }
}

/// The filter by parameters of these names; an empty one admits everything.
pub(super) fn filter(query: &Query, name: &str, identifier: &str) -> Result<TargetFilter, Error> {
    Ok(TargetFilter {
        identifier: query.given(identifier)?.map(str::to_owned),
        name: query.given(name)?.map(str::to_owned),
    })
}

/// Which way the query wants a list sorted.
pub(super) fn direction(query: &Query) -> Result<Direction, Error> {
    Ok(query.word::<SortOrder>("sortOrder")?.map(Direction::from).unwrap_or_default())
}
