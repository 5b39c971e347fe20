//! `gpu-compute-pass-encoder`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::global::Global;
use wgpu_core::id::BindGroupId;

use crate::ctx::GpuCtxView;
use crate::handle::CoreId;
use crate::object::pass::{Commands, Outcome, Recorder, Used, binding_commands};
use crate::table::{Table, labelled, stands_behind};

stands_behind! {
    ComputePass => webgpu::GpuComputePassEncoder,
}

/// <https://www.w3.org/TR/webgpu/#gpucomputepassencoder>
pub(crate) type ComputePass = Recorder<ComputeCommands>;

/// The commands of a compute pass, as `wgpu-core` keeps them.
#[derive(Debug)]
pub(crate) struct ComputeCommands(pub(crate) wgpu_core::command::ComputePass);

impl Commands for ComputeCommands {
    const NAME: &'static str = "compute pass";
    type Name<I: CoreId> = I;

    #[inline]
    fn set_bind_group(&mut self, core: &Global, index: u32, group: Option<BindGroupId>, offsets: &[u32]) -> Outcome {
        Ok(core.compute_pass_set_bind_group(&mut self.0, index, group, offsets)?)
    }

    fn set_immediates(&mut self, core: &Global, offset: u32, data: &[u8]) -> Outcome {
        Ok(core.compute_pass_set_immediates(&mut self.0, offset, data)?)
    }

    fn push_debug_group(&mut self, core: &Global, label: &str) -> Outcome {
        Ok(core.compute_pass_push_debug_group(&mut self.0, label, NO_COLOR)?)
    }

    fn pop_debug_group(&mut self, core: &Global) -> Outcome {
        Ok(core.compute_pass_pop_debug_group(&mut self.0)?)
    }

    fn insert_debug_marker(&mut self, core: &Global, label: &str) -> Outcome {
        Ok(core.compute_pass_insert_debug_marker(&mut self.0, label, NO_COLOR)?)
    }
}

/// Debug groups have a colour in `wgpu-core`, which it doesn't use, and none in WebGPU.
pub(crate) const NO_COLOR: u32 = 0;

impl webgpu::HostGpuComputePassEncoder for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpucomputepassencoder-setpipeline>
    #[inline]
    fn set_pipeline(
        &mut self,
        pass: Resource<webgpu::GpuComputePassEncoder>,
        pipeline: Resource<webgpu::GpuComputePipeline>,
    ) -> wasmtime::Result<()> {
        let pipeline = self.table.object(&pipeline)?;
        let (used, immediate_size) = (Used::new(&pipeline.handle, &pipeline.device), pipeline.immediate_size);
        let pass = self.table.object_mut(&pass)?;
        let device = pass.device.id();
        pass.choose(immediate_size, |core, commands| {
            Ok(core.compute_pass_set_pipeline(&mut commands.0, used.on(device)?)?)
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucomputepassencoder-dispatchworkgroups>
    #[inline]
    fn dispatch_workgroups(
        &mut self,
        pass: Resource<webgpu::GpuComputePassEncoder>,
        x: u32,
        y: Option<u32>,
        z: Option<u32>,
    ) -> wasmtime::Result<()> {
        let (y, z) = (y.unwrap_or(1), z.unwrap_or(1));
        let pass = self.table.object_mut(&pass)?;
        pass.run(|core, commands| Ok(core.compute_pass_dispatch_workgroups(&mut commands.0, x, y, z)?))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucomputepassencoder-dispatchworkgroupsindirect>
    fn dispatch_workgroups_indirect(
        &mut self,
        pass: Resource<webgpu::GpuComputePassEncoder>,
        buffer: Resource<webgpu::GpuBuffer>,
        offset: u64,
    ) -> wasmtime::Result<()> {
        let buffer = self.table.object(&buffer)?;
        let used = Used::new(&buffer.handle, &buffer.device);
        let pass = self.table.object_mut(&pass)?;
        let device = pass.device.id();
        pass.run(|core, commands| {
            Ok(core.compute_pass_dispatch_workgroups_indirect(&mut commands.0, used.on(device)?, offset)?)
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucomputepassencoder-end>
    fn end(&mut self, pass: Resource<webgpu::GpuComputePassEncoder>) -> wasmtime::Result<()> {
        self.table.object_mut(&pass)?.end(|core, commands| core.compute_pass_end(&mut commands.0))
    }

    binding_commands!(webgpu::GpuComputePassEncoder);
    labelled!(webgpu::GpuComputePassEncoder);
}
