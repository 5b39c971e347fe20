//! What `wgpu` has outside WebGPU: objects that stand for nothing, and errors that only `wgpu` itself can make.
//!
//! The calls that would make such objects are refused with a validation error, and these take their place.

use wgpu::custom::{
    BlasCompactCallback, BlasInterface, ExternalTextureInterface, PipelineCacheInterface, TlasInterface,
};
use wgpu::rwh::{DisplayHandle, HandleError, HasDisplayHandle, HasWindowHandle, WindowHandle};

use crate::device::Device;

#[derive(Debug)]
pub(crate) struct Blas;

impl BlasInterface for Blas {
    fn prepare_compact_async(&self, callback: BlasCompactCallback) {
        callback(Err(wgpu::BlasAsyncError));
    }

    fn ready_for_compaction(&self) -> bool {
        false
    }
}

#[derive(Debug)]
pub(crate) struct Tlas;

impl TlasInterface for Tlas {}

#[derive(Debug)]
pub(crate) struct ExternalTexture;

impl ExternalTextureInterface for ExternalTexture {
    fn destroy(&self) {}
}

#[derive(Debug)]
pub(crate) struct PipelineCache;

impl PipelineCacheInterface for PipelineCache {
    fn get_data(&self) -> Option<Vec<u8>> {
        None
    }
}

/// A window that has no handle, as there are no windows in a component.
#[derive(Debug)]
struct NoWindow;

impl HasWindowHandle for NoWindow {
    fn window_handle(&self) -> Result<WindowHandle<'_>, HandleError> {
        Err(HandleError::NotSupported)
    }
}

impl HasDisplayHandle for NoWindow {
    fn display_handle(&self) -> Result<DisplayHandle<'_>, HandleError> {
        Err(HandleError::NotSupported)
    }
}

/// Only `wgpu` can make this error. It makes one where a window has no handle, before it asks a backend.
pub(crate) fn create_surface_error() -> wgpu::CreateSurfaceError {
    match crate::instance().create_surface(NoWindow) {
        Err(error) => error,
        Ok(_) => unreachable!("a window without a handle has no surface"),
    }
}

/// Only `wgpu` can make this error, too. It makes one for a buffer that is not mapped, once its backend has agreed.
pub(crate) fn map_range_error(device: &Device) -> wgpu::MapRangeError {
    let device = wgpu::Device::from_custom(device.clone());
    let usage = wgpu::BufferUsages::COPY_DST;
    let descriptor = wgpu::BufferDescriptor { label: None, size: 0, usage, mapped_at_creation: false };
    match device.create_buffer(&descriptor).get_mapped_range(..) {
        Err(error) => error,
        Ok(_) => unreachable!("a buffer that is not mapped has no mapped range"),
    }
}
