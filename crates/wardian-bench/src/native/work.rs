//! Commands recorded, submitted and waited for.

use std::hint::black_box;

use wasmtime::{Result, ensure};
use wgpu::BufferUsages;

use super::{Blocks, Gpu, INCREMENT, Kernel, MATMUL, begin_pass};

const PAIRS_A_PASS: u32 = 1_000;
const PRODUCTS_A_SUBMISSION: u32 = 4;
const MATRIX_WIDTH: u32 = 1024;
const MATRIX_BYTES: u32 = 4 << 20;

pub(super) fn record(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    let kernel = Kernel::new(gpu, INCREMENT);
    let [even, odd] = &kernel.groups;
    blocks.run(|iterations, watch| {
        let mut left = iterations;
        while left > 0 {
            let count = left.min(PAIRS_A_PASS);
            watch.start();
            let mut encoder = gpu.encoder();
            let mut pass = begin_pass(&mut encoder);
            pass.set_pipeline(&kernel.pipeline);
            for index in 0..count {
                let group = if index.is_multiple_of(2) { even } else { odd };
                pass.set_bind_group(0, Some(group), &[]);
                pass.dispatch_workgroups(1, 1, 1);
            }
            drop(pass);
            let commands = encoder.finish();
            watch.stop();
            drop(black_box(commands));
            left -= count;
        }
        Ok(())
    })
}

pub(super) fn submit_wait(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    blocks.run(|iterations, watch| {
        watch.start();
        for _ in 0..iterations {
            gpu.queue.submit([]);
            gpu.wait()?;
        }
        watch.stop();
        Ok(())
    })
}

pub(super) fn round_trip(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    let kernel = Kernel::new(gpu, INCREMENT);
    let target = gpu.buffer(4, BufferUsages::COPY_DST | BufferUsages::MAP_READ);
    blocks.run(|iterations, watch| {
        watch.start();
        for _ in 0..iterations {
            let mut encoder = gpu.encoder();
            let mut pass = kernel.begin(&mut encoder);
            pass.dispatch_workgroups(1, 1, 1);
            drop(pass);
            encoder.copy_buffer_to_buffer(&kernel.buffer, 0, &target, 0, Some(4));
            gpu.queue.submit([encoder.finish()]);
            black_box(gpu.read(&target)?);
        }
        watch.stop();
        Ok(())
    })
}

pub(super) fn matmul(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    let pipeline = gpu.pipeline(&gpu.shader(MATMUL));
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
    let [a, b, product] = [1.0_f32, 2.0, 0.0].map(|value| {
        let buffer = gpu.buffer(u64::from(MATRIX_BYTES), usage);
        let elements = (0..MATRIX_BYTES / 4).flat_map(|_| value.to_le_bytes());
        gpu.queue.write_buffer(&buffer, 0, &elements.collect::<Vec<u8>>());
        buffer
    });
    let group = gpu.bind_group(&pipeline, &[&a, &b, &product]);
    blocks.run(|iterations, watch| {
        watch.start();
        let mut left = iterations;
        while left > 0 {
            let count = left.min(PRODUCTS_A_SUBMISSION);
            let mut encoder = gpu.encoder();
            let mut pass = begin_pass(&mut encoder);
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, Some(&group), &[]);
            for _ in 0..count {
                pass.dispatch_workgroups(MATRIX_WIDTH / 16, MATRIX_WIDTH / 16, 1);
            }
            drop(pass);
            gpu.queue.submit([encoder.finish()]);
            left -= count;
        }
        gpu.settle()?;
        watch.stop();
        Ok(())
    })?;
    let target = gpu.buffer(4, BufferUsages::COPY_DST | BufferUsages::MAP_READ);
    let mut encoder = gpu.encoder();
    encoder.copy_buffer_to_buffer(&product, 0, &target, 0, Some(4));
    gpu.queue.submit([encoder.finish()]);
    let first = gpu.read(&target)?;
    ensure!(first == 2048_f32.to_le_bytes(), "expected 2048 as the product's first element, got the bytes {first:?}");
    Ok(())
}
