//! The device, pictures on it, and passes over them.

use std::error::Error;

use wardian_guest::webgpu::{
    GpuAdapter, GpuBuffer, GpuBufferUsage, GpuColor, GpuCommandEncoder, GpuComputePassDescriptor, GpuComputePipeline,
    GpuDevice, GpuErrorFilter, GpuErrorKind, GpuFeatureName, GpuQueue, GpuTexelCopyTextureInfo, GpuTexture,
    GpuTextureFormat, GpuTextureUsage,
};
use wardian_guest::{DeviceOptions, buffer_with_data, describe, read_buffer, scoped};

use crate::kernels::Kernels;
use crate::size::Size;
use crate::stopwatch::{Stopwatch, Timing};

/// What steps write: 11 bits a channel, so that no step of a chain is seen to round.
const FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba16float;
/// What files hold.
const FILE_FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba8unorm;
const FILE_BYTES_PER_PIXEL: u32 = 4;
/// Pixels that an invocation of almost any shader is for: a workgroup has 16 by 16.
pub(crate) const TILE: u32 = 16;
/// A picture passes to the GPU and back in strips of about this size; one call can't carry any amount.
const STRIP_BYTES: u32 = 16 << 20;
/// A 32-bit program can hold no more pixels, decoded, as a result and on its way into a file.
const PIXELS_MAX: u64 = 1 << 26;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A device and all that the steps need on it.
pub(crate) struct Gpu {
    adapter_name: String,
    device: GpuDevice,
    queue: GpuQueue,
    side_max: u32,
    kernels: Kernels,
    stopwatch: Stopwatch,
}

/// A picture on the GPU.
pub(crate) struct Layer {
    texture: GpuTexture,
    pub(crate) size: Size,
}

