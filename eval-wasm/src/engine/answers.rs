//! The answers in JSON: byte for byte what serde writes for the same types, without its machinery.

use eval::{Check, Explanation, FlagEvaluation, Membership, Outcome, Reason, Share, Step};
use model::{FlagKind, JsonWriter, Variation, Version};

pub(super) fn evaluation(out: &mut JsonWriter<'_>, evaluation: &FlagEvaluation<'_>) {
    out.open_object();
    out.name("flag").text(evaluation.flag);
    out.name("value").text(evaluation.value);
    out.name("kind").text(evaluation.kind.as_str());
    out.name("identifier").text(evaluation.identifier);
    out.close_object();
}

/// What there is to know of a flag.
pub(super) struct Description<'r> {
    pub flag: &'r str,
    pub kind: FlagKind,
    pub version: Version,
    pub variations: &'r [Variation],
}

pub(super) fn description(out: &mut JsonWriter<'_>, described: &Description<'_>) {
    out.open_object();
    out.name("flag").text(described.flag);
    out.name("kind").text(described.kind.as_str());
    out.name("version").integer(described.version.0);
    out.name("variations").open_list();
    described.variations.iter().for_each(|one| variation(out, one));
    out.close_list();
    out.close_object();
}

fn variation(out: &mut JsonWriter<'_>, variation: &Variation) {
    out.open_object();
    out.name("identifier").text(variation.identifier.as_str());
    out.name("name").text(&variation.name);
    if !variation.description.is_empty() {
        out.name("description").text(&variation.description);
    }
    out.name("value").text(&variation.value);
    out.close_object();
}

pub(super) fn explanation(out: &mut JsonWriter<'_>, explanation: &Explanation) {
    out.open_object();
    out.name("flag").text(&explanation.flag);
    out.name("kind").text_or_null(explanation.kind.map(FlagKind::as_str));
    out.name("flagVersion").integer_or_null(explanation.flag_version.map(|version| version.0));
    out.name("version").integer(explanation.version.0);
    out.name("target").text(&explanation.target);
    out.name("reason").text(reason(explanation.reason));
    out.name("variation");
    match &explanation.variation {
        Some(served) => variation(out, served),
        None => out.null(),
    }
    out.name("steps");
    steps(out, &explanation.steps);
    out.close_object();
}

/// Calls itself for checks within checks, of which there are no more than references may be followed.
fn steps(out: &mut JsonWriter<'_>, list: &[Step]) {
    out.open_list();
    for step in list {
        out.open_object();
        check(out, &step.check);
        if !step.steps.is_empty() {
            out.name("steps");
            steps(out, &step.steps);
        }
        out.close_object();
    }
    out.close_list();
}

fn check(out: &mut JsonWriter<'_>, check: &Check) {
    let kind = out.name("check");
    match check {
        Check::Unsound { why } => {
            kind.text("unsound");
            out.name("why").text(why);
        }
        Check::Prerequisite { flag, accepted, serves, outcome: met } => {
            kind.text("prerequisite");
            out.name("flag").text(flag);
            out.name("accepted").texts(accepted);
            out.name("serves").text_or_null(serves.as_deref());
            out.name("outcome").text(outcome(*met));
        }
        Check::State { on } => {
            kind.text("state");
            out.name("on").boolean(*on);
        }
        Check::Listing { serves, named, matches } => {
            kind.text("listing");
            out.name("serves").text_or_null(serves.as_deref());
            out.name("named").boolean(*named);
            out.name("matches").boolean(*matches);
        }
        Check::Rule { id, priority, matches } => {
            kind.text("rule");
            out.name("id").text(id);
            out.name("priority").integer(*priority);
            out.name("matches").boolean(*matches);
        }
        Check::Segment { id, membership: member } => {
            kind.text("segment");
            out.name("id").text(id);
            out.name("membership").text(membership(*member));
        }
        Check::Clause { attribute, operator, operands, value, holds } => {
            kind.text("clause");
            out.name("attribute").text(attribute);
            out.name("operator").text(operator);
            out.name("operands").texts(operands);
            out.name("value").text_or_null(value.as_deref());
            out.name("holds").boolean(*holds);
        }
        Check::Rollout { bucket_by, value, bucket, shares, serves } => {
            kind.text("rollout");
            out.name("bucketBy").text(bucket_by);
            out.name("value").text_or_null(value.as_deref());
            out.name("bucket").integer_or_null(bucket.map(i64::from));
            out.name("shares").open_list();
            shares.iter().for_each(|one| share(out, one));
            out.close_list();
            out.name("serves").text_or_null(serves.as_deref());
        }
        Check::Default { serves } => {
            kind.text("default");
            out.name("serves").text_or_null(serves.as_deref());
        }
    }
}

fn share(out: &mut JsonWriter<'_>, share: &Share) {
    out.open_object();
    out.name("variation").text_or_null(share.variation.as_deref());
    out.name("upTo").integer(share.up_to.into());
    out.close_object();
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::FlagMissing => "flagMissing",
        Reason::KindMismatch => "kindMismatch",
        Reason::Unsound => "unsound",
        Reason::PrerequisiteUnmet => "prerequisiteUnmet",
        Reason::Off => "off",
        Reason::TargetMatch => "targetMatch",
        Reason::RuleMatch => "ruleMatch",
        Reason::RuleRollout => "ruleRollout",
        Reason::DefaultServe => "defaultServe",
        Reason::DefaultRollout => "defaultRollout",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "met",
        Outcome::Unmet => "unmet",
        Outcome::Ignored => "ignored",
    }
}

fn membership(membership: Membership) -> &'static str {
    match membership {
        Membership::Missing => "missing",
        Membership::Excluded => "excluded",
        Membership::Included => "included",
        Membership::ByRules => "byRules",
        Membership::NotMember => "notMember",
    }
}
