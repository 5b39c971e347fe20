//! Interference: how long single calls take while a long job runs, beside the same calls while nothing runs.

use std::time::Duration;

use serde::Deserialize;
use wasmtime::{Result, bail};

use super::Bench;
use crate::plan::PROBES;
use crate::report::{Figures, Side, Unit};
use crate::statistics::Spread;
use crate::task::{Task, from_line};

/// What the guest does in one go: while one job runs, if it runs one itself.
const PROBES_A_ROUND: u32 = 40;
/// How long jobs run beside each round of probes; longer than a round takes on a loaded machine.
const BUSY_SECONDS_A_ROUND: u32 = 1;

/// Nanoseconds that each call took.
#[derive(Deserialize)]
struct Probed {
    create: Vec<u64>,
    destroy: Vec<u64>,
    record: Vec<u64>,
    submit: Vec<u64>,
}

/// What the guest prints that runs jobs.
#[derive(Deserialize)]
struct Busy {
    job: u64,
}

/// The figures of the probes, in their order.
pub(super) fn measure(bench: &Bench, job: &str) -> Result<[Figures; PROBES.len()]> {
    let count = PROBES_A_ROUND * bench.rounds;
    let idle = probe(bench, &Task::outside("probe", count, 0))?;
    let (during, note) = match job {
        "other" => {
            let seconds = BUSY_SECONDS_A_ROUND * bench.rounds + 1;
            let busy = bench.sandbox.start(Task::outside("busy", 0, seconds))?;
            let Busy { job } = from_line(busy.first_line.trim())?;
            let during = probe(bench, &Task::outside("probe", count, 0))?;
            busy.join()?;
            (during, format!("jobs of {} ms", Duration::from_nanos(job).as_millis()))
        }
        "own" => (probe(bench, &Task::outside("probe-own", count, 0))?, "jobs of 500 ms".to_owned()),
        other => bail!("there is no job called {other:?}"),
    };
    let pair = |of: fn(&Probed) -> &Vec<u64>| figures(of(&during), of(&idle), &note);
    Ok([
        pair(|probed| &probed.create),
        pair(|probed| &probed.destroy),
        pair(|probed| &probed.record),
        pair(|probed| &probed.submit),
    ])
}

fn probe(bench: &Bench, task: &Task) -> Result<Probed> {
    from_line(bench.sandbox.run(task)?.trim())
}

fn figures(during: &[u64], idle: &[u64], note: &str) -> Figures {
    let seconds = |nanoseconds: &[u64]| -> Vec<f64> {
        nanoseconds.iter().map(|time| Duration::from_nanos(*time).as_secs_f64()).collect()
    };
    let wardian = seconds(during);
    let p99 = Spread::of(wardian.clone()).map_or(f64::NAN, |spread| spread.p99);
    Figures {
        unit: Unit::Time,
        wardian,
        reference: Side::of("idle", seconds(idle)),
        also: Vec::new(),
        extra_seconds: None,
        note: Some(format!("{note}; 99 of 100 within {:.3} ms", p99 * 1e3)),
    }
}
