//! Targets as SDKs send them: in the authentication, in a header, in the token.

use api::SdkClaims;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderName};
use model::{Error, FieldError, Target, limits};
use serde_json::{Map, Value};

use crate::TargetStore;

/// Standard base64 as the contract has it; padding is not insisted on.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The header in which browsers send their target with every request.
pub const HARNESS_TARGET: HeaderName = HeaderName::from_static("harness-target");

/// Bytes of a target's JSON that a token may carry. SDKs send the token with every request, and many
/// servers refuse heads above 8 KiB.
const TOKEN_TARGET_BYTES_MAX: usize = 2 * 1024;

/// Reads a target from the body of an authentication. `None` is "no target": absent, `null`, or with
/// an empty identifier, as .NET sends it.
///
/// # Errors
/// Names the field that the SDK has to send otherwise.
pub fn from_json(value: Option<&Value>) -> Result<Option<Target>, FieldError> {
    let target = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(fields)) => from_fields(fields).map_err(|error| error.under("target"))?,
        Some(_) => return Err(FieldError::new("target", "is not an object; send identifier and name")),
    };
    if target.identifier.is_empty() {
        return Ok(None);
    }
    check(&target).map_err(|error| error.under("target"))?;
    Ok(Some(target))
}

/// Reads the header `Harness-Target`: base64 of a target's JSON. Anything unreadable counts as absent.
pub fn from_header(headers: &HeaderMap) -> Option<Target> {
    from_base64(headers.get(HARNESS_TARGET)?.as_bytes())
}

/// The target that a token was issued for.
///
/// # Errors
/// `Unavailable` if it is stored elsewhere and cannot be read.
pub async fn of_token(claims: &SdkClaims, targets: &dyn TargetStore) -> Result<Option<Target>, Error> {
    if let Some(target) = &claims.target {
        return Ok(from_base64(target.as_bytes()));
    }
    let Some(hash) = &claims.target_hash else { return Ok(None) };
    Ok(targets.get(hash).await?.and_then(|json| from_text(&json)))
}

/// Puts a target into the claims of a token, or stores it and puts its hash there.
///
/// # Errors
/// `Unavailable` if it had to be stored and could not.
pub async fn into_token(
    target: &Target,
    claims: &mut SdkClaims,
    targets: &dyn TargetStore,
) -> Result<(), Error> {
    let json = serde_json::to_string(target).map_err(Error::internal)?;
    if json.len() <= TOKEN_TARGET_BYTES_MAX {
        claims.target = Some(BASE64.encode(json));
        return Ok(());
    }
    let hash = api::credentials::secret_hash(&json);
    targets.put(hash.as_str(), &json).await?;
    claims.target_hash = Some(hash.to_string());
    Ok(())
}

/// Whom to evaluate for: the header's target if the path names it, else the token's if the path names
/// that, else the bare identifier. What anybody else stored under the identifier is never used.
///
/// # Errors
/// As [`of_token`].
pub async fn asked_for(
    identifier: &str,
    headers: &HeaderMap,
    claims: Option<&SdkClaims>,
    targets: &dyn TargetStore,
) -> Result<Target, Error> {
    let named = |target: &Target| *target.identifier == *identifier;
    if let Some(target) = from_header(headers).filter(named) {
        return Ok(target);
    }
    let of_token = match claims {
        Some(claims) => of_token(claims, targets).await?,
        None => None,
    };
    Ok(of_token.filter(named).unwrap_or_else(|| Target::bare(identifier)))
}

/// Whose answers the client of a stream holds: the header's target, unless the token was issued for
/// another one; without a header the token's. `None` where they disagree, or there is neither: a stream's
/// path names nobody, and the client must then fetch what changed.
///
/// # Errors
/// As [`of_token`].
pub async fn of_stream(
    header: Option<Target>,
    claims: Option<&SdkClaims>,
    targets: &dyn TargetStore,
) -> Result<Option<Target>, Error> {
    let of_token = match claims {
        Some(claims) => of_token(claims, targets).await?,
        None => None,
    };
    Ok(match (header, of_token) {
        (Some(header), Some(token)) => Some(header).filter(|header| header.identifier == token.identifier),
        (header, token) => header.or(token),
    })
}

fn from_base64(base64: &[u8]) -> Option<Target> {
    from_text(&text_of(BASE64.decode(base64.trim_ascii()).ok()?))
}

fn from_text(json: &str) -> Option<Target> {
    let fields: Map<String, Value> = serde_json::from_str(json).ok()?;
    from_fields(&fields).ok().filter(|target| !target.identifier.is_empty())
}

fn from_fields(fields: &Map<String, Value>) -> Result<Target, FieldError> {
    let identifier = text_field(fields, "identifier")?;
    let name = text_field(fields, "name")?;
    let attributes = match fields.get("attributes") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(attributes)) => attributes.clone(),
        Some(_) => return Err(FieldError::new("attributes", "is not an object; send {} for none")),
    };
    Ok(Target {
        name: if name.is_empty() { identifier.clone() } else { name },
        identifier,
        anonymous: fields.get("anonymous").and_then(Value::as_bool).unwrap_or_default(),
        attributes,
    })
}

/// Numbers and booleans are taken for their text: identifiers often are numbers in the application.
fn text_field(fields: &Map<String, Value>, name: &str) -> Result<Box<str>, FieldError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok("".into()),
        Some(Value::String(text)) => Ok(text.as_str().into()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string().into()),
        Some(Value::Array(_) | Value::Object(_)) => Err(FieldError::new(name, "is not text")),
    }
}

/// Identifiers are held to the rule of Harness: SDKs put them into paths as they are. Names go nowhere but
/// to people and rules, so whatever people are called is a name, which Harness does not grant to O'Brien.
fn check(target: &Target) -> Result<(), FieldError> {
    model::TargetId::parse(&target.identifier)?;
    let is_markup = |c: char| c.is_control() || matches!(c, '<' | '>');
    if target.name.contains(is_markup) || target.name.len() > limits::NAME_BYTES_MAX {
        let rule = "is not a target's name: use at most 256 bytes without '<', '>' and control characters";
        return Err(FieldError::new("name", format!("{:?} {rule}", target.name)));
    }
    Ok(())
}

/// UTF-8, or what the browser SDK makes of it: it encodes each UTF-16 unit by itself, so that a
/// character beyond the basic plane arrives as two sequences of three bytes (CESU-8).
fn text_of(bytes: Vec<u8>) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some(error) = std::str::from_utf8(rest).err() {
        let (valid, broken) = rest.split_at(error.valid_up_to());
        text.push_str(&String::from_utf8_lossy(valid));
        let (character, length) = surrogate_pair(broken).unwrap_or((char::REPLACEMENT_CHARACTER, 1));
        text.push(character);
        rest = broken.get(length..).unwrap_or_default();
    }
    text.push_str(&String::from_utf8_lossy(rest));
    text
}

/// The character that begins as two encoded surrogates, and how many bytes it takes.
fn surrogate_pair(bytes: &[u8]) -> Option<(char, usize)> {
    let &[
        0xed,
        high @ 0xa0..=0xaf,
        high_end @ 0x80..=0xbf,
        0xed,
        low @ 0xb0..=0xbf,
        low_end @ 0x80..=0xbf,
        ..,
    ] = bytes
    else {
        return None;
    };
    let unit = |middle: u8, end: u8| 0xd000 | u16::from(middle & 0x3f) << 6 | u16::from(end & 0x3f);
    let units = [unit(high, high_end), unit(low, low_end)];
    Some((char::decode_utf16(units).next()?.ok()?, 6))
}

#[cfg(test)]
mod tests;
