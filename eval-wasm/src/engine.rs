//! What the calls do: environments and targets by handle, and the one place for input and for answers.

mod answers;
mod slots;

use std::fmt;

use eval::{Evaluation, FlagEvaluation, FlagIndex, Ruleset};
use model::{JsonWriter, Snapshot, Target, Variation, Version};

use self::answers::Description;
use self::slots::Slots;
use crate::budget;
use crate::failure::{Code, Failure};
use crate::limits::{
    ANSWER_BYTES_MAX, ENVIRONMENTS_COST_MAX, IDENTIFIER_BYTES_MAX, SNAPSHOT_BYTES_MAX, TARGET_BYTES_MAX,
    TARGETS_COST_MAX,
};

/// Everything that one instance of the module holds.
#[derive(Debug, Default)]
pub struct Engine {
    environments: Slots<Environment>,
    targets: Slots<Interned>,
    input: Vec<u8>,
    /// JSON of the last answer, or what went wrong.
    pub answer: Vec<u8>,
    /// The last packed answers, see [`pack`].
    pub results: Vec<i32>,
}

#[derive(Debug)]
struct Environment {
    ruleset: Ruleset,
    /// In the order of identifiers; the position is the flag's index in the ABI.
    flags: Vec<FlagIndex>,
    cost: usize,
}

#[derive(Debug)]
struct Interned {
    target: Target,
    cost: usize,
}

impl Engine {
    /// Room for `bytes` of input, which the next call reads.
    ///
    /// # Errors
    /// `TooLarge`, before anything is allocated.
    pub fn make_room(&mut self, bytes: usize) -> Result<&mut [u8], Failure> {
        if bytes > SNAPSHOT_BYTES_MAX {
            return Err(Failure::too_large("the input", bytes, SNAPSHOT_BYTES_MAX));
        }
        self.input = vec![0; bytes];
        Ok(&mut self.input)
    }

    /// Compiles the snapshot in the input and returns its environment's handle.
    ///
    /// # Errors
    /// `TooLarge`, `Unreadable`, `NewerFormat`. What was there before stays.
    pub fn load(&mut self) -> Result<u32, Failure> {
        let input = std::mem::take(&mut self.input);
        // An answer may be as large as a tenth of all memory, and nobody reads the last one any more.
        self.answer = Vec::new();
        let used: usize = self.environments.iter().map(|environment| environment.cost).sum();
        let left = ENVIRONMENTS_COST_MAX.saturating_sub(used);
        let cost = granted("the snapshot", budget::cost(&input), left)?;
        let snapshot = Snapshot::from_json(&input)?;
        drop(input);
        let cost =
            granted("the snapshot", Some(cost.saturating_add(budget::cost_of_patterns(&snapshot))), left)?;
        let (ruleset, _) = eval::compile(&snapshot);
        let flags = ruleset.flags().map(|flag| flag.index).collect();
        Ok(self.environments.add(Environment { ruleset, flags, cost }))
    }

    /// Forgets an environment.
    ///
    /// # Errors
    /// `NoSuchHandle`.
    pub fn unload(&mut self, environment: u32) -> Result<(), Failure> {
        self.environments.remove(environment).map(drop).ok_or_else(|| no_environment(environment))
    }

    /// Reads the target in the input and returns its handle.
    ///
    /// # Errors
    /// `TooLarge`, `Unreadable`.
    pub fn intern(&mut self) -> Result<u32, Failure> {
        let input = std::mem::take(&mut self.input);
        if input.len() > TARGET_BYTES_MAX {
            return Err(Failure::too_large("the target", input.len(), TARGET_BYTES_MAX));
        }
        let used: usize = self.targets.iter().map(|target| target.cost).sum();
        let cost = granted("the target", budget::cost(&input), TARGETS_COST_MAX.saturating_sub(used))?;
        let target = Target::from_json(&input)?;
        Ok(self.targets.add(Interned { target, cost }))
    }

    /// Forgets a target.
    ///
    /// # Errors
    /// `NoSuchHandle`.
    pub fn forget(&mut self, target: u32) -> Result<(), Failure> {
        self.targets.remove(target).map(drop).ok_or_else(|| no_target(target))
    }

