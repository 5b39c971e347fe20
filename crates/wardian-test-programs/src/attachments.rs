//! What is in attachments: clear values of all kinds of formats, and depth that is read while it is attached.

use std::error::Error;

use wardian_guest::describe;
use wardian_guest::webgpu::*;

use crate::Outcome;
use crate::canvas::{Canvas, FORMAT, TARGET, WHITE, depth_pass};
use crate::support::Gpu;

programs! { "attachments":
    clear_values_of_integers_arrive,
    clear_values_of_floats_arrive,
    read_only_depth_can_be_sampled,
    read_only_depth_and_stencil_can_be_sampled,
    read_only_depth_can_be_sampled_while_stencil_is_written,
    written_depth_cannot_be_sampled,
}

/// Clears a texture of 2 by 2 texels to a colour; gives the bytes of its first texel, and all four must be alike.
async fn cleared_to(
    gpu: &Gpu,
    format: GpuTextureFormat,
    color: GpuColor,
    bytes_per_texel: u32,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let texture = gpu.device.create_texture(&describe::texture_2d(format, 2, 2, TARGET));
    let view = texture.create_view(None);
    let encoder = gpu.encoder();
    encoder.begin_render_pass(&describe::render_pass(vec![describe::cleared(&view, color)])).end();
    gpu.accepted(&format!("clearing {format:?} to {color:?}"), || gpu.submit(&encoder)).await?;
    let bytes = gpu.texels_of(&texture, bytes_per_texel).await?;
    let texel = usize::try_from(bytes_per_texel)?;
    let first: Vec<u8> = bytes.iter().take(texel).copied().collect();
    check!(bytes.chunks(texel).all(|texel| texel == first), "{format:?}: expected the same texel four times");
    Ok(first)
}

async fn clear_values_of_integers_arrive() -> Outcome {
    use GpuTextureFormat as F;
    let gpu = Gpu::new().await?;
    let (large, small) = (f64::from(u32::MAX), f64::from(i32::MIN));
    let cases: [(F, [f64; 4], Vec<u8>); 10] = [
        (F::R8uint, [200.0, 0.0, 0.0, 0.0], vec![200]),
        (F::R8sint, [-100.0, 0.0, 0.0, 0.0], vec![156]),
        (F::Rgba8uint, [0.0, 1.0, 128.0, 255.0], vec![0, 1, 128, 255]),
        (F::Rgba8sint, [-128.0, -1.0, 0.0, 127.0], vec![128, 255, 0, 127]),
        (F::Rg16uint, [258.0, 65_535.0, 0.0, 0.0], vec![2, 1, 255, 255]),
        (F::Rg16sint, [-32_768.0, 772.0, 0.0, 0.0], vec![0, 128, 4, 3]),
        (F::R32uint, [large, 0.0, 0.0, 0.0], vec![255; 4]),
        (F::R32sint, [small, 0.0, 0.0, 0.0], vec![0, 0, 0, 128]),
        // More than what floats of 32 bits can say.
        (F::Rg32uint, [16_777_217.0, 4_294_967_293.0, 0.0, 0.0], vec![1, 0, 0, 1, 253, 255, 255, 255]),
        (F::Rg32sint, [-16_777_217.0, 2_147_483_645.0, 0.0, 0.0], vec![255, 255, 255, 254, 253, 255, 255, 127]),
    ];
    for (format, [r, g, b, a], expected) in cases {
        let bytes = u32::try_from(expected.len())?;
        let color = describe::color(r, g, b, a);
        check_eq!(cleared_to(&gpu, format, color, bytes).await?, expected, "{format:?} cleared to {color:?}");
    }
    Ok(())
}