/// What a shader finds at a binding.
#[derive(Clone, Copy)]
pub(crate) enum Resource<'a> {
    Picture(&'a Layer),
    Numbers(&'a GpuBuffer),
}

impl Gpu {
    /// Takes the host's default adapter with its best limits.
    ///
    /// # Errors
    ///
    /// When there is none, or it refuses a shader.
    pub(crate) async fn open() -> Outcome<Self> {
        let options = DeviceOptions::new().label("photo").wish(GpuFeatureName::TimestampQuery).best_limits();
        let (adapter, device, queue) = options.request().await?;
        let kernels = Kernels::compile(&device).await?;
        let side_max = device.limits().max_texture_dimension2_d();
        let stopwatch = Stopwatch::new(&device)?;
        Ok(Self { adapter_name: name_of(&adapter), device, queue, side_max, kernels, stopwatch })
    }

    pub(crate) fn adapter_name(&self) -> &str {
        &self.adapter_name
    }

    /// How [`timings`](Self::timings) are taken, in words.
    pub(crate) fn timing_method(&self) -> &'static str {
        self.stopwatch.method()
    }

    /// The time of each step so far.
    pub(crate) async fn timings(&self) -> Outcome<Vec<Timing>> {
        Ok(self.stopwatch.timings(&self.device, &self.queue).await?)
    }

    /// Checks that a picture of this size can be made.
    ///
    /// # Errors
    ///
    /// When it is too large; says the limits, and ends with the advice.
    pub(crate) fn check_size(&self, what: &str, size: Size, advice: &str) -> Outcome<()> {
        if size.width.max(size.height) > self.side_max {
            let side_max = self.side_max;
            let limit = format!("the adapter takes at most {side_max} pixels a side");
            return Err(format!("{what} is too large, {size} pixels: {limit}; {advice}").into());
        }
        if size.pixels() > PIXELS_MAX {
            let limit = format!("this program takes at most {PIXELS_MAX} pixels in all");
            return Err(format!("{what} is too large, {size} pixels: {limit}; {advice}").into());
        }
        Ok(())
    }

    /// Runs work on the GPU in which any error of the device is this call's error.
    ///
    /// # Errors
    ///
    /// The device's error if there is one, since it explains what else went wrong; else what `body` says.
    pub(crate) async fn checked<T>(&self, body: impl AsyncFnOnce() -> Outcome<T>) -> Outcome<T> {
        // Lack of memory makes objects invalid, and using those is a validation error: the cause is the scope outside.
        let inner = async || scoped(&self.device, GpuErrorFilter::Validation, body).await;
        match scoped(&self.device, GpuErrorFilter::OutOfMemory, inner).await {
            Ok(outcome) => outcome?,
            Err(error @ wardian_guest::Error::Reported { kind: GpuErrorKind::OutOfMemoryError, .. }) => {
                Err(format!("{error}; use a smaller picture or a smaller --size").into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Brings rows of red, green, blue and alpha to the GPU.
    pub(crate) fn upload(&self, size: Size, pixels: &[u8]) -> Outcome<Layer> {
        let usage = GpuTextureUsage::TEXTURE_BINDING | GpuTextureUsage::COPY_DST;
        let layer = self.layer(FILE_FORMAT, size, usage);
        let stride = size.width * FILE_BYTES_PER_PIXEL;
        let rows_max = (STRIP_BYTES / stride).max(1);
        let mut top = 0;
        for strip in pixels.chunks(usize::try_from(stride * rows_max)?) {
            let rows = rows_max.min(size.height - top);
            let place = at_row(&layer.texture, top);
            let layout = describe::texel_layout(stride, rows);
            self.queue.write_texture_with_copy(&place, strip, layout, describe::extent(size.width, rows));
            top += rows;
        }
        Ok(layer)
    }

    /// Rounds a picture to 8 bits and brings it back: rows of red, green, blue and 255.
    pub(crate) async fn download(&self, picture: &Layer) -> Outcome<Vec<u8>> {
        let size = picture.size;
        let usage = GpuTextureUsage::STORAGE_BINDING | GpuTextureUsage::COPY_SRC;
        let rounded = self.layer(FILE_FORMAT, size, usage);
        let bindings = [Resource::Picture(picture), Resource::Picture(&rounded)];
        self.submit(|passes| passes.run(&self.kernels.output, &bindings, size, TILE))?;

        let row = size.width * FILE_BYTES_PER_PIXEL;
        let stride = row.next_multiple_of(256);
        let rows_max = (STRIP_BYTES / stride).clamp(1, size.height);
        let strip_bytes = u64::from(stride) * u64::from(rows_max);
        let usage = GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ;
        let buffer = self.device.create_buffer(&describe::buffer(strip_bytes, usage));
        let mut pixels = Vec::with_capacity(usize::try_from(size.pixels() * u64::from(FILE_BYTES_PER_PIXEL))?);
        let mut top = 0;
        while top < size.height {
            let rows = rows_max.min(size.height - top);
            let encoder = self.device.create_command_encoder(None);
            encoder.copy_texture_to_buffer(
                &at_row(&rounded.texture, top),
                &describe::texel_buffer(&buffer, stride, rows),
                describe::extent(size.width, rows),
            );
            self.queue.submit(&[&encoder.finish(None)]);
            let end = u64::from(stride) * u64::from(rows);
            let padded = read_buffer(&self.device, &self.queue, &buffer, ..end).await?;
            for padded_row in padded.chunks(usize::try_from(stride)?) {
                pixels.extend(padded_row.iter().take(usize::try_from(row)?));
            }
            top += rows;
        }
        Ok(pixels)
    }

    /// Hands a step to the GPU: all its passes in one submission. Nothing comes back but the time it took.
    pub(crate) async fn step<T>(
        &self,
        name: &'static str,
        record: impl FnOnce(&Passes<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        self.stopwatch.lap(name, &self.queue, || self.submit(record)).await
    }

    fn submit<T>(&self, record: impl FnOnce(&Passes<'_>) -> Outcome<T>) -> Outcome<T> {
        let passes = Passes { gpu: self, encoder: self.device.create_command_encoder(None) };
        let value = record(&passes)?;
        self.queue.submit(&[&passes.encoder.finish(None)]);
        Ok(value)
    }

    fn layer(&self, format: GpuTextureFormat, size: Size, usage: GpuTextureUsage) -> Layer {
        let descriptor = describe::texture_2d(format, size.width, size.height, usage);
        Layer { texture: self.device.create_texture(&descriptor), size }
    }
}

/// Passes that are being recorded.
pub(crate) struct Passes<'a> {
    gpu: &'a Gpu,
    encoder: GpuCommandEncoder,
}

impl<'a> Passes<'a> {
    pub(crate) fn kernels(&self) -> &'a Kernels {
        &self.gpu.kernels
    }

    /// A new picture for shaders to write.
    pub(crate) fn blank(&self, size: Size) -> Layer {
        self.gpu.layer(FORMAT, size, GpuTextureUsage::TEXTURE_BINDING | GpuTextureUsage::STORAGE_BINDING)
    }

    /// A new picture in one colour.
    pub(crate) fn filled(&self, size: Size, color: GpuColor) -> Layer {
        let usage =
            GpuTextureUsage::TEXTURE_BINDING | GpuTextureUsage::STORAGE_BINDING | GpuTextureUsage::RENDER_ATTACHMENT;
        let layer = self.gpu.layer(FORMAT, size, usage);
        let view = layer.texture.create_view(None);
        self.encoder.begin_render_pass(&describe::render_pass(vec![describe::cleared(&view, color)])).end();
        layer
    }

    /// A buffer of 256 numbers, all 0.
    pub(crate) fn table(&self) -> GpuBuffer {
        self.gpu.device.create_buffer(&describe::buffer(256 * 4, GpuBufferUsage::STORAGE))
    }

    pub(crate) fn uniform(&self, bytes: &[u8]) -> Outcome<GpuBuffer> {
        Ok(buffer_with_data(&self.gpu.device, bytes, GpuBufferUsage::UNIFORM)?)
    }

    pub(crate) fn storage(&self, bytes: &[u8]) -> Outcome<GpuBuffer> {
        Ok(buffer_with_data(&self.gpu.device, bytes, GpuBufferUsage::STORAGE)?)
    }

    /// Runs a shader with an invocation for each pixel, from a picture at binding 0 into a new one at binding 1; what
    /// else it wants is bound after them.
    pub(crate) fn over(&self, kernel: &GpuComputePipeline, picture: &Layer, more: &[Resource<'_>]) -> Outcome<Layer> {
        let result = self.blank(picture.size);
        let bindings = [&[Resource::Picture(picture), Resource::Picture(&result)], more].concat();
        self.run(kernel, &bindings, picture.size, TILE)?;
        Ok(result)
    }

    /// Runs a shader with a workgroup for each square of `tile` by `tile`.
    pub(crate) fn run(
        &self,
        kernel: &GpuComputePipeline,
        bindings: &[Resource<'_>],
        size: Size,
        tile: u32,
    ) -> Outcome<()> {
        let layout = kernel.get_bind_group_layout(0);
        let entries = (0_u32..).zip(bindings).map(|(binding, resource)| match resource {
            Resource::Picture(layer) => describe::texture_binding(binding, &layer.texture),
            Resource::Numbers(buffer) => describe::buffer_binding(binding, buffer),
        });
        let group = self.gpu.device.create_bind_group(&describe::bind_group(&layout, entries.collect()));
        let timestamp_writes = self.gpu.stopwatch.pass();
        let descriptor = GpuComputePassDescriptor { timestamp_writes, ..describe::compute_pass() };
        let pass = self.encoder.begin_compute_pass(Some(&descriptor));
        pass.set_pipeline(kernel);
        pass.set_bind_group(0, Some(&group), None, None, None)?;
        pass.dispatch_workgroups(size.width.div_ceil(tile), Some(size.height.div_ceil(tile)), None);
        pass.end();
        Ok(())
    }
}

fn at_row(texture: &GpuTexture, top: u32) -> GpuTexelCopyTextureInfo<'_> {
    GpuTexelCopyTextureInfo { origin: Some(describe::origin(0, top, 0)), ..describe::texel_texture(texture) }
}

fn name_of(adapter: &GpuAdapter) -> String {
    let info = adapter.info();
    let names = [info.description(), info.device(), info.architecture(), info.vendor()];
    let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "unnamed".to_owned());
    if info.is_fallback_adapter() { format!("{name} (software)") } else { name }
}
