//! The functions and the relay, put together.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use client_api::{ClientState, Source};
use delivery::Delivery;
use fn_admin::Admin;
use fn_client::{QueueRegistrar, StoredTargets};
use fn_metrics_ingest::IngestState;
use platform::Platform;
use sse_relay::{Limits, Parts, Relay};
use tokio::net::TcpListener;

use super::console_policy;
use super::operations::{self, Operations};
use super::requests::{self, Requests};
use super::settings::Settings;
use super::slow_bodies;
use super::stores::Stores;

/// Everything that one process serves.
pub(super) struct App {
    pub(super) platform: Platform,
    pub(super) admin: Admin,
    relay: Arc<Relay>,
    router: Router,
}

impl App {
    /// Puts the functions on the platform.
    pub(super) async fn new(stores: Stores, settings: &Settings) -> anyhow::Result<Self> {
        let Stores { platform, sqlite } = stores;
        let tokens = Arc::new(delivery::token_keys(&platform, settings.token_keys.as_deref()).await?);
        let source: Arc<dyn Source> = Arc::new(Delivery::outliving(platform.clone(), settings.stale));
        let queue = store::work_queue(&platform);
        let registrations_lost = Arc::new(AtomicU64::new(0));
        let targets = Arc::new(StoredTargets::new(platform.db.clone(), platform.clock.clone()));
        let registrar = Arc::new(QueueRegistrar::new(queue.clone(), platform.clock.clone()));
        let client = ClientState {
            source: source.clone(),
            tokens: tokens.clone(),
            clock: platform.clock.clone(),
            targets: targets.clone(),
            registrar: registrar.clone(),
            registrations_lost: registrations_lost.clone(),
        };
        let ingest = IngestState {
            source: source.clone(),
            tokens: tokens.clone(),
            queue,
            clock: platform.clock.clone(),
        };
        let admin = Admin::new(platform.clone(), settings.admin_token.clone());
        let relay = Relay::new(Parts {
            source,
            tokens,
            targets,
            feed: store::change_feed(&platform),
            clock: platform.clock.clone(),
            random: platform.random.clone(),
            limits: limits(settings),
        });
        let requests = Requests::new();
        let operations = Operations {
            platform: platform.clone(),
            sqlite,
            admin: admin.clone(),
            relay: relay.clone(),
            registrations_lost,
            registrar,
            requests: requests.clone(),
        };
        let routes = fn_client::router(client)
            .merge(fn_metrics_ingest::router(ingest))
            .merge(fn_admin::router(admin.clone()).layer(from_fn(api::request_log)))
            .merge(operations::routes(operations));
        let counted = api::fallback::in_json(routes)
            .layer(from_fn(slow_bodies::refuse))
            .layer(from_fn(console_policy::enforce))
            .layer(from_fn_with_state(requests, requests::count));
        Ok(Self { platform, admin, relay, router: api::no_sniffing(counted) })
    }

    /// The admin API alone, for the first start.
    pub(super) fn admin_router(&self) -> Router {
        fn_admin::router(self.admin.clone())
    }

    /// Serves until `stop` ends.
    pub(super) async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        sse_relay::run(listener, self.relay, self.router, stop).await;
    }
}

/// Half of the time for ending is for sending streams home one after the other.
fn limits(settings: &Settings) -> Limits {
    let defaults = Limits::default();
    Limits {
        streams_per_address: defaults.streams_per_address.filter(|_| !settings.behind_proxy),
        drain_window: settings.drain / 2,
        drain_grace: settings.drain / 2,
        ..defaults
    }
}
