//! Our values in Postgres' binary form, by the type that the server says a placeholder or column has.

use std::error::Error;

use platform::{DbError, Row, Value};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

type Failure = Box<dyn Error + Sync + Send>;

/// A value on its way into a statement.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub(super) &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Bool(bool), &Type::BOOL) => bool.to_sql(ty, out),
            (Value::Int(int), &Type::INT8) => int.to_sql(ty, out),
            (Value::Int(int), &Type::INT4) => i32::try_from(*int)?.to_sql(ty, out),
            (Value::Real(real), &Type::FLOAT8) => real.to_sql(ty, out),
            (Value::Text(text), _) if <&str as ToSql>::accepts(ty) => text.to_sql(ty, out),
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            (value, ty) => Err(format!("{} was given for a placeholder of type {ty}", value.kind()).into()),
        }
    }

    /// Decided by the value, in `to_sql`.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl Bound<'_> {
    /// The type as which the server is told of it, where it was not asked which one it wants.
    const fn sent_as(&self) -> Type {
        match self.0 {
            Value::Null => Type::UNKNOWN,
            Value::Bool(_) => Type::BOOL,
            Value::Int(_) => Type::INT8,
            Value::Real(_) => Type::FLOAT8,
            Value::Text(_) => Type::TEXT,
            Value::Bytes(_) => Type::BYTEA,
        }
    }
}

/// The values for a prepared statement.
pub(super) fn parameters<'a>(bound: &'a [Bound<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    bound.iter().map(|bound| -> &(dyn ToSql + Sync) { bound }).collect()
}

/// The values for a statement that is not prepared.
pub(super) fn typed<'a>(bound: &'a [Bound<'a>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters(bound).into_iter().zip(bound).map(|(value, bound)| (value, bound.sent_as())).collect()
}

/// A value on its way out of a row.
struct Owned(Value);

impl<'a> FromSql<'a> for Owned {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(match *ty {
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            _ if <String as FromSql<'_>>::accepts(ty) => Value::Text(String::from_sql(ty, raw)?),
            _ => return Err(format!("a column has type {ty}; the statement must CAST it").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// All columns of a row.
pub(super) fn owned(row: &tokio_postgres::Row) -> Result<Row, DbError> {
    let read = |column| row.try_get(column).map(|Owned(value)| value);
    let values: Result<_, _> = (0..row.len()).map(read).collect();
    values.map(Row).map_err(|error| DbError::Invalid(super::fault::text(&error)))
}
