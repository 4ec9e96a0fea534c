//! What one instance of a component has of the host.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasmtime::component::ResourceTable;
use wasmtime::{Result, bail};
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::interfaces::{AllowedHosts, Pools};

/// What the manifest gives a component.
#[derive(Debug)]
pub(crate) struct ComponentSettings {
    /// Its variables, templates filled in.
    pub(crate) variables: HashMap<String, String>,
    /// The files of its databases, by label.
    pub(crate) databases: HashMap<String, PathBuf>,
    /// What it may connect to.
    pub(crate) allowed_hosts: AllowedHosts,
}

/// The store's data.
pub(crate) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoRequests,
    /// Connections and all other resources; those that the instance leaves are dropped with it.
    pub(crate) table: ResourceTable,
    /// The component's part of the manifest.
    pub(crate) component: Arc<ComponentSettings>,
    /// Connections to Postgres, which outlive instances.
    pub(crate) pools: Arc<Pools>,
    /// When the instance is to die.
    pub(crate) faults: Faults,
    /// What time it is for the instance.
    pub(crate) clock: Clock,
}

/// Ends an instance at a chosen call to a store, for tests.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Calls until then; `None`: never.
    pub(crate) calls_left: Option<u32>,
}

impl Faults {
    /// To be called for each call to a store, before it is made.
    pub(crate) fn count(&mut self) -> Result<()> {
        match &mut self.calls_left {
            Some(0) => bail!("the test wanted the instance to end here"),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(())
    }
}

impl State {
    /// For a new instance.
    pub(crate) fn new(component: Arc<ComponentSettings>, pools: Arc<Pools>) -> Self {
        let clock = Clock::default();
        let mut wasi = WasiCtx::builder();
        wasi.inherit_stderr().wall_clock(clock.clone());
        Self {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            hooks: NoRequests,
            table: ResourceTable::new(),
            component,
            pools,
            faults: Faults::default(),
            clock,
        }
    }
}

/// The system's clock, or one that stands where a test put it. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// Unix milliseconds; 0 for the system's time.
    stands_at_ms: Arc<AtomicU64>,
}

impl Clock {
    /// Stops it there, or lets it follow the system's.
    pub(crate) fn set(&self, ms: Option<u64>) {
        self.stands_at_ms.store(ms.unwrap_or_default(), Ordering::Relaxed);
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        match self.stands_at_ms.load(Ordering::Relaxed) {
            0 => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            ms => Duration::from_millis(ms),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Our components send no HTTP requests.
struct NoRequests;

type Done = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for NoRequests {
    fn send_request(
        &mut self,
        _: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Done,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Done), Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}
