//! The body of a report. SDKs agree on its outline and on little else.

use model::{EnvironmentUuid, KeyHash, MetricsJob, ReportedEvaluations, Target};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What SDKs write for "all targets together".
const AGGREGATED: [&str; 2] = ["global", "__global__cf_target"];

/// `{"targetData":[…],"metricsData":[…]}`; each may be missing or `null`, as may everything in them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    target_data: Option<Vec<Option<TargetData>>>,
    metrics_data: Option<Vec<Option<MetricsData>>>,
}

#[derive(Debug, Deserialize)]
struct TargetData {
    identifier: Option<Value>,
    name: Option<Value>,
    attributes: Option<Vec<Option<Attribute>>>,
}

#[derive(Debug, Deserialize)]
struct MetricsData {
    timestamp: Option<f64>,
    count: Option<f64>,
    attributes: Option<Vec<Option<Attribute>>>,
}

#[derive(Debug, Deserialize)]
struct Attribute {
    key: Option<String>,
    value: Option<Value>,
}

impl Report {
    /// What is worth counting, if anything is.
    pub(crate) fn into_job(
        self,
        environment: EnvironmentUuid,
        key: KeyHash,
        received_ms: i64,
    ) -> Option<MetricsJob> {
        let evaluations = self.metrics_data.unwrap_or_default().into_iter().flatten();
        let evaluations: Vec<_> = evaluations.filter_map(|data| data.read(received_ms)).collect();
        let targets = self.target_data.unwrap_or_default().into_iter().flatten();
        let targets: Vec<_> = targets.filter_map(TargetData::read).collect();
        if evaluations.is_empty() && targets.is_empty() {
            return None;
        }
        Some(MetricsJob { environment, key, received_ms, evaluations, targets })
    }
}

impl MetricsData {
    /// `None` when nothing was counted, or the flag is not named.
    fn read(self, received_ms: i64) -> Option<ReportedEvaluations> {
        let attributes = self.attributes.unwrap_or_default();
        let find = |name: &str| {
            let attribute = attributes.iter().flatten().find(|one| one.key.as_deref() == Some(name))?;
            text(attribute.value.as_ref()).filter(|text| !text.is_empty())
        };
        // Java, .NET and Ruby send the name only, which is the identifier there.
        let flag = find("featureIdentifier").or_else(|| find("featureName"))?;
        let count = whole(self.count).filter(|count| *count > 0)?;
        Some(ReportedEvaluations {
            flag,
            variation: find("variationIdentifier").unwrap_or_default(),
            count,
            at_ms: whole(self.timestamp).filter(|at_ms| *at_ms > 0).unwrap_or(received_ms),
        })
    }
}

impl TargetData {
    /// `None` for what is not one target.
    fn read(self) -> Option<Target> {
        let identifier = text(self.identifier.as_ref()).filter(|identifier| !identifier.is_empty())?;
        if AGGREGATED.contains(&&*identifier) {
            return None;
        }
        let name = text(self.name.as_ref()).filter(|name| !name.is_empty());
        let attributes = self.attributes.unwrap_or_default().into_iter().flatten();
        let attributes: Map<String, Value> =
            attributes.filter_map(|one| Some((one.key?, one.value?))).collect();
        Some(Target {
            name: name.unwrap_or_else(|| identifier.clone()),
            identifier,
            anonymous: false,
            attributes,
        })
    }
}

