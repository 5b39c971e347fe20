//! The published host beside Wardian: a process of its own, built from `rival/`, that runs the same component.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

use crate::task::{Answer, Task};

/// A work that takes longer hangs: Wardian and native wgpu take a few seconds at most.
const TIME_MAX: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// What is shown of an error; a panic's message may be a page.
const MESSAGE_CHARS_MAX: usize = 160;

pub(crate) struct Rival {
    binary: PathBuf,
    guest: PathBuf,
}

impl Rival {
    pub(crate) fn new(binary: &Path, guest: &Path) -> Result<Self> {
        let binary = binary.canonicalize().with_context(|| format!("there is no rival at {}", binary.display()))?;
        Ok(Self { binary, guest: guest.to_owned() })
    }

    /// Runs a task; gives the seconds that an iteration took in each block.
    pub(crate) fn run(&self, task: &Task) -> Result<Vec<f64>> {
        // Files, because pipes that nobody reads fill up.
        let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let mut command = Command::new(&self.binary);
        command.arg(&self.guest).args(task.arguments()).stdin(Stdio::null());
        command.stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
        let mut child = command.spawn().with_context(|| format!("{} doesn't start", self.binary.display()))?;
        let end = Instant::now() + TIME_MAX;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() > end {
                child.kill()?;
                child.wait()?;
                bail!("it hangs: no answer after {} s", TIME_MAX.as_secs());
            }
            thread::sleep(POLL_INTERVAL);
        };
        if !status.success() {
            bail!("{}", reason(&contents(&mut stderr)?));
        }
        Answer::parse(&contents(&mut stdout)?, task)
    }
}

fn contents(file: &mut File) -> Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// The line of an error output that says most: a panic's, or an error's, or the last.
fn reason(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let after_panic = lines.iter().position(|line| line.contains("panicked at")).and_then(|at| lines.get(at + 1));
    let error = lines.iter().find(|line| line.starts_with("error"));
    let line = after_panic.or(error).or(lines.last()).copied().unwrap_or("it ended without a word");
    let panicked = if after_panic.is_some() { "the host panics: " } else { "" };
    panicked.chars().chain(line.chars().take(MESSAGE_CHARS_MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_most_is_shown() {
        for (text, expected) in [
            ("", "it ended without a word"),
            (
                "thread 'main' panicked at src/a.rs:1:2:\nnot yet implemented\nnote: run",
                "the host panics: not yet implemented",
            ),
            ("warning: x\nerror: y\n  because z", "error: y"),
            ("a\nb\n", "b"),
        ] {
            assert_eq!(reason(text), expected, "of {text:?}");
        }
    }
}
