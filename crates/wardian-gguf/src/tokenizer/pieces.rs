//! Joining pairs, in the order that was learnt.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

/// The vocabulary by its texts, and the rank of each pair that may be joined.
#[derive(Debug)]
pub(super) struct Pieces {
    tokens: HashMap<Box<str>, u32>,
    ranks: HashMap<Box<str>, u32>,
}

/// A part of a word while it is put together: where it ends, and its neighbours.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: usize,
    end: usize,
    before: Option<usize>,
    after: Option<usize>,
}

impl Pieces {
    pub(super) fn new(texts: &[Box<str>], merges: &[Box<str>]) -> Self {
        Self {
            tokens: texts.iter().cloned().zip(0..).collect(),
            // "first second": no part has a space in it, for bytes are written as visible letters.
            ranks: merges.iter().cloned().zip(0..).collect(),
        }
    }

    /// The tokens of a word. What no token has is left out.
    pub(super) fn encode(&self, word: &str, tokens: &mut Vec<u32>) {
        if let Some(token) = self.tokens.get(word) {
            tokens.push(*token);
            return;
        }
        let rank = |first: &str, second: &str| self.ranks.get(&*format!("{first} {second}")).copied();
        for text in join(word, |first, second| rank(first, second).map(Reverse)) {
            match self.tokens.get(text) {
                Some(token) => tokens.push(*token),
                None => tokens.extend(text.chars().filter_map(|letter| self.tokens.get(&*letter.to_string()))),
            }
        }
    }
}

/// Joins neighbours until no pair has a priority; of pairs with the greatest one the first is joined first.
pub(super) fn join<P: Ord + Copy>(word: &str, priority: impl Fn(&str, &str) -> Option<P>) -> Vec<&str> {
    let mut parts: Vec<Part> = word
        .char_indices()
        .enumerate()
        .map(|(index, (start, letter))| Part {
            start,
            end: start + letter.len_utf8(),
            before: index.checked_sub(1),
            after: Some(index + 1),
        })
        .collect();
    if let Some(last) = parts.last_mut() {
        last.after = None;
    }
    let text = |part: Part| word.get(part.start..part.end).unwrap_or_default();
    let pair = |parts: &[Part], first: usize| {
        let left = *parts.get(first)?;
        let right = *parts.get(left.after?)?;
        // The ends tell later whether both parts are still what they were.
        Some((priority(text(left), text(right))?, Reverse(first), left.end, right.end))
    };
    let mut waiting: BinaryHeap<_> = (0..parts.len()).filter_map(|first| pair(&parts, first)).collect();
    while let Some((_, Reverse(first), left_end, right_end)) = waiting.pop() {
        let Some(left) = parts.get(first).copied() else { continue };
        let Some((second, right)) = left.after.and_then(|second| Some((second, *parts.get(second)?))) else { continue };
        if left.start == left.end || (left.end, right.end) != (left_end, right_end) {
            continue;
        }
        if let Some(left) = parts.get_mut(first) {
            left.end = right.end;
            left.after = right.after;
        }
        if let Some(right) = parts.get_mut(second) {
            right.end = right.start;
        }
        if let Some(next) = right.after.and_then(|next| parts.get_mut(next)) {
            next.before = Some(first);
        }
        waiting.extend(pair(&parts, first));
        waiting.extend(left.before.and_then(|before| pair(&parts, before)));
    }
    parts.into_iter().filter(|part| part.start != part.end).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Pieces {
        let texts = ["a", "b", "c", "ab", "bc", "abc", "aa"].map(Box::from);
        Pieces::new(&texts, &["b c", "a b", "a bc", "a a"].map(Box::from))
    }

    fn encode(word: &str) -> Vec<u32> {
        let mut tokens = Vec::new();
        pieces().encode(word, &mut tokens);
        tokens
    }

    #[test]
    fn pairs_are_joined_by_rank() {
        assert_eq!(encode("abcb"), [5, 1], "b c comes before a b");
        assert_eq!(encode("abab"), [3, 3], "from left to right");
        assert_eq!(encode("aaa"), [6, 0], "the first of equals");
        assert_eq!(encode("a?b"), [0, 1], "what no token has is left out");
    }

    #[test]
    fn a_long_word_takes_no_square_of_its_length() {
        let word = "ab".repeat(500_000);
        let started = std::time::Instant::now();
        assert_eq!(encode(&word).len(), 500_000, "pairs");
        assert!(started.elapsed().as_secs() < 60, "a square would take days");
    }
}
