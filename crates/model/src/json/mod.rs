//! Snapshots, targets and stored objects from JSON text, without the machinery of serde.
//!
//! What runs in a browser is downloaded first, and what follows an environment reads all of it again and
//! again: this reader is a quarter of the size of what serde derives for the same types, and takes four
//! fifths of the time. It takes the same texts for the same values (`tests/json.rs` compares them), with two
//! exceptions. A field that is there twice, which serde refuses, is read twice into the same place. A list
//! where an object belongs, which serde takes for its fields in order, is refused. Objects are filled in
//! place, field by field; what a text does not say stays at its default.

mod fields;
mod float;
mod number;
mod reader;
mod value;
mod writer;

use std::fmt;

pub(crate) use self::number::whole_of;
use self::reader::Reader;
pub use self::writer::JsonWriter;
use crate::flag::{Flag, Tag};
use crate::flag_config::FlagConfig;
use crate::segment::Segment;
use crate::snapshot::{SNAPSHOT_FORMAT, Snapshot};
use crate::target::Target;

/// Why a text could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JsonError {
    /// It is not JSON, or not of the shape that is asked for.
    Unreadable {
        /// What should have been there.
        expected: &'static str,
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
    /// It is a snapshot of a format that came after this program.
    NewerFormat(u32),
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { expected, line, column } => {
                write!(f, "expected {expected} at line {line} column {column}")
            }
            Self::NewerFormat(newer) => {
                write!(
                    f,
                    "the snapshot is of format {newer}, this program reads up to {SNAPSHOT_FORMAT}: update it"
                )
            }
        }
    }
}

impl std::error::Error for JsonError {}

impl Snapshot {
    /// Reads a snapshot as `GET /client/env/{environment}/snapshot` answers it.
    ///
    /// # Errors
    /// `NewerFormat` if it says so anywhere, else `Unreadable` with the first place that is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, JsonError> {
        let read: Result<Versioned, JsonError> = read(json);
        // What is of another shape than expected may be so because it is newer.
        let format = match &read {
            Ok(versioned) => versioned.head.format,
            Err(_) => self::read::<Head>(json).map_or(0, |head| head.format),
        };
        if format > i64::from(SNAPSHOT_FORMAT) {
            return Err(JsonError::NewerFormat(u32::try_from(format).unwrap_or(u32::MAX)));
        }
        Ok(read?.snapshot)
    }
}

/// What a database keeps as JSON.
pub trait Stored: Sized {
    /// Reads an object as it is stored.
    ///
    /// # Errors
    /// `Unreadable` with the first place that is wrong.
    fn from_json(json: &[u8]) -> Result<Self, JsonError>;
}

macro_rules! stored {
    ($($object:ty),*) => {
        $(impl Stored for $object {
            fn from_json(json: &[u8]) -> Result<Self, JsonError> {
                read(json)
            }
        })*
    };
}

stored!(Flag, FlagConfig, Segment, Tag);

impl Target {
    /// Reads a target: `{"identifier", "name", "anonymous", "attributes"}`, each of which may be missing.
    ///
    /// # Errors
    /// `Unreadable` with the first place that is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, JsonError> {
        read(json)
    }
}

/// What says whether the rest can be read.
#[derive(Default)]
struct Head {
    format: i64,
}

/// A snapshot, and what it says of itself.
#[derive(Default)]
struct Versioned {
    head: Head,
    snapshot: Snapshot,
}

impl Fields for Versioned {
    fn field(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Expected> {
        if name == "format" { self.head.field(name, reader) } else { self.snapshot.field(name, reader) }
    }
}

/// What did not fit; the place is where the reader stands.
#[derive(Clone, Copy, Debug)]
struct Expected(&'static str);

/// A value that can be read.
trait Read {
    /// Reads the value into a place that holds its default.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Expected>;

    /// Reads also what is of another type, but can only mean one value of this one.
    fn read_leniently(&mut self, reader: &mut Reader<'_>) -> Result<(), Expected> {
        self.read(reader)
    }
}

/// An object whose fields are known by name.
trait Fields {
    /// The field that must be there.
    fn required(&self) -> Option<&'static str> {
        None
    }

    /// Reads one field, or skips it if nobody asks for it.
    fn field(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Expected>;
}

fn read<T: Fields + Default>(json: &[u8]) -> Result<T, JsonError> {
    let mut object = T::default();
    whole(json, &mut object)?;
    Ok(object)
}

/// Reads the one object that a text consists of.
fn whole(json: &[u8], object: &mut dyn Fields) -> Result<(), JsonError> {
    let text =
        std::str::from_utf8(json).map_err(|error| place(json, error.valid_up_to(), "text in UTF-8"))?;
    let mut reader = Reader::new(text);
    let read = reader.object(object).and_then(|()| reader.end());
    read.map_err(|Expected(expected)| place(json, reader.position(), expected))
}

/// Finds the line and column of a position.
#[cold]
fn place(json: &[u8], position: usize, expected: &'static str) -> JsonError {
    let before = json.get(..position).unwrap_or(json);
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    JsonError::Unreadable { expected, line, column }
}
