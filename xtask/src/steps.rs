//! A command as a row of named steps, each with its time and a way to run it again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The steps of one command that are done.
#[derive(Debug)]
pub(crate) struct Steps {
    task: &'static str,
    started: Instant,
    done: Vec<(String, Duration)>,
}

impl Steps {
    pub(crate) fn new(task: &'static str) -> Self {
        Self { task, started: Instant::now(), done: Vec::new() }
    }

    /// Does a step. When it fails, the error says which it was and what runs just it again.
    pub(crate) fn run<T>(&mut self, name: &str, again: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n── {name}");
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        let value = result.with_context(|| {
            format!("{}: step '{name}' failed after {}; to run it again: {again}", self.task, seconds(took))
        })?;
        println!("── {name} took {}", seconds(took));
        self.done.push((name.to_owned(), took));
        Ok(value)
    }

    /// Says what was done, in one line.
    pub(crate) fn finish(self) {
        let steps: Vec<String> = self.done.iter().map(|(name, took)| format!("{name} {}", seconds(*took))).collect();
        println!(
            "\n{}: all {} steps passed in {} ({})",
            self.task,
            steps.len(),
            seconds(self.started.elapsed()),
            steps.join(", ")
        );
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_named_with_its_command() {
        let mut steps = Steps::new("xtask test");
        let failed: Result<()> = steps.run("tidy", "cargo xtask tidy", || anyhow::bail!("a file is too long"));
        let text = format!("{:?}", failed.expect_err("the step fails"));
        for part in ["step 'tidy' failed", "cargo xtask tidy", "a file is too long"] {
            assert!(text.contains(part), "'{part}' is missing in: {text}");
        }
    }
}
