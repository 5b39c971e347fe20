//! What memory holds that nobody wrote, what partial writes leave alone, and what happens when there is no more.

use std::error::Error;

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, describe, read_buffer};

use crate::Outcome;
use crate::support::{Gpu, bytes_of, words_of};

programs! { "memory":
    workgroup_memory_begins_as_zero,
    workgroup_memory_is_not_inherited,
    texture_beyond_memory_is_out_of_memory,
    buffer_beyond_memory_is_out_of_memory,
    large_mappings_go_both_ways,
    slices_of_3d_are_copied_out,
    slices_of_3d_are_copied_in,
    slices_of_3d_are_copied_over,
    unwritten_slices_of_3d_are_zero,
    slices_beside_a_cleared_one_are_zero,
    discarding_a_slice_leaves_the_others,
}

const WORDS: usize = 4096;

/// A pipeline on one storage buffer of as many words as workgroup memory has.
struct Kernel {
    pipeline: GpuComputePipeline,
    group: GpuBindGroup,
    buffer: GpuBuffer,
}

impl Kernel {
    fn new(gpu: &Gpu, body: &str) -> Result<Self, Box<dyn Error>> {
        let module = gpu.shader(&format!(
            "@group(0) @binding(0) var<storage, read_write> out: array<u32, {WORDS}>;
             var<workgroup> shared_words: array<u32, {WORDS}>;
             @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) first: u32) {{ {body} }}"
        ));
        let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
        let buffer = gpu.buffer_of(&[7; WORDS], GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC)?;
        let layout = pipeline.get_bind_group_layout(0);
        let entries = vec![describe::buffer_binding(0, &buffer)];
        let group = gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
        Ok(Self { pipeline, group, buffer })
    }

    /// Tells what was in workgroup memory before anything was written.
    fn reading(gpu: &Gpu) -> Result<Self, Box<dyn Error>> {
        Self::new(gpu, "for (var i = first; i < 4096; i += 64) { out[i] = shared_words[i]; }")
    }

    /// Fills workgroup memory, and copies it so that the compiler can't leave that out.
    fn filling(gpu: &Gpu) -> Result<Self, Box<dyn Error>> {
        let body = "for (var i = first; i < 4096; i += 64) { shared_words[i] = 0xdeadbeef; }
            workgroupBarrier();
            for (var i = first; i < 4096; i += 64) { out[i] = shared_words[4095 - i]; }";
        Self::new(gpu, body)
    }

    fn record(&self, pass: &GpuComputePassEncoder, workgroups: u32) {
        pass.set_pipeline(&self.pipeline);
        drop(pass.set_bind_group(0, Some(&self.group), None, None, None));
        pass.dispatch_workgroups(workgroups, None, None);
    }
}

async fn workgroup_memory_begins_as_zero() -> Outcome {
    let gpu = Gpu::new().await?;
    let reading = Kernel::reading(&gpu)?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    reading.record(&pass, 1);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    let words = gpu.words_of(&reading.buffer).await?;
    check!(words.iter().all(|word| *word == 0), "expected workgroup memory to begin as zero, got {words:x?}");
    Ok(())
}

async fn workgroup_memory_is_not_inherited() -> Outcome {
    let gpu = Gpu::new().await?;
    let (filling, reading) = (Kernel::filling(&gpu)?, Kernel::reading(&gpu)?);
    for _ in 0..8 {
        let encoder = gpu.encoder();
        let pass = encoder.begin_compute_pass(None);
        // On as many processors as there are.
        filling.record(&pass, 256);
        reading.record(&pass, 1);
        pass.end();
        gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
        let filled = gpu.words_of(&filling.buffer).await?;
        check!(filled.iter().all(|word| *word == 0xdead_beef), "expected the first kernel to fill its memory");
        let words = gpu.words_of(&reading.buffer).await?;
        let left = words.iter().filter(|word| **word != 0).count();
        check_eq!(left, 0, "words that another kernel left in workgroup memory");
    }
    Ok(())
}

/// Runs a creation that asks for more memory than there is. Gives what it made if that was out of memory, and none if
/// there was enough.
async fn beyond_memory<T>(gpu: &Gpu, what: &str, body: impl FnOnce() -> T) -> Result<Option<T>, Box<dyn Error>> {
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    gpu.device.push_error_scope(GpuErrorFilter::OutOfMemory);
    let value = body();
    let error = gpu.device.pop_error_scope().await?;
    let other = gpu.device.pop_error_scope().await?.map(|error| error.message());
    check!(other.is_none(), "{what}: expected no validation error, got {other:?}");
    let Some(error) = error else { return Ok(None) };
    check_matches!(error.kind(), GpuErrorKind::OutOfMemoryError, "kind of the error of {what}");
    check!(!error.message().trim().is_empty(), "expected a message with the error of {what}, got an empty one");
    Ok(Some(value))
}

