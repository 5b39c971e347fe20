//! The material texture: its largest level is painted on the CPU, all others are rendered out of the level before.

use wardian_guest::describe;
use wardian_guest::webgpu::{
    GpuCommandEncoder, GpuFilterMode, GpuRenderPassDescriptor, GpuRenderPipeline, GpuSampler, GpuTexelCopyTextureInfo,
    GpuTexture, GpuTextureDescriptor, GpuTextureFormat, GpuTextureUsage, GpuTextureView, GpuTextureViewDescriptor,
    GpuTextureViewDimension,
};

use crate::error::SceneError;
use crate::gpu::Gpu;
use crate::model::Layer;
use crate::shaders;
use crate::stopwatch::{Part, Pass, Stopwatch};
use crate::textures::{LEVELS, SIDE, texels};

/// Averages must be taken of light, not of its encoding: this format's samplers and targets convert.
const FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba8unormSrgb;

/// The texture with a layer for each material, and what renders its levels.
pub(crate) struct Materials {
    pub(crate) texture: GpuTexture,
    pipeline: GpuRenderPipeline,
    sampler: GpuSampler,
}

impl Materials {
    pub(crate) fn new(gpu: &Gpu) -> Self {
        let usage = GpuTextureUsage::TEXTURE_BINDING | GpuTextureUsage::RENDER_ATTACHMENT | GpuTextureUsage::COPY_DST;
        let side = u32::from(SIDE);
        let texture = gpu.device.create_texture(&GpuTextureDescriptor {
            size: describe::extent_3d(side, side, layer_count()),
            mip_level_count: Some(LEVELS),
            label: Some("materials".to_owned()),
            ..describe::texture_2d(FORMAT, side, side, usage)
        });
        for (index, layer) in (0..).zip(Layer::ALL) {
            let target = GpuTexelCopyTextureInfo {
                origin: Some(describe::origin(0, 0, index)),
                ..describe::texel_texture(&texture)
            };
            let layout = describe::texel_layout(4 * side, side);
            gpu.queue.write_texture_with_copy(&target, &texels(layer), layout, describe::extent(side, side));
        }
        let module = gpu.shader("mipmap", shaders::MIPMAP);
        let pipeline = gpu.device.create_render_pipeline(describe::render_pipeline(&module, FORMAT));
        let sampler = gpu.device.create_sampler(Some(&describe::sampler(GpuFilterMode::Linear)));
        Self { texture, pipeline, sampler }
    }

    /// All layers and levels, for the shaders of the scene.
    pub(crate) fn view(&self) -> GpuTextureView {
        let dimension = Some(GpuTextureViewDimension::D2Array);
        self.texture.create_view(Some(&GpuTextureViewDescriptor { dimension, ..describe::texture_view() }))
    }

    /// Renders all levels of all layers but the largest, in the order in which they depend on each other.
    pub(crate) fn record(
        &self,
        gpu: &Gpu,
        encoder: &GpuCommandEncoder,
        stopwatch: &Stopwatch,
    ) -> Result<(), SceneError> {
        let layout = self.pipeline.get_bind_group_layout(0);
        let last = (layer_count() - 1, LEVELS - 1);
        for layer in 0..layer_count() {
            for level in 1..LEVELS {
                let (source, target) = (self.level(layer, level - 1), self.level(layer, level));
                let entries = vec![describe::view_binding(0, &source), describe::sampler_binding(1, &self.sampler)];
                let group = gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
                let part = match (layer, level) {
                    (0, 1) => Part::First,
                    place if place == last => Part::Last,
                    _ => Part::Between,
                };
                let cleared = describe::cleared(&target, describe::color(0.0, 0.0, 0.0, 0.0));
                let pass = encoder.begin_render_pass(&GpuRenderPassDescriptor {
                    timestamp_writes: stopwatch.writes(Pass::Mipmaps, part),
                    ..describe::render_pass(vec![cleared])
                });
                pass.set_pipeline(&self.pipeline);
                pass.set_bind_group(0, Some(&group), None, None, None)?;
                pass.draw(3, None, None, None);
                pass.end();
            }
        }
        Ok(())
    }

    /// Draw calls of [`record`](Self::record).
    pub(crate) fn draw_count() -> usize {
        usize::try_from(layer_count() * (LEVELS - 1)).unwrap_or(usize::MAX)
    }

    fn level(&self, layer: u32, level: u32) -> GpuTextureView {
        self.texture.create_view(Some(&GpuTextureViewDescriptor {
            dimension: Some(GpuTextureViewDimension::D2),
            base_mip_level: Some(level),
            mip_level_count: Some(1),
            base_array_layer: Some(layer),
            array_layer_count: Some(1),
            ..describe::texture_view()
        }))
    }
}

fn layer_count() -> u32 {
    u32::try_from(Layer::ALL.len()).unwrap_or(u32::MAX)
}
