//! What went wrong on a device: error scopes, uncaptured errors, and the texts of errors.
//!
//! <https://www.w3.org/TR/webgpu/#error-scopes>

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::mpsc::{self, error::TrySendError};
use wardian_shader::cut;
pub(crate) use wardian_shader::{bounded, message_of};
use wgpu_types::error::{ErrorType, WebGpuError};

/// Scopes that catch errors. Those opened beyond are counted, so that pops stay paired, and catch nothing.
const SCOPES_MAX: usize = 1 << 17;
/// Scopes whose errors keep their whole messages. Those in deeper ones are cut to [`DEEP_MESSAGE_BYTES_MAX`], so that all
/// scopes together hold no more than twice what these do.
const WHOLE_SCOPES: usize = 4096;
/// A message in a scope that lies deep.
const DEEP_MESSAGE_BYTES_MAX: usize = 2048;
/// Errors that wait to be read from one stream, or for a first stream to be made. What comes then is dropped and counted.
const UNCAPTURED_MAX: usize = 256;
/// Streams of one device.
const STREAMS_MAX: usize = 256;
/// Uncaptured errors of one device that each have a line in the log. Of the later ones only a few have, so that a guest
/// can't fill it.
const LOGGED_MAX: u64 = 16;
/// Letters of an error's message in the log.
const LOGGED_LETTERS_MAX: usize = 1000;

/// The three kinds of errors that a scope can catch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ErrorKind {
    Validation,
    OutOfMemory,
    Internal,
}

/// An error that a component can read.
#[derive(Clone, Debug)]
pub(crate) struct GpuError {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl GpuError {
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Validation, message: message.into() }
    }

    /// What `wgpu-core` reports, in WebGPU's terms; none for the loss of the device, which is never an error.
    pub(crate) fn of_core(error: &impl WebGpuError) -> Option<Self> {
        let kind = match error.webgpu_error_type() {
            ErrorType::Validation => ErrorKind::Validation,
            ErrorType::OutOfMemory => ErrorKind::OutOfMemory,
            ErrorType::Internal => ErrorKind::Internal,
            ErrorType::DeviceLost => return None,
        };
        Some(Self { kind, message: message_of(error) })
    }
}

/// A message that names the object that it is about, if that has a label.
pub(crate) fn named(label: &str, message: String) -> String {
    if label.is_empty() { message } else { bounded(format!("{}: {message}", bounded(label.to_owned()))) }
}

/// Where a device's errors go.
#[derive(Debug, Default)]
pub(crate) struct ErrorSink {
    // Guards the order of errors, scopes and streams; held for no call into anything else.
    state: Mutex<State>,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    scopes: Vec<Scope>,
    /// Scopes opened beyond [`SCOPES_MAX`].
    uncounted_scopes: u64,
    /// Errors that nobody has read because there has been no stream yet.
    backlog: Vec<GpuError>,
    streams: Vec<mpsc::Sender<GpuError>>,
    /// Errors that no scope caught.
    uncaptured: u64,
    /// Set by the loss of the device, after which nothing is an error any more.
    silent: bool,
}

impl State {
    fn log(&mut self, error: &GpuError) {
        self.uncaptured += 1;
        if self.uncaptured <= LOGGED_MAX || self.uncaptured.is_power_of_two() {
            let message: String = error.message.chars().take(LOGGED_LETTERS_MAX).collect();
            tracing::warn!(kind = ?error.kind, count = self.uncaptured, "uncaptured error of a GPU device: {message}");
        }
    }
}

#[derive(Debug)]
struct Scope {
    filter: ErrorKind,
    first: Option<GpuError>,
}

impl ErrorSink {
    /// Gives an error to the innermost scope that fits, else to the streams.
    pub(crate) fn report(&self, error: GpuError) {
        let mut state = self.state.lock();
        if state.silent {
            return;
        }
        let mut scopes = state.scopes.iter_mut().enumerate().rev();
        if let Some((depth, scope)) = scopes.find(|(_, scope)| scope.filter == error.kind) {
            scope.first.get_or_insert_with(|| match depth {
                0..WHOLE_SCOPES => error,
                _ => GpuError { message: cut(error.message, DEEP_MESSAGE_BYTES_MAX), ..error },
            });
            return;
        }
        state.log(&error);
        state.streams.retain(|stream| !stream.is_closed());
        if state.streams.is_empty() {
            if state.backlog.len() < UNCAPTURED_MAX {
                state.backlog.push(error);
            } else {
                self.count_dropped();
            }
            return;
        }
        for stream in &state.streams {
            if let Err(TrySendError::Full(_)) = stream.try_send(error.clone()) {
                self.count_dropped();
            }
        }
    }

    fn count_dropped(&self) {
        let before = self.dropped.fetch_add(1, Ordering::Relaxed);
        // Each power of two has its line: the log says how bad it is, and can't be flooded.
        if (before + 1).is_power_of_two() {
            tracing::warn!(dropped = before + 1, "uncaptured errors were dropped: the component reads too slowly");
        }
    }

