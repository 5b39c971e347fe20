//! `gpu-canvas-context`: a resource type without any resource.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;

use crate::ctx::GpuCtxView;
use crate::table::{Table, dropped, stands_behind};

stands_behind! {
    CanvasContext => webgpu::GpuCanvasContext,
}

/// What a canvas would be. The interface has no function that hands one out, so there is none: no handle can reach the
/// functions below, and one that did is a trap.
///
/// <https://www.w3.org/TR/webgpu/#gpucanvascontext>
#[derive(Debug)]
pub(crate) enum CanvasContext {}

impl webgpu::HostGpuCanvasContext for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpucanvascontext-configure>
    fn configure(
        &mut self,
        context: Resource<webgpu::GpuCanvasContext>,
        _: webgpu::GpuCanvasConfiguration,
    ) -> wasmtime::Result<()> {
        match *self.table.object(&context)? {}
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucanvascontext-unconfigure>
    fn unconfigure(&mut self, context: Resource<webgpu::GpuCanvasContext>) -> wasmtime::Result<()> {
        match *self.table.object(&context)? {}
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucanvascontext-getconfiguration>
    fn get_configuration(
        &mut self,
        context: Resource<webgpu::GpuCanvasContext>,
    ) -> wasmtime::Result<Option<webgpu::GpuCanvasConfigurationOwned>> {
        match *self.table.object(&context)? {}
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucanvascontext-getcurrenttexture>
    fn get_current_texture(
        &mut self,
        context: Resource<webgpu::GpuCanvasContext>,
    ) -> wasmtime::Result<Resource<webgpu::GpuTexture>> {
        match *self.table.object(&context)? {}
    }

    dropped!(webgpu::GpuCanvasContext);
}
