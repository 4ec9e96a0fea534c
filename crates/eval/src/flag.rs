//! A flag in compiled form.
//!
//! It refers to other flags and to segments by index, whether they exist or not: names are resolved
//! when a flag is compiled, existence when it is evaluated. So no flag needs compiling again when
//! another object comes, changes or goes.

use std::sync::Arc;

use model::{FlagKind, FlagState, Variation, VariationId, Version};

use crate::attribute::Attribute;
use crate::bucket::Hash;
use crate::conditions::Conditions;
use crate::registry::{FlagIndex, SegmentIndex};
use crate::text_set::TextSet;

/// Which variation of a flag. May point behind the last: then it is one that the flag does not have
/// (see [`Flag::unknown`]), and serving it gives no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct VariationIndex(pub(crate) u32);

#[derive(Clone, Debug)]
pub(crate) struct Flag {
    pub(crate) version: Version,
    pub(crate) kind: FlagKind,
    pub(crate) state: FlagState,
    /// Shared with other flags that have the same.
    pub(crate) variations: Arc<[Variation]>,
    /// Identifiers that the flag serves although it has no such variation. Kept to explain.
    pub(crate) unknown: Box<[VariationId]>,
    pub(crate) off: Option<VariationIndex>,
    /// In order, up to the last.
    pub(crate) prerequisites: Box<[Prerequisite]>,
    /// The target map, in order.
    pub(crate) listings: Box<[Listing]>,
    /// By priority, equal ones in the order of the snapshot.
    pub(crate) rules: Box<[Rule]>,
    pub(crate) default_serve: Serve,
}

/// Another flag that must serve one of some variations.
#[derive(Clone, Debug)]
pub(crate) struct Prerequisite {
    pub(crate) flag: FlagIndex,
    /// Identifiers, not indexes: the other flag's variations may change without this one.
    pub(crate) accepted: Box<[VariationId]>,
}

/// Targets that get a variation by name or by membership, before all rules.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) targets: TextSet,
    /// Membership in a list of segments, asked after the names. Mostly empty.
    pub(crate) segments: Conditions,
    /// `None` ends the target map without a result.
    pub(crate) variation: Option<VariationIndex>,
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: Box<str>,
    pub(crate) priority: i64,
    pub(crate) conditions: Conditions,
    pub(crate) serve: Serve,
}

/// What to serve: by bucket if that gives anything, else the variation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Serve {
    pub(crate) rollout: Option<Box<Rollout>>,
    pub(crate) variation: Option<VariationIndex>,
}

/// A percentage rollout.
#[derive(Clone, Debug)]
pub(crate) struct Rollout {
    pub(crate) bucket_by: Attribute,
    /// The hash of the attribute's name and the colon.
    pub(crate) prefix: Hash,
    pub(crate) shares: Box<[Share]>,
}

/// A variation's share of a rollout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// The highest bucket that it serves: all weights so far, cut to 0..=100. No bucket is 0.
    pub(crate) up_to: u8,
    pub(crate) variation: Option<VariationIndex>,
}

impl Flag {
    /// The variation, if the flag has it.
    #[inline]
    pub(crate) fn variation(&self, index: Option<VariationIndex>) -> Option<&Variation> {
        self.variations.get(index?.0 as usize)
    }

    /// For explanations: the identifier, also of a variation that does not exist.
    pub(crate) fn id_text(&self, index: Option<VariationIndex>) -> Option<String> {
        let position = index?.0 as usize;
        let known = self.variations.get(position).map(|variation| &variation.identifier);
        let id = known.or_else(|| self.unknown.get(position - self.variations.len()))?;
        Some(id.to_string())
    }

    /// Every segment that this flag asks for, as often as it does.
    pub(crate) fn segments(&self) -> impl Iterator<Item = SegmentIndex> {
        let listed = self.listings.iter().map(|listing| &listing.segments);
        let ruled = self.rules.iter().map(|rule| &rule.conditions);
        listed.chain(ruled).flat_map(Conditions::segments)
    }
}
