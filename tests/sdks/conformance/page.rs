//! `docs/sdk-compatibility.md`: written by the long run, compared by every run.

use super::situations::{SITUATIONS, Tier};
use super::stock::STOCK;
use super::table::{Cell, Row, markdown};

const HEAD: &str = "\
# Which SDKs work with Burgee

The published SDKs, unmodified. Each client runs in a process of its own against the real binary, all clients at the same
time; the same things happen to all of them. This page is written by `cargo xtask soak sdks`, on two cores and a debug
build; `cargo xtask test sdks` repeats all situations but those marked *soak*, where an SDK takes up to two minutes to
notice.

";

const NOTES: &str = "
The Node SDK keeps flags in a file and serves a change 100 ms after it arrived; that is its default. A client SDK needs
no request for a change whose value the stream carries.

A time counts from the answer to the change until the SDK serves the new value; 0 ms means that the event overtook the
answer. For outages it counts from their end.

* *Values*: what a server SDK evaluates, what our client API serves and what `burgee eval` says are equal for ten flags
  and 32 targets: rules, clauses, segments, rollouts, prerequisites. A client SDK is initialised for one target after the
  other.
* *Polling*: SDKs poll once a minute and no more often. The driver's process gives them a clock that runs 30 times as
  fast; the time is that of the SDK.
* *Key of the other kind*: rules are not for client keys; a server key may read values too.
* *502*: a proxy between SDK and server answers for it, while streams stay open. Server SDKs repeat a request until it is
  answered. Client SDKs do not; they have the change because the stream carries their values.
* *Killed*: the time is from the server's return. The browser SDK waits 1 to 30 s before it connects again.
* *Half-open*: a proxy forgets the connections without telling either side. SDKs notice after 30 to 60 s without a
  heartbeat, and then wait before they connect again.
* *Counts*: server SDKs send them on `close()`. Client SDKs send them once a minute (on the faster clock here), not on
  `close()`, and count reads of a value within half a second as one.
";

const REPLAYED: &str = "
## SDKs that are replayed

Go, Java, .NET, Ruby, Android and iOS cannot run in the tests. Their requests are sent as their sources make them, with
their paths, queries, headers and in their order (`tests/sdks/replay`), and each answer is checked for what the SDK does
with it:

| SDK | Checked beside authentication, loading, a changed flag and segment, a deleted flag and counts |
|---|---|
| Go | events named `*`; single objects asked for without `cluster`; `stream=*`; `Last-Event-ID`; reports on a connection of their own |
| Java | six characters cut off the line of data; versions in 32 bits; counts by `featureName` alone; `targetData` null |
| .NET | an empty identifier for no target; two streams, the first never read; the word `domain` on one line only; no list missing |
| Ruby | `prerequisites` always a list; events by their line of data |
| Android | a token in the standard base64 alphabet; the target's attributes from the token alone; answers in events, and fetched |
| iOS | as Android, with events named `*` |
";

/// The page with these results.
pub(crate) fn page(rows: &[Row]) -> String {
    let mut page = format!("{HEAD}| SDK | Package |\n|---|---|\n");
    for stock in STOCK {
        let [package, version] = stock.package;
        page.push_str(&format!("| {} | `{package}` {version} |\n", stock.name));
    }
    page.push('\n');
    page.push_str(&markdown(STOCK.iter().map(|stock| stock.name), &named(rows)));
    page.push_str(NOTES);
    page.push_str(REPLAYED);
    page
}

/// A row for each situation, without results.
pub(crate) fn empty() -> Vec<Row> {
    let cells = || STOCK.iter().map(|_| Cell::Passed(String::new())).collect();
    SITUATIONS.iter().map(|situation| Row { situation: situation.name.to_owned(), cells: cells() }).collect()
}

/// The page with nothing in the place of results, which differ from run to run.
pub(crate) fn without_results(page: &str) -> String {
    let is_result =
        |line: &&str| SITUATIONS.iter().any(|situation| line.starts_with(&format!("| {}", situation.name)));
    let lines = page.lines().map(|line| match line.split(" | ").next().filter(|_| is_result(&line)) {
        Some(situation) => situation,
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The rows with a mark on those that only the long run has.
fn named(rows: &[Row]) -> Vec<Row> {
    let is_soak =
        |row: &Row| SITUATIONS.iter().any(|one| one.name == row.situation && one.tier == Tier::Soak);
    let mark =
        |row: &Row| if is_soak(row) { format!("{} (*soak*)", row.situation) } else { row.situation.clone() };
    rows.iter().map(|row| Row { situation: mark(row), cells: row.cells.clone() }).collect()
}
