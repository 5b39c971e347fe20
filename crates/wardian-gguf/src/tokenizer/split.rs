//! How text is cut into words before pairs of bytes are joined.

use regex::Regex;

use crate::{Error, error::shortened};

/// The patterns of models. All of them cut white space (their only group) such that its last letter goes to the word
/// after it, which `Splitter` does, as the patterns' language here knows no look-ahead.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|(\s+)";
const LLAMA3: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|(\s+)";
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|(\s+)";

/// The names in files, and the patterns that cut one after the other.
const KNOWN: [(&str, &[&str]); 8] = [
    ("default", &[GPT2]),
    ("gpt-2", &[GPT2]),
    ("smollm", &[r"\p{N}", GPT2]),
    ("starcoder", &[r"\p{N}", GPT2]),
    ("llama-bpe", &[LLAMA3]),
    ("llama3", &[LLAMA3]),
    ("smaug-bpe", &[LLAMA3]),
    ("qwen2", &[QWEN2]),
];

/// Cuts text into words.
#[derive(Debug)]
pub(super) struct Splitter {
    patterns: Vec<Regex>,
}

impl Splitter {
    /// The way of a model, by its name in files.
    pub(super) fn new(name: &str) -> Result<Self, Error> {
        let supported = || KNOWN.map(|(name, _)| name).join(", ");
        let found = KNOWN.iter().find(|(known, _)| *known == name);
        let (_, patterns) = found.ok_or_else(|| Error::Unsupported {
            what: "the way to cut text into words",
            found: shortened(name),
            supported: supported(),
        })?;
        let patterns = patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect();
        Ok(Self { patterns })
    }

    pub(super) fn split<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut words = vec![text];
        for pattern in &self.patterns {
            words = words.into_iter().flat_map(|word| cut(pattern, word)).collect();
        }
        words.retain(|word| !word.is_empty());
        words
    }
}

/// The matches of a pattern, and what lies between them.
fn cut<'t>(pattern: &Regex, text: &'t str) -> Vec<&'t str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut groups = pattern.capture_locations();
    while let Some(found) = pattern.captures_read_at(&mut groups, text, start) {
        words.push(text.get(start..found.start()).unwrap_or_default());
        let is_space = groups.get(1).is_some();
        let end = if is_space { space_end(found.as_str(), found.start(), text.len()) } else { found.end() };
        words.push(text.get(found.start()..end).unwrap_or_default());
        start = end;
    }
    words.push(text.get(start..).unwrap_or_default());
    words
}

/// Where white space ends: before its last letter where a word follows.
fn space_end(space: &str, start: usize, text_end: usize) -> usize {
    let end = start + space.len();
    match space.char_indices().next_back() {
        Some((last, _)) if end < text_end && last > 0 => start + last,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_are_patterns() {
        for (name, patterns) in KNOWN {
            assert_eq!(Splitter::new(name).expect("it is known").patterns.len(), patterns.len(), "of {name}");
        }
    }

    #[test]
    fn words_have_the_space_before_them() {
        let words = |name, text| Splitter::new(name).expect("it is known").split(text).join("|");
        assert_eq!(words("gpt-2", "Hello  world's 12!\n\nI"), "Hello| | world|'s| 12|!|\n|\n|I", "GPT-2");
        assert_eq!(words("smollm", "a 12  b  "), "a| |1|2| | b|  ", "digits alone");
        assert_eq!(words("llama3", "x12345 \n\n y"), "x|123|45| \n\n| y", "three digits, and line ends together");
        assert_eq!(words("qwen2", "(a) 12"), "(a|)| |1|2", "a sign before letters");
    }

    #[test]
    fn an_unknown_way_is_named_with_those_that_are_known() {
        let error = Splitter::new("other").expect_err("unknown").to_string();
        assert!(error.contains("'other'") && error.contains("smollm"), "both: {error}");
    }
}
