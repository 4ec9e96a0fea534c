//! How many flags an account has.

use model::Error;
use serde::Serialize;

use crate::answer::Answer;
use crate::call::Call;

/// `UserFlagOverview` of openapi/admin.yaml.
#[derive(Serialize)]
struct Overview {
    /// Flags that are on in one environment at least.
    enabled: i64,
    /// Flags that are not archived.
    total: i64,
}

/// The totals of the account, as far as the access token reaches.
pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let account = call.account()?;
    let totals = store::flag_totals(call.db(), &account, call.access.only_project()).await?;
    Answer::ok(&Overview { enabled: totals.enabled, total: totals.flags })
}
