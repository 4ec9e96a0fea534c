//! What SDKs make of clauses: rewritten into clauses that mean the same to the engine.

use std::cmp::Ordering;

use model::Clause;

use crate::languages::{python_float, python_int};
use crate::view::View;

pub(crate) fn operators_in_any_case(view: &mut View) -> bool {
    rename_operators(view, |operator| match operator.to_lowercase().as_str() {
        "segmentmatch" => "segmentMatch".to_owned(),
        lower => lower.to_owned(),
    })
}

pub(crate) fn patterns_match_nothing(view: &mut View) -> bool {
    rename_operators(view, |operator| if operator == "match" { "unknown" } else { operator }.to_owned())
}

fn rename_operators(view: &mut View, name: fn(&str) -> String) -> bool {
    let mut changed = false;
    for clause in view.clauses() {
        let name = name(&clause.op);
        changed |= name != *clause.op;
        clause.op = name.into();
    }
    changed
}

/// To the engine they are one letter. An SDK turns the text as a whole into lower case.
pub(crate) fn two_sigmas(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let (text, operand) = (value.as_str()?.to_lowercase(), first_operand(clause)?.to_lowercase());
        let one_letter = |text: &str| text.replace('ς', "σ");
        let concerned =
            &*clause.op == "equal" && text != operand && one_letter(&text) == one_letter(&operand);
        concerned.then_some(false)
    })
}

pub(crate) fn empty_text_is_present(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let any = clause.values.iter().any(|operand| operand.is_empty());
        let first = clause.values.first().is_some_and(|operand| operand.is_empty());
        let holds = match &*clause.op {
            "equal" | "equal_sensitive" | "contains" | "starts_with" | "ends_with" => first,
            "in" => any,
            _ => false,
        };
        (value.as_str() == Some("")).then_some(holds)
    })
}

/// An attribute of any type that it knows comes before membership.
pub(crate) fn no_membership_with_an_attribute(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| (&*clause.op == "segmentMatch" && !value.is_array()).then_some(false))
}

pub(crate) fn greater_in_utf16(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let (text, operand) = (value.as_str()?, first_operand(clause)?);
        let greater = text.encode_utf16().gt(operand.encode_utf16());
        (&*clause.op == "gt" && !text.is_empty() && greater != (text > operand)).then_some(greater)
    })
}

pub(crate) fn greater_in_lower_case(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let (text, operand) = (value.as_str()?, first_operand(clause)?);
        let greater = text.to_lowercase() > operand.to_lowercase();
        (&*clause.op == "gt" && !text.is_empty() && greater != (text > operand)).then_some(greater)
    })
}

pub(crate) fn numbers_as_numbers(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let number = value.as_number()?;
        let compared = first_operand(clause).and_then(|operand| match number.as_i128() {
            Some(whole) => Some(whole.cmp(&python_int(operand)?)),
            None => number.as_f64()?.partial_cmp(&python_float(operand)?),
        });
        Some(match &*clause.op {
            "equal" => compared == Some(Ordering::Equal),
            "gt" => compared == Some(Ordering::Greater),
            _ => false,
        })
    })
}

pub(crate) fn booleans_by_truth(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let truth = value.as_bool()?;
        Some(
            &*clause.op == "equal"
                && first_operand(clause).is_some_and(|operand| operand.is_empty() != truth),
        )
    })
}

/// A list is of no type that it knows, so membership is asked for all the same.
pub(crate) fn composites_match_nothing(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let nothing = value.is_object() || value.is_array() && &*clause.op != "segmentMatch";
        nothing.then_some(false)
    })
}

fn first_operand(clause: &Clause) -> Option<&str> {
    clause.values.first().map(|operand| &**operand)
}
