//! Three targets at once, which a second pass shows side by side: with constants, blending, a viewport and a scissor.

use super::canvas::{Canvas, cleared, pipeline};
use crate::gpu::{FORMAT, SIDE, square};
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    struct Corner { @builtin(position) place: vec4f, @location(0) at: vec2f }
    struct Parts { @location(0) color: vec4f, @location(1) shape: vec4f, @location(2) number: vec2u }
    override RINGS: f32 = 1.0;

    @vertex
    fn corner(@builtin(vertex_index) index: u32) -> Corner {
        let at = vec2f(f32(index % 2u) * 4.0 - 1.0, f32(index / 2u) * 4.0 - 1.0);
        return Corner(vec4f(at, 0.0, 1.0), at);
    }

    @fragment
    fn color(corner: Corner) -> Parts {
        let ring = fract(length(corner.at) * RINGS);
        return Parts(vec4f(corner.at * 0.5 + 0.5, 0.3, 0.5), vec4f(ring), vec2u(vec2f(ring, 1.0 - ring) * 200.0));
    }
";

const SHOW: &str = "
    @group(0) @binding(0) var colors: texture_2d<f32>;
    @group(0) @binding(1) var shapes: texture_2d<f32>;
    @group(0) @binding(2) var numbers: texture_2d<u32>;

    @vertex
    fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
        return vec4f(f32(index % 2u) * 4.0 - 1.0, f32(index / 2u) * 4.0 - 1.0, 0.0, 1.0);
    }

    @fragment
    fn color(@builtin(position) place: vec4f) -> @location(0) vec4f {
        let texel = vec2u(place.xy);
        let number = textureLoad(numbers, texel, 0);
        let part = textureLoad(colors, texel, 0) * textureLoad(shapes, texel, 0).x;
        return vec4f(part.rg, f32(number.y) / 255.0, 0.75);
    }
";

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let formats = [FORMAT, wgpu::TextureFormat::R16Float, wgpu::TextureFormat::Rg8Uint];
    let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING;
    let views = formats
        .map(|format| gpu.texture(square(SIDE), format, usage).create_view(&wgpu::TextureViewDescriptor::default()));
    let parts = parts(gpu, formats);
    let show = pipeline(gpu, SHOW, &[], |_| {});
    let group = gpu.group(&show.get_bind_group_layout(0), &views.each_ref().map(wgpu::BindingResource::TextureView));
    let canvas = Canvas::new(gpu);
    let mut encoder = gpu.encoder();
    let attachments = views.each_ref().map(|view| Some(cleared(view)));
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("parts"),
        color_attachments: &attachments,
        ..wgpu::RenderPassDescriptor::default()
    });
    pass.set_pipeline(&parts);
    pass.set_blend_constant(wgpu::Color { r: 0.5, g: 0.25, b: 0.0, a: 1.0 });
    pass.set_viewport(8.0, 4.0, 80.0, 88.0, 0.0, 1.0);
    pass.set_scissor_rect(8, 8, 72, 64);
    pass.push_debug_group("rings");
    pass.draw(0..3, 0..1);
    pass.pop_debug_group();
    drop(pass);
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        color_attachments: &[Some(cleared(&canvas.view))],
        ..wgpu::RenderPassDescriptor::default()
    });
    pass.set_pipeline(&show);
    pass.set_bind_group(0, &group, &[]);
    pass.draw(0..3, 0..1);
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    gpu.read_picture(&canvas.picture)
}

/// A pipeline with a target of each format, of which the first blends.
fn parts(gpu: &Gpu, formats: [wgpu::TextureFormat; 3]) -> wgpu::RenderPipeline {
    let targets = formats.map(|format| {
        let blend = (format == FORMAT).then_some(wgpu::BlendState {
            color: wgpu::BlendComponent {
                src_factor: wgpu::BlendFactor::SrcAlpha,
                dst_factor: wgpu::BlendFactor::Constant,
                operation: wgpu::BlendOperation::Add,
            },
            alpha: wgpu::BlendComponent::OVER,
        });
        let write_mask =
            if format == FORMAT { wgpu::ColorWrites::RED | wgpu::ColorWrites::GREEN } else { wgpu::ColorWrites::ALL };
        Some(wgpu::ColorTargetState { format, blend, write_mask })
    });
    let module = gpu.shader(SHADER);
    gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("parts"),
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("corner"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("color"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[("RINGS", 4.0)],
                ..wgpu::PipelineCompilationOptions::default()
            },
            targets: &targets,
        }),
        multiview_mask: None,
        cache: None,
    })
}
