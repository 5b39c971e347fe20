//! Processes that run cases, and what becomes of them.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::results::{Adapter, Outcome, Results, Status};
use crate::process;

/// A start takes the driver's time as well; on a busy machine that is long.
const START_TIME_MAX: Duration = Duration::from_secs(120);
/// How often progress is told.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);
/// A worker is replaced after so many cases: what the suite keeps alive would only grow.
const CASES_MAX: usize = 250;

/// The suite makes objects for each case, and JavaScript drops them when it likes: the defaults, which are for one
/// program, would be exceeded now and then.
const QUOTAS: [&str; 6] = [
    "devices=65536",
    "command-encoders=1048576",
    "shader-modules=1048576",
    "pipelines=1048576",
    "shader-bytes=2GiB",
    "host-memory=16GiB",
];

/// How a worker is started.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) node: PathBuf,
    /// The folder with the scripts.
    pub(crate) scripts: PathBuf,
    pub(crate) suite: PathBuf,
    /// `wardian`.
    pub(crate) program: PathBuf,
    /// The bridge, compiled ahead of time.
    pub(crate) bridge: PathBuf,
    pub(crate) environment: Vec<(OsString, Option<OsString>)>,
    pub(crate) time_limit: Duration,
}

impl Worker {
    /// The cases of queries, a line each.
    pub(crate) fn list(&self, queries: &[String]) -> Result<String> {
        let mut command = Command::new(&self.node);
        command.arg(self.scripts.join("list.js")).arg(&self.suite).args(queries);
        process::read(&mut command).context("the suite cannot be listed")
    }

    /// What the cases run on.
    pub(crate) fn adapter(&self) -> Result<Adapter> {
        let mut running = self.start()?;
        running.ask("adapter")?;
        let line = match running.lines.recv_timeout(START_TIME_MAX) {
            Ok(line) => line,
            Err(error) => {
                bail!("the guest gives no adapter: {error}; `cargo xtask exec cargo run -p wardian info` may tell why")
            }
        };
        running.end();
        Adapter::parse(&line)
    }

    fn start(&self) -> Result<Running> {
        let mut command = Command::new(&self.node);
        command.arg(self.scripts.join("worker.js")).arg(&self.suite).arg(&self.program);
        command.args(["run", "--allow-precompiled"]);
        for quota in QUOTAS {
            command.args(["--quota", quota]);
        }
        command.arg(&self.bridge);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        // The worker's guest shares its group, so that both can be ended at once.
        process::own_group(&mut command);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start Node")?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("Node has no pipes");
        };
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Running { child, input: Some(input), lines, cases: 0 })
    }
}

/// A worker at work.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    cases: usize,
}

impl Running {
    fn ask(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the worker was told to end")?;
        writeln!(input, "{line}").and_then(|()| input.flush()).context("the worker has ended by itself")
    }

    /// Runs a case; afterwards the worker may be of no use any more.
    fn run(&mut self, case: &str, time_limit: Duration) -> Result<(Outcome, Health)> {
        self.ask(case)?;
        let started = Instant::now();
        // The first case waits for the driver.
        let limit = if self.cases == 0 { START_TIME_MAX.max(time_limit) } else { time_limit };
        self.cases += 1;
        let ended = |status, log: String| {
            let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            Outcome { case: case.to_owned(), status, milliseconds, log }
        };
        Ok(match self.lines.recv_timeout(limit) {
            Ok(line) => {
                let outcome = Outcome::parse(&line)?;
                let health = if outcome.status == Status::Crash { Health::Gone } else { Health::Good };
                (outcome, health)
            }
            Err(RecvTimeoutError::Timeout) => {
                (ended(Status::Timeout, format!("no result after {} s", limit.as_secs())), Health::Gone)
            }
            Err(RecvTimeoutError::Disconnected) => {
                (ended(Status::Crash, "the worker has ended without a result".to_owned()), Health::Gone)
            }
        })
    }

    /// Ends the worker and its guest, whatever they do.
    fn end(&mut self) {
        drop(self.input.take());
        process::kill_group(&mut self.child);
        // It has ended now; there is nothing to learn from how.
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

enum Health {
    Good,
    Gone,
}

/// Runs the cases on so many workers.
pub(crate) fn run(worker: &Worker, jobs: usize, cases: Vec<String>, results: &mut Results) -> Result<()> {
    let total = cases.len();
    let queue = Mutex::new(VecDeque::from(cases));
    let (sender, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(total) {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                if let Err(error) = work(worker, queue, &sender) {
                    // The receiver is there as long as the scope is.
                    let _ = sender.send(Err(error));
                }
            });
        }
        drop(sender);
        let mut progress = Progress::new(total);
        for outcome in outcomes {
            let outcome = outcome.and_then(|outcome| {
                progress.count(&outcome);
                results.add(outcome)
            });
            if let Err(error) = outcome {
                // The others stop after their cases.
                if let Ok(mut queue) = queue.lock() {
                    queue.clear();
                }
                return Err(error);
            }
        }
        Ok(())
    })
}

fn work(worker: &Worker, queue: &Mutex<VecDeque<String>>, sender: &Sender<Result<Outcome>>) -> Result<()> {
    let mut running: Option<Running> = None;
    loop {
        let case = queue.lock().ok().and_then(|mut queue| queue.pop_front());
        let Some(case) = case else { return Ok(()) };
        let mut current = match running.take().filter(|running| running.cases < CASES_MAX) {
            Some(current) => current,
            None => worker.start()?,
        };
        let (outcome, health) = match current.run(&case, worker.time_limit) {
            Ok(result) => result,
            // A guest that dies between two cases is noticed at the second, which is not to blame.
            Err(_) => {
                current = worker.start()?;
                current.run(&case, worker.time_limit)?
            }
        };
        if matches!(health, Health::Good) {
            running = Some(current);
        }
        if sender.send(Ok(outcome)).is_err() {
            return Ok(());
        }
    }
}

/// Tells how far it is.
struct Progress {
    total: usize,
    done: usize,
    failed: usize,
    told: Instant,
}

impl Progress {
    fn new(total: usize) -> Self {
        Self { total, done: 0, failed: 0, told: Instant::now() }
    }

    fn count(&mut self, outcome: &Outcome) {
        self.done += 1;
        self.failed += usize::from(outcome.status.is_failure());
        if matches!(outcome.status, Status::Crash | Status::Timeout) {
            println!("cts: {}: {}", outcome.status.name(), outcome.case);
        }
        if self.told.elapsed() >= PROGRESS_INTERVAL || self.done == self.total {
            println!("cts: {} of {} cases, {} failed", self.done, self.total, self.failed);
            self.told = Instant::now();
        }
    }
}
