//! Writes the table of lower-case letters that `src/letters.rs` searches.
//!
//! The standard library's own is made for speed and takes eleven kilobytes of the module for browsers; as
//! runs of letters with the same distance to their lower case it is a tenth of that when compressed.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// Letters `first`, `first + step`, … whose lower case is `distance` further on.
struct Run {
    first: u32,
    count: u16,
    step: u8,
    distance: i32,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut table = String::from("[\n");
    for Run { first, count, step, distance } in runs() {
        writeln!(
            table,
            "    Run {{ first: {first:#x}, count: {count}, step: {step}, distance: {distance} }},"
        )?;
    }
    table.push_str("]\n");
    let folder = env::var_os("OUT_DIR").ok_or("cargo names no folder for what is generated")?;
    fs::write(Path::new(&folder).join("letters.rs"), table)?;
    Ok(())
}

/// All letters whose lower case is one other letter.
fn runs() -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for letter in '\0'..=char::MAX {
        let mut lower = letter.to_lowercase();
        let (Some(first), None) = (lower.next(), lower.next()) else { continue };
        let distance = u32::from(first).cast_signed() - u32::from(letter).cast_signed();
        if distance != 0 && !runs.last_mut().is_some_and(|run| run.extend(letter.into(), distance)) {
            runs.push(Run { first: letter.into(), count: 1, step: 1, distance });
        }
    }
    runs
}

impl Run {
    /// Takes the letter in, if it goes on with this run.
    fn extend(&mut self, letter: u32, distance: i32) -> bool {
        if self.count == 1 && letter == self.first + 2 {
            self.step = 2;
        }
        let follows = letter == self.first + u32::from(self.count) * u32::from(self.step);
        if follows && distance == self.distance {
            self.count += 1;
            return true;
        }
        if self.count == 1 {
            self.step = 1;
        }
        false
    }
}
