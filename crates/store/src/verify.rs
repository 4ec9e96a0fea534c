//! Whether a project's history is still what was written: every row, every link, and what is served.
//!
//! Walks the chain a page at a time. What stays in memory is one entry for each row whose content was
//! erased, because the note that tells what was left of it comes later in the chain.

mod objects;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use model::Error;
use platform::{Db, DbError};

use crate::chain::{ContentDigest, content_digest, next_hash};
use crate::chain_rows::{BEFORE_ALL, Batch, ChangeRow, RowPlace, place_after, rows_after};
use crate::erase::ErasureNote;
use crate::fault::unavailable;
use crate::projects::ProjectRow;

pub use objects::ObjectDamage;

/// How a project's history was found.
#[derive(Clone, Debug, Default)]
pub struct ChainReport {
    /// Rows that were looked at, the damaged one included.
    pub rows: u64,
    /// Rows whose content was erased.
    pub erased: u64,
    /// The hash of the last row that was looked at.
    pub head: Vec<u8>,
    /// Of the heads that were noted elsewhere, those that the chain does not contain.
    pub missing_heads: Vec<Vec<u8>>,
    /// The first change that is not marked as announced though nothing after it is: a server that starts
    /// announces it.
    pub waiting: Option<RowPlace>,
    /// What is wrong with the chain, if something is.
    pub damage: Option<ChainDamage>,
    /// What is wrong with the objects that the chain tells of. Looked for only in a chain that is right.
    pub objects: Option<ObjectDamage>,
}

impl ChainReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.damage.is_none() && self.objects.is_none() && self.missing_heads.is_empty()
    }
}

/// The first row of a chain that is not as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChainDamage {
    /// Which row.
    pub place: RowPlace,
    /// What is wrong with it, as far as that can be told.
    pub what: String,
}

impl fmt::Display for ChainDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revision {}, position {}: {}", self.place.revision, self.place.position, self.what)
    }
}

/// Verifies the history of a project, deleted or not. `noted` are heads that were noted elsewhere.
///
/// # Errors
/// `Unavailable`. Damage is no error; it is in the report.
pub async fn verify_project(
    db: &dyn Db,
    project: &ProjectRow,
    noted: &[Vec<u8>],
) -> Result<ChainReport, Error> {
    let mut walk = Walk { missing_heads: noted.to_vec(), ..Walk::default() };
    let mut damage = None;
    let mut batch = Batch::Page;
    while damage.is_none() {
        match rows_after(db, &project.id, walk.place, batch).await {
            Ok(rows) if rows.is_empty() => {
                damage = walk.end(project);
                break;
            }
            Ok(rows) => damage = rows.iter().find_map(|row| walk.step(row)),
            Err(DbError::Invalid(what)) => match batch {
                Batch::Page => batch = Batch::One,
                Batch::One => {
                    let place = place_after(db, &project.id, walk.place).await;
                    damage = Some(unreadable(place.ok().flatten(), walk.place, &what));
                }
            },
            Err(error) => return Err(unavailable(error)),
        }
    }
    let objects = match damage {
        None => objects::first_damage(db, project).await?,
        Some(_) => None,
    };
    Ok(ChainReport {
        rows: walk.rows,
        erased: walk.erased,
        head: walk.previous,
        waiting: walk.unsent.into_values().min(),
        missing_heads: walk.missing_heads,
        damage,
        objects,
    })
}

fn unreadable(found: Option<RowPlace>, after: RowPlace, what: &str) -> ChainDamage {
    // The statement is in the message of the database too; whoever reads the report cannot use it.
    let cause = what.split(" in \"").next().unwrap_or(what);
    match found {
        Some(place) => ChainDamage { place, what: format!("a column cannot be read: {cause}") },
        None => ChainDamage { place: after, what: format!("the row after it cannot be read: {cause}") },
    }
}

/// A walk along one chain.
struct Walk {
    place: RowPlace,
    previous: Vec<u8>,
    rows: u64,
    erased: u64,
    missing_heads: Vec<Vec<u8>>,
    suspect: Option<Suspect>,
    /// Rows whose content was erased, until a later note tells what was left of them.
    unproved: BTreeMap<RowPlace, (ContentDigest, bool)>,
    /// The first row of each environment that is not marked as announced.
    unsent: HashMap<String, RowPlace>,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            place: BEFORE_ALL,
            previous: Vec::new(),
            rows: 0,
            erased: 0,
            missing_heads: Vec::new(),
            suspect: None,
            unproved: BTreeMap::new(),
            unsent: HashMap::new(),
        }
    }
}

/// The columns that a row's hash covers itself; those of its content have a digest of their own.
const LINKED: &str = "change_id, environment_id, version, kind, event, dependants, action, actor, at_ms";

/// A row whose hash does not fit: the next row knows whether the hash was changed or the rest.
struct Suspect {
    place: RowPlace,
    right_hash: [u8; 32],
    /// Whether rows of the revision before it may be gone.
    follows_revision: bool,
}

impl Suspect {
    /// `linked`: whether what follows was made with the hash that this row should have.
    fn damage(self, linked: bool) -> ChainDamage {
        if linked {
            return ChainDamage { place: self.place, what: "its hash was changed".to_owned() };
        }
        let mut what = format!("what it says was changed: one of {LINKED}");
        if self.follows_revision {
            what.push_str("; or rows before it are missing or were put in");
        }
        ChainDamage { place: self.place, what }
    }
}

