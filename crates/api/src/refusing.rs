//! What a function answers while its database keeps it from being made.

use std::sync::Arc;

use axum::Router;
use model::Error;

use crate::Problem;

/// Refuses every request as `Unavailable`, told as `problem` tells it. `cause` is for the log.
pub fn refusing(problem: fn(Error) -> Problem, cause: &str) -> Router {
    let cause: Arc<str> = cause.into();
    Router::new().fallback(move || {
        let message = "the database cannot be used now; try again, the function's log says what is wrong";
        let problem = problem(Error::unavailable(message, &*cause));
        async move { problem }
    })
}
