//! A device, and what all examples do with it.

use wgpu::util::DeviceExt as _;

use crate::{Failure, Output};

/// Pixels of the pictures in each direction.
pub(crate) const SIDE: u32 = 96;
/// The format of the pictures.
pub(crate) const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// A device and its queue.
#[derive(Debug)]
pub struct Gpu {
    pub(crate) adapter: wgpu::Adapter,
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
}

/// The one line that differs between a native program and a component.
#[cfg(target_family = "wasm")]
fn instance() -> wgpu::Instance {
    wardian_wgpu::instance()
}

#[cfg(not(target_family = "wasm"))]
fn instance() -> wgpu::Instance {
    let backends = wgpu::Backends::PRIMARY;
    wgpu::Instance::new(wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() })
}

impl Gpu {
    /// Opens the adapter that comes first, with what the examples need of it where it has it.
    ///
    /// # Errors
    ///
    /// When there is no adapter.
    pub async fn open() -> Result<Self, Failure> {
        let adapter = instance().request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
        let (device, queue) = Self::request(&adapter).await?;
        Ok(Self { adapter, device, queue })
    }

    pub(crate) async fn request(adapter: &wgpu::Adapter) -> Result<(wgpu::Device, wgpu::Queue), Failure> {
        let wished = wgpu::Features::IMMEDIATES | wgpu::Features::TIMESTAMP_QUERY;
        let required_features = wished & adapter.features();
        let immediates = if required_features.contains(wgpu::Features::IMMEDIATES) { 16 } else { 0 };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("examples"),
            required_features,
            required_limits: wgpu::Limits { max_immediate_size: immediates, ..wgpu::Limits::default() },
            ..wgpu::DeviceDescriptor::default()
        };
        Ok(adapter.request_device(&descriptor).await?)
    }

    pub(crate) fn shader(&self, source: &str) -> wgpu::ShaderModule {
        self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(source.into()),
        })
    }

    pub(crate) fn buffer(&self, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    }

    pub(crate) fn buffer_with<T: bytemuck::NoUninit>(&self, data: &[T], usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let contents = bytemuck::cast_slice(data);
        self.device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: None, contents, usage })
    }

    /// A compute pipeline of the only entry point, with the layout that it implies.
    pub(crate) fn compute(&self, source: &str) -> wgpu::ComputePipeline {
        self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &self.shader(source),
            entry_point: None,
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    }

    /// A bind group of the bindings 0, 1, …
    pub(crate) fn group(
        &self,
        layout: &wgpu::BindGroupLayout,
        resources: &[wgpu::BindingResource<'_>],
    ) -> wgpu::BindGroup {
        let entries: Vec<_> = (0..)
            .zip(resources)
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource: resource.clone() })
            .collect();
        self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
    }

    pub(crate) fn texture(
        &self,
        size: wgpu::Extent3d,
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
    ) -> wgpu::Texture {
        self.device.create_texture(&texture(size, format, usage))
    }

    pub(crate) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    /// The numbers in a buffer with the usage `COPY_SRC`, after all work so far.
    pub(crate) fn read<T: bytemuck::Pod>(&self, source: &wgpu::Buffer) -> Result<Vec<T>, Failure> {
        let size = source.size();
        let target = self.buffer(size, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ);
        let mut encoder = self.encoder();
        encoder.copy_buffer_to_buffer(source, 0, &target, 0, size);
        self.queue.submit([encoder.finish()]);
        self.read_mapped(&target)
    }

    /// The numbers in a buffer that can be mapped for reading.
    pub(crate) fn read_mapped<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer) -> Result<Vec<T>, Failure> {
        let (sender, receiver) = std::sync::mpsc::channel();
        buffer.map_async(wgpu::MapMode::Read, .., move |outcome| drop(sender.send(outcome)));
        self.device.poll(wgpu::PollType::wait_indefinitely())?;
        receiver.recv()??;
        let numbers = bytemuck::pod_collect_to_vec(&buffer.get_mapped_range(..)?);
        buffer.unmap();
        Ok(numbers)
    }

    /// The texels of a picture with the usage `COPY_SRC`.
    pub(crate) fn read_picture(&self, picture: &wgpu::Texture) -> Result<Output, Failure> {
        let (width, height) = (picture.width(), picture.height());
        let row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        let buffer = self.buffer(u64::from(row * height), usage);
        let mut encoder = self.encoder();
        encoder.copy_texture_to_buffer(
            picture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None },
            },
            wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        );
        self.queue.submit([encoder.finish()]);
        let rows: Vec<u8> = self.read_mapped(&buffer)?;
        let length = usize::try_from(width * 4)?;
        let rows = rows.chunks(usize::try_from(row)?);
        let pixels = rows.flat_map(|row| row.iter().copied().take(length)).collect();
        Ok(Output::Picture { width, pixels })
    }
}

pub(crate) const fn texture(
    size: wgpu::Extent3d,
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::TextureDescriptor<'static> {
    wgpu::TextureDescriptor {
        label: None,
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage,
        view_formats: &[],
    }
}

pub(crate) const fn square(side: u32) -> wgpu::Extent3d {
    wgpu::Extent3d { width: side, height: side, depth_or_array_layers: 1 }
}
