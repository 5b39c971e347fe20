//! Start-up: from the start of a process, or from a new store, to a component's device.

use wasmtime::{Result, bail};

use super::Bench;
use crate::child::{self, Child, Opening, StartTimes};
use crate::report::{Figures, Side, Unit};
use crate::statistics::Spread;

pub(super) fn measure(bench: &Bench, name: &str) -> Result<Figures> {
    let image;
    let (sandboxed, native) = match name {
        "start-source" => (Child::StartSource, Child::OpenNative),
        "start-compiled" => {
            image = child::Image::compile(&bench.guest)?;
            (Child::StartCompiled { image: image.path() }, Child::OpenNative)
        }
        "start-warm" => (Child::StartWarm, Child::OpenNativeWarm),
        other => bail!("there is no way to start called {other:?}"),
    };
    let (mut starts, mut opens) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        starts.extend(child::run::<Vec<StartTimes>>(&sandboxed, &bench.choice)?);
        opens.extend(child::run::<Vec<Opening>>(&native, &bench.choice)?);
    }
    let median = |of: fn(&StartTimes) -> f64| middle(starts.iter().map(of).collect());
    let (before, opening) = (median(StartTimes::before_guest), median(|times| times.opening.seconds()));
    let native: Vec<_> = opens.iter().map(Opening::seconds).collect();
    let native_median = middle(native.clone());
    let parts = [
        ("engine", median(|times| child::seconds(times.engine))),
        ("component", median(|times| child::seconds(times.component))),
        ("linking", median(|times| child::seconds(times.link))),
        ("instance", median(|times| child::seconds(times.instantiate))),
        ("entering", median(|times| child::seconds(times.enter))),
        ("then the guest's device", opening),
    ];
    let parts = parts.map(|(part, seconds)| format!("{part} {:.2}", seconds * 1e3)).join(", ");
    Ok(Figures {
        unit: Unit::Time,
        wardian: starts.iter().map(|times| times.before_guest() + times.opening.seconds()).collect(),
        reference: Side::of("native", native),
        also: Vec::new(),
        // Of the parts' medians: opening a device varies by more than all the rest takes.
        extra_seconds: Some(before + opening - native_median),
        note: Some(format!("in ms: {parts}; before the guest runs {:.2}", before * 1e3)),
    })
}

fn middle(samples: Vec<f64>) -> f64 {
    Spread::of(samples).map_or(f64::NAN, |spread| spread.median)
}