fn text(value: Option<&Value>) -> Option<Box<str>> {
    match value? {
        Value::String(text) => Some(text.as_str().into()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number without its fraction; languages without integers write `12.0`.
fn whole(number: Option<f64>) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates, and NaN is not JSON")]
    number.map(|number| number as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RECEIVED_MS: i64 = 1_700_000_000_000;

    fn read(report: &Value) -> Option<MetricsJob> {
        let report: Report = serde_json::from_value(report.clone()).unwrap();
        report.into_job(EnvironmentUuid::from_wire("e"), KeyHash::from_wire("k"), RECEIVED_MS)
    }

    fn evaluation(attributes: &Value) -> Option<ReportedEvaluations> {
        let data = json!({"timestamp": 5, "count": 12, "metricsType": "FFMETRICS", "attributes": attributes});
        read(&json!({"metricsData": [data]})).map(|job| job.evaluations[0].clone())
    }

    /// As `attributes` on the wire.
    fn pairs(pairs: &[(&str, Value)]) -> Value {
        pairs.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
    }

    #[test]
    fn every_sdks_way_of_naming_is_understood() {
        let served =
            ReportedEvaluations { flag: "dark_mode".into(), variation: "true".into(), count: 12, at_ms: 5 };
        let identifier = ("featureIdentifier", json!("dark_mode"));
        let name = ("featureName", json!("dark_mode"));
        let variation = ("variationIdentifier", json!("true"));
        let cases = [
            ("Node", vec![("target", json!(null)), identifier.clone(), ("featureName", json!("x"))]),
            ("Python", vec![("target", json!("global")), identifier.clone(), ("variationValue", json!("v"))]),
            (
                "Java",
                vec![("target", json!("__global__cf_target")), name.clone(), ("JAR_VERSION", json!("1"))],
            ),
            (".NET", vec![("target", json!("")), name, ("featureIdentifier", json!(null))]),
            ("JavaScript", vec![("target", json!("alice")), identifier.clone()]),
            ("no target", vec![identifier, ("SDK_TYPE", json!("server"))]),
        ];
        for (sdk, mut attributes) in cases {
            attributes.push(variation.clone());

            assert_eq!(evaluation(&pairs(&attributes)), Some(served.clone()), "{sdk}");
        }
    }

    #[test]
    fn what_counts_nothing_is_left_out() {
        for report in [
            json!({}),
            json!({"targetData": null, "metricsData": null}),
            json!({"targetData": [], "metricsData": []}),
            json!({"targetData": [null], "metricsData": [null, {}]}),
            json!({"metricsData": [{"count": 1, "attributes": null}, {"count": 1, "attributes": [null, {}]}]}),
            json!({"metricsData": [{"count": 0, "attributes": pairs(&[("featureName", json!("x"))])}]}),
            json!({"metricsData": [{"count": -3, "attributes": pairs(&[("featureName", json!("x"))])}]}),
            json!({"targetData": [{"identifier": ""}, {"identifier": null}, {"identifier": "global"}, {}]}),
        ] {
            assert_eq!(read(&report), None, "{report}");
        }
    }

    #[test]
    fn a_report_without_a_time_is_from_now() {
        let attributes = pairs(&[("featureName", json!("x"))]);
        for timestamp in [json!(null), json!(0), json!(-1)] {
            let data = json!({"timestamp": timestamp, "count": 12.0, "attributes": attributes});

            let job = read(&json!({"metricsData": [data]})).unwrap();

            assert_eq!((job.evaluations[0].at_ms, job.evaluations[0].count), (RECEIVED_MS, 12));
        }
    }

    #[test]
    fn targets_are_read_with_their_attributes() {
        let attributes = pairs(&[("plan", json!("pro")), ("x", json!(null))]);
        let job = read(&json!({"targetData": [
            {"identifier": "alice", "name": "Alice", "attributes": attributes},
            {"identifier": 7, "name": null, "attributes": null},
        ]}))
        .unwrap();

        let alice = Target {
            identifier: "alice".into(),
            name: "Alice".into(),
            anonymous: false,
            attributes: Map::from_iter([("plan".to_owned(), json!("pro"))]),
        };
        assert_eq!(job.targets, [alice, Target::bare("7")]);
        assert_eq!(serde_json::from_value::<MetricsJob>(serde_json::to_value(&job).unwrap()).unwrap(), job);
    }
}
