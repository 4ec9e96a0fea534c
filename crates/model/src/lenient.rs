//! Reading what others wrote: `null` is the same as absent, and a value of another type is taken for
//! the text that it stands for where only one meaning is possible.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::json::whole_of;

/// Reads `null` as the type's default, so that files from other tools (`"distribution": null`) load.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a list without its `null`s; `null` is the empty list.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(List(PhantomData))
}

struct List<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Option<T>>()? {
            let Some(item) = item else { continue };
            if list.len() == list.capacity() {
                // Most lists have one or two items; a vector by itself begins with room for four.
                list.reserve_exact(list.len().max(2));
            }
            list.push(item);
        }
        Ok(list)
    }
}

/// Reads text; `true`, `5` and `{"a":1}` are the text that spells them, `null` is empty.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<str>, D::Error> {
    Ok(Text::deserialize(deserializer)?.0)
}

/// Reads a list of texts, each as [`text`] does, without `null`s.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Box<str>>, D::Error> {
    Ok(list::<D, Text>(deserializer)?.into_iter().map(|text| text.0).collect())
}

struct Text(Box<str>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Text, E> {
        Ok(Text(text.into()))
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text(Box::default()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text, E> {
        Ok(Text(value.to_string().into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text, E> {
        Ok(Text(value.to_string().into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text, E> {
        Ok(Text(value.to_string().into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Text, E> {
        Ok(Text(Value::from(value).to_string().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Text, A::Error> {
        let value = Value::deserialize(SeqAccessDeserializer::new(items))?;
        Ok(Text(value.to_string().into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Text, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(Text(value.to_string().into()))
    }
}

/// Reads a whole number; `33.0` is one, `null` is 0.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_any(Integer)
}

struct Integer;

impl Visitor<'_> for Integer {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_unit<E>(self) -> Result<i64, E> {
        Ok(0)
    }

    fn visit_i64<E>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<i64, E> {
        whole_of(value).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Clause, FlagConfig, FlagState, Segment, WeightedVariation};

    #[test]
    fn nulls_and_other_types_are_read_as_what_they_stand_for() {
        let json = r#"{"feature": "f", "state": "enabled", "variations": [null,
            {"identifier": "a", "value": true}, {"identifier": "b", "value": {"x": 1.5}}, {"value": null}],
            "variationToTargetMap": null, "rules": [{"serve": null, "clauses": [{"values": ["a", 1, null]}]}]}"#;
        let config: FlagConfig = serde_json::from_str(json).unwrap();

        let values: Vec<&str> = config.variations.iter().map(|variation| &*variation.value).collect();
        assert_eq!(values, ["true", r#"{"x":1.5}"#, ""]);
        assert_eq!(config.state, FlagState::Off, "a flag is on when its state says so, else off");
        let clause = Clause { values: vec!["a".into(), "1".into()], ..Clause::default() };
        assert_eq!(config.rules[0].clauses, [clause]);
    }

    #[test]
    fn targets_may_be_listed_by_identifier_alone() {
        let json = r#"{"identifier": "s", "included": ["ann", {"identifier": "bob", "name": null, "org": "x"}, {}]}"#;
        let segment: Segment = serde_json::from_str(json).unwrap();

        let names: Vec<_> = segment.included.iter().map(|t| (t.identifier.as_str(), &*t.name)).collect();
        assert_eq!(names, [("ann", "ann"), ("bob", ""), ("", "")]);
    }

    #[test]
    fn weights_are_whole() {
        let read = |json: &str| serde_json::from_str::<WeightedVariation>(json).map(|share| share.weight);

        assert_eq!(read(r#"{"variation": "a", "weight": 33.0}"#).unwrap(), 33);
        assert_eq!(read(r#"{"variation": null, "weight": null}"#).unwrap(), 0);
        let error = read(r#"{"variation": "a", "weight": 33.5}"#).unwrap_err().to_string();
        assert!(error.contains("expected a whole number"), "{error}");
        assert!(read(r#"{"variation": "a", "weight": 1e300}"#).is_err());
    }
}
