//! What can go wrong in a guest, in one type, and error scopes.

use std::fmt::{self, Display};

use crate::webgpu::{
    CreatePipelineError, CreateQuerySetError, GetMappedRangeError, GpuDevice, GpuErrorFilter, GpuErrorKind,
    MapAsyncError, PopErrorScopeError, RequestDeviceError, SetBindGroupError, UnmapError, WriteBufferError,
};

/// What the helpers of this crate fail with; the interface's own errors convert into it, so that `?` works.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The host has no adapter for what was asked.
    NoAdapter {
        /// What was asked, in words.
        wanted: String,
    },
    /// A helper was used against its rules; the text says how.
    Misuse(String),
    /// One of the calls that answer with a `result` failed.
    Call {
        /// Name of the WIT error's type and kind, such as `map-async-error: abort-error`.
        kind: String,
        /// The host's explanation.
        message: String,
    },
    /// The device reported an error inside [`scoped`].
    Reported {
        /// Validation, out of memory or internal.
        kind: GpuErrorKind,
        /// The host's explanation.
        message: String,
    },
}

impl Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAdapter { wanted } => write!(
                formatter,
                "the host has no adapter for this request ({wanted}); see what it has with `wardian info`"
            ),
            Self::Misuse(text) => formatter.write_str(text),
            Self::Call { kind, message } => write!(formatter, "{kind}: {message}"),
            Self::Reported { kind, message } => {
                let kind = match kind {
                    GpuErrorKind::ValidationError => "validation error",
                    GpuErrorKind::OutOfMemoryError => "out of memory",
                    GpuErrorKind::InternalError => "internal error",
                };
                write!(formatter, "{kind}: {message}")
            }
        }
    }
}

impl std::error::Error for Error {}

macro_rules! from_call_error {
    ($($error:ident => $name:literal),* $(,)?) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Call { kind: format!("{}: {:?}", $name, error.kind), message: error.message }
            }
        }
    )*};
}

from_call_error! {
    CreatePipelineError => "create-pipeline-error",
    CreateQuerySetError => "create-query-set-error",
    GetMappedRangeError => "get-mapped-range-error",
    MapAsyncError => "map-async-error",
    PopErrorScopeError => "pop-error-scope-error",
    RequestDeviceError => "request-device-error",
    SetBindGroupError => "set-bind-group-error",
    UnmapError => "unmap-error",
    WriteBufferError => "write-buffer-error",
}

/// Runs `body` inside an error scope of the device: what it returns, or the first error of that kind that it caused.
///
/// Errors of other kinds pass on to the scopes outside, as ever.
///
/// # Errors
///
/// [`Error::Reported`] with the device's error, or [`Error::Call`] when `body` has popped one scope too many.
pub async fn scoped<T>(device: &GpuDevice, filter: GpuErrorFilter, body: impl AsyncFnOnce() -> T) -> Result<T, Error> {
    device.push_error_scope(filter);
    let value = body().await;
    match device.pop_error_scope().await? {
        None => Ok(value),
        Some(error) => Err(Error::Reported { kind: error.kind(), message: error.message() }),
    }
}
