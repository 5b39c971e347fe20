//! The measurements: what each runs, and beside what.

use std::time::Duration;

use crate::report::Unit;

/// Measurements of blocks: the guest times so many iterations, and the same work on native wgpu does the same.
pub(crate) const BLOCKS: &[BlockPlan] = &[
    BlockPlan::call("call-dispatch"),
    BlockPlan::call("call-set-pipeline"),
    BlockPlan::call("call-set-bind-group"),
    BlockPlan::call("call-size"),
    BlockPlan::call("call-label"),
    BlockPlan { iterations: Iterations::Fixed(20_000), ..BlockPlan::timed("record-dispatches", "record") },
    BlockPlan::transfer("upload-4k", "upload", 4 << 10),
    BlockPlan::transfer("upload-1m", "upload", 1 << 20),
    BlockPlan::transfer("upload-64m", "upload", 64 << 20),
    BlockPlan::transfer("upload-256m", "upload", 256 << 20),
    BlockPlan::transfer("readback-4k", "readback", 4 << 10),
    BlockPlan::transfer("readback-1m", "readback", 1 << 20),
    BlockPlan::transfer("readback-64m", "readback", 64 << 20),
    BlockPlan::transfer("readback-256m", "readback", 256 << 20),
    BlockPlan::timed("submit-wait", "submit-wait"),
    BlockPlan::timed("round-trip", "round-trip"),
    BlockPlan::timed("object-buffer", "object-buffer"),
    BlockPlan::timed("object-texture", "object-texture"),
    BlockPlan::timed("object-bind-group", "object-bind-group"),
    BlockPlan::timed("object-pipeline", "object-pipeline"),
    BlockPlan::timed("shader-small", "shader-small"),
    BlockPlan::timed("shader-large", "shader-large"),
    BlockPlan { iterations: Iterations::Lasting(Duration::from_millis(400)), ..BlockPlan::timed("matmul", "matmul") },
];

pub(crate) const START: [&str; 3] = ["start-source", "start-compiled", "start-warm"];
pub(crate) const MEMORY: [&str; 2] = ["memory-store", "memory-buffer"];
/// What is timed while a job runs, in the order in which the guest prints it.
pub(crate) const PROBES: [&str; 4] = ["create", "destroy", "record", "submit"];
/// Where the job runs: in another store, or on the device that is probed.
pub(crate) const JOBS: [&str; 2] = ["other", "own"];

/// The names of all measurements, in the order in which they run.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let interference = ["other-create", "other-destroy", "other-record", "other-submit"].into_iter().chain([
        "own-create",
        "own-destroy",
        "own-record",
        "own-submit",
    ]);
    BLOCKS.iter().map(|plan| plan.name).chain(START).chain(MEMORY).chain(interference)
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockPlan {
    pub(crate) name: &'static str,
    /// What the guest and `native` call it.
    pub(crate) work: &'static str,
    pub(crate) size: u32,
    pub(crate) iterations: Iterations,
    pub(crate) unit: Unit,
    pub(crate) reference: Reference,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Iterations {
    Fixed(u32),
    /// As many as take native wgpu that long.
    Lasting(Duration),
}

/// What Wardian's time is measured against.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reference {
    /// The same work on native wgpu.
    Native,
    /// The same guest on a host whose function of that name is empty.
    Floor,
}

impl BlockPlan {
    const fn call(name: &'static str) -> Self {
        Self { iterations: Iterations::Fixed(100_000), reference: Reference::Floor, ..Self::timed(name, name) }
    }

    const fn transfer(name: &'static str, work: &'static str, size: u32) -> Self {
        Self { size, unit: Unit::Transfer(size), ..Self::timed(name, work) }
    }

    const fn timed(name: &'static str, work: &'static str) -> Self {
        let iterations = Iterations::Lasting(Duration::from_millis(100));
        Self { name, work, size: 0, iterations, unit: Unit::Time, reference: Reference::Native }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_probes_are_those_of_jobs_and_calls() {
        let all: Vec<_> = names().collect();
        for name in JOBS.iter().flat_map(|job| PROBES.map(|probe| format!("{job}-{probe}"))) {
            assert!(all.contains(&name.as_str()), "expected {name} among {all:?}");
        }
    }
}
