//! The least that a Rust function can be on Lambda: what ours are measured beside.

use std::convert::Infallible;

use lambda_http::{Body, Error, Request, Response, run, service_fn};

async fn hello(_: Request) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::Text("hello".to_owned())))
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(hello)))
}
