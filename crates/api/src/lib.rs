//! The HTTP edge: errors, credentials, extractors, codings, entity tags, paging, CORS, request log.
//!
//! The only crate that knows status codes. It parses and verifies what comes in; it looks nothing up.

mod body;
mod coding;
mod cors;
pub mod credentials;
mod cron;
pub mod entity_tag;
pub mod fallback;
pub mod limits;
mod no_sniffing;
mod page;
mod path;
mod problem;
mod query;
mod refusing;
mod request_log;
mod sdk_token;

pub use body::{Json, parse_json, parse_object, read_body, read_json, read_json_text};
pub use coding::accepts_gzip;
pub use cors::cors;
pub use cron::{CRON_SECRET, check_cron};
pub use no_sniffing::no_sniffing;
pub use page::{Page, PageRequest};
pub use path::Path;
pub use problem::Problem;
pub use query::Query;
pub use refusing::refusing;
pub use request_log::request_log;
pub use sdk_token::{SdkClaims, TokenKeys, TokenKeysError};
