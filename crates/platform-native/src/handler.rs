//! What a function does, for whatever runs it.

use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use serde::Serialize;
use serde_json::Value;

/// Work under way; it ends with a report for whoever asked for it.
pub(crate) type Working = Pin<Box<dyn Future<Output = anyhow::Result<Value>> + Send>>;

type Work = Box<dyn Fn(Duration) -> Working + Send + Sync>;

/// Requests that a function answers, and work that is due without any request.
pub struct Handler {
    pub(crate) router: Router,
    pub(crate) work: Option<Work>,
}

impl From<Router> for Handler {
    fn from(router: Router) -> Self {
        Self { router, work: None }
    }
}

impl Handler {
    /// Adds work. It is given the time that it may take, and what it returns is reported as JSON.
    #[must_use]
    pub fn with_work<R, F>(mut self, work: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        R: Serialize,
        F: Future<Output = anyhow::Result<R>> + Send + 'static,
    {
        self.work = Some(Box::new(move |budget| {
            let working = work(budget);
            Box::pin(async move { Ok(serde_json::to_value(working.await?)?) })
        }));
        self
    }
}
