//! A scene on the GPU, and the picture of it.

use image::RgbaImage;
use vello::peniko::color::palette::css;
use vello::{AaConfig, AaSupport, RenderParams, Renderer, RendererOptions, Scene};

use crate::Failure;

/// Pixels of a side at most: what WebGPU's textures have everywhere.
const SIDE_MAX: f32 = 8192.0;

/// Draws a scene of this size.
pub(crate) async fn draw(
    instance: &wgpu::Instance,
    scene: &Scene,
    width: f32,
    height: f32,
) -> Result<RgbaImage, Failure> {
    if !(1.0..=SIDE_MAX).contains(&width) || !(1.0..=SIDE_MAX).contains(&height) {
        return Err(
            format!("the drawing is {width}x{height}, and can be drawn from 1x1 to {SIDE_MAX}x{SIDE_MAX}").into()
        );
    }
    let (width, height) = (width.ceil() as u32, height.ceil() as u32);
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
    let (device, queue) = adapter.request_device(&wgpu::DeviceDescriptor::default()).await?;
    let options = RendererOptions {
        use_cpu: false,
        antialiasing_support: AaSupport::area_only(),
        num_init_threads: None,
        pipeline_cache: None,
    };
    let mut renderer = Renderer::new(&device, options)?;
    let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
    let target = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("picture"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let params = RenderParams { base_color: css::WHITE, width, height, antialiasing_method: AaConfig::Area };
    let view = target.create_view(&wgpu::TextureViewDescriptor::default());
    renderer.render_to_texture(&device, &queue, scene, &view, &params)?;
    read(&device, &queue, &target)
}

fn read(device: &wgpu::Device, queue: &wgpu::Queue, texture: &wgpu::Texture) -> Result<RgbaImage, Failure> {
    let (width, height) = (texture.width(), texture.height());
    let row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("picture"),
        size: u64::from(row) * u64::from(height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
    let target = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
    encoder.copy_texture_to_buffer(texture.as_image_copy(), target, texture.size());
    queue.submit([encoder.finish()]);
    let (sender, receiver) = std::sync::mpsc::channel();
    buffer.map_async(wgpu::MapMode::Read, .., move |outcome| drop(sender.send(outcome)));
    device.poll(wgpu::PollType::wait_indefinitely())?;
    receiver.recv()??;
    let rows = buffer.get_mapped_range(..)?;
    let pixels = rows.chunks(row as usize).flat_map(|row| row[..width as usize * 4].iter().copied()).collect();
    RgbaImage::from_raw(width, height, pixels)
        .ok_or_else(|| "the picture has not as many bytes as its size says".into())
}
