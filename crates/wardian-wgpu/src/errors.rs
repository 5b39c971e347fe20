//! What goes wrong on a device: the host's errors and this crate's own, in scopes or to the handler of the rest.
//!
//! Error scopes are the host's. This crate keeps a list beside them, with the errors that it finds itself: what `wgpu`
//! can say and WebGPU cannot. The errors that no scope caught come as a stream, which is read where a program has
//! reason to expect them: see [`ErrorSink::read_uncaptured`].

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::pin::pin;
use std::sync::{Arc, Mutex};

use wardian_guest::webgpu::{GpuError, GpuErrorKind};
use wardian_guest::wit_bindgen::rt::async_support::{StreamReader, StreamResult};

use crate::wait::{glance, locked};

/// Errors that one read of the stream takes at most.
const READ_MAX: usize = 16;

/// What the host said, as the source of a `wgpu::Error`.
#[derive(Debug)]
struct HostError(String);

impl Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for HostError {}

/// A validation error of this crate's.
pub(crate) fn validation(message: impl Into<String>) -> wgpu::Error {
    let message = message.into();
    wgpu::Error::Validation { source: Box::new(HostError(message.clone())), description: message }
}

/// An error of the host in `wgpu`'s terms.
pub(crate) fn of_host(error: &GpuError) -> wgpu::Error {
    let message = error.message();
    let source = Box::new(HostError(message.clone()));
    match error.kind() {
        GpuErrorKind::ValidationError => wgpu::Error::Validation { source, description: message },
        GpuErrorKind::OutOfMemoryError => wgpu::Error::OutOfMemory { source },
        GpuErrorKind::InternalError => wgpu::Error::Internal { source, description: message },
    }
}

const fn filter_of(error: &wgpu::Error) -> wgpu::ErrorFilter {
    match error {
        wgpu::Error::Validation { .. } => wgpu::ErrorFilter::Validation,
        wgpu::Error::OutOfMemory { .. } => wgpu::ErrorFilter::OutOfMemory,
        wgpu::Error::Internal { .. } => wgpu::ErrorFilter::Internal,
    }
}

/// Where a device's errors go.
pub(crate) struct ErrorSink {
    // Guards the scopes that are open, innermost last; held for no call.
    scopes: Mutex<Vec<Scope>>,
    // Guards who is told of the errors that no scope caught; held for no call.
    handler: Mutex<Option<Arc<dyn wgpu::UncapturedErrorHandler>>>,
    // Guards the host's stream of such errors, and is held while it is read; none once it has ended.
    stream: Mutex<Option<StreamReader<GpuError>>>,
}

struct Scope {
    filter: wgpu::ErrorFilter,
    first: Option<wgpu::Error>,
}

impl Debug for ErrorSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ErrorSink").field("scopes", &locked(&self.scopes).len()).finish_non_exhaustive()
    }
}

impl ErrorSink {
    pub(crate) fn new(stream: StreamReader<GpuError>) -> Self {
        Self { scopes: Mutex::default(), handler: Mutex::default(), stream: Mutex::new(Some(stream)) }
    }

    pub(crate) fn set_handler(&self, handler: Arc<dyn wgpu::UncapturedErrorHandler>) {
        *locked(&self.handler) = Some(handler);
    }

    /// Gives an error of this crate's to the innermost scope that fits, else to the handler.
    pub(crate) fn report(&self, error: wgpu::Error) {
        let mut scopes = locked(&self.scopes);
        match scopes.iter_mut().rev().find(|scope| scope.filter == filter_of(&error)) {
            Some(scope) => {
                scope.first.get_or_insert(error);
            }
            None => {
                drop(scopes);
                self.hand_over(error);
            }
        }
    }

    /// Opens a scope; gives its place among the open ones.
    pub(crate) fn push(&self, filter: wgpu::ErrorFilter) -> u32 {
        let mut scopes = locked(&self.scopes);
        scopes.push(Scope { filter, first: None });
        u32::try_from(scopes.len() - 1).unwrap_or(u32::MAX)
    }

    /// Closes the scope at this place, and gives what this crate found in it.
    #[expect(clippy::panic, reason = "as wgpu does it everywhere: scopes that cross each other are a program's fault")]
    pub(crate) fn pop(&self, place: u32) -> Option<wgpu::Error> {
        let mut scopes = locked(&self.scopes);
        let innermost = scopes.len().checked_sub(1).and_then(|last| u32::try_from(last).ok());
        if innermost != Some(place) {
            let open = scopes.len();
            drop(scopes);
            panic!(
                "an error scope must be popped before those that were pushed earlier: this is scope {place}, and \
                 {open} are open"
            );
        }
        scopes.pop().and_then(|scope| scope.first)
    }

    /// Hands the errors that no scope caught so far to the handler.
    ///
    /// The host knows of an error as soon as the call that caused it is over. So this is called after the calls that
    /// fail most, and before those that wait.
    pub(crate) fn read_uncaptured(&self) {
        loop {
            let errors = self.read_once();
            if errors.is_empty() {
                return;
            }
            for error in errors {
                self.hand_over(of_host(&error));
            }
        }
    }

    fn read_once(&self) -> Vec<GpuError> {
        let mut stream = locked(&self.stream);
        let Some(reader) = stream.as_mut() else { return Vec::new() };
        let (result, errors) = {
            let mut read = pin!(reader.read(Vec::with_capacity(READ_MAX)));
            match glance(read.as_mut()) {
                Some(outcome) => outcome,
                None => read.cancel(),
            }
        };
        if result == StreamResult::Dropped {
            *stream = None;
        }
        errors
    }

    /// As native `wgpu` does: without a handler, an error ends the program.
    #[expect(clippy::panic, reason = "wgpu's documented answer to an error that nobody handles")]
    fn hand_over(&self, error: wgpu::Error) {
        let handler = locked(&self.handler).clone();
        match handler {
            Some(handler) => handler(error),
            None => panic!(
                "wgpu error that no error scope and no handler caught: {error}\n\
                 (`Device::push_error_scope` and `Device::on_uncaptured_error` catch errors)"
            ),
        }
    }
}
