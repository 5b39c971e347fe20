//! The scene in one pass: what is opaque, the sky behind it, and the glass over both.

use wardian_guest::describe;
use wardian_guest::webgpu::{
    GpuAddressMode, GpuBindGroup, GpuBindGroupLayout, GpuBindGroupLayoutEntry, GpuBlendFactor, GpuBlendOperation,
    GpuBlendState, GpuBuffer, GpuBufferBindingType, GpuColorTargetState, GpuCommandEncoder, GpuCompareFunction,
    GpuCullMode, GpuDepthStencilState, GpuFilterMode, GpuFragmentState, GpuLayoutMode, GpuPipelineLayout,
    GpuPrimitiveState, GpuPrimitiveTopology, GpuRenderPassColorAttachment, GpuRenderPassDepthStencilAttachment,
    GpuRenderPassDescriptor, GpuRenderPipeline, GpuRenderPipelineDescriptor, GpuSampler, GpuSamplerBindingType,
    GpuSamplerDescriptor, GpuShaderModule, GpuShaderStage, GpuStoreOp, GpuTexture, GpuTextureBindingLayout,
    GpuTextureDescriptor, GpuTextureFormat, GpuTextureSampleType, GpuTextureUsage, GpuTextureView,
    GpuTextureViewDimension, GpuVertexState,
};

use super::geometry::{Geometry, instance_layout, vertex_layout};
use super::mipmaps::Materials;
use super::shadow_pass::ShadowPass;
use crate::arguments::{Options, Samples};
use crate::error::SceneError;
use crate::gpu::Gpu;
use crate::model::Kind;
use crate::shaders;
use crate::stopwatch::{Part, Pass, Stopwatch};

/// Light has no upper end, so it wants more than a byte.
const LIGHT_FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba16float;
const DEPTH_FORMAT: GpuTextureFormat = GpuTextureFormat::Depth32float;
/// For the floor, which is seen at a flat angle; less where the hardware has less.
const ANISOTROPY_MAX: u16 = 8;

/// Attachments and pipelines.
pub(crate) struct ScenePass {
    light: GpuTexture,
    light_view: GpuTextureView,
    /// With several samples a pixel; they are averaged into `light`.
    many_samples: Option<GpuTextureView>,
    depth: GpuTextureView,
    group: GpuBindGroup,
    solid: GpuRenderPipeline,
    thin: GpuRenderPipeline,
    sky: GpuRenderPipeline,
    glass: GpuRenderPipeline,
}

impl ScenePass {
    pub(crate) fn new(
        gpu: &Gpu,
        options: &Options,
        frame: &GpuBuffer,
        shadow: &ShadowPass,
        materials: &Materials,
    ) -> Self {
        let group_layout = group_layout(gpu);
        let pipelines = Pipelines {
            gpu,
            layout: gpu.device.create_pipeline_layout(&describe::pipeline_layout(&[&group_layout])),
            samples: options.samples,
        };
        let target = |format, samples: Samples, usage| {
            let (width, height) = (options.size.width.into(), options.size.height.into());
            gpu.device.create_texture(&GpuTextureDescriptor {
                sample_count: Some(samples.count()),
                ..describe::texture_2d(format, width, height, usage)
            })
        };
        let attachment = GpuTextureUsage::RENDER_ATTACHMENT;
        let light = target(LIGHT_FORMAT, Samples::One, attachment | GpuTextureUsage::TEXTURE_BINDING);
        let many_samples = match options.samples {
            Samples::One => None,
            Samples::Four => Some(target(LIGHT_FORMAT, Samples::Four, attachment).create_view(None)),
        };
        let lit = gpu.shader("lit", shaders::LIT);
        Self {
            light_view: light.create_view(None),
            light,
            many_samples,
            depth: target(DEPTH_FORMAT, options.samples, attachment).create_view(None),
            group: group(gpu, &group_layout, frame, shadow, materials),
            solid: pipelines.lit(&lit, "shade_solid", GpuCullMode::Back),
            thin: pipelines.lit(&lit, "shade_thin", GpuCullMode::None),
            sky: pipelines.sky(),
            glass: pipelines.glass(),
        }
    }

    /// What the pass renders: one sample a pixel of light.
    pub(crate) const fn light(&self) -> &GpuTexture {
        &self.light
    }

    pub(crate) fn record(
        &self,
        encoder: &GpuCommandEncoder,
        geometry: &Geometry,
        stopwatch: &Stopwatch,
    ) -> Result<(), SceneError> {
        let black = describe::color(0.0, 0.0, 0.0, 1.0);
        let color = match &self.many_samples {
            None => describe::cleared(&self.light_view, black),
            Some(many) => GpuRenderPassColorAttachment {
                resolve_target: Some(&self.light_view),
                store_op: GpuStoreOp::Discard,
                ..describe::cleared(many, black)
            },
        };
        let depth = GpuRenderPassDepthStencilAttachment {
            depth_store_op: Some(GpuStoreOp::Discard),
            ..describe::depth_cleared(&self.depth, 1.0)
        };
        let pass = encoder.begin_render_pass(&GpuRenderPassDescriptor {
            depth_stencil_attachment: Some(depth),
            timestamp_writes: stopwatch.writes(Pass::Scene, Part::Only),
            ..describe::render_pass(vec![color])
        });
        pass.set_bind_group(0, Some(&self.group), None, None, None)?;
        // What is small comes first, and spares the floor behind it.
        pass.set_pipeline(&self.solid);
        geometry.draw(&pass, |kind| kind == Kind::Solid);
        pass.set_pipeline(&self.thin);
        geometry.draw(&pass, |kind| kind == Kind::Thin);
        pass.set_pipeline(&self.solid);
        geometry.draw(&pass, |kind| kind == Kind::Ground);
        pass.set_pipeline(&self.sky);
        pass.draw(3, None, None, None);
        pass.set_pipeline(&self.glass);
        geometry.draw_panes(&pass);
        pass.end();
        Ok(())
    }
}

