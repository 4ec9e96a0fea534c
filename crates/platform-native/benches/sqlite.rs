//! How many batches and reads a second SQLite answers behind the database port, on a real file.
#![expect(clippy::unwrap_used, reason = "a benchmark may end with a panic")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::try_join_all;
use platform::{Db, DbError, Statement};
use platform_native::{Options, Sqlite};
use tokio::runtime::Runtime;

/// Rows that point reads choose from.
const ROWS: i64 = 10_000;

const TABLE: &str = "CREATE TABLE entry (number BIGINT PRIMARY KEY, body TEXT NOT NULL)";

/// About the size of a small flag.
const BODY_BYTES: usize = 400;

fn insert(number: i64) -> Statement {
    Statement::new("INSERT INTO entry (number, body) VALUES ($1, $2)")
        .bind(number)
        .bind("x".repeat(BODY_BYTES))
}

fn find(number: i64) -> Statement {
    Statement::new("SELECT body FROM entry WHERE number = $1").bind(number)
}

/// The time that `count` jobs take, done by so many tasks at once.
async fn time<W>(count: u64, tasks: u64, job: impl Fn() -> W) -> Duration
where
    W: Future<Output = Result<(), DbError>>,
{
    let start = Instant::now();
    let task = |task: u64| {
        let (job, own) = (&job, count / tasks + u64::from(task < count % tasks));
        async move {
            for _ in 0..own {
                job().await?;
            }
            Ok::<(), DbError>(())
        }
    };
    try_join_all((0..tasks).map(task)).await.unwrap();
    start.elapsed()
}

fn batches_and_reads(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = Runtime::new().unwrap();
    let db = Sqlite::open(&folder.path().join("burgee.db"), Options::default()).unwrap();
    let next = AtomicI64::new(ROWS);
    runtime.block_on(async {
        db.execute_script(TABLE).await.unwrap();
        db.batch((0..ROWS).map(insert).collect()).await.unwrap();
    });

    let mut group = criterion.benchmark_group("sqlite");
    group.throughput(Throughput::Elements(1));
    for tasks in [1, 32] {
        let write = async || db.batch(vec![insert(next.fetch_add(1, Ordering::Relaxed))]).await.map(drop);
        group.bench_function(format!("single-row batches, {tasks} writers"), |bencher| {
            bencher.iter_custom(|count| runtime.block_on(time(count, tasks, write)));
        });
    }
    for tasks in [1, 32] {
        let read = async || db.query(find(next.fetch_add(7, Ordering::Relaxed) % ROWS)).await.map(drop);
        group.bench_function(format!("point reads, {tasks} readers"), |bencher| {
            bencher.iter_custom(|count| runtime.block_on(time(count, tasks, read)));
        });
    }
    group.finish();
}

criterion_group!(benches, batches_and_reads);
criterion_main!(benches);
