//! What a guest, or native code in its place, is asked to do.

use std::fmt::{self, Display};
use std::time::Duration;

use serde::Deserialize;
use wasmtime::Result;
use wasmtime::error::Context as _;

/// A work with its numbers; the guest's command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) work: &'static str,
    pub(crate) iterations: u32,
    pub(crate) samples: u32,
    pub(crate) size: u32,
}

impl Task {
    /// A task without samples, of works that are measured from outside.
    pub(crate) const fn outside(work: &'static str, iterations: u32, size: u32) -> Self {
        Self { work, iterations, samples: 0, size }
    }

    pub(crate) fn arguments(&self) -> [String; 4] {
        let Self { work, iterations, samples, size } = self;
        [(*work).to_owned(), iterations.to_string(), samples.to_string(), size.to_string()]
    }
}

impl Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.arguments().join(" "))
    }
}

/// What a guest prints that has timed its own blocks.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    nanoseconds: Vec<u64>,
}

impl Answer {
    /// The seconds that an iteration took in each block.
    pub(crate) fn parse(line: &str, task: &Task) -> Result<Vec<f64>> {
        let answer: Self = from_line(line)?;
        let blocks = answer.nanoseconds.into_iter().map(Duration::from_nanos);
        Ok(blocks.map(|block| seconds_each(block, task)).collect())
    }
}

/// The seconds that an iteration took.
pub(crate) fn seconds_each(block: Duration, task: &Task) -> f64 {
    block.as_secs_f64() / f64::from(task.iterations.max(1))
}

/// Reads the line of JSON that a guest or a child process has printed.
pub(crate) fn from_line<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T> {
    serde_json::from_str(line).with_context(|| format!("expected a line of JSON with the figures, got {line:?}"))
}