/// What all pipelines of the pass have in common.
struct Pipelines<'a> {
    gpu: &'a Gpu,
    layout: GpuPipelineLayout,
    samples: Samples,
}

impl Pipelines<'_> {
    fn lit(&self, module: &GpuShaderModule, shade: &str, cull_mode: GpuCullMode) -> GpuRenderPipeline {
        let plain = describe::fragment_state(module, vec![Some(describe::color_target(LIGHT_FORMAT))]);
        self.make(
            GpuVertexState {
                buffers: Some(vec![Some(vertex_layout()), Some(instance_layout())]),
                ..describe::vertex_state(module)
            },
            GpuFragmentState { entry_point: Some(shade.to_owned()), ..plain },
            describe::depth_state(DEPTH_FORMAT, GpuCompareFunction::Less),
            cull_mode,
        )
    }

    fn sky(&self) -> GpuRenderPipeline {
        let module = self.gpu.shader("sky", shaders::SKY);
        let target = describe::color_target(LIGHT_FORMAT);
        self.make(
            describe::vertex_state(&module),
            describe::fragment_state(&module, vec![Some(target)]),
            // It lies at the depth that the pass began with.
            unwritten_depth(GpuCompareFunction::LessEqual),
            GpuCullMode::None,
        )
    }

    fn glass(&self) -> GpuRenderPipeline {
        let module = self.gpu.shader("glass", shaders::GLASS);
        let over = describe::blend(GpuBlendOperation::Add, GpuBlendFactor::One, GpuBlendFactor::OneMinusSrcAlpha);
        let blend = Some(GpuBlendState { color: over, alpha: over });
        let target = GpuColorTargetState { blend, ..describe::color_target(LIGHT_FORMAT) };
        self.make(
            GpuVertexState { buffers: Some(vec![Some(vertex_layout())]), ..describe::vertex_state(&module) },
            describe::fragment_state(&module, vec![Some(target)]),
            unwritten_depth(GpuCompareFunction::Less),
            GpuCullMode::None,
        )
    }

    fn make(
        &self,
        vertex: GpuVertexState<'_>,
        fragment: GpuFragmentState<'_>,
        depth: GpuDepthStencilState,
        cull_mode: GpuCullMode,
    ) -> GpuRenderPipeline {
        let triangles = describe::primitive(GpuPrimitiveTopology::TriangleList);
        self.gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
            vertex,
            primitive: Some(GpuPrimitiveState { cull_mode: Some(cull_mode), ..triangles }),
            depth_stencil: Some(depth),
            multisample: Some(describe::multisample(self.samples.count())),
            fragment: Some(fragment),
            layout: GpuLayoutMode::Specific(&self.layout),
            label: None,
        })
    }
}

fn unwritten_depth(compare: GpuCompareFunction) -> GpuDepthStencilState {
    GpuDepthStencilState { depth_write_enabled: Some(false), ..describe::depth_state(DEPTH_FORMAT, compare) }
}

/// One layout for all pipelines, though the sky and the glass read only the first entry.
fn group_layout(gpu: &Gpu) -> GpuBindGroupLayout {
    let fragment = GpuShaderStage::FRAGMENT;
    let both = GpuShaderStage::VERTEX | fragment;
    let materials = describe::texture_entry(3, fragment, GpuTextureSampleType::Float);
    let layers = materials
        .texture
        .map(|texture| GpuTextureBindingLayout { view_dimension: Some(GpuTextureViewDimension::D2Array), ..texture });
    gpu.device.create_bind_group_layout(&describe::bind_group_layout(vec![
        describe::buffer_entry(0, both, GpuBufferBindingType::Uniform),
        describe::texture_entry(1, fragment, GpuTextureSampleType::Depth),
        describe::sampler_entry(2, fragment, GpuSamplerBindingType::Comparison),
        GpuBindGroupLayoutEntry { texture: layers, ..materials },
        describe::sampler_entry(4, fragment, GpuSamplerBindingType::Filtering),
    ]))
}

fn group(
    gpu: &Gpu,
    layout: &GpuBindGroupLayout,
    frame: &GpuBuffer,
    shadow: &ShadowPass,
    materials: &Materials,
) -> GpuBindGroup {
    let (shadow_sampler, material_sampler) = samplers(gpu);
    let layers = materials.view();
    let entries = vec![
        describe::buffer_binding(0, frame),
        describe::view_binding(1, &shadow.map),
        describe::sampler_binding(2, &shadow_sampler),
        describe::view_binding(3, &layers),
        describe::sampler_binding(4, &material_sampler),
    ];
    gpu.device.create_bind_group(&describe::bind_group(layout, entries))
}

/// The one that compares depths, and the one that reads between texels and between levels.
fn samplers(gpu: &Gpu) -> (GpuSampler, GpuSampler) {
    let linear = || describe::sampler(GpuFilterMode::Linear);
    let repeat = Some(GpuAddressMode::Repeat);
    let shadow = GpuSamplerDescriptor { compare: Some(GpuCompareFunction::LessEqual), ..linear() };
    let material = GpuSamplerDescriptor {
        address_mode_u: repeat,
        address_mode_v: repeat,
        max_anisotropy: Some(ANISOTROPY_MAX),
        ..linear()
    };
    (gpu.device.create_sampler(Some(&shadow)), gpu.device.create_sampler(Some(&material)))
}