    /// The version of an environment.
    ///
    /// # Errors
    /// `NoSuchHandle`.
    pub fn version(&self, environment: u32) -> Result<Version, Failure> {
        Ok(self.environment(environment)?.ruleset.version())
    }

    /// How many flags an environment has.
    ///
    /// # Errors
    /// `NoSuchHandle`.
    pub fn flag_count(&self, environment: u32) -> Result<usize, Failure> {
        Ok(self.environment(environment)?.flags.len())
    }

    /// The index of the flag whose identifier is in the input.
    ///
    /// # Errors
    /// `NoSuchHandle`, `NoSuchFlag`, `Unreadable`.
    pub fn flag(&mut self, environment: u32) -> Result<usize, Failure> {
        let id = self.identifier()?;
        let environment = self.environment(environment)?;
        let position = environment.flags.binary_search_by(|index| {
            environment.ruleset.describe(*index).map_or("", |flag| flag.id).cmp(&id)
        });
        position.map_err(|_| no_flag(&id))
    }

    /// Evaluates the flag at `flag` and packs the answer, see [`pack`].
    ///
    /// # Errors
    /// `NoSuchHandle`, `NoSuchFlag`.
    pub fn evaluate(&self, environment: u32, flag: u32, target: u32) -> Result<i32, Failure> {
        let found = self.environment(environment)?;
        let target = &self.targets.get(target).ok_or_else(|| no_target(target))?.target;
        let index = found.flag_at(flag)?;
        Ok(pack(found.ruleset.variations(index), found.ruleset.evaluate(index, target)))
    }

    /// Evaluates all flags into `results`, in the order of their indexes; returns how many there are.
    ///
    /// # Errors
    /// `NoSuchHandle`.
    pub fn evaluate_all(&mut self, environment: u32, target: u32) -> Result<usize, Failure> {
        let mut results = std::mem::take(&mut self.results);
        results.clear();
        let ruleset = &self.environment(environment)?.ruleset;
        let evaluations = ruleset.evaluate_all(self.target(target)?);
        results
            .extend(evaluations.map(|(flag, evaluation)| pack(ruleset.variations(flag.index), evaluation)));
        self.results = results;
        Ok(self.results.len())
    }

    /// Describes the flag at `flag`: `{"flag", "kind", "version", "variations": [{identifier, name, value}]}`.
    ///
    /// # Errors
    /// `NoSuchHandle`, `NoSuchFlag`, `TooLarge`.
    pub fn describe(&mut self, environment: u32, flag: u32) -> Result<usize, Failure> {
        let found = self.environment(environment)?;
        let index = found.flag_at(flag)?;
        let described = found.ruleset.describe(index).ok_or_else(|| no_flag(&flag.to_string()))?;
        let description = Description {
            flag: described.id,
            kind: described.kind,
            version: described.version,
            variations: found.ruleset.variations(index),
        };
        let answer = json(&|out| answers::description(out, &description))?;
        Ok(self.answer_with(answer))
    }

    /// Evaluates the flag whose identifier is in the input: the JSON that client SDKs get for it.
    ///
    /// # Errors
    /// `NoSuchHandle`, `NoSuchFlag`, `Unreadable`, `TooLarge`.
    pub fn evaluate_json(&mut self, environment: u32, target: u32) -> Result<usize, Failure> {
        let id = self.identifier()?;
        let found = self.environment(environment)?;
        let evaluation = FlagEvaluation::named(&found.ruleset, &id, self.target(target)?);
        let evaluation = evaluation.ok_or_else(|| no_flag(&id))?;
        let answer = json(&|out| answers::evaluation(out, &evaluation))?;
        Ok(self.answer_with(answer))
    }

    /// Evaluates all flags: the JSON array that client SDKs get.
    ///
    /// # Errors
    /// `NoSuchHandle`, `TooLarge`.
    pub fn evaluate_all_json(&mut self, environment: u32, target: u32) -> Result<usize, Failure> {
        self.answer = Vec::new();
        let ruleset = &self.environment(environment)?.ruleset;
        let target = self.target(target)?;
        let answer = json(&|out| {
            out.open_list();
            FlagEvaluation::all(ruleset, target).for_each(|one| answers::evaluation(out, &one));
            out.close_list();
        })?;
        Ok(self.answer_with(answer))
    }

