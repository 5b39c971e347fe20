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

    /// Adds a line that says what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }
}
