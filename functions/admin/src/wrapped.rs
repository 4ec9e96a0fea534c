//! The envelope in which Harness wraps projects, environments, audit and objects.

use platform::Random;
use serde::Serialize;

/// `{"status":"SUCCESS","data":…,"metaData":{},"correlationId":…}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wrapped<T> {
    status: &'static str,
    data: T,
    meta_data: NoMetaData,
    correlation_id: String,
}

#[derive(Serialize)]
struct NoMetaData {}

impl<T> Wrapped<T> {
    pub(crate) fn new(data: T, random: &dyn Random) -> Self {
        Self { status: "SUCCESS", data, meta_data: NoMetaData {}, correlation_id: random.uuid() }
    }
}
