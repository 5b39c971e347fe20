//! A compute pipeline with what it works on.

use wardian_guest::webgpu::{
    GpuBindGroup, GpuBuffer, GpuBufferUsage, GpuCommandEncoder, GpuComputePassEncoder, GpuComputePipeline,
};
use wardian_guest::{Error, describe};

use crate::Outcome;
use crate::gpu::Gpu;

/// Adds one to a number: the least that a dispatch can do.
pub(crate) const INCREMENT: &str = include_str!("increment.wgsl");
/// Runs a loop as often as the second word says.
pub(crate) const SPIN: &str = include_str!("spin.wgsl");

/// A pipeline over one storage buffer. There are two equal bind groups, because setting the one that is set already
/// is less work than any program has in mind.
pub(crate) struct Kernel {
    pub(crate) pipeline: GpuComputePipeline,
    pub(crate) groups: [GpuBindGroup; 2],
    pub(crate) buffer: GpuBuffer,
}

impl Kernel {
    pub(crate) fn new(gpu: &Gpu, code: &str) -> Self {
        let module = gpu.device.create_shader_module(&describe::shader(code));
        let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
        let usage = GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC | GpuBufferUsage::COPY_DST;
        let buffer = gpu.buffer(256, usage);
        let layout = pipeline.get_bind_group_layout(0);
        let group = || {
            let entries = vec![describe::buffer_binding(0, &buffer)];
            gpu.device.create_bind_group(&describe::bind_group(&layout, entries))
        };
        let groups = [group(), group()];
        Self { pipeline, groups, buffer }
    }

    /// Begins a pass with the pipeline and the first group set.
    pub(crate) fn begin(&self, encoder: &GpuCommandEncoder) -> Outcome<GpuComputePassEncoder> {
        let pass = encoder.begin_compute_pass(None);
        let [group, _] = &self.groups;
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, Some(group), None, None, None).map_err(Error::from)?;
        Ok(pass)
    }

    /// Submits one workgroup's run.
    pub(crate) fn submit_one(&self, gpu: &Gpu) -> Outcome {
        let encoder = gpu.device.create_command_encoder(None);
        let pass = self.begin(&encoder)?;
        pass.dispatch_workgroups(1, None, None);
        pass.end();
        gpu.queue.submit(&[&encoder.finish(None)]);
        Ok(())
    }
}
