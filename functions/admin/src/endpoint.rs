//! Every route behind one type.
//!
//! axum makes a handler of any function and compiles again, for each, how its arguments are read, how it is
//! routed to and how it answers: more than 100 kB in the component for Spin. Here that is compiled once, and a
//! route adds only what it does itself.

use std::pin::Pin;
use std::sync::Arc;

use api::Problem;
use axum::body::Body;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use model::Error;
use serde::de::DeserializeOwned;

use crate::Admin;
use crate::answer::Answer;
use crate::call::Call;
use crate::idempotency;

/// What a handler does until it answers.
type Work = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// A handler that reads the body itself, if at all. Not `dyn Fn`, which brings three functions for each.
pub(crate) trait OnBody: Send + Sync {
    fn begin(&self, call: Call, body: Body) -> Work;
}

impl<F: Fn(Call, Body) -> Work + Send + Sync> OnBody for F {
    fn begin(&self, call: Call, body: Body) -> Work {
        self(call, body)
    }
}

/// A handler that is given the text of a JSON body, which may turn out not to say what it needs.
pub(crate) trait OnJson: Send + Sync {
    fn begin(&self, call: Call, text: &[u8]) -> Result<Work, Error>;
}

impl<F: Fn(Call, &[u8]) -> Result<Work, Error> + Send + Sync> OnJson for F {
    fn begin(&self, call: Call, text: &[u8]) -> Result<Work, Error> {
        self(call, text)
    }
}

/// A handler whatever its types. It lives for ever, which costs nothing: a function takes no room.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    OnBody(&'static dyn OnBody),
    OnJson(&'static dyn OnJson),
}

/// What can be a handler: an async function of a [`Call`], of a [`Call`] and its body, or of a [`Call`] and
/// what its body says in JSON.
pub(crate) trait Handle<Arguments> {
    /// The handler without its types.
    fn erase(self) -> Run;
}

impl<H, W> Handle<()> for H
where
    H: Fn(Call) -> W + Send + Sync + 'static,
    W: Future<Output = Result<Answer, Error>> + Send + 'static,
{
    fn erase(self) -> Run {
        Run::OnBody(Box::leak(Box::new(move |call, _| -> Work { Box::pin(self(call)) })))
    }
}

impl<H, W> Handle<Body> for H
where
    H: Fn(Call, Body) -> W + Send + Sync + 'static,
    W: Future<Output = Result<Answer, Error>> + Send + 'static,
{
    fn erase(self) -> Run {
        Run::OnBody(Box::leak(Box::new(move |call, body| -> Work { Box::pin(self(call, body)) })))
    }
}

impl<H, W, T> Handle<(T,)> for H
where
    H: Fn(Call, T) -> W + Send + Sync + 'static,
    W: Future<Output = Result<Answer, Error>> + Send + 'static,
    T: DeserializeOwned,
{
    fn erase(self) -> Run {
        Run::OnJson(Box::leak(Box::new(move |call, text: &[u8]| -> Result<Work, Error> {
            let body = api::parse_object(text)?;
            Ok(Box::pin(self(call, body)))
        })))
    }
}

/// What a route leads to.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint {
    run: Run,
    has_context: bool,
}

/// An endpoint with what it works with. It needs no state of the router, whose code is there once so.
#[derive(Clone)]
pub(crate) struct Bound {
    endpoint: Endpoint,
    admin: Arc<Admin>,
}

/// Leads to a handler that is about an account, or what is in it: malformed context parameters are refused
/// before it is called.
pub(crate) fn to<Arguments>(handler: impl Handle<Arguments>) -> Endpoint {
    Endpoint { run: handler.erase(), has_context: true }
}

impl Endpoint {
    /// The same for what is not found by context parameters.
    pub(crate) fn without_context(self) -> Self {
        Self { has_context: false, ..self }
    }

    /// The endpoint as axum takes it.
    pub(crate) fn with(self, admin: &Arc<Admin>) -> Bound {
        Bound { endpoint: self, admin: admin.clone() }
    }

    /// Answers a request, as often as it is sent.
    pub(crate) async fn answer(self, request: Request, admin: Arc<Admin>) -> Response {
        self.run(request, admin).await.into_response()
    }

    async fn run(self, request: Request, admin: Arc<Admin>) -> Result<Answer, Problem> {
        let (head, body) = request.into_parts();
        let call = Call::read(head, admin, self.has_context).await?;
        let work = match &self.run {
            Run::OnBody(handler) => handler.begin(call, body),
            Run::OnJson(handler) => handler.begin(call, &api::read_json_text(body).await?)?,
        };
        Ok(work.await?)
    }
}

impl Handler<(), ()> for Bound {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, (): ()) -> Self::Future {
        let Self { endpoint, admin } = self;
        Box::pin(async move { idempotency::once(endpoint, request, admin).await.into_response() })
    }
}
