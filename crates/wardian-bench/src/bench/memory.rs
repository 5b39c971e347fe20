//! Memory: what one more store, or one more buffer, adds to the process.

use wasmtime::{Result, bail};

use super::Bench;
use crate::child::{self, Child, Resident};
use crate::report::{Figures, Side, Unit};

/// Stores beside the first, which pays for drivers and code.
const STORES: u32 = 8;
const BUFFERS: u32 = 10_000;

pub(super) fn measure(bench: &Bench, name: &str) -> Result<Figures> {
    let each: fn(&Bench, bool) -> Result<f64> = match name {
        "memory-store" => store,
        "memory-buffer" => buffer,
        other => bail!("there is no memory called {other:?}"),
    };
    let (mut wardian, mut native) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        wardian.push(each(bench, true)?);
        native.push(each(bench, false)?);
    }
    Ok(Figures {
        unit: Unit::Bytes,
        wardian,
        reference: Side::of("native", native),
        also: Vec::new(),
        extra_seconds: None,
        note: Some("resident memory of the process".to_owned()),
    })
}

/// What each of some more devices takes, with the store and the guest around it.
fn store(bench: &Bench, is_sandboxed: bool) -> Result<f64> {
    let Resident { first, all } = resident(bench, is_sandboxed, STORES, 0)?;
    Ok((all - first) / f64::from(STORES))
}

fn buffer(bench: &Bench, is_sandboxed: bool) -> Result<f64> {
    let without = resident(bench, is_sandboxed, 0, 0)?;
    let with = resident(bench, is_sandboxed, 0, BUFFERS)?;
    Ok((with.first - without.first) / f64::from(BUFFERS))
}

fn resident(bench: &Bench, is_sandboxed: bool, more: u32, buffers: u32) -> Result<Resident> {
    let child = if is_sandboxed { Child::Idle { more, buffers } } else { Child::IdleNative { more, buffers } };
    child::run(&child, &bench.choice)
}
