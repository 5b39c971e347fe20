//! Bytes to the GPU and back.

use std::hint::black_box;

use wasmtime::Result;
use wgpu::BufferUsages;

use super::{Blocks, Gpu};

const BYTES_IN_FLIGHT_MAX: u32 = 256 << 20;
const WRITES_IN_FLIGHT_MAX: u32 = 64;

pub(super) fn upload(gpu: &Gpu, blocks: &mut Blocks, size: u32) -> Result<()> {
    let data: Vec<u8> = (0..=u8::MAX).cycle().take(usize::try_from(size)?).collect();
    let buffer = gpu.buffer(u64::from(size), BufferUsages::COPY_DST);
    let batch = (BYTES_IN_FLIGHT_MAX / size.max(1)).clamp(1, WRITES_IN_FLIGHT_MAX);
    blocks.run(|iterations, watch| {
        watch.start();
        for index in 1..=iterations {
            gpu.queue.write_buffer(&buffer, 0, &data);
            gpu.queue.submit([]);
            if index.is_multiple_of(batch) || index == iterations {
                gpu.settle()?;
            }
        }
        watch.stop();
        Ok(())
    })
}

pub(super) fn readback(gpu: &Gpu, blocks: &mut Blocks, size: u32) -> Result<()> {
    let size = u64::from(size);
    let source = gpu.buffer(size, BufferUsages::COPY_SRC);
    let target = gpu.buffer(size, BufferUsages::COPY_DST | BufferUsages::MAP_READ);
    blocks.run(|iterations, watch| {
        watch.start();
        for _ in 0..iterations {
            let mut encoder = gpu.encoder();
            encoder.copy_buffer_to_buffer(&source, 0, &target, 0, Some(size));
            gpu.queue.submit([encoder.finish()]);
            black_box(gpu.read(&target)?);
        }
        watch.stop();
        Ok(())
    })
}
