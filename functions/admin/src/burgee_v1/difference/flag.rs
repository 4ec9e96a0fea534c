//! Differences of a flag itself, and of what all its environments repeat.

use model::{Flag, Prerequisite, Tag, Variation};

use super::serving::list;
use super::{Differences, Items};

impl Differences {
    pub(super) fn flag(&mut self, before: &Flag, after: &Flag) {
        self.text("name", "name", &before.name, &after.name);
        self.text("description", "description", &before.description, &after.description);
        self.value("permanent", "permanent", (&before.permanent, &after.permanent), ToString::to_string);
        self.value("archived", "archived", (&before.archived, &after.archived), ToString::to_string);
        self.text("owner", "owner", &before.owner, &after.owner);
        let (was, is) = (&before.default_on_variation, &after.default_on_variation);
        self.text("defaultOnVariation", "default variation when on", was.as_str(), is.as_str());
        let (was, is) = (&before.default_off_variation, &after.default_off_variation);
        self.text("defaultOffVariation", "default variation when off", was.as_str(), is.as_str());
        self.variations(&before.variations, &after.variations);
        self.prerequisites(&before.prerequisites, &after.prerequisites);
        self.tags(&before.tags, &after.tags);
        let services = Items {
            path: "services",
            noun: "service",
            before: &before.services,
            after: &after.services,
            id: |service| &service.identifier,
        };
        self.items(&services, |found, path, was, is| {
            found.text(&format!("{path}.name"), "name of the service", &was.name, &is.name);
        });
    }

    pub(super) fn variations(&mut self, before: &[Variation], after: &[Variation]) {
        let items =
            Items { path: "variations", noun: "variation", before, after, id: |one| one.identifier.as_str() };
        self.items(&items, |found, path, was, is| {
            let of = |what: &str| format!("{what} of variation {}", is.identifier);
            found.text(&format!("{path}.value"), &of("value"), &was.value, &is.value);
            found.text(&format!("{path}.name"), &of("name"), &was.name, &is.name);
            let (was, is) = (&was.description, &is.description);
            found.text(&format!("{path}.description"), &of("description"), was, is);
        });
        self.order(&items);
    }

    pub(super) fn prerequisites(&mut self, before: &[Prerequisite], after: &[Prerequisite]) {
        let items = Items {
            path: "prerequisites",
            noun: "prerequisite",
            before,
            after,
            id: |one| one.feature.as_str(),
        };
        self.items(&items, |found, path, was, is| {
            let name = format!("prerequisite {} serves", is.feature);
            let words = |ids: &Vec<_>| list(ids.iter().map(model::VariationId::as_str));
            found.value(&format!("{path}.variations"), &name, (&was.variations, &is.variations), words);
        });
    }

    pub(super) fn tags(&mut self, before: &[Tag], after: &[Tag]) {
        let items = Items { path: "tags", noun: "tag", before, after, id: |tag: &Tag| &tag.identifier };
        self.items(&items, |found, path, was, is| {
            found.text(&format!("{path}.name"), "name of the tag", &was.name, &is.name);
        });
    }
}
