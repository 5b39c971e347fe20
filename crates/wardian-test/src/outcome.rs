//! How a program ended.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

/// What a program printed, which functions it called, and how it ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// The functions of `wasi:webgpu` that it called, by their WIT names, such as `[method]gpu-buffer.unmap`.
    pub calls: BTreeSet<String>,
}

/// The three ways in which a program can end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum End {
    /// All that it checks holds, or the adapter lacks what it needs, which its output then says.
    Well,
    /// Something does not hold; standard error says what.
    Failed,
    /// It trapped, which no program of ours ever should; the text says why.
    Trapped(String),
    /// It was stopped because it took too long.
    TimedOut,
}

impl Outcome {
    /// The reason for which a program did nothing, if it said so.
    #[must_use]
    pub fn skipped(&self) -> Option<&str> {
        self.stdout.lines().find_map(|line| line.strip_prefix("skipped: "))
    }

    /// Everything that a failing test should show.
    ///
    /// # Errors
    ///
    /// When the program did not end well.
    pub fn check(&self) -> Result<(), String> {
        if self.end == End::Well { Ok(()) } else { Err(self.to_string()) }
    }
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            End::Well => writeln!(formatter, "the program ended well")?,
            End::Failed => writeln!(formatter, "the program failed")?,
            End::Trapped(why) => writeln!(formatter, "the program trapped: {why}")?,
            End::TimedOut => writeln!(formatter, "the program took too long")?,
        }
        for (name, text) in [("standard output", &self.stdout), ("standard error", &self.stderr)] {
            if !text.is_empty() {
                writeln!(formatter, "--- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}
