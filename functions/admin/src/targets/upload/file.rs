//! The CSV file of an upload: `Name, Identifier`, one target a line, no header.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord, Trim};
use model::limits::{NAME_BYTES_MAX, TARGETS_PER_ENVIRONMENT_MAX};
use model::{Error, FieldError, TargetId};

use crate::targets::request::parse_identifier;

/// Mistakes that are reported before the rest of the file is given up.
const MISTAKES_MAX: usize = 20;

/// What some spreadsheet programs put before the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads identifiers and names, in the order of the file.
///
/// # Errors
/// `Invalid` with the lines that hold mistakes, the first [`MISTAKES_MAX`] of them; `TooLarge`.
pub(super) fn parse(file: &[u8]) -> Result<Vec<(TargetId, String)>, Error> {
    let file = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(file);
    let mut targets = Vec::new();
    let mut lines: HashMap<TargetId, u64> = HashMap::new();
    let mut mistakes = Vec::new();
    let mut record = StringRecord::new();
    while mistakes.len() < MISTAKES_MAX {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) if record.len() == 1 && record.get(0) == Some("") => {}
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                let target = read(&record).and_then(|(identifier, name)| {
                    match lines.insert(identifier.clone(), line) {
                        Some(earlier) => {
                            Err(format!("{:?} is on line {earlier} already", identifier.as_str()))
                        }
                        None => Ok((identifier, name)),
                    }
                });
                match target {
                    Ok(target) => targets.push(target),
                    Err(mistake) => mistakes.push(FieldError::new(format!("line {line}"), mistake)),
                }
            }
            Err(error) => {
                let line = error.position().map_or(line, csv::Position::line);
                mistakes.push(FieldError::new(format!("line {line}"), "is not text in UTF-8"));
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(Error::Invalid(mistakes));
    }
    if targets.is_empty() {
        return Err(Error::invalid("body", "holds no line; each line is Name, Identifier"));
    }
    if targets.len() > TARGETS_PER_ENVIRONMENT_MAX {
        let lines = targets.len();
        return Err(Error::TooLarge(format!(
            "the file holds {lines} targets; an environment lists at most {TARGETS_PER_ENVIRONMENT_MAX}"
        )));
    }
    Ok(targets)
}

fn read(record: &StringRecord) -> Result<(TargetId, String), String> {
    let mut columns = record.iter();
    let (Some(name), Some(identifier), None) = (columns.next(), columns.next(), columns.next()) else {
        return Err(format!("has {} columns; each line is Name, Identifier", record.len()));
    };
    if name.eq_ignore_ascii_case("name") && identifier.eq_ignore_ascii_case("identifier") {
        return Err("is a header; leave it out".to_owned());
    }
    let identifier = parse_identifier(identifier).map_err(|error| error.message)?;
    if name.len() > NAME_BYTES_MAX {
        return Err(format!("has a name longer than {NAME_BYTES_MAX} bytes; shorten it"));
    }
    if name.chars().any(char::is_control) {
        return Err("has a name with a control character; leave it out".to_owned());
    }
    let name = if name.is_empty() { identifier.as_str() } else { name };
    Ok((identifier.clone(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Result<Vec<(String, String)>, String> {
        let targets = parse(file.as_bytes()).map_err(|error| error.to_string())?;
        Ok(targets.into_iter().map(|(identifier, name)| (identifier.to_string(), name)).collect())
    }

    fn pair(identifier: &str, name: &str) -> (String, String) {
        (identifier.to_owned(), name.to_owned())
    }

    #[test]
    fn each_line_is_a_name_and_an_identifier() {
        let file = "Ann, ann\r\n\"Smith, Bob\",bob@example.com\n\n ,eve\n";

        assert_eq!(
            read(file),
            Ok(vec![pair("ann", "Ann"), pair("bob@example.com", "Smith, Bob"), pair("eve", "eve")])
        );
    }

    #[test]
    fn what_a_spreadsheet_writes_first_is_no_part_of_a_name() {
        assert_eq!(read("\u{feff}Ann,ann"), Ok(vec![pair("ann", "Ann")]));
    }

    #[test]
    fn every_mistake_is_reported_with_its_line() {
        let file = "Name,Identifier\nAnn,ann\nBob\nEve,e v e\nAnn again,ann\na,b,c\n";

        assert_eq!(
            read(file).unwrap_err(),
            "line 1: is a header; leave it out; \
             line 3: has 1 columns; each line is Name, Identifier; \
             line 4: \"e v e\" is not a target identifier: use 1 to 256 letters, digits, '.', '@', '_' or '-'; \
             line 5: \"ann\" is on line 2 already; \
             line 6: has 3 columns; each line is Name, Identifier"
        );
    }

    #[test]
    fn a_file_that_is_wrong_throughout_is_given_up_early() {
        let error = parse("no\n".repeat(1_000).as_bytes()).unwrap_err();

        assert!(matches!(error, Error::Invalid(mistakes) if mistakes.len() == MISTAKES_MAX));
    }

    #[test]
    fn a_file_in_another_encoding_is_refused_with_its_line() {
        let error = parse(b"Ann,ann\nJ\xfcrgen,jurgen\n").unwrap_err();

        assert_eq!(error.to_string(), "line 2: is not text in UTF-8");
    }

    #[test]
    fn a_file_without_lines_is_refused() {
        for file in ["", "\n", " \r\n \n"] {
            assert_eq!(read(file), Err("body: holds no line; each line is Name, Identifier".to_owned()));
        }
    }

    #[test]
    fn more_lines_than_an_environment_lists_are_refused() {
        let file: String = (0..=TARGETS_PER_ENVIRONMENT_MAX).map(|n| format!("n,i{n}\n")).collect();

        assert!(read(&file).unwrap_err().starts_with("the file holds 100001 targets; an environment lists"));
    }
}