    /// How many uncaptured errors no stream had room for.
    #[cfg(test)]
    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn push_scope(&self, filter: ErrorKind) {
        let mut state = self.state.lock();
        if state.scopes.len() < SCOPES_MAX {
            state.scopes.push(Scope { filter, first: None });
        } else {
            state.uncounted_scopes += 1;
        }
    }

    /// Closes the innermost scope and gives what it caught.
    ///
    /// # Errors
    ///
    /// When no scope is open.
    pub(crate) fn pop_scope(&self) -> Result<Option<GpuError>, NoScope> {
        let mut state = self.state.lock();
        if state.silent {
            return Ok(None);
        }
        if state.uncounted_scopes > 0 {
            state.uncounted_scopes -= 1;
            return Ok(None);
        }
        state.scopes.pop().map(|scope| scope.first).ok_or(NoScope)
    }

    /// A new stream of uncaptured errors. The first one also gets those that happened before it.
    pub(crate) fn stream(&self) -> mpsc::Receiver<GpuError> {
        let (sender, receiver) = mpsc::channel(UNCAPTURED_MAX);
        let mut state = self.state.lock();
        state.streams.retain(|stream| !stream.is_closed());
        if state.silent || state.streams.len() >= STREAMS_MAX {
            // The sender is dropped here: the stream ends at once.
            return receiver;
        }
        for error in state.backlog.drain(..) {
            // The backlog is no longer than the stream's queue.
            drop(sender.try_send(error));
        }
        state.streams.push(sender);
        receiver
    }

    /// The device is lost: no error is reported from here on, and the streams end.
    pub(crate) fn silence(&self) {
        let mut state = self.state.lock();
        *state = State { silent: true, ..State::default() };
    }
}

/// A scope was to be closed, and none is open.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no error scope is open: each pop-error-scope needs a push-error-scope before it")]
pub(crate) struct NoScope;

#[cfg(test)]
mod tests {
    use super::*;
    use wardian_shader::MESSAGE_BYTES_MAX;

    fn error(message: &str) -> GpuError {
        GpuError::validation(message)
    }

    #[test]
    fn the_innermost_fitting_scope_keeps_its_first_error() {
        let sink = ErrorSink::default();
        for filter in [ErrorKind::Validation, ErrorKind::Validation, ErrorKind::Internal] {
            sink.push_scope(filter);
        }
        sink.report(error("one"));
        sink.report(error("two"));
        let mut messages = (0..3).map(|_| sink.pop_scope().expect("a scope").map(|error| error.message));
        assert_eq!(messages.next(), Some(None), "a scope of another kind");
        assert_eq!(messages.next(), Some(Some("one".to_owned())), "the inner scope");
        assert_eq!(messages.next(), Some(None), "the outer scope");
        assert!(sink.pop_scope().is_err(), "no scope is left");
    }

    #[test]
    fn what_nobody_reads_is_bounded_and_counted() {
        let sink = ErrorSink::default();
        for _ in 0..UNCAPTURED_MAX + 10 {
            sink.report(error("early"));
        }
        assert_eq!(sink.dropped(), 10, "dropped before a stream was made");
        let mut stream = sink.stream();
        sink.report(error("the queue is full"));
        assert_eq!(sink.dropped(), 11, "dropped by the full stream");
        assert_eq!(stream.try_recv().expect("the backlog").message, "early", "the backlog comes first");
        sink.report(error("late"));
        assert_eq!(sink.dropped(), 11, "there is room again");
    }

    #[test]
    fn after_the_loss_nothing_is_an_error() {
        let sink = ErrorSink::default();
        let mut stream = sink.stream();
        sink.push_scope(ErrorKind::Validation);
        sink.report(error("before"));
        sink.silence();
        sink.report(error("after"));
        assert!(sink.pop_scope().expect("a pop on a lost device is none").is_none(), "scopes are gone");
        assert!(stream.try_recv().is_err(), "the stream has ended");
    }

    #[test]
    fn scopes_beyond_the_maximum_stay_paired() {
        let sink = ErrorSink::default();
        for _ in 0..SCOPES_MAX + 5 {
            sink.push_scope(ErrorKind::Validation);
        }
        for scope in 0..SCOPES_MAX + 5 {
            assert!(sink.pop_scope().is_ok(), "scope {scope} is there");
        }
        assert!(sink.pop_scope().is_err(), "one pop too many");
    }

    #[test]
    fn messages_in_deep_scopes_are_short() {
        let sink = ErrorSink::default();
        for _ in 0..=WHOLE_SCOPES {
            sink.push_scope(ErrorKind::Validation);
        }
        let long = "x".repeat(MESSAGE_BYTES_MAX);
        for length_max in [DEEP_MESSAGE_BYTES_MAX + 20, MESSAGE_BYTES_MAX] {
            sink.report(GpuError::validation(long.clone()));
            let caught = sink.pop_scope().expect("a scope is there").expect("it has caught the error");
            let length = caught.message.len();
            assert!(length <= length_max && length > length_max / 2, "{length} bytes, where {length_max} are right");
        }
    }
}
