//! A function on AWS Lambda: one event after the other.
//!
//! Events become requests here and not in `lambda_http`, which passes paths through a URL parser (a target
//! named `..` never arrives), keeps stages in them, forgets all but the last of repeated request headers, and
//! panics on a `Host` that it cannot parse.

mod answer;
mod event;
mod late;
mod path;

use std::convert::Infallible;
use std::env;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};
use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::response::Response;
use lambda_runtime::{Diagnostic, FunctionResponse, LambdaEvent, Runtime, service_fn};
use platform::config::{Fallback, Kind, Var, Vars};
use tower::ServiceExt;

use crate::handler::Handler;
use answer::Output;
use event::{Event, Origin};
use late::Late;

/// Lambda ends an invocation that is not answered by its deadline. This is left for answering.
const DEADLINE_MARGIN: Duration = Duration::from_millis(500);

/// What work may take where the deadline has passed before it begins: Lambda's never has, cargo-lambda's is in 1970.
const BUDGET_WITHOUT_DEADLINE: Duration = Duration::from_secs(10);

const BASE_PATH: &str = "BURGEE_BASE_PATH";
const RESPONSE_STREAM: &str = "BURGEE_RESPONSE_STREAM";

/// What a function may be told about what stands in front of it on Lambda.
pub(crate) const VARS: &[Var] = &[
    Var {
        name: BASE_PATH,
        kind: Kind::Form { form: "a path such as /flags", mistake: path::mistake },
        default: Fallback::Optional,
        secret: false,
        help: "On Lambda: the path under which API Gateway's custom domain maps to this function; it is taken off.",
    },
    Var {
        name: RESPONSE_STREAM,
        kind: Kind::Boolean,
        default: Fallback::Value("false"),
        secret: false,
        help: "On Lambda: set to true where the function's URL has the invoke mode RESPONSE_STREAM, so that answers may be larger than 6 MB.",
    },
];

/// Whether Lambda, or something that behaves like it, started this process.
pub(crate) fn is_there() -> bool {
    env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// What stands in front of the function.
struct Front {
    base_path: Option<String>,
    streams: bool,
}

/// Answers events until Lambda ends the process, by what `make` gives. While the database is away it gives nothing:
/// then `refusing` answers, told why for its log, and the next event has it try again.
///
/// # Errors
/// If the function can never be made, or Lambda's runtime API cannot be reached.
pub(crate) async fn run(
    make: impl AsyncFn() -> anyhow::Result<Handler>,
    refusing: fn(&str) -> Router,
    vars: &Vars,
) -> anyhow::Result<()> {
    let front = Front {
        base_path: vars.opt_text(BASE_PATH)?.map(str::to_owned),
        streams: vars.boolean(RESPONSE_STREAM)?,
    };
    let function = Late::start(make, refusing).await?;
    let (function, front) = (&function, &front);
    let service = service_fn(|event: LambdaEvent<Option<Event>>| async move {
        answer(function, front, event).await.map_err(|error| {
            tracing::error!("an event could not be answered: {error:#}");
            Diagnostic { error_type: "Burgee.Error".to_owned(), error_message: format!("{error:#}") }
        })
    });
    Runtime::new(service)
        .run()
        .await
        .map_err(|error| anyhow!("Lambda's runtime API does not answer: {error}"))
}

type Answered = FunctionResponse<Output, BodyDataStream>;

async fn answer(
    function: &Late<impl AsyncFn() -> anyhow::Result<Handler>>,
    front: &Front,
    event: LambdaEvent<Option<Event>>,
) -> anyhow::Result<Answered> {
    let (event, context) = event.into_parts();
    let event = event.unwrap_or_default();
    let Some(origin) = event.origin() else {
        let report = work(function.handler().await?, event.budget_ms, context.deadline()).await?;
        return Ok(FunctionResponse::BufferedResponse(report));
    };
    let request = event.into_request(origin, front.base_path.as_deref())?;
    let response = respond(function.router().await, request).await;
    Ok(match origin {
        Origin::FunctionUrl if front.streams => {
            FunctionResponse::StreamingResponse(answer::streamed(response))
        }
        _ => FunctionResponse::BufferedResponse(answer::buffered(origin, response).await?),
    })
}

async fn respond(router: Router, request: Request<Body>) -> Response {
    let answered: Result<Response, Infallible> = router.oneshot(request).await;
    match answered {
        Ok(response) => response,
    }
}

/// Any event that is no request asks for work: a schedule's, or `{"budgetMs": 5000}` by hand.
async fn work(handler: &Handler, budget_ms: Option<u64>, deadline: SystemTime) -> anyhow::Result<Output> {
    let work = handler.work.as_ref().context(
        "this function answers requests of function URLs, API Gateway and load balancers; it has no work to be \
         invoked for",
    )?;
    let left = deadline
        .duration_since(SystemTime::now())
        .map_or(BUDGET_WITHOUT_DEADLINE, |left| left.saturating_sub(DEADLINE_MARGIN));
    let budget = budget_ms.map_or(left, |budget_ms| left.min(Duration::from_millis(budget_ms)));
    let report = work(budget).await?;
    tracing::info!(%report, budget_ms = budget.as_millis(), "work was done: {report}");
    Ok(Output::Report(report))
}
