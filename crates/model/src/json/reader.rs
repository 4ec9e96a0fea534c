//! The tokens of JSON, from text that is known to be UTF-8.

use std::borrow::Cow;
use std::ops::Range;

use super::{Expected, Fields};

/// The containers that may be open at once, as many as serde_json takes.
const DEPTH_MAX: u8 = 127;

/// Halves of characters, of which two escapes make one.
const HIGH_SURROGATES: Range<u32> = 0xD800..0xDC00;
const LOW_SURROGATES: Range<u32> = 0xDC00..0xE000;

/// Whether a byte within text stands for itself. A look-up is a tenth of the time of reading a snapshot
/// faster than three comparisons.
#[expect(clippy::indexing_slicing, reason = "it is done when this is compiled")]
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] = byte >= 0x20 && byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

/// A text and how far it was read.
#[derive(Debug)]
pub(super) struct Reader<'j> {
    text: &'j str,
    at: usize,
    depth: u8,
}

impl<'j> Reader<'j> {
    pub(super) fn new(text: &'j str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// How far it was read, in bytes.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Expected> {
        if self.peek() == 0 && self.at == self.text.len() { Ok(()) } else { Err(Expected("the end")) }
    }

    /// The byte at which the next token begins; 0, which begins none, at the end.
    pub(super) fn peek(&mut self) -> u8 {
        loop {
            match self.byte() {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                other => return other,
            }
        }
    }

    #[inline(always)]
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    /// Takes the token of one byte if it is next. (Inlined also where size counts: it is a twelfth of the time.)
    #[inline(always)]
    fn take(&mut self, token: u8) -> bool {
        let next = self.peek() == token;
        self.at += usize::from(next);
        next
    }

    /// Takes a word such as `null` if it is next.
    pub(super) fn word(&mut self, word: &str) -> bool {
        self.peek();
        let next = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.at += if next { word.len() } else { 0 };
        next
    }

    /// Takes `null` if it is next.
    pub(super) fn null(&mut self) -> bool {
        self.peek() == b'n' && self.word("null")
    }

    /// Opens a list or object; returns whether there is anything in it.
    fn open(&mut self, begin: u8, end: u8, expected: &'static str) -> Result<bool, Expected> {
        if self.depth == DEPTH_MAX {
            return Err(Expected("at most 127 levels"));
        }
        if !self.take(begin) {
            return Err(Expected(expected));
        }
        let empty = self.take(end);
        self.depth += u8::from(!empty);
        Ok(!empty)
    }

    /// After an item: whether another one follows.
    fn more(&mut self, end: u8, expected: &'static str) -> Result<bool, Expected> {
        if self.take(b',') {
            return Ok(true);
        }
        if !self.take(end) {
            return Err(Expected(expected));
        }
        self.depth -= 1;
        Ok(false)
    }

    /// Opens a list; returns whether there is anything in it.
    pub(super) fn open_list(&mut self) -> Result<bool, Expected> {
        self.open(b'[', b']', "a list")
    }

    /// After an item of a list: whether another one follows.
    pub(super) fn more_items(&mut self) -> Result<bool, Expected> {
        self.more(b']', "',' or ']'")
    }

    /// Opens an object; returns whether there is anything in it.
    pub(super) fn open_object(&mut self) -> Result<bool, Expected> {
        self.open(b'{', b'}', "an object")
    }

    /// After a field of an object: whether another one follows.
    pub(super) fn more_fields(&mut self) -> Result<bool, Expected> {
        self.more(b'}', "',' or '}'")
    }

