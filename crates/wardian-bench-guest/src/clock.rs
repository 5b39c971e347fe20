//! Timing blocks of iterations.

use std::time::{Duration, Instant};

use crate::{Outcome, Task};

/// The blocks of a work and their times.
pub(crate) struct Blocks {
    iterations: u32,
    samples: u32,
    times: Vec<Duration>,
}

impl Blocks {
    pub(crate) fn new(task: &Task) -> Self {
        Self { iterations: task.iterations, samples: task.samples, times: Vec::new() }
    }

    /// Runs a block to warm up, and then one a sample. What counts is the time in which the stopwatch runs.
    pub(crate) async fn run(&mut self, mut block: impl AsyncFnMut(u32, &mut Stopwatch) -> Outcome) -> Outcome {
        block(self.iterations, &mut Stopwatch::default()).await?;
        for _ in 0..self.samples {
            let mut watch = Stopwatch::default();
            block(self.iterations, &mut watch).await?;
            self.times.push(watch.total);
        }
        Ok(())
    }

    pub(crate) fn nanoseconds(&self) -> Vec<u128> {
        self.times.iter().map(Duration::as_nanos).collect()
    }
}

/// Adds up the time between its starts and stops.
#[derive(Default)]
pub(crate) struct Stopwatch {
    started: Option<Instant>,
    total: Duration,
}

impl Stopwatch {
    pub(crate) fn start(&mut self) {
        self.started = Some(Instant::now());
    }

    pub(crate) fn stop(&mut self) {
        if let Some(started) = self.started.take() {
            self.total += started.elapsed();
        }
    }
}
