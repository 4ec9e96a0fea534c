//! Where a change is made: in what an environment serves, beside it, or in an environment that is gone.

use async_trait::async_trait;
use model::{EnvironmentUuid, Error, EventKind, FlagId};
use store::{Author, Decision, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::platform;
use tests::world::{Put, World};

/// Records something about the environment that nobody is served.
struct Note(EnvironmentUuid);

#[async_trait]
impl Decision for Note {
    type Answer = ();

    async fn decide(&self, _: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut plan = Plan::new(());
        plan.step(ObjectStep {
            scope: Scope::Beside(self.0.clone()),
            kind: Kind::Target,
            identifier: "ann".to_owned(),
            action: "TargetCreated",
            event: EventKind::Create,
            before: None,
            after: Some("{}".to_owned()),
            references: Vec::new(),
            dependants: Vec::new(),
        });
        Ok(plan)
    }
}

/// Takes the environment out of reach.
struct Retire(EnvironmentUuid);

#[async_trait]
impl Decision for Retire {
    type Answer = ();

    async fn decide(&self, _: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut plan = Plan::new(());
        plan.row(store::retire_environment(&self.0));
        Ok(plan)
    }
}

#[tokio::test]
async fn a_change_beside_what_is_served_makes_a_revision_and_no_version() {
    let world = World::on(platform().await).await;
    let (revision, version) = (world.revision().await, world.version().await);

    let written = world
        .writer
        .write(&world.project, &Author::default(), &Note(world.environment.clone()))
        .await
        .unwrap();

    assert_eq!(written.environments, []);
    assert_eq!((world.revision().await, world.version().await), (revision + 1, version));
    assert_eq!(world.count("SELECT count(*) FROM change WHERE NOT sent").await, 0);
    let row = "SELECT count(*) FROM change c JOIN environment e ON e.id = c.environment_id
        WHERE c.kind = 'target' AND c.version = e.version";
    assert_eq!(world.count(row).await, 1, "audit knows the environment");
}

#[tokio::test]
async fn nothing_is_written_in_an_environment_that_went_away_meanwhile() {
    let world = World::on(platform().await).await;
    let author = Author::default();
    world.writer.write(&world.project, &author, &Retire(world.environment.clone())).await.unwrap();
    let revision = world.revision().await;
    let put = Put { environment: world.environment.clone(), flag: FlagId::from_wire("a") };

    let put = world.writer.write(&world.project, &author, &put).await.unwrap_err();
    let note = Note(world.environment.clone());
    let note = world.writer.write(&world.project, &author, &note).await.unwrap_err();

    for refused in [put, note] {
        assert!(matches!(refused, Error::NotFound { .. }), "{refused}");
    }
    assert_eq!(world.revision().await, revision);
    assert_eq!(world.count("SELECT count(*) FROM current_object").await, 0);
}
