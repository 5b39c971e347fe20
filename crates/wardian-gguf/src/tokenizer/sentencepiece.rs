//! The SentencePiece kind: spaces are U+2581, and pairs are joined by the score of what they make.

use std::collections::HashMap;

use super::pieces;

const SPACE: char = '\u{2581}';

/// The vocabulary, with scores.
#[derive(Debug)]
pub(super) struct SentencePiece {
    tokens: HashMap<Box<str>, (u32, Score)>,
    bytes: Vec<Option<u32>>,
    leading_space: bool,
}

/// A score that can be sorted by.
#[derive(Clone, Copy, Debug)]
struct Score(f32);

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl SentencePiece {
    pub(super) fn new(texts: &[Box<str>], scores: &[f32], leading_space: bool) -> Self {
        let scores = scores.iter().copied().chain(std::iter::repeat(0.0)).map(Score);
        let tokens: HashMap<_, _> = texts.iter().cloned().zip((0..).zip(scores)).collect();
        let bytes =
            (0..=u8::MAX).map(|byte| tokens.get(&*format!("<0x{byte:02X}>")).map(|(token, _)| *token)).collect();
        Self { tokens, bytes, leading_space }
    }

    /// The tokens of a text. What no token has is written as bytes, and left out where the vocabulary has none of those.
    pub(super) fn encode(&self, text: &str, tokens: &mut Vec<u32>) {
        if text.is_empty() {
            return;
        }
        let prefix = if self.leading_space { " " } else { "" };
        let text: String =
            prefix.chars().chain(text.chars()).map(|letter| if letter == ' ' { SPACE } else { letter }).collect();
        let score = |first: &str, second: &str| self.tokens.get(&*format!("{first}{second}")).map(|(_, score)| *score);
        for piece in pieces::join(&text, score) {
            match self.tokens.get(piece) {
                Some((token, _)) => tokens.push(*token),
                None => {
                    let token = |byte: u8| self.bytes.get(usize::from(byte)).copied().flatten();
                    tokens.extend(piece.bytes().filter_map(token));
                }
            }
        }
    }
}

/// The bytes of a token.
pub(super) fn decode(text: &str, is_byte: bool) -> Vec<u8> {
    let byte = text.strip_prefix("<0x").and_then(|rest| u8::from_str_radix(rest.strip_suffix('>')?, 16).ok());
    match byte.filter(|_| is_byte) {
        Some(byte) => vec![byte],
        None => text.replace(SPACE, " ").into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_joined_by_score() {
        let texts = ["\u{2581}", "a", "b", "\u{2581}a", "ab", "<0xC3>", "<0xA9>"].map(Box::from);
        let method = SentencePiece::new(&texts, &[-9.0, -9.0, -9.0, -2.0, -1.0], true);
        let mut tokens = Vec::new();
        method.encode("ab aé", &mut tokens);
        assert_eq!(tokens, [0, 4, 3, 5, 6], "a space before, the better pair, and bytes for what there is no token");
        assert_eq!(decode("<0x0A>", true), b"\n", "a byte");
        assert_eq!(decode("\u{2581}a", false), b" a", "a space");
    }
}
