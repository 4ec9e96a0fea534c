//! Instances of one component, used again as Spin uses them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::{Sleep, sleep};
use wasmtime::component::GuestTaskId;
use wasmtime::{Result, Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyHandler, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::interfaces::Pools;
use crate::state::{ComponentSettings, State};

/// Requests that one instance answers at once, in Spin's default settings.
pub(crate) const CONCURRENT_MAX: usize = 16;

/// Requests that one instance answers in its life, in Spin's default settings.
pub(crate) const REUSES: usize = 128;

/// How long an instance waits for its next request.
const IDLE: Duration = Duration::from_secs(1);

/// How long a request may take.
const REQUEST: Duration = Duration::from_secs(60);

/// What makes instances of a component.
pub(crate) struct Instances {
    /// The component.
    pub(crate) component: ServicePre<State>,
    /// Its part of the manifest.
    pub(crate) settings: Arc<ComponentSettings>,
    /// Connections to Postgres, of all components.
    pub(crate) pools: Arc<Pools>,
    /// Requests that one instance answers in its life.
    pub(crate) reuses: usize,
}

/// Answers requests of one component.
pub(crate) type Handler = ProxyHandler<Instances>;

/// What a test wants of the instance that answers its request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    /// The instance ends after so many calls to stores.
    pub(crate) end_at_call: Option<u32>,
    /// Its clock stands there, in Unix milliseconds.
    pub(crate) clock_ms: Option<u64>,
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Reuse;

    async fn instantiate(&self) -> Result<Instance<State, Expiration, Reuse>> {
        let state = State::new(Arc::clone(&self.settings), Arc::clone(&self.pools));
        let mut store = Store::new(self.component.engine(), state);
        let proxy = Proxy::P3(self.component.instantiate_async(&mut store).await?);
        let state = Reuse { reuses: self.reuses };
        Ok(Instance { store, proxy, view, expiration: Expiration::default(), state })
    }
}

fn view(state: &mut State) -> WasiHttpCtxView<'_> {
    state.http()
}

/// Ends idle instances, and those of requests that never end.
#[derive(Default)]
pub(crate) struct Expiration {
    timer: Option<(Pin<Box<Sleep>>, Instant)>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let limit = match status {
            WorkerStatus::Idle => IDLE,
            WorkerStatus::Requests | WorkerStatus::PostReturn => REQUEST,
        };
        let end = start + limit;
        if self.timer.as_ref().is_none_or(|(_, set)| *set != end) {
            let left = end.saturating_duration_since(Instant::now());
            self.timer = Some((Box::pin(sleep(left)), end));
        }
        match &mut self.timer {
            Some((timer, _)) => timer.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

/// Says when an instance takes another request.
pub(crate) struct Reuse {
    reuses: usize,
}

impl WorkerState for Reuse {
    type StoreData = State;
    type RequestData = Wishes;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuses {
            ShouldAccept::Never
        } else if concurrent >= CONCURRENT_MAX {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, State>,
        wishes: Wishes,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        // The newest request decides for all that share the instance.
        let state = store.data_mut();
        state.faults.calls_left = wishes.end_at_call;
        state.clock.set(wishes.clock_ms);
        Box::pin(std::future::pending())
    }

    fn drop(&self, _: Store<State>, result: Result<()>) {
        if let Err(error) = result {
            eprintln!("spin-host: an instance ended: {error:?}");
        }
    }
}
