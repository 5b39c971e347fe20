//! A small triangle is marked in the stencil buffer, and a large one is drawn where the mark is not.

use super::canvas::{Canvas, cleared, pipeline};
use crate::gpu::{SIDE, square};
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    override SIZE: f32;
    @vertex fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
        let places = array(vec2f(0.0, 1.0), vec2f(-1.0, -0.8), vec2f(1.0, -0.8));
        return vec4f(places[index] * SIZE, 0.5, 1.0);
    }
    @fragment fn color() -> @location(0) vec4f { return vec4f(0.9, 0.4, 0.1, 1.0); }
";

const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth24PlusStencil8;

fn state(compare: wgpu::CompareFunction, pass_op: wgpu::StencilOperation) -> wgpu::DepthStencilState {
    let face = wgpu::StencilFaceState { compare, pass_op, ..wgpu::StencilFaceState::default() };
    wgpu::DepthStencilState {
        format: FORMAT,
        depth_write_enabled: Some(false),
        depth_compare: Some(wgpu::CompareFunction::Always),
        stencil: wgpu::StencilState { front: face, back: face, read_mask: 0xff, write_mask: 0xff },
        bias: wgpu::DepthBiasState::default(),
    }
}

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let mark = pipeline(gpu, SHADER, &[], |descriptor| {
        descriptor.vertex.compilation_options.constants = &[("SIZE", 0.4)];
        descriptor.depth_stencil = Some(state(wgpu::CompareFunction::Always, wgpu::StencilOperation::Replace));
        descriptor.fragment = None;
    });
    let around = pipeline(gpu, SHADER, &[], |descriptor| {
        descriptor.vertex.compilation_options.constants = &[("SIZE", 0.9)];
        descriptor.depth_stencil = Some(state(wgpu::CompareFunction::Greater, wgpu::StencilOperation::Keep));
    });
    let canvas = Canvas::new(gpu);
    let stencil = gpu
        .texture(square(SIDE), FORMAT, wgpu::TextureUsages::RENDER_ATTACHMENT)
        .create_view(&wgpu::TextureViewDescriptor::default());
    let mut encoder = gpu.encoder();
    // A pass for the mark alone has no colour, then one draws with what the stencil buffer keeps.
    let attachment = |load| wgpu::RenderPassDepthStencilAttachment {
        view: &stencil,
        depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
        stencil_ops: Some(wgpu::Operations { load, store: wgpu::StoreOp::Store }),
    };
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        depth_stencil_attachment: Some(attachment(wgpu::LoadOp::Clear(0))),
        ..wgpu::RenderPassDescriptor::default()
    });
    pass.set_pipeline(&mark);
    pass.set_stencil_reference(2);
    pass.draw(0..3, 0..1);
    drop(pass);
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        color_attachments: &[Some(cleared(&canvas.view))],
        depth_stencil_attachment: Some(attachment(wgpu::LoadOp::Load)),
        ..wgpu::RenderPassDescriptor::default()
    });
    pass.set_pipeline(&around);
    pass.set_stencil_reference(1);
    pass.draw(0..3, 0..1);
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    gpu.read_picture(&canvas.picture)
}
