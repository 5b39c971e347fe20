//! Which functions of the interface are called, against which there are.

use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use wit_parser::Resolve;

/// Functions that no guest can call, because nothing hands out their object; each with the reason.
pub const UNREACHABLE: &[(&str, &str)] = &[
    ("[method]gpu-canvas-context.configure", "nothing hands out a canvas context"),
    ("[method]gpu-canvas-context.unconfigure", "nothing hands out a canvas context"),
    ("[method]gpu-canvas-context.get-configuration", "nothing hands out a canvas context"),
    ("[method]gpu-canvas-context.get-current-texture", "nothing hands out a canvas context"),
    ("[method]gpu-uncaptured-error-event.error", "nothing hands out an uncaptured error event"),
];

/// The name that `bindgen!` gives the span of each call of a guest.
const SPAN: &str = "wit-bindgen import";
/// The interface whose calls are collected.
const INTERFACE: &str = "webgpu";

/// All functions of `wasi:webgpu`, by their WIT names.
///
/// # Errors
///
/// When the folder holds no such package.
pub fn functions(wit: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit)?;
    let package = resolve.packages.get(package).context("the package has just been read")?;
    let interface = package.interfaces.get(INTERFACE).context("expected an interface named webgpu")?;
    let interface = resolve.interfaces.get(*interface).context("the interface belongs to the package")?;
    Ok(interface.functions.keys().cloned().collect())
}

/// Collects the names of the functions that a guest calls on this thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallCollector {
    calls: Arc<Mutex<BTreeSet<String>>>,
}

impl CallCollector {
    /// Runs something and collects what it calls.
    pub(crate) fn collect<T>(&self, body: impl FnOnce() -> T) -> T {
        let subscriber = tracing_subscriber::registry().with(self.clone());
        tracing::subscriber::with_default(subscriber, body)
    }

    pub(crate) fn into_calls(self) -> BTreeSet<String> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: Subscriber> Layer<S> for CallCollector {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        // Events carry each call's arguments, which would cost much and are of no use here.
        metadata.is_span() && metadata.name() == SPAN
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut call = Call::default();
        attributes.record(&mut call);
        if call.module == INTERFACE {
            self.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(call.function);
        }
    }
}

/// The fields of a call's span.
#[derive(Default)]
struct Call {
    module: String,
    function: String,
}

impl Visit for Call {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "module" => value.clone_into(&mut self.module),
            "function" => value.clone_into(&mut self.function),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &fmt::format(format_args!("{value:?}")));
    }
}
