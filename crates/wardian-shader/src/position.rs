//! Places in a source, as WebGPU counts them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::tokens::is_line_break;

/// Where a message belongs; all zero where it belongs to no place.
///
/// <https://www.w3.org/TR/webgpu/#gpucompilationmessage>
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Position {
    /// The first line is 1.
    pub line: u64,
    /// In UTF-16 code units, the first being 1.
    pub place: u64,
    /// In UTF-16 code units, the first being 0.
    pub offset: u64,
    /// In UTF-16 code units.
    pub length: u64,
}

impl Position {
    /// The position of a range of bytes. A range that cuts a letter or reaches beyond the source is made to fit.
    pub(super) fn of(source: &str, range: &Range<usize>) -> Self {
        let start = source.floor_char_boundary(range.start);
        let end = source.floor_char_boundary(range.end).max(start);
        let (before, meant) = (source.get(..start).unwrap_or_default(), source.get(start..end).unwrap_or_default());
        let mut line = 1;
        let mut line_start = 0;
        let mut characters = before.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            // These two are one line break.
            let has_more = character == '\r' && characters.peek().is_some_and(|(_, next)| *next == '\n');
            if is_line_break(character) && !has_more {
                line += 1;
                line_start = index.saturating_add(character.len_utf8());
            }
        }
        let in_line = before.get(line_start..).unwrap_or_default();
        Self { line, place: units(in_line).saturating_add(1), offset: units(before), length: units(meant) }
    }
}

fn units(text: &str) -> u64 {
    text.chars().map(|character| if character > '\u{ffff}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, range: Range<usize>, expected: (u64, u64, u64, u64)) {
        let Position { line, place, offset, length } = Position::of(source, &range);
        assert_eq!((line, place, offset, length), expected, "{range:?} of {source:?}");
    }

    #[test]
    fn lines_and_places() {
        check("", 0..0, (1, 1, 0, 0));
        check("ab\ncd", 3..5, (2, 1, 3, 2));
        check("ab\ncd", 4..5, (2, 2, 4, 1));
        check("a\r\nb\rc\u{2028}d", 3..4, (2, 1, 3, 1));
        check("a\r\nb\rc\u{2028}d", 5..6, (3, 1, 5, 1));
        check("a\r\nb\rc\u{2028}d", 9..10, (4, 1, 7, 1));
    }

    #[test]
    fn units_are_those_of_utf16() {
        // 2, 3 and 4 bytes; 1, 1 and 2 units.
        check("é€🦀x", 9..10, (1, 5, 4, 1));
        check("é€🦀x", 0..9, (1, 1, 0, 4));
    }

    #[test]
    fn ranges_are_made_to_fit() {
        check("🦀", 1..3, (1, 1, 0, 0));
        check("ab", 1..9, (1, 2, 1, 1));
        check("ab", 7..9, (1, 3, 2, 0));
    }
}
