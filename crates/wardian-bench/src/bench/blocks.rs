//! Works whose blocks the guest times itself, by its own clock, as native code does by the same.

use std::time::Duration;

use wasmtime::Result;

use super::Bench;
use crate::native;
use crate::plan::{BlockPlan, Iterations, Reference};
use crate::report::{Figures, Side};
use crate::task::{Answer, Task, seconds_each};

/// Blocks that a side times in one turn, on one device.
const BLOCKS_A_TURN: u32 = 3;
/// A single block a turn will do when it takes longer than this, as GPU work does on a software adapter.
const BLOCK_TIME_LONG: Duration = Duration::from_secs(1);
/// More would say nothing new, and a host may bound what one device holds.
const ITERATIONS_MAX: u32 = 100_000;

pub(super) fn measure(bench: &Bench, plan: &BlockPlan) -> Result<Figures> {
    let task = Task { work: plan.work, iterations: 1, samples: BLOCKS_A_TURN, size: plan.size };
    let task = match plan.iterations {
        Iterations::Fixed(iterations) => Task { iterations, ..task },
        Iterations::Lasting(time) => lasting(bench, &task, time)?,
    };
    let (mut wardian, mut native, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    // What fails once isn't asked again: it may take a minute each time.
    let mut rival = bench.rival.as_ref().map(|_| Ok(Vec::new()));
    for _ in 0..bench.rounds {
        wardian.extend(Answer::parse(&bench.sandbox.run(&task)?, &task)?);
        native.extend(run_natively(bench, &task)?);
        if plan.reference == Reference::Floor {
            floor.extend(Answer::parse(&bench.floor.run(&task)?, &task)?);
        }
        if let (Some(host), Some(Ok(seconds))) = (&bench.rival, &mut rival) {
            match host.run(&task) {
                Ok(more) => seconds.extend(more),
                Err(failure) => rival = Some(Err(format!("{failure:#}"))),
            }
        }
    }
    let native_times = native.clone();
    let native = Side::of("native", native);
    let (reference, mut also) = match plan.reference {
        Reference::Native => (native, Vec::new()),
        Reference::Floor => {
            // What a call can't take less than: crossing the boundary, and the work behind it.
            let both: Vec<_> = floor.iter().zip(&native_times).map(|(floor, native)| floor + native).collect();
            let both = (!both.is_empty()).then(|| Side::of("floor and native", both));
            (Side::of("floor", floor), [native].into_iter().chain(both).collect())
        }
    };
    also.extend(rival.map(|outcome| match outcome {
        Ok(seconds) => Side::of("published host", seconds),
        Err(failure) => Side::failed("published host", failure),
    }));
    let note = Some(format!("{} a block", task.iterations));
    Ok(Figures { unit: plan.unit, wardian, reference, also, extra_seconds: None, note })
}

/// The task with as many iterations as take native wgpu that long, by trying ever more.
fn lasting(bench: &Bench, task: &Task, time: Duration) -> Result<Task> {
    let mut scout = Task { samples: 1, ..*task };
    loop {
        let took: Duration = native::run(&bench.scout, &scout)?.into_iter().sum();
        // A tenth is enough to reckon from.
        if took * 10 >= time || scout.iterations >= ITERATIONS_MAX {
            let factor = time.as_nanos() / took.as_nanos().max(1);
            let factor = u32::try_from(factor.max(1)).unwrap_or(u32::MAX);
            let iterations = scout.iterations.saturating_mul(factor).min(ITERATIONS_MAX);
            let samples = if took > BLOCK_TIME_LONG { 1 } else { task.samples };
            return Ok(Task { iterations, samples, ..*task });
        }
        scout.iterations = scout.iterations.saturating_mul(10).min(ITERATIONS_MAX);
    }
}

fn run_natively(bench: &Bench, task: &Task) -> Result<Vec<f64>> {
    // A device of its own, as the guest has: neither finds the other's memory warm.
    let gpu = native::Gpu::open(&bench.choice)?;
    Ok(native::run(&gpu, task)?.into_iter().map(|block| seconds_each(block, task)).collect())
}