/// A device whose memory ran out must go on.
async fn check_usable(gpu: &Gpu) -> Outcome {
    let buffer = gpu.buffer_of(&[1, 2, 3], GpuBufferUsage::COPY_SRC)?;
    check_eq!(gpu.words_of(&buffer).await?, [1, 2, 3], "a buffer after memory ran out");
    Ok(())
}

async fn texture_beyond_memory_is_out_of_memory() -> Outcome {
    let gpu = Gpu::new().await?;
    let limits = gpu.device.limits();
    let (edge, layers) = (limits.max_texture_dimension2_d(), limits.max_texture_array_layers());
    // A quarter of a tebibyte, of which nothing is touched.
    let descriptor = GpuTextureDescriptor {
        size: describe::extent_3d(edge, edge, layers),
        ..describe::texture_2d(GpuTextureFormat::Rgba32float, 1, 1, GpuTextureUsage::TEXTURE_BINDING)
    };
    let make = || gpu.device.create_texture(&descriptor);
    let Some(texture) = beyond_memory(&gpu, "the texture", make).await? else {
        skip!("the adapter has memory for {edge} by {edge} by {layers} texels");
    };
    check_eq!((texture.width(), texture.depth_or_array_layers()), (edge, layers), "size of the invalid texture");
    gpu.rejected("a view of the invalid texture", || texture.create_view(None)).await?;
    texture.destroy();
    check_usable(&gpu).await
}

async fn buffer_beyond_memory_is_out_of_memory() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().best_limits()).await?;
    let size = gpu.device.limits().max_buffer_size() & !3;
    if size < 1 << 38 {
        skip!("the largest buffer has {size} bytes, for which there may be memory");
    }
    let make = || gpu.buffer(size, GpuBufferUsage::COPY_SRC);
    let Some(buffer) = beyond_memory(&gpu, "the buffer", make).await? else {
        skip!("the adapter has memory for {size} bytes");
    };
    check_eq!(buffer.size(), size, "size of the invalid buffer");
    let target = gpu.buffer(4, GpuBufferUsage::COPY_DST);
    let copy = |encoder: &GpuCommandEncoder| {
        encoder.copy_buffer_to_buffer(&buffer, Some(0), &target, Some(0), Some(4));
    };
    gpu.rejected_by_finish("a copy from the invalid buffer", copy).await?;
    buffer.destroy();
    check_usable(&gpu).await
}

async fn large_mappings_go_both_ways() -> Outcome {
    let gpu = Gpu::new().await?;
    // More than what the host lets a guest pass in one call by default.
    let size: u32 = 144 << 20;
    let data: Vec<u8> = (0..size).map(|n| n.wrapping_mul(2_246_822_519).to_le_bytes()[3]).collect();
    let usage = GpuBufferUsage::MAP_WRITE | GpuBufferUsage::COPY_SRC;
    let buffer = gpu.buffer(u64::from(size), usage);
    buffer.map_async(GpuMapMode::WRITE, None, None).await?;
    buffer.get_mapped_range_set_with_copy(&data, None, None)?;
    buffer.unmap()?;
    let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    check!(bytes == data, "expected 144 MiB to come back as they went");
    Ok(())
}

/// Edge of the 3D textures below, in texels of one word.
const EDGE: u32 = 4;

fn cube(gpu: &Gpu) -> GpuTexture {
    gpu.device.create_texture(&GpuTextureDescriptor {
        size: describe::extent_3d(EDGE, EDGE, EDGE),
        dimension: Some(GpuTextureDimension::D3),
        ..describe::texture_2d(GpuTextureFormat::R32uint, 1, 1, GpuTextureUsage::COPY_SRC | GpuTextureUsage::COPY_DST)
    })
}

/// The number of a texel, which is never zero.
const fn number(x: u32, y: u32, z: u32) -> u32 {
    1 + x + 10 * y + 100 * z
}

/// One word a texel, slice by slice and row by row.
fn texels(word: impl Fn(u32, u32, u32) -> u32) -> Vec<u32> {
    let rows = (0..EDGE).flat_map(|z| (0..EDGE).map(move |y| (y, z)));
    rows.flat_map(|(y, z)| (0..EDGE).map(move |x| (x, y, z))).map(|(x, y, z)| word(x, y, z)).collect()
}

