//! Fields that do not fit: each is refused with 400 and a message that begins with its place.

use serde_json::{Value, json};

use super::ask::{Ask, patch, post};
use super::bad_input::{Case, case, refuse_all};
use super::world::{create_flag, flag, in_environment, with};

/// Requests that `make` makes of values, each with how its refusal begins.
fn each<const N: usize>(make: impl Fn(&Value) -> Ask, cases: [(Value, &str); N]) -> Vec<Case> {
    cases.into_iter().map(|(value, message)| case(make(&value), 400, message)).collect()
}

/// A flag with other fields than a good one has.
fn create(fields: &Value) -> Ask {
    create_flag(&with(flag("new"), fields.clone()))
}

#[tokio::test]
async fn a_flag_with_a_field_that_does_not_fit_is_refused() {
    let cases = [
        (json!({ "name": 7 }), "name: invalid type: integer `7`, expected a string"),
        (json!({ "name": null }), "name: invalid type: null, expected a string"),
        (json!({ "name": "n".repeat(257) }), "name: is longer than 256 bytes; shorten it"),
        (json!({ "name": "a\u{1}b" }), "name: holds a control character; leave it out"),
        (json!({ "description": "d".repeat(4097) }), "description: is longer than 4096 bytes; shorten it"),
        (json!({ "description": "a\u{1}b" }), "description: holds a control character; leave it out"),
        (json!({ "kind": "colour" }), "kind: unknown variant `colour`, expected one of `boolean`"),
        (json!({ "kind": null }), "kind: does not fit: expected value"),
        (json!({ "permanent": "yes" }), "permanent: invalid type: string \"yes\", expected a boolean"),
        (json!({ "archived": true }), "archived: a new flag is not in the archive"),
        (json!({ "defaultOnVariation": "maybe" }), "defaultOnVariation: \"maybe\" is none of the variations"),
        (json!({ "defaultOffVariation": "" }), "defaultOffVariation: \"\" is not an identifier"),
        (
            json!({ "defaultOffVariation": null }),
            "defaultOffVariation: invalid type: null, expected a string",
        ),
        (json!({ "tags": "t" }), "tags: invalid type: string \"t\", expected a sequence"),
        (json!({ "tags": [{}] }), "tags[0].identifier: is missing"),
        (json!({ "tags": [{ "identifier": "t".repeat(129) }] }), "tags[0]: is longer than 128 bytes"),
        (json!({ "tags": [{ "name": "a\u{1}b" }] }), "tags[0]: holds a control character; leave it out"),
        (
            json!({ "tags": vec![json!({ "identifier": "t" }); 2] }),
            "tags[1].identifier: \"t\" is there twice",
        ),
        (json!({ "services": [{}] }), "services[0].identifier: is missing"),
        (json!({ "prerequisites": {} }), "prerequisites: invalid type: map, expected a sequence"),
        (json!({ "prerequisites": [{}] }), "prerequisites[0].feature: flag \"\" does not exist"),
        (
            json!({ "prerequisites": [{ "feature": "a" }] }),
            "prerequisites[0].variations: is empty; name at least",
        ),
        (
            json!({ "prerequisites": [{ "feature": "../a", "variations": ["yes"] }] }),
            "prerequisites[0].feature: flag \"../a\" does not exist",
        ),
    ];
    refuse_all(each(create, cases)).await;
}

#[tokio::test]
async fn a_flag_without_what_it_needs_is_refused() {
    let needed = ["identifier", "project", "kind", "variations", "defaultOnVariation", "defaultOffVariation"];
    let without = |name: &str| {
        let mut request = flag("new");
        request.as_object_mut().unwrap().remove(name);
        create_flag(&request)
    };

    refuse_all(needed.map(|name| case(without(name), 400, &format!("{name}: is missing"))).into()).await;
}

