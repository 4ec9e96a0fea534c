//! Everything that is not a stream: hyper and the router.
//!
//! A client that keeps connections alive may ask for a stream on one that hyper already serves: Node's
//! SDK does, from Node 19 on. Such a connection is taken back from hyper before it answers, so that all
//! streams are the same.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::{Buf, Bytes};
use http::header::ALLOW;
use http::{Method, Request, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::frame::Framing;
use crate::limits::KEEP_ALIVE_TIME;
use crate::relay::{Phase, Relay};
use crate::request::{PATHS, StreamRequest};
use crate::stream;

type Answer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// How hyper's part of a connection ended.
enum Outcome {
    Over,
    Stream(StreamRequest),
}

/// A socket of which some bytes were already read.
struct Rewound {
    unread: Bytes,
    socket: TcpStream,
    /// The last write found no room: hyper holds bytes that it has not sent.
    is_blocked: Arc<AtomicBool>,
}

/// Serves requests until the connection ends, or asks for a stream: then it is handed back.
pub(crate) async fn serve(
    relay: Arc<Relay>,
    socket: TcpStream,
    unread: Vec<u8>,
    rest: Router,
) -> Option<(TcpStream, StreamRequest)> {
    let asked = Arc::new(Mutex::new(None));
    let is_blocked = Arc::new(AtomicBool::new(false));
    let io = Rewound { unread: unread.into(), socket, is_blocked: Arc::clone(&is_blocked) };
    let service = TowerToHyperService::new(rest);
    let notes = Arc::clone(&asked);
    let answer = service_fn(move |request| answer(request, &service, &notes));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(KEEP_ALIVE_TIME)
        .serve_connection(TokioIo::new(io), answer);
    let mut is_draining = false;
    let outcome = loop {
        let outcome = poll_fn(|context| {
            if connection.poll_without_shutdown(context).is_ready() {
                return Poll::Ready(Outcome::Over);
            }
            if is_blocked.load(Ordering::Relaxed) {
                return Poll::Pending;
            }
            let asked = asked.lock().unwrap_or_else(PoisonError::into_inner).take();
            asked.map_or(Poll::Pending, |request| Poll::Ready(Outcome::Stream(request)))
        });
        let phase = if is_draining { Phase::Closing } else { Phase::Draining };
        tokio::select! {
            outcome = outcome => break outcome,
            () = relay.reached(phase) => {}
        }
        if is_draining {
            return None;
        }
        Pin::new(&mut connection).graceful_shutdown();
        is_draining = true;
    };
    let socket = connection.into_parts().io.into_inner().socket;
    match outcome {
        Outcome::Stream(request) => Some((socket, request)),
        Outcome::Over => {
            stream::close(&relay, &socket).await;
            None
        }
    }
}

/// Answers a request, unless it asks for a stream: that is noted, and hyper kept waiting.
fn answer(
    request: Request<Incoming>,
    rest: &TowerToHyperService<Router>,
    asked: &Mutex<Option<StreamRequest>>,
) -> Answer {
    let is_stream = PATHS.contains(&request.uri().path());
    match *request.method() {
        Method::GET if is_stream => {
            let framing =
                if request.version() == Version::HTTP_10 { Framing::Plain } else { Framing::Chunked };
            let request = StreamRequest::new(framing, request.headers());
            *asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
            Box::pin(pending())
        }
        _ => Box::pin(rest.call(request)),
    }
}

/// Adds to `rest` what is answered on the paths of streams when it is no stream that is asked for:
/// browsers ask before each, on other origins than ours, whether they may.
pub(crate) fn beside_streams(rest: Router) -> Router {
    let routes = Router::new();
    let routes = PATHS.into_iter().fold(routes, |routes, path| routes.route(path, any(only_get)));
    routes.layer(api::cors()).fallback_service(rest)
}

/// Refuses a method, without a body as all refusals of a stream.
async fn only_get() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, OPTIONS")], Body::empty()).into_response()
}

impl Rewound {
    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.is_blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl AsyncRead for Rewound {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.socket).poll_read(context, buffer);
        }
        let fits = self.unread.len().min(buffer.remaining());
        buffer.put_slice(self.unread.get(..fits).unwrap_or_default());
        self.unread.advance(fits);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewound {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