async fn clear_values_of_floats_arrive() -> Outcome {
    use GpuTextureFormat as F;
    let gpu = Gpu::new().await?;
    let cases: [(F, [f64; 4], Vec<u8>); 5] = [
        (F::Rgba8unorm, [0.0, 0.2, 1.0, 0.4], vec![0, 51, 255, 102]),
        // What is out of range is brought into it.
        (F::Rgba8unorm, [-3.0, 7.0, 0.0, 1e30], vec![0, 255, 0, 255]),
        (F::Bgra8unorm, [0.2, 0.4, 0.6, 1.0], vec![153, 102, 51, 255]),
        (F::Rg16float, [1.5, -2.0, 0.0, 0.0], vec![0x00, 0x3e, 0x00, 0xc0]),
        (F::R32float, [-0.1, 0.0, 0.0, 0.0], (-0.1_f32).to_le_bytes().to_vec()),
    ];
    for (format, [r, g, b, a], expected) in cases {
        let bytes = u32::try_from(expected.len())?;
        let color = describe::color(r, g, b, a);
        let texel = cleared_to(&gpu, format, color, bytes).await?;
        // The hardware may round to either side of a channel of 8 bits.
        let near = texel.iter().zip(&expected).all(|(is, should)| is.abs_diff(*should) <= 1);
        check!(near, "{format:?} cleared to {color:?}: expected {expected:?}, got {texel:?}");
    }
    Ok(())
}

/// White where the depth of the texture is a quarter, roughly, and what is drawn lies behind it.
const READ_DEPTH: &str = "
    @group(0) @binding(0) var depth: texture_depth_2d;
    @vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
        return vec4f(f32(i % 2) * 4 - 1, f32(i / 2) * 4 - 1, 0.5, 1);
    }
    @fragment fn f(@builtin(position) p: vec4f) -> @location(0) vec4f {
        return vec4f(vec3f(f32(textureLoad(depth, vec2i(p.xy), 0) < 0.26)), 1);
    }
";

/// A texture with depth that can be sampled and attached, all of it a quarter deep.
struct Depth<'a> {
    gpu: &'a Gpu,
    canvas: Canvas<'a>,
    format: GpuTextureFormat,
    attached: GpuTextureView,
    sampled: GpuTextureView,
}

impl<'a> Depth<'a> {
    async fn new(gpu: &'a Gpu, format: GpuTextureFormat) -> Result<Self, Box<dyn Error>> {
        let usage = GpuTextureUsage::RENDER_ATTACHMENT | GpuTextureUsage::TEXTURE_BINDING;
        let texture = gpu.device.create_texture(&describe::texture_2d(format, 8, 8, usage));
        let aspect = Some(GpuTextureAspect::DepthOnly);
        let sampled = texture.create_view(Some(&GpuTextureViewDescriptor { aspect, ..describe::texture_view() }));
        let depth = Self { gpu, canvas: Canvas::new(gpu), format, attached: texture.create_view(None), sampled };
        let encoder = gpu.encoder();
        encoder.begin_render_pass(&depth_pass(&depth.canvas, depth.cleared())).end();
        gpu.accepted("clearing the depth", || gpu.submit(&encoder)).await?;
        Ok(depth)
    }

    fn has_stencil(&self) -> bool {
        self.format == GpuTextureFormat::Depth24plusStencil8
    }