impl Walk {
    /// Looks at the next row. Returns the first damage.
    fn step(&mut self, row: &ChangeRow) -> Option<ChainDamage> {
        let digest = content_digest(&row.content());
        if let Some(suspect) = self.suspect.take() {
            let linked = next_hash(&suspect.right_hash, &row.link(&row.digest)).as_slice() == row.hash;
            return Some(suspect.damage(linked));
        }
        let before = std::mem::replace(&mut self.place, row.place);
        self.rows += 1;
        let damaged = |what: String| Some(ChainDamage { place: row.place, what });
        if let Some(what) = out_of_place(before, row.place) {
            return damaged(what);
        }
        if !row.erased && row.digest != digest {
            return damaged(self.name_content(row, &digest));
        }
        let right_hash = next_hash(&self.previous, &row.link(&row.digest));
        if row.hash != right_hash {
            let follows_revision = before != BEFORE_ALL && before.revision != row.place.revision;
            self.suspect = Some(Suspect { place: row.place, right_hash, follows_revision });
            return None;
        }
        self.previous.clone_from(&row.hash);
        self.missing_heads.retain(|head| *head != row.hash);
        self.prove(row, digest).or_else(|| self.check_sent(row))
    }

    /// Looks at what the project notes of its newest row.
    fn end(&mut self, project: &ProjectRow) -> Option<ChainDamage> {
        if let Some(suspect) = self.suspect.take() {
            let linked = project.head == suspect.right_hash;
            return Some(suspect.damage(linked));
        }
        if self.place == BEFORE_ALL {
            let what = "the project has no row at all; its first one tells that it was made".to_owned();
            return Some(ChainDamage { place: RowPlace { revision: 1, position: 0 }, what });
        }
        if project.head != self.previous || project.revision != self.place.revision {
            let what = format!(
                "it is the last row, but the project notes another as its newest (revision {}): rows after it are \
                 missing, or the project's revision or head was changed",
                project.revision
            );
            return Some(ChainDamage { place: self.place, what });
        }
        let unproved = self.unproved.iter().find(|(_, (_, proved))| !proved);
        unproved.map(|(place, _)| ChainDamage {
            place: *place,
            what: "it is marked as erased, but what it says now is not what an erasure left".to_owned(),
        })
    }

    /// The content is not what the digest says; the link knows which of both was changed.
    fn name_content(&self, row: &ChangeRow, digest: &ContentDigest) -> String {
        let digest_changed = next_hash(&self.previous, &row.link(digest)).as_slice() == row.hash;
        match digest_changed {
            true => "body_hash was changed".to_owned(),
            false => "its content was changed: one of identifier, comment, before_body, after_body, erased"
                .to_owned(),
        }
    }

    /// Matches rows whose content was erased with the notes of erasures.
    fn prove(&mut self, row: &ChangeRow, digest: ContentDigest) -> Option<ChainDamage> {
        let damaged = |what: &str| Some(ChainDamage { place: row.place, what: what.to_owned() });
        let note = match (ErasureNote::of(row), row.erased) {
            (Some(_), true) => return damaged("it notes an erasure, and is marked as erased itself"),
            (Some(Err(_)), false) => return damaged("it notes an erasure in words that cannot be read"),
            (Some(Ok(note)), false) => note,
            (None, erased) => {
                if erased {
                    self.erased += 1;
                    self.unproved.insert(row.place, (digest, false));
                }
                return None;
            }
        };
        for (place, left) in note.rows() {
            if let Some((found, proved)) = self.unproved.get_mut(&place) {
                // The last note that tells of a row counts.
                *proved = *found == left;
            }
        }
        None
    }

    /// Rows of an environment are announced in their order, so none that waits is followed by one that is
    /// marked. Whether the last ones were announced cannot be told from here; the report names them.
    fn check_sent(&mut self, row: &ChangeRow) -> Option<ChainDamage> {
        let Some(environment) = &row.environment else {
            let what = "it is marked as not announced, though it concerns no environment".to_owned();
            return (!row.sent).then_some(ChainDamage { place: row.place, what });
        };
        if !row.sent {
            self.unsent.entry(environment.clone()).or_insert(row.place);
            return None;
        }
        // Changes beside what an environment serves are marked from the beginning.
        let announced = !matches!(row.kind.as_str(), "target");
        let place = *self.unsent.get(environment).filter(|_| announced)?;
        let what = "it is marked as not announced, though later ones are announced (column sent)".to_owned();
        Some(ChainDamage { place, what })
    }
}

fn out_of_place(before: RowPlace, found: RowPlace) -> Option<String> {
    let first = RowPlace { revision: 1, position: 0 };
    let next = RowPlace { position: before.position.saturating_add(1), ..before };
    let next_revision = RowPlace { revision: before.revision.saturating_add(1), position: 0 };
    let fits = match before {
        BEFORE_ALL => found == first,
        _ => found == next || found == next_revision,
    };
    let after = match before {
        BEFORE_ALL => "it is the first row, which should be revision 1, position 0".to_owned(),
        RowPlace { revision, position } => {
            format!("the row before it is revision {revision}, position {position}")
        }
    };
    (!fits).then(|| format!("rows before it are missing, or its revision or position was changed: {after}"))
}
