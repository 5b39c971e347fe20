//! A small picture to draw on, and pipelines to draw with.

use std::error::Error;

use wardian_guest::webgpu::*;
use wardian_guest::{buffer_with_data, describe};

use crate::Outcome;
use crate::support::Gpu;

pub(crate) const FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba8unorm;
pub(crate) const TARGET: GpuTextureUsage = GpuTextureUsage::RENDER_ATTACHMENT.union(GpuTextureUsage::COPY_SRC);
pub(crate) const BLACK: GpuColor = describe::color(0.0, 0.0, 0.0, 1.0);
pub(crate) const WHITE: [u8; 4] = [255; 4];
pub(crate) const DARK: [u8; 4] = [0, 0, 0, 255];

/// A triangle over everything, in white.
pub(crate) const FILL: &str = "
    @vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
        return vec4f(f32(i % 2) * 4 - 1, f32(i / 2) * 4 - 1, 0.5, 1);
    }
    @fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }
";

/// An 8 by 8 picture to draw on.
pub(crate) struct Canvas<'a> {
    gpu: &'a Gpu,
    texture: GpuTexture,
    pub(crate) view: GpuTextureView,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(gpu: &'a Gpu) -> Self {
        let texture = gpu.device.create_texture(&describe::texture_2d(FORMAT, 8, 8, TARGET));
        let view = texture.create_view(None);
        Self { gpu, texture, view }
    }

    /// Draws with `body` over black, which must be no error.
    pub(crate) async fn draw(&self, body: impl FnOnce(&GpuRenderPassEncoder)) -> Outcome {
        let encoder = self.gpu.encoder();
        self.record(&encoder, body);
        self.gpu.accepted("the pass", || self.gpu.submit(&encoder)).await
    }

    pub(crate) fn record(&self, encoder: &GpuCommandEncoder, body: impl FnOnce(&GpuRenderPassEncoder)) {
        let pass = encoder.begin_render_pass(&describe::render_pass(vec![describe::cleared(&self.view, BLACK)]));
        body(&pass);
        pass.end();
    }

    /// The colour at each pixel, row by row.
    pub(crate) async fn pixels(&self) -> Result<Vec<[u8; 4]>, Box<dyn Error>> {
        Ok(self.gpu.texels_of(&self.texture, 4).await?.as_chunks().0.to_vec())
    }

    /// Which pixels are white, as rows of `#` and `.`; anything else is `?`.
    pub(crate) async fn picture(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let pixels = self.pixels().await?;
        let mark = |pixel: &[u8; 4]| match *pixel {
            WHITE => '#',
            DARK => '.',
            _ => '?',
        };
        Ok(pixels.chunks(8).map(|row| row.iter().map(mark).collect()).collect())
    }
}

pub(crate) fn pipeline(gpu: &Gpu, code: &str) -> GpuRenderPipeline {
    let module = gpu.shader(code);
    gpu.device.create_render_pipeline(describe::render_pipeline(&module, FORMAT))
}

/// A pipeline that fills a pixel or so at each of its vertex buffer's points, in white.
pub(crate) fn points(gpu: &Gpu, step_mode: GpuVertexStepMode) -> GpuRenderPipeline {
    let module = gpu.shader(
        "@vertex fn v(@location(0) p: vec2f) -> @builtin(position) vec4f {
             return vec4f((p + 0.5) / 4 - 1, 0, 1) * vec4f(1, -1, 1, 1);
         }
         @fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }",
    );
    let attribute = describe::attribute(GpuVertexFormat::Float32x2, 0, 0);
    let buffer = GpuVertexBufferLayout { step_mode: Some(step_mode), ..describe::vertex_buffer(8, vec![attribute]) };
    gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
        vertex: GpuVertexState { buffers: Some(vec![Some(buffer)]), ..describe::vertex_state(&module) },
        primitive: Some(describe::primitive(GpuPrimitiveTopology::PointList)),
        ..describe::render_pipeline(&module, FORMAT)
    })
}

/// The points (0, 0), (1, 1), … (7, 7).
pub(crate) fn diagonal(gpu: &Gpu) -> Result<GpuBuffer, Box<dyn Error>> {
    let bytes: Vec<u8> = (0..8_u8).flat_map(|n| [f32::from(n); 2]).flat_map(f32::to_le_bytes).collect();
    Ok(buffer_with_data(&gpu.device, &bytes, GpuBufferUsage::VERTEX)?)
}

/// A picture of the given points of the diagonal.
pub(crate) fn dots(points: &[usize]) -> Vec<String> {
    (0..8).map(|y| (0..8).map(|x| if x == y && points.contains(&x) { '#' } else { '.' }).collect()).collect()
}

/// A pass over the canvas with a depth-stencil attachment.
pub(crate) fn depth_pass<'a>(
    canvas: &'a Canvas<'_>,
    depth: GpuRenderPassDepthStencilAttachment<'a>,
) -> GpuRenderPassDescriptor<'a> {
    let attachments = vec![describe::cleared(&canvas.view, BLACK)];
    GpuRenderPassDescriptor { depth_stencil_attachment: Some(depth), ..describe::render_pass(attachments) }
}
