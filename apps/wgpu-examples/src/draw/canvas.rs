//! What the examples draw into, and pipelines in few words.

use crate::gpu::{FORMAT, SIDE, square, texture};
use crate::{Failure, Gpu, Output};

/// Where the pictures begin.
pub(crate) const BACKGROUND: wgpu::Color = wgpu::Color { r: 0.1, g: 0.15, b: 0.2, a: 1.0 };
pub(crate) const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

/// A picture to draw.
pub(crate) struct Canvas {
    pub(crate) picture: wgpu::Texture,
    pub(crate) view: wgpu::TextureView,
}

impl Canvas {
    pub(crate) fn new(gpu: &Gpu) -> Self {
        let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC;
        let picture = gpu.texture(square(SIDE), FORMAT, usage);
        let view = picture.create_view(&wgpu::TextureViewDescriptor::default());
        Self { picture, view }
    }

    /// Draws it in one pass without depth, and gives the picture.
    pub(crate) fn draw(&self, gpu: &Gpu, draw: impl FnOnce(&mut wgpu::RenderPass<'_>)) -> Result<Output, Failure> {
        let mut encoder = gpu.encoder();
        draw(&mut begin(&mut encoder, &self.view, None));
        gpu.queue.submit([encoder.finish()]);
        gpu.read_picture(&self.picture)
    }
}

/// A pass that clears a target, and a depth buffer if there is one.
pub(crate) fn begin<'a>(
    encoder: &'a mut wgpu::CommandEncoder,
    target: &wgpu::TextureView,
    depth: Option<&wgpu::TextureView>,
) -> wgpu::RenderPass<'a> {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: None,
        color_attachments: &[Some(cleared(target))],
        depth_stencil_attachment: depth.map(cleared_depth),
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    })
}

pub(crate) fn cleared(view: &wgpu::TextureView) -> wgpu::RenderPassColorAttachment<'_> {
    wgpu::RenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        ops: wgpu::Operations { load: wgpu::LoadOp::Clear(BACKGROUND), store: wgpu::StoreOp::Store },
    }
}

pub(crate) fn cleared_depth(view: &wgpu::TextureView) -> wgpu::RenderPassDepthStencilAttachment<'_> {
    wgpu::RenderPassDepthStencilAttachment {
        view,
        depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Store }),
        stencil_ops: None,
    }
}

pub(crate) fn depth_view(gpu: &Gpu, side: u32) -> wgpu::TextureView {
    let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING;
    gpu.texture(square(side), DEPTH, usage).create_view(&wgpu::TextureViewDescriptor::default())
}

/// A depth test that writes what is nearer.
pub(crate) fn nearer() -> wgpu::DepthStencilState {
    wgpu::DepthStencilState {
        format: DEPTH,
        depth_write_enabled: Some(true),
        depth_compare: Some(wgpu::CompareFunction::Less),
        stencil: wgpu::StencilState::default(),
        bias: wgpu::DepthBiasState::default(),
    }
}

/// A pipeline of a module with one entry point a stage, and changes to it.
pub(crate) fn pipeline(
    gpu: &Gpu,
    source: &str,
    buffers: &[Option<wgpu::VertexBufferLayout<'_>>],
    change: impl FnOnce(&mut wgpu::RenderPipelineDescriptor<'_>),
) -> wgpu::RenderPipeline {
    let module = gpu.shader(source);
    let targets = [Some(FORMAT.into())];
    let mut descriptor = wgpu::RenderPipelineDescriptor {
        label: None,
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: None,
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers,
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: None,
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &targets,
        }),
        multiview_mask: None,
        cache: None,
    };
    change(&mut descriptor);
    gpu.device.create_render_pipeline(&descriptor)
}

/// A texture with these texels of RGBA in its first level.
pub(crate) fn texture_with(gpu: &Gpu, side: u32, mip_level_count: u32, texels: &[u8]) -> wgpu::Texture {
    let usage = wgpu::TextureUsages::TEXTURE_BINDING
        | wgpu::TextureUsages::COPY_DST
        | wgpu::TextureUsages::COPY_SRC
        | wgpu::TextureUsages::RENDER_ATTACHMENT;
    let descriptor = wgpu::TextureDescriptor { mip_level_count, ..texture(square(side), FORMAT, usage) };
    let texture = gpu.device.create_texture(&descriptor);
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(side * 4), rows_per_image: Some(side) };
    gpu.queue.write_texture(texture.as_image_copy(), texels, layout, square(side));
    texture
}

/// A board of two colours.
pub(crate) fn checkers(side: u32, field: u32) -> Vec<u8> {
    let texels = (0..side * side).map(|place| (place % side / field + place / side / field).is_multiple_of(2));
    texels.flat_map(|is_light| if is_light { [230, 220, 200, 255] } else { [60, 90, 40, 255] }).collect()
}
