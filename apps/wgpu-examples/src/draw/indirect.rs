//! Draws that a buffer says, one and several at once, and queries that tell whether anything of them was visible.

use wgpu::BufferUsages as Usage;

use super::canvas::{Canvas, cleared, cleared_depth, depth_view, nearer, pipeline};
use crate::gpu::SIDE;
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    struct Corner { @builtin(position) place: vec4f, @location(0) shade: f32 }
    @vertex
    fn corner(@builtin(vertex_index) index: u32, @location(0) at: vec4f) -> Corner {
        let way = array(vec2f(-1.0, -1.0), vec2f(1.0, -1.0), vec2f(-1.0, 1.0), vec2f(1.0, 1.0))[index % 4u];
        return Corner(vec4f(at.xy + way * at.w, at.z, 1.0), f32(index) / 8.0);
    }
    @fragment
    fn color(corner: Corner) -> @location(0) vec4f { return vec4f(corner.shade, 0.6, 1.0 - corner.shade, 1.0); }
";

/// Middle, depth and half side of the squares. The last lies behind the first.
const SQUARES: [[f32; 4]; 4] =
    [[-0.5, 0.5, 0.3, 0.4], [0.5, 0.5, 0.3, 0.3], [0.0, -0.5, 0.3, 0.35], [-0.5, 0.5, 0.8, 0.2]];

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let squares = gpu.buffer_with(&SQUARES, Usage::VERTEX);
    let indices = gpu.buffer_with(&[0u32, 1, 2, 3, u32::MAX, 4, 5, 6, 7], Usage::INDEX);
    // Vertices, instances, first vertex; the first instance would need a feature if it were not 0.
    let draws = gpu.buffer_with(&[[4u32, 1, 0, 0], [4, 1, 4, 0]], Usage::INDIRECT);
    let indexed = gpu.buffer_with(&[[4u32, 1, 5, 0, 0], [3, 1, 0, 0, 0]], Usage::INDIRECT);
    let attributes = wgpu::vertex_attr_array![0 => Float32x4];
    let layout = wgpu::VertexBufferLayout {
        array_stride: 16,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &attributes,
    };
    let pipeline = pipeline(gpu, SHADER, &[Some(layout)], |descriptor| {
        descriptor.depth_stencil = Some(nearer());
        descriptor.primitive.topology = wgpu::PrimitiveTopology::TriangleStrip;
        descriptor.primitive.strip_index_format = Some(wgpu::IndexFormat::Uint32);
    });
    let count = 2;
    let queries =
        gpu.device.create_query_set(&wgpu::QuerySetDescriptor { label: None, ty: wgpu::QueryType::Occlusion, count });
    let samples = gpu.buffer(16, Usage::QUERY_RESOLVE | Usage::COPY_SRC);
    let canvas = Canvas::new(gpu);
    let depth = depth_view(gpu, SIDE);
    let mut encoder = gpu.encoder();
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        color_attachments: &[Some(cleared(&canvas.view))],
        depth_stencil_attachment: Some(cleared_depth(&depth)),
        occlusion_query_set: Some(&queries),
        ..wgpu::RenderPassDescriptor::default()
    });
    pass.set_pipeline(&pipeline);
    pass.set_index_buffer(indices.slice(..), wgpu::IndexFormat::Uint32);
    pass.set_vertex_buffer(0, squares.slice(0..));
    pass.begin_occlusion_query(0);
    pass.multi_draw_indirect(&draws, 0, 2);
    pass.end_occlusion_query();
    pass.set_vertex_buffer(0, squares.slice(16..));
    pass.draw_indirect(&draws, 16);
    pass.set_vertex_buffer(0, squares.slice(32..));
    pass.multi_draw_indexed_indirect(&indexed, 0, 2);
    pass.set_vertex_buffer(0, squares.slice(48..));
    pass.begin_occlusion_query(1);
    pass.draw_indexed_indirect(&indexed, 0);
    pass.end_occlusion_query();
    drop(pass);
    encoder.resolve_query_set(&queries, 0..count, &samples, 0);
    gpu.queue.submit([encoder.finish()]);
    let seen: Vec<u64> = gpu.read(&samples)?;
    let seen: Vec<_> = seen.iter().map(|samples| *samples > 0).collect();
    if seen != [true, false] {
        return Err(format!("the first draw is visible and the last is not, but the queries say {seen:?}").into());
    }
    gpu.read_picture(&canvas.picture)
}
