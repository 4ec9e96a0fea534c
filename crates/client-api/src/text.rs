//! Answers as bytes: plain or compressed, made for one request or shared by all that ask the same.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::{Error, FlagId, SegmentId};
use serde::Serialize;
use tokio::sync::OnceCell;

use crate::RulesView;

/// Bytes up to which an answer is sent as it is: it fits into one packet with its head.
const PLAIN_BYTES_MAX: usize = 1_280;

/// Answers of one version that are kept. An application that starts asks for three; one that follows
/// changes asks for the objects that changed.
const SHARED_MAX: usize = 32;

/// How an answer may be coded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coding {
    /// As JSON.
    Plain,
    /// As JSON in gzip.
    Gzip,
}

/// An answer's bytes, and how they are coded.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) bytes: Bytes,
    pub(crate) coding: Coding,
}

impl Text {
    /// Writes `value` as JSON. With `Gzip` it is compressed if that is worth it.
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T, most: Coding) -> Result<Self, Error> {
        let json = serde_json::to_vec(value).map_err(Error::internal)?;
        if most == Coding::Plain || json.len() <= PLAIN_BYTES_MAX {
            return Ok(Self { bytes: json.into(), coding: Coding::Plain });
        }
        // Lists of flags shrink to a tenth at any level; higher ones cost several times the time.
        let mut gzip = GzEncoder::new(Vec::with_capacity(json.len() / 8), Compression::fast());
        gzip.write_all(&json).map_err(Error::internal)?;
        let bytes = gzip.finish().map_err(Error::internal)?.into();
        Ok(Self { bytes, coding: Coding::Gzip })
    }
}

/// What can be asked of an environment at one version and is the same for everybody who may ask.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Question {
    /// All flags.
    Flags,
    /// One flag.
    Flag(FlagId),
    /// All segments.
    Segments(RulesView),
    /// One segment.
    Segment(SegmentId, RulesView),
    /// Flags and segments.
    Snapshot,
}

/// The answers of one version. Each is made when it is first asked for, by one of those who ask; the
/// others wait for it without holding a thread. They end with the version.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedTexts {
    kept: Arc<Mutex<HashMap<Question, Arc<Codings>>>>,
}

/// One answer. Most clients take gzip, so the plain form, ten times as large, often is never made.
#[derive(Debug, Default)]
struct Codings {
    plain: OnceCell<Text>,
    gzip: OnceCell<Text>,
}

impl SharedTexts {
    /// The answer to `question`, which is `value`.
    pub(crate) async fn get<T: Serialize + ?Sized>(
        &self,
        question: Question,
        value: &T,
        most: Coding,
    ) -> Result<Text, Error> {
        let codings = self.codings(question);
        let text = match most {
            Coding::Plain => &codings.plain,
            Coding::Gzip => &codings.gzip,
        };
        text.get_or_try_init(async || Text::of(value, most)).await.cloned()
    }

    /// Where the answer is kept, or would be if there were room.
    fn codings(&self, question: Question) -> Arc<Codings> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= SHARED_MAX && !kept.contains_key(&question) {
            return Arc::default();
        }
        Arc::clone(kept.entry(question).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use flate2::read::GzDecoder;
    use serde::Serializer;

    use super::*;

    /// Counts how often it is written.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Serialize for Counted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            serializer.serialize_str(&"flag ".repeat(1_000))
        }
    }

    #[test]
    fn what_is_compressed_reads_the_same() {
        let value = Counted::default();

        let plain = Text::of(&value, Coding::Plain).unwrap();
        let gzip = Text::of(&value, Coding::Gzip).unwrap();

        let mut read = Vec::new();
        GzDecoder::new(&*gzip.bytes).read_to_end(&mut read).unwrap();
        assert_eq!((plain.coding, gzip.coding), (Coding::Plain, Coding::Gzip));
        assert_eq!(read, plain.bytes);
        assert!(gzip.bytes.len() * 10 < plain.bytes.len());
    }

    #[test]
    fn what_fits_into_a_packet_is_not_compressed() {
        let most = "x".repeat(PLAIN_BYTES_MAX - 2);

        assert_eq!(Text::of(&most, Coding::Gzip).unwrap().coding, Coding::Plain);
        assert_eq!(Text::of(&format!("{most}x"), Coding::Gzip).unwrap().coding, Coding::Gzip);
    }

    #[tokio::test]
    async fn each_answer_is_written_once_in_each_coding() {
        let (texts, value) = (SharedTexts::default(), Counted::default());

        for _ in 0..3 {
            for coding in [Coding::Gzip, Coding::Plain] {
                texts.get(Question::Flags, &value, coding).await.unwrap();
            }
        }

        assert_eq!(value.0.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn no_more_answers_are_kept_than_the_limit_says() {
        let (texts, value) = (SharedTexts::default(), Counted::default());
        let flag = |number: usize| Question::Flag(FlagId::from_wire(number.to_string()));
        for number in 0..SHARED_MAX + 5 {
            texts.get(flag(number), &value, Coding::Plain).await.unwrap();
        }

        texts.get(flag(0), &value, Coding::Plain).await.unwrap();
        assert_eq!(value.0.load(Ordering::Relaxed), SHARED_MAX + 5);
        texts.get(flag(SHARED_MAX), &value, Coding::Plain).await.unwrap();
        assert_eq!(value.0.load(Ordering::Relaxed), SHARED_MAX + 6);
        assert_eq!(texts.kept.lock().unwrap().len(), SHARED_MAX);
    }
}
