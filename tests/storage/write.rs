//! Decisions stay true until they are committed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use model::{Error, FlagId, Version};
use platform::{Db, DbError, Dialect, Platform, Row, Statement};
use store::Author;
use tokio::task::JoinSet;

use super::{ROUNDS, platform};
use tests::world::{Need, Put, Remove, World};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_opposing_decisions_exactly_one_is_committed_every_time() {
    let world = World::on(platform().await).await;
    // Two writers that know nothing of each other: only the database stands between them.
    let writers = [world.other_process(), world.other_process()];
    for round in 0..ROUNDS {
        let needs = [("a", "b"), ("b", "a")].map(|(flag, other)| Need {
            environment: world.environment.clone(),
            flag,
            other,
        });
        let author = Author::default();

        let (one, other) = tokio::join!(
            writers[0].write(&world.project, &author, &needs[0]),
            writers[1].write(&world.project, &author, &needs[1]),
        );

        assert_eq!(
            usize::from(one.is_ok()) + usize::from(other.is_ok()),
            1,
            "round {round}: {one:?} {other:?}"
        );
        let refused = one.and(other).unwrap_err();
        assert!(matches!(refused, Error::InUse(_)), "round {round}: {refused}");
        for flag in ["a", "b"] {
            let remove = Remove { environment: world.environment.clone(), flag: FlagId::from_wire(flag) };
            world.writer.write(&world.project, &Author::default(), &remove).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_of_eight_flags_are_all_served_and_versions_have_no_holes() {
    const WRITES: i64 = 50;
    let world = Arc::new(World::on(platform().await).await);
    let first = world.version().await;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let world = world.clone();
        writers.spawn(async move {
            let put = Put {
                environment: world.environment.clone(),
                flag: FlagId::from_wire(format!("flag-{writer}")),
            };
            for _ in 0..WRITES {
                world.writer.write(&world.project, &Author::default(), &put).await.unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }

    assert_eq!(world.version().await, Version(first.0 + 8 * WRITES));
    let distinct =
        world.count("SELECT count(DISTINCT version) FROM object_version WHERE kind = 'flag_config'").await;
    assert_eq!(distinct, 8 * WRITES, "each write has a version of its own");
    let steps = world.count("SELECT count(DISTINCT revision) FROM change").await;
    assert_eq!(steps, world.revision().await, "each revision has its change rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_of_hashes_runs_through_every_change_row() {
    let world = World::on(platform().await).await;
    for flag in ["a", "b"] {
        let put = Put { environment: world.environment.clone(), flag: FlagId::from_wire(flag) };
        let author = Author { actor: "ann".to_owned(), comment: "because".to_owned(), ..Author::default() };
        world.writer.write(&world.project, &author, &put).await.unwrap();
    }

    let sql = "SELECT revision, position, at_ms, actor, action, comment, environment_id, version, kind,
        identifier, event, before_body, after_body, body_hash, hash, change_id, dependants
        FROM change ORDER BY revision, position";
    let rows = world.platform.db.query(Statement::new(sql)).await.unwrap();
    let mut head = Vec::new();
    for row in &rows {
        let content = store::content_digest(&store::Content {
            identifier: row.text(9).unwrap(),
            comment: row.text(5).unwrap(),
            before: row.opt_text(11).unwrap(),
            after: row.opt_text(12).unwrap(),
        });
        assert_eq!(row.bytes(13).unwrap(), content);
        let link = store::Link {
            revision: row.int(0).unwrap(),
            position: row.int(1).unwrap(),
            change_id: row.text(15).unwrap(),
            at_ms: row.int(2).unwrap(),
            actor: row.text(3).unwrap(),
            action: row.text(4).unwrap(),
            environment: row.opt_text(6).unwrap(),
            version: row.int(7).unwrap(),
            kind: row.text(8).unwrap(),
            event: row.text(10).unwrap(),
            dependants: row.text(16).unwrap(),
            content: &content,
        };
        head = store::next_hash(&head, &link).to_vec();
        assert_eq!(row.bytes(14).unwrap(), head);
    }
    assert_eq!(rows.len(), 4);
    let project = world.platform.db.query(Statement::new("SELECT head FROM project")).await.unwrap();
    assert_eq!(project[0].bytes(0).unwrap(), head, "the project notes the newest hash");
}

/// When a batch is committed whose answer is lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Commit {
    Never,
    Before,
    /// It was still on its way when it was asked about, and comes before the next one.
    Later,
}

/// Loses the answer of a batch.
struct LosesAnswers {
    db: Arc<dyn Db>,
    commit: Commit,
    lost: AtomicBool,
    late: Mutex<Option<Vec<Statement>>>,
}

#[async_trait]
impl Db for LosesAnswers {
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        self.db.query(statement).await
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        let late = self.late.lock().unwrap().take();
        if let Some(late) = late {
            self.db.batch(late).await?;
        }
        if !self.lost.swap(false, Ordering::SeqCst) {
            return self.db.batch(statements).await;
        }
        match self.commit {
            Commit::Never => {}
            Commit::Before => drop(self.db.batch(statements).await?),
            Commit::Later => *self.late.lock().unwrap() = Some(statements),
        }
        Err(DbError::OutcomeUnknown("the connection was reset".to_owned()))
    }

    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_lost_is_made_exactly_once() {
    for commit in [Commit::Never, Commit::Before, Commit::Later] {
        let platform = platform().await;
        let db = Arc::new(LosesAnswers {
            db: platform.db.clone(),
            commit,
            lost: AtomicBool::new(false),
            late: Mutex::default(),
        });
        let world = World::on(Platform { db: db.clone(), ..platform }).await;
        let before = world.version().await;
        db.lost.store(true, Ordering::SeqCst);

        let put = Put { environment: world.environment.clone(), flag: FlagId::from_wire("a") };
        let written = world.writer.write(&world.project, &Author::default(), &put).await.unwrap();

        assert_eq!(written.answer, before.next());
        assert_eq!(world.version().await, before.next(), "made once, committed: {commit:?}");
    }
}