    /// Explains the flag whose identifier is in the input: JSON with all checks in order.
    ///
    /// # Errors
    /// `NoSuchHandle`, `NoSuchFlag`, `Unreadable`, `TooLarge`.
    pub fn explain_json(&mut self, environment: u32, target: u32) -> Result<usize, Failure> {
        let id = self.identifier()?;
        let ruleset = &self.environment(environment)?.ruleset;
        let index = ruleset.flag(&id).ok_or_else(|| no_flag(&id))?;
        let explanation = ruleset.explain(index, self.target(target)?);
        let answer = json(&|out| answers::explanation(out, &explanation))?;
        Ok(self.answer_with(answer))
    }

    /// Keeps what went wrong as the answer, and returns its number.
    pub fn fail(&mut self, failure: Failure) -> i32 {
        self.answer = failure.message.into_bytes();
        failure.code as i32
    }

    fn answer_with(&mut self, answer: Vec<u8>) -> usize {
        self.answer = answer;
        self.answer.len()
    }

    fn environment(&self, handle: u32) -> Result<&Environment, Failure> {
        self.environments.get(handle).ok_or_else(|| no_environment(handle))
    }

    fn target(&self, handle: u32) -> Result<&Target, Failure> {
        self.targets.get(handle).map(|interned| &interned.target).ok_or_else(|| no_target(handle))
    }

    fn identifier(&mut self) -> Result<String, Failure> {
        let input = std::mem::take(&mut self.input);
        if input.len() > IDENTIFIER_BYTES_MAX {
            return Err(Failure::too_large("the identifier", input.len(), IDENTIFIER_BYTES_MAX));
        }
        String::from_utf8(input)
            .map_err(|_| Failure::new(Code::Unreadable, format_args!("the identifier is not in UTF-8")))
    }
}

impl Environment {
    fn flag_at(&self, position: u32) -> Result<FlagIndex, Failure> {
        let index = self.flags.get(position as usize).copied();
        index.ok_or_else(|| no_flag(&format!("at index {position}")))
    }
}

/// An answer as one number that is not negative: the reason in the lower four bits, in the order of
/// [`eval::Reason`]; above it 0 for "no value", else 1 + the variation's position in its flag.
pub fn pack(variations: &[Variation], evaluation: Evaluation<'_>) -> i32 {
    let served = evaluation.variation;
    let position = served.and_then(|served| variations.iter().position(|one| std::ptr::eq(one, served)));
    let number =
        position.and_then(|position| i32::try_from(position).ok()).map_or(0, |position| position + 1);
    // Positions are far below the 27 bits that they have: a snapshot cannot hold so many variations.
    number << 4 | evaluation.reason as i32
}

/// The cost, if there is so much left.
fn granted(what: &str, cost: Option<usize>, left: usize) -> Result<usize, Failure> {
    match cost {
        Some(cost) if cost <= left => Ok(cost),
        Some(cost) => Err(Failure::new(
            Code::TooLarge,
            format_args!("{what} is estimated to take {cost} bytes of memory, {left} are left"),
        )),
        None => Err(Failure::new(Code::TooLarge, format_args!("{what} is nested too deep"))),
    }
}

/// Writes into a place of the right size: one that doubles would take three times as much for a moment.
fn json(write: &dyn Fn(&mut JsonWriter<'_>)) -> Result<Vec<u8>, Failure> {
    let mut length = Length(0);
    write(&mut JsonWriter::new(&mut length));
    if length.0 > ANSWER_BYTES_MAX {
        return Err(Failure::too_large("the answer", length.0, ANSWER_BYTES_MAX));
    }
    let mut answer = String::with_capacity(length.0);
    write(&mut JsonWriter::new(&mut answer));
    Ok(answer.into_bytes())
}

/// Counts the bytes that are written to it.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.saturating_add(text.len());
        Ok(())
    }
}

fn no_environment(handle: u32) -> Failure {
    Failure::no_such_handle("environment", handle)
}

fn no_target(handle: u32) -> Failure {
    Failure::no_such_handle("target", handle)
}

fn no_flag(id: &str) -> Failure {
    Failure::new(Code::NoSuchFlag, format_args!("there is no flag {id}, or it has no value for this target"))
}