/// A texture each of whose texels holds its number.
fn numbered(gpu: &Gpu) -> GpuTexture {
    let texture = cube(gpu);
    let data = bytes_of(&texels(number));
    let layout = describe::texel_layout(4 * EDGE, EDGE);
    let place = describe::texel_texture(&texture);
    gpu.queue.write_texture_with_copy(&place, &data, layout, describe::extent_3d(EDGE, EDGE, EDGE));
    texture
}

/// All texels of a texture.
async fn all_of(gpu: &Gpu, texture: &GpuTexture) -> Result<Vec<u32>, Box<dyn Error>> {
    let buffer = gpu.buffer(u64::from(256 * EDGE * EDGE), GpuBufferUsage::COPY_DST | GpuBufferUsage::COPY_SRC);
    let encoder = gpu.encoder();
    let (from, to) = (describe::texel_texture(texture), describe::texel_buffer(&buffer, 256, EDGE));
    encoder.copy_texture_to_buffer(&from, &to, describe::extent_3d(EDGE, EDGE, EDGE));
    gpu.accepted("copying all of it out", || gpu.submit(&encoder)).await?;
    let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    let row = usize::try_from(4 * EDGE)?;
    Ok(bytes.chunks(256).flat_map(|padded| words_of(padded.get(..row).unwrap_or_default())).collect())
}

async fn slices_of_3d_are_copied_out() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = numbered(&gpu);
    let buffer = gpu.buffer_of(&[9; 1024], GpuBufferUsage::COPY_DST | GpuBufferUsage::COPY_SRC)?;
    let encoder = gpu.encoder();
    let from = GpuTexelCopyTextureInfo { origin: Some(describe::origin(1, 2, 1)), ..describe::texel_texture(&texture) };
    let to = GpuTexelCopyBufferInfo { offset: Some(512), ..describe::texel_buffer(&buffer, 256, 3) };
    encoder.copy_texture_to_buffer(&from, &to, describe::extent_3d(2, 2, 3));
    gpu.accepted("copying a part out", || gpu.submit(&encoder)).await?;
    let words = gpu.words_of(&buffer).await?;
    let mut expected = vec![9; 1024];
    for (x, y, z) in (0..3).flat_map(|z| [(0, 0, z), (1, 0, z), (0, 1, z), (1, 1, z)]) {
        let place = usize::try_from(128 + x + 64 * (y + 3 * z))?;
        let word = expected.get_mut(place).ok_or("expected the buffer to hold all that is copied")?;
        *word = number(x + 1, y + 2, z + 1);
    }
    check!(words == expected, "expected the texels at their places and the rest kept, got {words:?}");
    Ok(())
}

async fn slices_of_3d_are_copied_in() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = numbered(&gpu);
    let words: Vec<u32> = (0..1024).map(|n| 10_000 + n).collect();
    let buffer = gpu.buffer_of(&words, GpuBufferUsage::COPY_SRC)?;
    let encoder = gpu.encoder();
    let from = GpuTexelCopyBufferInfo { offset: Some(256), ..describe::texel_buffer(&buffer, 256, 3) };
    let to = GpuTexelCopyTextureInfo { origin: Some(describe::origin(2, 1, 2)), ..describe::texel_texture(&texture) };
    encoder.copy_buffer_to_texture(&from, &to, describe::extent_3d(2, 3, 2));
    gpu.accepted("copying a part in", || gpu.submit(&encoder)).await?;
    let expected = texels(|x, y, z| {
        let inside = x >= 2 && y >= 1 && z >= 2;
        if inside { 10_000 + 64 + (x - 2) + 64 * (y - 1 + 3 * (z - 2)) } else { number(x, y, z) }
    });
    check_eq!(all_of(&gpu, &texture).await?, expected, "texels after a copy into a part");
    Ok(())
}

async fn slices_of_3d_are_copied_over() -> Outcome {
    let gpu = Gpu::new().await?;
    let (from, to) = (numbered(&gpu), cube(&gpu));
    let encoder = gpu.encoder();
    let source = GpuTexelCopyTextureInfo { origin: Some(describe::origin(0, 1, 2)), ..describe::texel_texture(&from) };
    let target = GpuTexelCopyTextureInfo { origin: Some(describe::origin(1, 0, 1)), ..describe::texel_texture(&to) };
    encoder.copy_texture_to_texture(&source, &target, describe::extent_3d(3, 2, 2));
    gpu.accepted("copying a part over", || gpu.submit(&encoder)).await?;
    let expected = texels(|x, y, z| {
        let inside = x >= 1 && y < 2 && (1..3).contains(&z);
        // What nothing was copied to was never written.
        if inside { number(x - 1, y + 1, z + 1) } else { 0 }
    });
    check_eq!(all_of(&gpu, &to).await?, expected, "texels after a copy of a part");
    Ok(())
}

