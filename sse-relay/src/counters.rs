//! What the relay counts, for `/metrics`.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::end::End;
use crate::refusal::Refusal;

/// Counters since the process started. Nothing here says whose streams they are: cardinality is fixed.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Connections open now, streams included.
    pub(crate) connections: Gauge,
    /// Streams open now.
    pub(crate) streams: Gauge,
    /// Streams opened.
    pub(crate) opened: Counter,
    /// Streams opened by a client that said what it had.
    pub(crate) resumed: Counter,
    /// Events written to streams.
    pub(crate) events_sent: Counter,
    /// Times that it was found out what a version means to a target.
    pub(crate) evaluated: Counter,
    /// Times that rules were not read in time, so that targets were told without answers.
    pub(crate) rules_late: Counter,
    /// Heartbeats written to streams.
    pub(crate) heartbeats_sent: Counter,
    /// Entries read from the feed.
    pub(crate) entries_read: Counter,
    /// Times that the feed did not answer, or held what could not be read.
    pub(crate) feed_failures: Counter,
    /// Questions asked of the database.
    pub(crate) questions: Counter,
    ended: [Counter; End::ALL.len()],
    refused: [Counter; Refusal::ALL.len()],
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// A number that goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Gauge {
    /// One more.
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counters {
    /// A stream ended.
    pub(crate) fn ended(&self, end: End) {
        if let Some(counter) = self.ended.get(end.index()) {
            counter.add();
        }
    }

    /// A stream was not opened.
    pub(crate) fn refused(&self, refusal: Refusal) {
        if let Some(counter) = self.refused.get(refusal.index()) {
            counter.add();
        }
    }

    /// Everything in Prometheus' text format.
    pub(crate) fn text(&self) -> String {
        let mut text = Text(String::new());
        text.metric("connections", "gauge", "Connections open now", &[("", &self.connections.0)]);
        text.metric("streams", "gauge", "Streams open now", &[("", &self.streams.0)]);
        text.counter("streams_opened_total", "Streams opened", &self.opened);
        text.counter("streams_resumed_total", "Streams opened with a Last-Event-ID", &self.resumed);
        text.counter("events_sent_total", "Events written to streams", &self.events_sent);
        text.counter("heartbeats_sent_total", "Heartbeats written to streams", &self.heartbeats_sent);
        text.counter("evaluations_total", "Versions evaluated for a target", &self.evaluated);
        text.counter("rules_late_total", "Versions told to targets without answers", &self.rules_late);
        text.counter("feed_entries_total", "Entries read from the change feed", &self.entries_read);
        text.counter("feed_failures_total", "Failed reads of the change feed", &self.feed_failures);
        text.counter("database_questions_total", "Questions asked of the database", &self.questions);
        let ended = End::ALL.iter().zip(&self.ended);
        let ended: Vec<_> =
            ended.map(|(end, count)| (format!("{{reason=\"{}\"}}", end.as_str()), &count.0)).collect();
        text.metric("streams_ended_total", "counter", "Streams that ended", &borrowed(&ended));
        let refused = Refusal::ALL.iter().zip(&self.refused);
        let refused: Vec<_> = refused
            .map(|(refusal, count)| (format!("{{status=\"{}\"}}", refusal.status()), &count.0))
            .collect();
        text.metric("streams_refused_total", "counter", "Streams that were refused", &borrowed(&refused));
        text.0
    }
}

type Sample<'a> = (&'a str, &'a AtomicU64);

fn borrowed<'a>(samples: &'a [(String, &'a AtomicU64)]) -> Vec<Sample<'a>> {
    samples.iter().map(|(labels, value)| (&**labels, *value)).collect()
}

struct Text(String);

impl Text {
    fn counter(&mut self, name: &str, help: &str, counter: &Counter) {
        self.metric(name, "counter", help, &[("", &counter.0)]);
    }

    fn metric(&mut self, name: &str, kind: &str, help: &str, samples: &[Sample<'_>]) {
        let name = format!("burgee_relay_{name}");
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(self.0, "{name}{labels} {}", value.load(Ordering::Relaxed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_every_counter_with_help_and_type() {
        let counters = Counters::default();
        counters.streams.up();
        counters.ended(End::TooSlow);
        counters.refused(Refusal::Forbidden);

        let text = counters.text();

        assert!(text.contains(
            "# HELP burgee_relay_streams Streams open now.\n# TYPE burgee_relay_streams gauge\nburgee_relay_streams 1\n"
        ));
        assert!(text.contains("burgee_relay_streams_ended_total{reason=\"too_slow\"} 1\n"));
        assert!(text.contains("burgee_relay_streams_ended_total{reason=\"left\"} 0\n"));
        assert!(text.contains("burgee_relay_streams_refused_total{status=\"403\"} 1\n"));
        assert_eq!(text.matches("# TYPE").count(), 13);
    }
}
