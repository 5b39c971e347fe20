//! The shadow map: how far the sun's light gets.

use wardian_guest::describe;
use wardian_guest::webgpu::{
    GpuBindGroup, GpuBuffer, GpuCommandEncoder, GpuCompareFunction, GpuDepthStencilState, GpuLayoutMode,
    GpuRenderPassDescriptor, GpuRenderPipeline, GpuRenderPipelineDescriptor, GpuTextureFormat, GpuTextureUsage,
    GpuTextureView, GpuVertexState,
};

use super::geometry::{Geometry, casts_shadow, instance_layout, vertex_layout};
use crate::camera::SHADOW_SIDE;
use crate::error::SceneError;
use crate::gpu::Gpu;
use crate::shaders;
use crate::stopwatch::{Part, Pass, Stopwatch};

const FORMAT: GpuTextureFormat = GpuTextureFormat::Depth32float;

/// The map and what renders it.
pub(crate) struct ShadowPass {
    pub(crate) map: GpuTextureView,
    pipeline: GpuRenderPipeline,
    group: GpuBindGroup,
}

impl ShadowPass {
    pub(crate) fn new(gpu: &Gpu, frame: &GpuBuffer) -> Self {
        let usage = GpuTextureUsage::RENDER_ATTACHMENT | GpuTextureUsage::TEXTURE_BINDING;
        let side = u32::from(SHADOW_SIDE);
        let map = gpu.device.create_texture(&describe::texture_2d(FORMAT, side, side, usage)).create_view(None);
        let module = gpu.shader("shadow", shaders::SHADOW);
        let pipeline = gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
            vertex: GpuVertexState {
                buffers: Some(vec![Some(vertex_layout()), Some(instance_layout())]),
                ..describe::vertex_state(&module)
            },
            primitive: None,
            depth_stencil: Some(GpuDepthStencilState {
                depth_bias: Some(2),
                depth_bias_slope_scale: Some(1.5),
                ..describe::depth_state(FORMAT, GpuCompareFunction::Less)
            }),
            multisample: None,
            fragment: None,
            layout: GpuLayoutMode::Auto,
            label: Some("shadow".to_owned()),
        });
        let layout = pipeline.get_bind_group_layout(0);
        let entries = vec![describe::buffer_binding(0, frame)];
        let group = gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
        Self { map, pipeline, group }
    }

    pub(crate) fn record(
        &self,
        encoder: &GpuCommandEncoder,
        geometry: &Geometry,
        stopwatch: &Stopwatch,
    ) -> Result<(), SceneError> {
        let pass = encoder.begin_render_pass(&GpuRenderPassDescriptor {
            depth_stencil_attachment: Some(describe::depth_cleared(&self.map, 1.0)),
            timestamp_writes: stopwatch.writes(Pass::Shadow, Part::Only),
            ..describe::render_pass(vec![])
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, Some(&self.group), None, None, None)?;
        geometry.draw(&pass, casts_shadow);
        pass.end();
        Ok(())
    }
}
