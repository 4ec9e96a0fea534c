//! A function that is made when its database is there, which may be later than its process.

use axum::Router;
use platform::DbError;
use tokio::sync::OnceCell;

use crate::handler::Handler;

/// A function and how to make it. Nothing but an event makes it try: between events Lambda lets nothing run.
pub(super) struct Late<Make> {
    make: Make,
    made: OnceCell<Handler>,
    refusing: fn(&str) -> Router,
}

impl<Make: AsyncFn() -> anyhow::Result<Handler>> Late<Make> {
    /// Tries to make it. `refusing` answers requests while that fails, told why for its log.
    ///
    /// # Errors
    /// What keeps it from ever being made; not that the database is away, which it then waits for.
    pub(super) async fn start(make: Make, refusing: fn(&str) -> Router) -> anyhow::Result<Self> {
        let late = Self { make, made: OnceCell::new(), refusing };
        match late.handler().await {
            Err(error) if is_away(&error) => {
                let cause = error.root_cause();
                tracing::error!("the function waits for its database and asks with every event: {cause}");
            }
            made => drop(made?),
        }
        Ok(late)
    }

    /// The function, which is made now unless it was before.
    pub(super) async fn handler(&self) -> anyhow::Result<&Handler> {
        self.made.get_or_try_init(|| (self.make)()).await
    }

    /// What answers a request: the function or, where it cannot be made, its refusal.
    pub(super) async fn router(&self) -> Router {
        match self.handler().await {
            Ok(handler) => handler.router.clone(),
            Err(error) => (self.refusing)(&error.root_cause().to_string()),
        }
    }
}

/// Whether the database did not answer, or was not fit to: that passes, and no setting must be changed for it in
/// this process.
fn is_away(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(DbError::Unavailable(_))))
}