#[tokio::test]
async fn variations_that_cannot_be_are_refused() {
    let yes = json!({ "identifier": "yes", "value": "true" });
    let no = json!({ "identifier": "no", "value": "false" });
    let named = |identifier: Value| json!([yes, { "identifier": identifier, "value": "false" }]);
    let valued = |value: Value| json!([yes, { "identifier": "no", "value": value }]);
    let many: Vec<_> =
        (0..101).map(|number| json!({ "identifier": format!("v{number}"), "value": "true" })).collect();
    let cases = [
        (json!("yes"), "variations: invalid type: string \"yes\", expected a sequence"),
        (json!(null), "variations: invalid type: null, expected a sequence"),
        (json!([yes, null]), "variations[1]: invalid type: null, expected an object"),
        (json!([]), "variations: needs at least two variations"),
        (json!([yes]), "variations: needs at least two variations"),
        (json!(many), "variations: holds 101, at most 100 are allowed"),
        (json!([yes, no, no]), "variations[2].identifier: \"no\" is there twice"),
        (json!([yes, { "value": "false" }]), "variations[1].identifier: is missing"),
        (named(json!(["no"])), "variations[1].identifier: invalid type: sequence, expected"),
        (named(json!("n o")), "variations[1].identifier: \"n o\" is not an identifier"),
        (json!([yes, { "identifier": "no" }]), "variations[1].value: is missing"),
        (valued(json!(null)), "variations[1].value: invalid type: null, expected a string"),
        (valued(json!(false)), "variations[1].value: invalid type: boolean `false`, expected a string"),
        (
            valued(json!("False")),
            "variations[1].value: \"False\" does not fit kind boolean; use \"true\" or \"false\"",
        ),
    ];
    refuse_all(each(|variations| create(&json!({ "variations": variations })), cases)).await;
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_kind_is_refused() {
    let of = |kind: &str, value: &str| {
        let each = ["yes", "no"].map(|identifier| json!({ "identifier": identifier, "value": value }));
        json!({ "kind": kind, "variations": each })
    };
    let cases = [
        (of("int", ""), "variations[0].value: \"\" does not fit kind int; use a number"),
        (of("int", "inf"), "variations[0].value: \"inf\" does not fit kind int; use a number"),
        (of("int", "1,5"), "variations[0].value: \"1,5\" does not fit kind int; use a number"),
        (of("json", "{"), "variations[0].value: \"{\" does not fit kind json; use the text of a JSON object"),
        (
            of("json", "[1]"),
            "variations[0].value: \"[1]\" does not fit kind json; use the text of a JSON object",
        ),
        (of("json", &"[".repeat(60_000)), "variations[0].value: \"[[["),
        (of("string", &"x".repeat(65_537)), "variations[0].value: is longer than 65536 bytes; shorten it"),
    ];
    refuse_all(each(create, cases)).await;
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused() {
    let create = |fields: &Value| {
        post(
            in_environment("/apikey", "dev"),
            &with(json!({ "identifier": "new", "type": "Server" }), fields.clone()),
        )
    };
    let hash = "0".repeat(64);
    let rule = "apiKey: a key to keep needs 16 to 512 printable ASCII characters without spaces";
    let both = json!({ "key": hash, "apiKey": "0123456789abcdef" });
    let cases = [
        (json!({ "type": "Admin" }), "type: \"Admin\" is not a type of key; use Server or Client"),
        (json!({ "type": "" }), "type: \"\" is not a type of key; use Server or Client"),
        (json!({ "type": null }), "type: invalid type: null, expected a string"),
        (json!({ "apiKey": "fifteen-letters" }), rule),
        (json!({ "apiKey": "" }), rule),
        (json!({ "apiKey": "x".repeat(513) }), rule),
        (json!({ "apiKey": "with a space in it" }), rule),
        (json!({ "apiKey": "with-a-newline-\n-in-it" }), rule),
        (json!({ "apiKey": "mit-Umlaut-ä-darin" }), rule),
        (json!({ "apiKey": 1_234_567_890_123_456_i64 }), "apiKey: invalid type: integer"),
        (json!({ "key": "abc" }), "key: \"abc\" is not a SHA-256 digest: use 64"),
        (json!({ "key": "g".repeat(64) }), "key: \"gggg"),
        (both, "key: send either apiKey (in clear) or key (its SHA-256), not both"),
        (json!({ "expiredAt": "tomorrow" }), "expiredAt: invalid type: string \"tomorrow\", expected i64"),
        (json!({ "expiredAt": 1.5 }), "expiredAt: invalid type: floating point"),
        (json!({ "expiredAt": 1e300 }), "expiredAt: invalid type: floating point"),
        (json!({ "expiredAt": 1 }), "expiredAt: 1 has passed, in Unix milliseconds"),
        (json!({ "name": "n".repeat(257) }), "name: is longer than 256 bytes; shorten it"),
        (json!({ "name": "a\u{7f}b" }), "name: holds a control character; leave it out"),
    ];
    let mut cases = each(create, cases);
    for (missing, rest) in
        [("type", json!({ "identifier": "new" })), ("identifier", json!({ "type": "Server" }))]
    {
        cases.push(case(
            post(in_environment("/apikey", "dev"), &rest),
            400,
            &format!("{missing}: is missing"),
        ));
    }
    refuse_all(cases).await;
}

/// A PATCH of the flag "a".
fn send(body: &Value) -> Ask {
    patch(in_environment("/features/a", "dev"), body)
}

#[tokio::test]
async fn an_envelope_that_does_not_fit_is_refused() {
    let on = json!({ "kind": "setFeatureFlagState", "parameters": { "state": "on" } });
    let with_on = |fields: Value| with(json!({ "instructions": [on] }), fields);
    let cases = [
        (json!({}), "instructions: is empty; send at least one instruction"),
        (json!({ "instructions": null }), "instructions: invalid type: null, expected a sequence"),
        (json!({ "instructions": on }), "instructions: invalid type: map, expected a sequence"),
        (json!({ "instructions": [null] }), "instructions[0]: invalid type: null, expected an object"),
        (json!({ "instructions": [on, {}] }), "instructions[1].kind: is missing"),
        (with_on(json!({ "comment": "c".repeat(4097) })), "comment: is longer than 4096 bytes; shorten it"),
        (with_on(json!({ "comment": "a\u{1}b" })), "comment: holds a control character; leave it out"),
        (with_on(json!({ "comment": 7 })), "comment: invalid type: integer `7`, expected a string"),
        (with_on(json!({ "executionTime": "now" })), "executionTime: invalid type: string \"now\""),
        (
            json!({ "instructions": [{ "kind": "", "parameters": {} }] }),
            "instructions[0].kind: \"\" is not an instruction; use setFeatureFlagState, ",
        ),
        (
            json!({ "instructions": [{ "kind": "SetFeatureFlagState", "parameters": { "state": "on" } }] }),
            "instructions[0].kind: \"SetFeatureFlagState\" is not an instruction; use setFeatureFlagState, ",
        ),
    ];
    refuse_all(each(send, cases)).await;
}

/// Requests of one instruction of that kind, with parameters; each refusal begins with their place.
fn parameters<const N: usize>(kind: &str, cases: [(Value, &str); N]) -> Vec<Case> {
    let one = |(parameters, message): (Value, &str)| {
        let body = json!({ "instructions": [{ "kind": kind, "parameters": parameters }] });
        case(send(&body), 400, &format!("instructions[0].parameters{message}"))
    };
    cases.into_iter().map(one).collect()
}

#[tokio::test]
async fn a_state_or_variation_that_cannot_be_served_is_refused() {
    let states = [
        (json!(null), ": setFeatureFlagState needs an object of parameters"),
        (json!(["on"]), ": setFeatureFlagState needs an object of parameters"),
        (json!({}), ".state: is missing"),
        (json!({ "state": "maybe" }), ".state: unknown variant `maybe`, expected `on` or `off`"),
        (json!({ "state": true }), ".state: invalid type: boolean `true`"),
        (json!({ "state": null }), ".state: invalid type: null"),
    ];
    let variations = [
        (json!({ "variation": null }), ".variation: invalid type: null, expected a string"),
        (json!({ "variation": "../no" }), ".variation: \"../no\" is not an identifier"),
        (json!({ "variation": "blue" }), ".variation: \"blue\" is no variation of the flag; it has yes, no"),
    ];
    refuse_all(
        [parameters("setFeatureFlagState", states), parameters("updateOffVariation", variations)].concat(),
    )
    .await;
}

#[tokio::test]
async fn a_rollout_that_cannot_be_is_refused() {
    let rollout = |weights: &[(&str, Value)]| {
        let each = weights.iter().map(|(id, weight)| json!({ "variation": id, "weight": weight }));
        json!({ "variations": each.collect::<Vec<_>>() })
    };
    let wide: Vec<_> =
        (0..30_000).map(|number| json!({ "variation": format!("v{number}"), "weight": 0 })).collect();
    let cases = [
        (json!({}), ": needs either a variation, or a distribution: variations with weights"),
        (json!({ "variation": "yes", "variations": [] }), ": needs either a variation, or a distribution"),
        (json!({ "variations": [] }), ".variations: holds 0; name 1 to 100, with weights that sum to 100"),
        (json!({ "variations": wide }), ".variations: holds 30000; name 1 to 100"),
        (json!({ "variations": [{ "variation": "yes" }] }), ".variations[0].weight: is missing"),
        (json!({ "variations": [{ "weight": 100 }] }), ".variations[0].variation: is missing"),
        (rollout(&[("yes", json!("100"))]), ".variations[0].weight: invalid type: string \"100\""),
        (rollout(&[("yes", json!(50.5))]), ".variations[0].weight: invalid type: floating point `50.5`"),
        (rollout(&[("yes", json!(99))]), ".variations: the weights 99 do not sum to 100"),
        (
            rollout(&[("yes", json!(101)), ("no", json!(-1))]),
            ".variations: the weights 101 + -1 do not sum to 100",
        ),
        (
            rollout(&[("yes", json!(i64::MAX)), ("no", json!(1))]),
            ".variations: the weights 9223372036854775807 + 1",
        ),
        (rollout(&[("yes", json!(50)), ("yes", json!(50))]), ".variations: \"yes\" is there twice"),
        (
            rollout(&[("blue", json!(100))]),
            ".variation: \"blue\" is no variation of the flag; it has yes, no",
        ),
    ];
    refuse_all(parameters("updateDefaultServe", cases)).await;
}

#[tokio::test]
async fn a_list_of_targets_that_cannot_be_is_refused() {
    let targets = |targets: Value| json!({ "variation": "yes", "targets": targets });
    let cases = || {
        [
            (json!({ "variation": "yes" }), ".targets: is missing"),
            (json!({ "targets": ["ann"] }), ".variation: is missing"),
            (
                json!({ "variation": "blue", "targets": ["ann"] }),
                ".variation: \"blue\" is no variation of the flag",
            ),
            (targets(json!("ann")), ".targets: invalid type: string \"ann\", expected a sequence"),
            (targets(json!([null])), ".targets[0]: invalid type: null, expected a string"),
            (targets(json!(["ann", "a b"])), ".targets: \"a b\" is not a target identifier"),
            (targets(json!([""])), ".targets: \"\" is not a target identifier"),
            (targets(json!(["x".repeat(257)])), ".targets: \"xxx"),
        ]
    };
    let kinds = ["addTargetsToVariationTargetMap", "removeTargetsToVariationTargetMap"];
    refuse_all(kinds.map(|kind| parameters(kind, cases())).concat()).await;
}
