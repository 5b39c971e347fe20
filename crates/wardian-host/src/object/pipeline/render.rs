//! `gpu-render-pipeline`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::RenderPipelineId;

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

stands_behind! {
    RenderPipeline => webgpu::GpuRenderPipeline,
}

/// <https://www.w3.org/TR/webgpu/#gpurenderpipeline>
#[derive(Debug)]
pub(crate) struct RenderPipeline {
    pub(crate) handle: Handle<RenderPipelineId>,
    pub(crate) device: Device,
    pub(crate) label: String,
}
