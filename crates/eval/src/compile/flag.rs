//! From a flag as it is stored to a flag that is fast to evaluate.

use model::{Distribution, FlagConfig, Variation, VariationId};

use super::Compiler;
use super::clause::alternative;
use crate::attribute::Attribute;
use crate::bucket::Hash;
use crate::conditions::{Conditions, ConditionsBuilder};
use crate::flag::{Flag, Listing, Prerequisite, Rollout, Rule, Serve, Share, VariationIndex};
use crate::order::sorted_by_key;
use crate::text_set::TextSet;
use crate::warning::{Note, Notes};

/// Compiles a flag. Refers to other objects by index, so it does not matter which exist already.
pub(super) fn flag(config: &FlagConfig, compiler: &mut Compiler<'_>, notes: &mut Notes) -> Flag {
    let mut variations = Variations { known: &config.variations, unknown: Vec::new() };
    let off = variations.index(&config.off_variation);
    let default_serve = serve(&config.default_serve, &mut variations);
    let prerequisites = config.prerequisites.iter().map(|prerequisite| Prerequisite {
        flag: compiler.mention_flag(prerequisite.feature.as_str()),
        accepted: prerequisite.variations.clone().into_boxed_slice(),
    });
    let prerequisites = prerequisites.collect();
    let listings = listings(config, &mut variations, compiler);
    let rules = rules(config, &mut variations, compiler, notes);
    for id in &variations.unknown {
        notes.add(Note::UnknownVariation(id.as_str().into()));
    }
    Flag {
        version: config.version,
        kind: config.kind,
        state: config.state,
        unknown: variations.unknown.into_boxed_slice(),
        variations: compiler.share(&config.variations),
        off,
        prerequisites,
        listings,
        rules,
        default_serve,
    }
}

/// Finds variations by identifier and keeps the identifiers of those that do not exist.
struct Variations<'c> {
    known: &'c [Variation],
    unknown: Vec<VariationId>,
}

impl Variations<'_> {
    /// `None` for the empty identifier. Of variations with the same identifier the first counts.
    fn index(&mut self, id: &VariationId) -> Option<VariationIndex> {
        if id.as_str().is_empty() {
            return None;
        }
        let position = self
            .known
            .iter()
            .position(|variation| variation.identifier == *id)
            .or_else(|| Some(self.known.len() + self.unknown.iter().position(|unknown| unknown == id)?));
        let position = position.unwrap_or_else(|| {
            self.unknown.push(id.clone());
            self.known.len() + self.unknown.len() - 1
        });
        u32::try_from(position).ok().map(VariationIndex)
    }
}

fn listings(
    config: &FlagConfig,
    variations: &mut Variations<'_>,
    compiler: &mut Compiler<'_>,
) -> Box<[Listing]> {
    let listings = config.variation_to_target_map.iter().map(|entry| {
        let segments = entry.target_segments.iter().map(|id| compiler.mention_segment(id.as_str()));
        let segments = Conditions::in_segments(segments.collect());
        let targets = entry.targets.iter().map(|target| target.identifier.as_str());
        Listing {
            targets: TextSet::new(targets, &compiler.ruleset.hasher),
            segments,
            variation: variations.index(&entry.variation),
        }
    });
    listings.collect()
}

fn rules(
    config: &FlagConfig,
    variations: &mut Variations<'_>,
    compiler: &mut Compiler<'_>,
    notes: &mut Notes,
) -> Box<[Rule]> {
    let rules = sorted_by_key(&config.rules, |rule| rule.priority).map(|rule| {
        if rule.clauses.is_empty() {
            notes.add(Note::RuleWithoutClauses(rule.rule_id.clone()));
        }
        let mut conditions = ConditionsBuilder::default();
        alternative(&rule.clauses, &mut conditions, compiler, notes);
        Rule {
            id: rule.rule_id.clone(),
            priority: rule.priority,
            conditions: conditions.build(),
            serve: serve(&rule.serve, variations),
        }
    });
    rules.collect()
}

fn serve(serve: &model::Serve, variations: &mut Variations<'_>) -> Serve {
    Serve {
        rollout: serve.distribution.as_ref().and_then(|distribution| rollout(distribution, variations)),
        variation: serve.variation.as_ref().and_then(|id| variations.index(id)),
    }
}

/// Cumulates the weights. Cutting the sums to 0..=100 changes nothing for buckets, which are 1..=100.
fn rollout(distribution: &Distribution, variations: &mut Variations<'_>) -> Option<Box<Rollout>> {
    let mut total: i64 = 0;
    let shares = distribution.variations.iter().map(|share| {
        total = total.saturating_add(share.weight);
        Share {
            up_to: u8::try_from(total.clamp(0, 100)).unwrap_or(100),
            variation: variations.index(&share.variation),
        }
    });
    let shares: Box<[Share]> = shares.collect();
    let bucket_by = Attribute::named(&distribution.bucket_by);
    let prefix = Hash::of_attribute(bucket_by.as_str());
    (!shares.is_empty()).then(|| Box::new(Rollout { bucket_by, prefix, shares }))
}
