//! What can go wrong, in one type.

use thiserror::Error;
use wardian_guest::webgpu::{CreateQuerySetError, GpuErrorKind, SetBindGroupError};

use crate::arguments::{ArgumentError, Size};
use crate::picture::WriteError;

/// Why there is no picture; each text says what to do.
#[derive(Debug, Error)]
pub(crate) enum SceneError {
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(
        "a picture of {}x{} is too large for this adapter, which draws at most {side_max} pixels a side; \
         give a smaller --size",
        size.width, size.height
    )]
    SideTooLong { size: Size, side_max: u32 },
    #[error("there is not enough memory on the GPU ({message}); give a smaller --size, or --samples 1")]
    GpuMemory { message: String },
    #[error(
        "a picture of {}x{} does not fit into this program's memory; give a smaller --size",
        size.width, size.height
    )]
    GuestMemory { size: Size },
    #[error("the GPU cannot do this: {0}")]
    Gpu(wardian_guest::Error),
}

impl From<wardian_guest::Error> for SceneError {
    fn from(error: wardian_guest::Error) -> Self {
        if let wardian_guest::Error::Reported { kind: GpuErrorKind::OutOfMemoryError, message } = error {
            return Self::GpuMemory { message };
        }
        Self::Gpu(error)
    }
}

impl From<SetBindGroupError> for SceneError {
    fn from(error: SetBindGroupError) -> Self {
        wardian_guest::Error::from(error).into()
    }
}

impl From<CreateQuerySetError> for SceneError {
    fn from(error: CreateQuerySetError) -> Self {
        wardian_guest::Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_apart_from_other_faults() {
        let kind = GpuErrorKind::OutOfMemoryError;
        let error = SceneError::from(wardian_guest::Error::Reported { kind, message: "4 GiB".to_owned() });
        assert!(error.to_string().contains("(4 GiB); give a smaller --size"), "{error}");
        let size = Size { width: 40_000, height: 20 };
        let error = SceneError::SideTooLong { size, side_max: 16_384 }.to_string();
        assert!(error.contains("40000x20") && error.contains("16384 pixels"), "size and limit in: {error}");
    }
}
