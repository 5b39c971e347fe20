//! Why something can't be served.

use serde::{Deserialize, Serialize};

/// Why a supervisor or a worker could not start, in the words of the executable that they belong to.
#[derive(Clone, Debug, Deserialize, Serialize, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// The exit code that goes with it.
    pub code: u8,
    /// What went wrong.
    pub what: String,
    /// What to do about it, a line each.
    pub advice: Vec<String>,
}

impl Failure {
    /// A failure without advice.
    #[must_use]
    pub fn new(code: u8, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), advice: Vec::new() }
    }

    /// As logs may have it, where a worker says it: part of the text is from a component.
    #[cfg(unix)]
    pub(crate) fn shown(self) -> Self {
        let Self { code, what, advice } = self;
        Self { code, what: shown(&what), advice: advice.iter().map(|advice| shown(advice)).collect() }
    }

    /// All of it in one line, for logs.
    #[cfg(unix)]
    pub(crate) fn line(&self) -> String {
        let lines = self.what.lines().map(str::trim);
        let all = lines.chain(self.advice.iter().map(String::as_str));
        all.collect::<Vec<_>>().join("; ").replace(":; ", ": ")
    }

    /// Adds a line that says what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }
}

/// How much of a text that a worker made is shown.
#[cfg(unix)]
const CHARACTERS_MAX: usize = 4000;

/// A worker's text without what could steer a terminal, cut where it is long.
#[cfg(unix)]
pub(crate) fn shown(text: &str) -> String {
    let safe = |character: char| if character.is_control() && character != '\n' { '\u{fffd}' } else { character };
    text.chars().take(CHARACTERS_MAX).map(safe).collect()
}
