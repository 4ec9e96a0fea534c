//! Path parameters, with errors in JSON.

use axum::extract::FromRequestParts;
use http::request::Parts;
use model::Error;
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::query::refuse_nul;

/// The parameters of the route's path, percent-decoded.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        refuse_nul("path", parts.uri.path())?;
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(Error::invalid("path", rejection.body_text()).into()),
        }
    }
}
