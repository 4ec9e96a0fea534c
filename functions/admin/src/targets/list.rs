//! Listing targets: filtered, sorted and paged by the database.

use std::collections::BTreeSet;

use api::Page;
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

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Filters {
    target_name: Option<String>,
    target_identifier: Option<String>,
    sort_by_field: Option<SortField>,
    sort_order: Option<SortOrder>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SortField {
    Name,
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
    let filters: Filters = call.query()?;
    let db = call.db();
    let place = call.place().await?;
    let order = filters.order();
    let filter =
        TargetFilter { name: given(filters.target_name), identifier: given(filters.target_identifier) };
    let count = store::count_targets(db, &place.environment.id, &filter).await?;
    let rows = store::targets(db, &place.environment.id, &filter, order, window(&page)).await?;
    let targets = rows.into_iter().map(|row| TargetAnswer::new(row, &place)).collect();
    Answer::ok(&Targets { page: page.totals(count), targets })
}

/// The names of all attributes that listed targets have, for people who write rules.
pub(crate) async fn attributes(call: Call) -> Result<Answer, Error> {
    let db = call.db();
    let place = call.place().await?;
    let mut names = BTreeSet::new();
    let mut last = String::new();
    loop {
        let rows = store::targets_after(db, &place.environment.id, &last, WALK).await?;
        let Some(row) = rows.last() else { return Answer::ok(&names) };
        last = row.target.identifier.to_string();
        for name in rows.into_iter().flat_map(|row| row.target.attributes.into_iter().map(|(name, _)| name)) {
            if names.len() == ATTRIBUTE_NAMES_MAX && !names.contains(&name) {
                return Answer::ok(&names);
            }
            names.insert(name);
        }
    }
}

impl Filters {
    fn order(&self) -> (TargetField, Direction) {
        let field = match self.sort_by_field {
            None | Some(SortField::Identifier) => TargetField::Identifier,
            Some(SortField::Name) => TargetField::Name,
            Some(SortField::CreatedAt) => TargetField::CreatedAt,
        };
        (field, self.sort_order.map(Direction::from).unwrap_or_default())
    }
}

/// A filter; an empty one admits everything.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