    /// Depth and stencil, if there is any, cleared and written.
    fn cleared(&self) -> GpuRenderPassDepthStencilAttachment<'_> {
        let stencil = self.has_stencil().then_some((GpuLoadOp::Clear, GpuStoreOp::Store));
        GpuRenderPassDepthStencilAttachment {
            stencil_load_op: stencil.map(|(load, _)| load),
            stencil_store_op: stencil.map(|(_, store)| store),
            ..describe::depth_cleared(&self.attached, 0.25)
        }
    }

    /// Depth to be read only; of stencil nothing is said.
    fn read_only(&self) -> GpuRenderPassDepthStencilAttachment<'_> {
        GpuRenderPassDepthStencilAttachment {
            depth_load_op: None,
            depth_store_op: None,
            depth_clear_value: None,
            depth_read_only: Some(true),
            ..describe::depth_cleared(&self.attached, 0.25)
        }
    }

    /// Draws with a pipeline that reads depth from the texture and tests against it.
    fn record(&self, encoder: &GpuCommandEncoder, attachment: GpuRenderPassDepthStencilAttachment<'_>) {
        let module = self.gpu.shader(READ_DEPTH);
        let state = GpuDepthStencilState {
            depth_write_enabled: Some(false),
            ..describe::depth_state(self.format, GpuCompareFunction::GreaterEqual)
        };
        let descriptor =
            GpuRenderPipelineDescriptor { depth_stencil: Some(state), ..describe::render_pipeline(&module, FORMAT) };
        let pipeline = self.gpu.device.create_render_pipeline(descriptor);
        let entries = vec![describe::view_binding(0, &self.sampled)];
        let layout = pipeline.get_bind_group_layout(0);
        let group = self.gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
        let pass = encoder.begin_render_pass(&depth_pass(&self.canvas, attachment));
        pass.set_pipeline(&pipeline);
        drop(pass.set_bind_group(0, Some(&group), None, None, None));
        pass.draw(3, None, None, None);
        pass.end();
    }

    async fn check_white(&self, attachment: GpuRenderPassDepthStencilAttachment<'_>) -> Outcome {
        let encoder = self.gpu.encoder();
        let what = format!("sampling {:?} while it is attached", self.format);
        let record = || {
            self.record(&encoder, attachment);
            self.gpu.submit(&encoder);
        };
        self.gpu.accepted(&what, record).await?;
        let pixels = self.canvas.pixels().await?;
        check!(pixels.iter().all(|pixel| *pixel == WHITE), "{what}: expected white everywhere, got {pixels:?}");
        Ok(())
    }
}

async fn read_only_depth_can_be_sampled() -> Outcome {
    let gpu = Gpu::new().await?;
    let depth = Depth::new(&gpu, GpuTextureFormat::Depth32float).await?;
    depth.check_white(depth.read_only()).await
}

async fn read_only_depth_and_stencil_can_be_sampled() -> Outcome {
    let gpu = Gpu::new().await?;
    let depth = Depth::new(&gpu, GpuTextureFormat::Depth24plusStencil8).await?;
    let stencil_read_only = Some(true);
    depth.check_white(GpuRenderPassDepthStencilAttachment { stencil_read_only, ..depth.read_only() }).await
}

async fn read_only_depth_can_be_sampled_while_stencil_is_written() -> Outcome {
    let gpu = Gpu::new().await?;
    let depth = Depth::new(&gpu, GpuTextureFormat::Depth24plusStencil8).await?;
    let attachment = || GpuRenderPassDepthStencilAttachment {
        stencil_load_op: Some(GpuLoadOp::Clear),
        stencil_store_op: Some(GpuStoreOp::Store),
        stencil_clear_value: Some(3),
        ..depth.read_only()
    };
    let encoder = gpu.encoder();
    depth.record(&encoder, attachment());
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    drop(encoder.finish(None));
    if let Some(error) = gpu.device.pop_error_scope().await? {
        // The aspects of a texture are one to `wgpu-core`, so it takes this one for being written.
        skip!("this host can't sample the depth of a texture whose stencil is written: {}", error.message());
    }
    depth.check_white(attachment()).await
}

async fn written_depth_cannot_be_sampled() -> Outcome {
    let gpu = Gpu::new().await?;
    for format in [GpuTextureFormat::Depth32float, GpuTextureFormat::Depth24plusStencil8] {
        let depth = Depth::new(&gpu, format).await?;
        let what = format!("sampling {format:?} while it is written");
        let record = |encoder: &GpuCommandEncoder| depth.record(encoder, depth.cleared());
        gpu.rejected_by_finish(&what, record).await?;
    }
    Ok(())
}
