//! Bytes to the GPU and back.

use std::hint::black_box;

use wardian_guest::Error;
use wardian_guest::webgpu::{GpuBufferUsage, GpuMapMode};

use crate::Outcome;
use crate::clock::Blocks;
use crate::gpu::Gpu;

/// What may be on its way before the program waits: more of either and the host's staging memory would grow.
const BYTES_IN_FLIGHT_MAX: u32 = 256 << 20;
const WRITES_IN_FLIGHT_MAX: u32 = 64;

/// Writes and submits, as a program does that streams data to the GPU.
pub(crate) async fn upload(gpu: &Gpu, blocks: &mut Blocks, size: u32) -> Outcome {
    let data = bytes(size)?;
    let buffer = gpu.buffer(u64::from(size), GpuBufferUsage::COPY_DST);
    let batch = (BYTES_IN_FLIGHT_MAX / size.max(1)).clamp(1, WRITES_IN_FLIGHT_MAX);
    blocks
        .run(async |iterations, watch| {
            watch.start();
            for index in 1..=iterations {
                gpu.queue.write_buffer_with_copy(&buffer, 0, &data, None, None).map_err(Error::from)?;
                gpu.queue.submit(&[]);
                if index.is_multiple_of(batch) || index == iterations {
                    gpu.settle().await?;
                }
            }
            watch.stop();
            Ok(())
        })
        .await
}

/// Copies a buffer, maps the copy and reads it, as a program does that wants its results.
pub(crate) async fn readback(gpu: &Gpu, blocks: &mut Blocks, size: u32) -> Outcome {
    let size = u64::from(size);
    let source = gpu.buffer(size, GpuBufferUsage::COPY_SRC);
    let target = gpu.buffer(size, GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ);
    blocks
        .run(async |iterations, watch| {
            watch.start();
            for _ in 0..iterations {
                let encoder = gpu.device.create_command_encoder(None);
                encoder.copy_buffer_to_buffer(&source, Some(0), &target, Some(0), Some(size));
                gpu.queue.submit(&[&encoder.finish(None)]);
                target.map_async(GpuMapMode::READ, None, None).await.map_err(Error::from)?;
                black_box(target.get_mapped_range_get_with_copy(None, None).map_err(Error::from)?);
                target.unmap().map_err(Error::from)?;
            }
            watch.stop();
            Ok(())
        })
        .await
}

fn bytes(size: u32) -> Outcome<Vec<u8>> {
    Ok((0..=u8::MAX).cycle().take(usize::try_from(size)?).collect())
}
