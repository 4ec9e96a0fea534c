//! HTTP in front of the components.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::instances::{Handler, Wishes};
use crate::routes::{self, Route};

/// With `--faults`: at which call to a store the instance is to end, from 0.
const END_HEADER: HeaderName = HeaderName::from_static("spin-host-end-at-call");

/// With `--faults`: what the clock of the instance shows from now on, in Unix milliseconds.
const CLOCK_HEADER: HeaderName = HeaderName::from_static("spin-host-clock-ms");

/// What answers requests.
pub(crate) struct Server {
    /// By route, each with the name of its component.
    pub(crate) routes: Vec<(Route, String)>,
    /// By name.
    pub(crate) components: BTreeMap<String, Handler>,
    /// Whether requests may end their instance and set its clock.
    pub(crate) faults: bool,
}

impl Server {
    /// Serves until the process ends.
    pub(crate) async fn run(self, listener: TcpListener) -> Result<Infallible> {
        let server = Arc::new(self);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // The process is the owner: it ends with its connections.
            tokio::spawn(Arc::clone(&server).connection(stream));
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| {
            let server = Arc::clone(&self);
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        // A client that leaves is no news.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<WasiBody> {
        let name = routes::find(&self.routes, request.uri().path());
        let Some(handler) = name.and_then(|name| self.components.get(name)) else {
            return empty(StatusCode::NOT_FOUND);
        };
        let wishes = self.wishes(request.headers());
        match handler.handle(wishes, absolute(request)).await {
            Ok(response) => response,
            Err(error) => {
                eprintln!("spin-host: no answer: {error:?}");
                empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    fn wishes(&self, headers: &HeaderMap) -> Wishes {
        if !self.faults {
            return Wishes::default();
        }
        Wishes { end_at_call: number(headers, &END_HEADER), clock_ms: number(headers, &CLOCK_HEADER) }
    }
}

fn number<T: FromStr>(headers: &HeaderMap, name: &HeaderName) -> Option<T> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// Components get absolute URIs.
fn absolute(request: Request<Incoming>) -> Request<WasiBody> {
    let (mut parts, body) = request.into_parts();
    let host = parts.headers.remove(header::HOST);
    let host = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let path = parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(host.parse().unwrap_or(Authority::from_static("localhost")));
    uri.path_and_query = Some(path);
    parts.uri = Uri::from_parts(uri).unwrap_or_default();
    Request::from_parts(parts, body.map_err(Error::Hyper).boxed_unsync())
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    let body = Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
