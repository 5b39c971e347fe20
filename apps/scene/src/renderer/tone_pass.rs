//! Light into colours of a screen.

use wardian_guest::describe;
use wardian_guest::webgpu::{
    GpuBindGroup, GpuCommandEncoder, GpuRenderPassDescriptor, GpuRenderPipeline, GpuTexture, GpuTextureView,
};

use super::PICTURE_FORMAT;
use crate::error::SceneError;
use crate::gpu::Gpu;
use crate::shaders;
use crate::stopwatch::{Part, Pass, Stopwatch};

/// One triangle over the whole picture.
pub(crate) struct TonePass {
    pipeline: GpuRenderPipeline,
    group: GpuBindGroup,
}

impl TonePass {
    pub(crate) fn new(gpu: &Gpu, light: &GpuTexture) -> Self {
        let module = gpu.shader("tone", shaders::TONE);
        let pipeline = gpu.device.create_render_pipeline(describe::render_pipeline(&module, PICTURE_FORMAT));
        let layout = pipeline.get_bind_group_layout(0);
        let entries = vec![describe::texture_binding(0, light)];
        let group = gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
        Self { pipeline, group }
    }

    pub(crate) fn record(
        &self,
        encoder: &GpuCommandEncoder,
        target: &GpuTextureView,
        stopwatch: &Stopwatch,
    ) -> Result<(), SceneError> {
        let cleared = describe::cleared(target, describe::color(0.0, 0.0, 0.0, 1.0));
        let pass = encoder.begin_render_pass(&GpuRenderPassDescriptor {
            timestamp_writes: stopwatch.writes(Pass::Tone, Part::Only),
            ..describe::render_pass(vec![cleared])
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, Some(&self.group), None, None, None)?;
        pass.draw(3, None, None, None);
        pass.end();
        Ok(())
    }
}
