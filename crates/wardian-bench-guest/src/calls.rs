//! Single calls, in loops: what crossing the sandbox's boundary costs.

use std::hint::black_box;

use wardian_guest::webgpu::{GpuBufferDescriptor, GpuBufferUsage, GpuComputePassEncoder};
use wardian_guest::{Error, describe};

use crate::Outcome;
use crate::clock::Blocks;
use crate::gpu::Gpu;
use crate::kernel::{INCREMENT, Kernel};

/// Commands in one pass; a host may bound how many an encoder takes.
const CALLS_A_PASS: u32 = 10_000;

pub(crate) async fn dispatch(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    in_passes(gpu, blocks, |_, pass, _| {
        pass.dispatch_workgroups(1, None, None);
        Ok(())
    })
    .await
}

pub(crate) async fn set_pipeline(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    in_passes(gpu, blocks, |kernel, pass, _| {
        pass.set_pipeline(&kernel.pipeline);
        Ok(())
    })
    .await
}

pub(crate) async fn set_bind_group(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    in_passes(gpu, blocks, |kernel, pass, index| {
        let [even, odd] = &kernel.groups;
        let group = if index.is_multiple_of(2) { odd } else { even };
        Ok(pass.set_bind_group(0, Some(group), None, None, None).map_err(Error::from)?)
    })
    .await
}

pub(crate) async fn size(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    let buffer = gpu.buffer(256, GpuBufferUsage::STORAGE);
    blocks
        .run(async |iterations, watch| {
            watch.start();
            for _ in 0..iterations {
                black_box(buffer.size());
            }
            watch.stop();
            Ok(())
        })
        .await
}

pub(crate) async fn label(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    let label = Some("12345678".to_owned());
    let descriptor = GpuBufferDescriptor { label, ..describe::buffer(256, GpuBufferUsage::STORAGE) };
    let buffer = gpu.device.create_buffer(&descriptor);
    blocks
        .run(async |iterations, watch| {
            watch.start();
            for _ in 0..iterations {
                black_box(buffer.label());
            }
            watch.stop();
            Ok(())
        })
        .await
}

/// Times calls on a pass; what they record is thrown away.
async fn in_passes(
    gpu: &Gpu,
    blocks: &mut Blocks,
    call: impl Fn(&Kernel, &GpuComputePassEncoder, u32) -> Outcome,
) -> Outcome {
    let kernel = Kernel::new(gpu, INCREMENT);
    blocks
        .run(async |iterations, watch| {
            let mut left = iterations;
            while left > 0 {
                let count = left.min(CALLS_A_PASS);
                let encoder = gpu.device.create_command_encoder(None);
                let pass = kernel.begin(&encoder)?;
                watch.start();
                for index in 0..count {
                    call(&kernel, &pass, index)?;
                }
                watch.stop();
                pass.end();
                left -= count;
            }
            Ok(())
        })
        .await
}
