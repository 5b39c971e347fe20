//! Commands recorded, submitted and waited for.

use std::hint::black_box;

use wardian_guest::webgpu::{GpuBufferUsage, GpuMapMode};
use wardian_guest::{Error, buffer_with_data, describe, read_buffer};

use crate::Outcome;
use crate::clock::Blocks;
use crate::gpu::Gpu;
use crate::kernel::{INCREMENT, Kernel};

/// Pairs of set-bind-group and dispatch in one pass, as an inference engine records a layer.
const PAIRS_A_PASS: u32 = 1_000;
/// Dispatches in one submission: few enough to keep it below a second on a software adapter.
const PRODUCTS_A_SUBMISSION: u32 = 4;
const MATRIX_WIDTH: u32 = 1024;
const MATRIX_BYTES: usize = 4 << 20;

/// Records and finishes passes; an iteration is a set-bind-group and a dispatch.
pub(crate) async fn record(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    let kernel = Kernel::new(gpu, INCREMENT);
    let [even, odd] = &kernel.groups;
    blocks
        .run(async |iterations, watch| {
            let mut left = iterations;
            while left > 0 {
                let count = left.min(PAIRS_A_PASS);
                watch.start();
                let encoder = gpu.device.create_command_encoder(None);
                let pass = encoder.begin_compute_pass(None);
                pass.set_pipeline(&kernel.pipeline);
                for index in 0..count {
                    let group = if index.is_multiple_of(2) { even } else { odd };
                    pass.set_bind_group(0, Some(group), None, None, None).map_err(Error::from)?;
                    pass.dispatch_workgroups(1, None, None);
                }
                pass.end();
                let commands = encoder.finish(None);
                watch.stop();
                drop(black_box(commands));
                left -= count;
            }
            Ok(())
        })
        .await
}

pub(crate) async fn submit_wait(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    blocks
        .run(async |iterations, watch| {
            watch.start();
            for _ in 0..iterations {
                gpu.queue.submit(&[]);
                gpu.queue.on_submitted_work_done().await;
            }
            watch.stop();
            Ok(())
        })
        .await
}

/// Runs the least kernel and reads its result.
pub(crate) async fn round_trip(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    let kernel = Kernel::new(gpu, INCREMENT);
    let target = gpu.buffer(4, GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ);
    blocks
        .run(async |iterations, watch| {
            watch.start();
            for _ in 0..iterations {
                let encoder = gpu.device.create_command_encoder(None);
                let pass = kernel.begin(&encoder)?;
                pass.dispatch_workgroups(1, None, None);
                pass.end();
                encoder.copy_buffer_to_buffer(&kernel.buffer, Some(0), &target, Some(0), Some(4));
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

/// Multiplies matrices: an iteration is 2 × 1024³ operations, and the boundary is crossed a few times.
pub(crate) async fn matmul(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    let module = gpu.device.create_shader_module(&describe::shader(include_str!("matmul.wgsl")));
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let [a, b] = [1.0_f32, 2.0].map(|value| {
        let data: Vec<u8> = value.to_le_bytes().into_iter().cycle().take(MATRIX_BYTES).collect();
        buffer_with_data(&gpu.device, &data, GpuBufferUsage::STORAGE)
    });
    let (a, b) = (a?, b?);
    let product = gpu.buffer(a.size(), GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC);
    let bindings = [&a, &b, &product];
    let entries = (0..).zip(bindings).map(|(binding, buffer)| describe::buffer_binding(binding, buffer)).collect();
    let layout = pipeline.get_bind_group_layout(0);
    let group = gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
    blocks
        .run(async |iterations, watch| {
            watch.start();
            let mut left = iterations;
            while left > 0 {
                let count = left.min(PRODUCTS_A_SUBMISSION);
                let encoder = gpu.device.create_command_encoder(None);
                let pass = encoder.begin_compute_pass(None);
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, Some(&group), None, None, None).map_err(Error::from)?;
                for _ in 0..count {
                    pass.dispatch_workgroups(MATRIX_WIDTH / 16, Some(MATRIX_WIDTH / 16), None);
                }
                pass.end();
                gpu.queue.submit(&[&encoder.finish(None)]);
                left -= count;
            }
            gpu.settle().await?;
            watch.stop();
            Ok(())
        })
        .await?;
    let first = read_buffer(&gpu.device, &gpu.queue, &product, ..4).await?;
    if first != 2048_f32.to_le_bytes() {
        return Err(format!("expected 2048 as the product's first element, got the bytes {first:?}").into());
    }
    Ok(())
}