    /// The name of a field, with the colon after it.
    pub(super) fn name(&mut self) -> Result<Cow<'j, str>, Expected> {
        let name = self.text()?;
        if self.take(b':') { Ok(name) } else { Err(Expected("':'")) }
    }

    /// Fills an object.
    pub(super) fn object(&mut self, object: &mut dyn Fields) -> Result<(), Expected> {
        let mut wanted = object.required();
        let mut more = self.open_object()?;
        while more {
            let name = self.name()?;
            if wanted == Some(&name) && self.peek() != b'n' {
                wanted = None;
            }
            object.field(&name, self)?;
            more = self.more_fields()?;
        }
        if wanted.is_some() { Err(Expected("the identifier before the end")) } else { Ok(()) }
    }

    /// Reads a list without its `null`s; `null` is the empty list.
    pub(super) fn list<T: Default>(
        &mut self,
        list: &mut Vec<T>,
        read: fn(&mut T, &mut Self) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        list.clear();
        let mut more = !self.null() && self.open_list()?;
        while more {
            if !self.null() {
                if list.len() == list.capacity() {
                    // Most lists have one or two items; a vector by itself begins with room for four.
                    list.reserve_exact(list.len().max(2));
                }
                let mut item = T::default();
                read(&mut item, self)?;
                list.push(item);
            }
            more = self.more_items()?;
        }
        Ok(())
    }

    /// Reads text, which is copied only if it has escapes.
    #[inline]
    pub(super) fn text(&mut self) -> Result<Cow<'j, str>, Expected> {
        if !self.take(b'"') {
            return Err(Expected("text"));
        }
        let plain = self.plain();
        if self.byte() == b'"' {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        self.rest_of_text(plain).map(Cow::Owned)
    }

    /// Takes what comes before the next quote, escape or control character, or the end.
    #[inline(always)]
    fn plain(&mut self) -> &'j str {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let mut end = start;
        while bytes.get(end).and_then(|byte| PLAIN.get(usize::from(*byte))) == Some(&true) {
            end += 1;
        }
        self.at = end;
        self.text.get(start..end).unwrap_or_default()
    }

    /// Reads what follows the first plain characters of a text.
    #[cold]
    fn rest_of_text(&mut self, plain: &str) -> Result<String, Expected> {
        let mut text = plain.to_owned();
        loop {
            match self.byte() {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    text.push(self.escaped()?);
                }
                _ if self.at == self.text.len() => return Err(Expected("the text's end, '\"'")),
                ..b' ' => return Err(Expected("no control character in a text")),
                _ => text.push_str(self.plain()),
            }
        }
        self.at += 1;
        Ok(text)
    }

    /// The character that an escape stands for, from after its backslash.
    fn escaped(&mut self) -> Result<char, Expected> {
        let letter = self.byte();
        let character = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.escaped_number(),
            _ => return Err(Expected("an escape that JSON has")),
        };
        self.at += 1;
        Ok(character)
    }

    fn escaped_number(&mut self) -> Result<char, Expected> {
        let mut number = self.hexadecimal()?;
        if HIGH_SURROGATES.contains(&number) && self.byte() == b'\\' {
            self.at += 1;
            let low = self.hexadecimal()?;
            if LOW_SURROGATES.contains(&low) {
                number = 0x10000 + ((number - HIGH_SURROGATES.start) << 10) + (low - LOW_SURROGATES.start);
            }
        }
        char::from_u32(number).ok_or(Expected("the other half of a surrogate pair"))
    }

    /// The number of `u` and four digits.
    fn hexadecimal(&mut self) -> Result<u32, Expected> {
        let digits = self.text.get(self.at + 1..self.at + 5).filter(|_| self.byte() == b'u');
        let number = digits.and_then(|digits| {
            digits.chars().try_fold(0, |number, digit| Some(number << 4 | digit.to_digit(16)?))
        });
        let number = number.ok_or(Expected("four hexadecimal digits"))?;
        self.at += 5;
        Ok(number)
    }

    /// Takes the bytes that a number may consist of.
    pub(super) fn number_token(&mut self) -> &'j str {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let within = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = rest.bytes().position(|byte| !within(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Stands where a token begins that was taken, because something else should be there.
    pub(super) fn refused(&mut self, token: &str, expected: &'static str) -> Expected {
        self.at -= token.len();
        Expected(expected)
    }

    /// Goes over a value of any kind.
    pub(super) fn skip(&mut self) -> Result<(), Expected> {
        match self.peek() {
            b'"' => self.text().map(drop),
            b'[' => {
                let mut more = self.open_list()?;
                while more {
                    self.skip()?;
                    more = self.more_items()?;
                }
                Ok(())
            }
            b'{' => {
                let mut more = self.open_object()?;
                while more {
                    self.name()?;
                    self.skip()?;
                    more = self.more_fields()?;
                }
                Ok(())
            }
            b'-' | b'0'..=b'9' => self.number().map(drop),
            _ if self.word("true") || self.word("false") || self.word("null") => Ok(()),
            _ => Err(Expected("a value")),
        }
    }
}