async fn unwritten_slices_of_3d_are_zero() -> Outcome {
    let gpu = Gpu::new().await?;
    // Something to find where memory is not cleared.
    drop(numbered(&gpu));
    let texture = cube(&gpu);
    let place =
        GpuTexelCopyTextureInfo { origin: Some(describe::origin(0, 0, 2)), ..describe::texel_texture(&texture) };
    let data = bytes_of(&[5; 16]);
    let layout = describe::texel_layout(4 * EDGE, EDGE);
    gpu.queue.write_texture_with_copy(&place, &data, layout, describe::extent_3d(EDGE, EDGE, 1));
    let expected = texels(|_, _, z| if z == 2 { 5 } else { 0 });
    check_eq!(all_of(&gpu, &texture).await?, expected, "texels of a texture with one slice written");
    Ok(())
}

/// A 3-D texture of 1 MiB that can be rendered to, full of ones if it is `dirty`.
fn target_3d(gpu: &Gpu, dirty: bool) -> GpuTexture {
    const USAGE: GpuTextureUsage =
        GpuTextureUsage::RENDER_ATTACHMENT.union(GpuTextureUsage::COPY_SRC).union(GpuTextureUsage::COPY_DST);
    let texture = gpu.device.create_texture(&GpuTextureDescriptor {
        size: describe::extent_3d(256, 256, 4),
        dimension: Some(GpuTextureDimension::D3),
        ..describe::texture_2d(GpuTextureFormat::R32uint, 256, 256, USAGE)
    });
    if dirty {
        let layout = describe::texel_layout(1024, 256);
        let size = describe::extent_3d(256, 256, 4);
        gpu.queue.write_texture_with_copy(&describe::texel_texture(&texture), &bytes_of(&[1; 4 << 16]), layout, size);
    }
    texture
}

/// Begins and ends a pass on a slice.
fn render_to_slice(gpu: &Gpu, texture: &GpuTexture, slice: u32, store_op: GpuStoreOp) -> GpuCommandEncoder {
    let view = texture.create_view(None);
    let five = describe::color(5.0, 0.0, 0.0, 0.0);
    let target = GpuRenderPassColorAttachment { depth_slice: Some(slice), store_op, ..describe::cleared(&view, five) };
    let encoder = gpu.encoder();
    encoder.begin_render_pass(&describe::render_pass(vec![target])).end();
    encoder
}

/// What each slice is full of.
async fn values_of_slices(gpu: &Gpu, texture: &GpuTexture) -> Result<Vec<u32>, Box<dyn Error>> {
    let buffer = gpu.buffer(4 << 18, GpuBufferUsage::COPY_DST | GpuBufferUsage::COPY_SRC);
    let encoder = gpu.encoder();
    let to = describe::texel_buffer(&buffer, 1024, 256);
    encoder.copy_texture_to_buffer(&describe::texel_texture(texture), &to, describe::extent_3d(256, 256, 4));
    gpu.submit(&encoder);
    let words = gpu.words_of(&buffer).await?;
    let slices = words.chunks(256 * 256).map(|slice| match slice {
        [first, rest @ ..] if rest.iter().all(|word| word == first) => Ok(*first),
        slice => Err(format!("expected a slice of one value, got {:?} …", slice.get(..8))),
    });
    Ok(slices.collect::<Result<_, _>>()?)
}

async fn slices_beside_a_cleared_one_are_zero() -> Outcome {
    let gpu = Gpu::new().await?;
    // Memory that was used before, for the driver to hand out again.
    for _ in 0..4 {
        let dirty = target_3d(&gpu, true);
        gpu.queue.submit(&[]);
        gpu.queue.on_submitted_work_done().await;
        dirty.destroy();
    }
    let texture = target_3d(&gpu, false);
    let encoder = render_to_slice(&gpu, &texture, 2, GpuStoreOp::Store);
    gpu.accepted("a pass on one slice", || gpu.submit(&encoder)).await?;
    check_eq!(values_of_slices(&gpu, &texture).await?, [0, 0, 5, 0], "slices of which one was cleared");
    Ok(())
}

async fn discarding_a_slice_leaves_the_others() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = target_3d(&gpu, true);
    let encoder = render_to_slice(&gpu, &texture, 1, GpuStoreOp::Discard);
    gpu.accepted("a pass on one slice", || gpu.submit(&encoder)).await?;
    check_eq!(values_of_slices(&gpu, &texture).await?, [1, 0, 1, 1], "slices of which one was discarded");
    Ok(())
}
