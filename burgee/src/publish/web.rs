//! Requests over HTTP/1.1, in clear or by TLS with the authorities that the machine trusts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use model::causes;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::failure::Failure;

/// Kept connections that nobody used for so long are closed, before the other side does.
const IDLE: Duration = Duration::from_secs(20);

/// A client with its connections.
pub(super) struct Web(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Web {
    /// A client that has no connections yet.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        // A machine without any can still reach what is not encrypted; where it is, the connection fails and says why.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let mut builder = Client::builder(TokioExecutor::new());
        Ok(Self(builder.pool_idle_timeout(IDLE).pool_timer(TokioTimer::new()).build(connector)))
    }

    /// Sends a request and reads the answer, all within `time`.
    ///
    /// # Errors
    /// Passing, if there is no whole answer; refused, if it has more than `bytes_max` bytes.
    pub(super) async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        time: Duration,
        bytes_max: usize,
    ) -> Result<Answer, Failure> {
        let whom = host(&request);
        let whole = async {
            let (head, body) = self.send(request).await?.into_parts();
            let body = Limited::new(body, bytes_max).collect().await.map_err(|error| match error {
                error if error.is::<LengthLimitError>() => {
                    Failure::Refused(format!("{whom} answered with more than {bytes_max} bytes"))
                }
                error => Failure::passing(format!("{whom} broke off its answer: {}", causes(&*error))),
            })?;
            Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
        };
        tokio::time::timeout(time, whole).await.unwrap_or_else(|_| Err(late(&whom, time)))
    }

    /// Sends a request and returns as soon as the answer's head is there, at most after `time`.
    ///
    /// # Errors
    /// Passing, if it does not come.
    pub(super) async fn open(
        &self,
        request: Request<Full<Bytes>>,
        time: Duration,
    ) -> Result<Response<Incoming>, Failure> {
        let whom = host(&request);
        tokio::time::timeout(time, self.send(request)).await.unwrap_or_else(|_| Err(late(&whom, time)))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        let whom = host(&request);
        let sent = self.0.request(request).await;
        sent.map_err(|error| {
            let what = if error.is_connect() { "cannot be reached" } else { "broke off its answer" };
            Failure::passing(format!("{whom} {what}: {}", causes(&error)))
        })
    }
}

fn host(request: &Request<Full<Bytes>>) -> String {
    request.uri().host().unwrap_or_default().to_owned()
}

fn late(whom: &str, time: Duration) -> Failure {
    Failure::passing(format!("{whom} did not answer within {} s", time.as_secs()))
}
