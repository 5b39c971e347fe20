//! Single calls, in loops.

use std::hint::black_box;

use wasmtime::Result;
use wgpu::{BufferUsages, ComputePass};

use super::{Blocks, Gpu, INCREMENT, Kernel};

const CALLS_A_PASS: u32 = 10_000;

pub(super) fn dispatch(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    in_passes(gpu, blocks, |_, pass, _| pass.dispatch_workgroups(1, 1, 1))
}

pub(super) fn set_pipeline(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    in_passes(gpu, blocks, |kernel, pass, _| pass.set_pipeline(&kernel.pipeline))
}

pub(super) fn set_bind_group(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    in_passes(gpu, blocks, |kernel, pass, index| {
        let [even, odd] = &kernel.groups;
        let group = if index.is_multiple_of(2) { odd } else { even };
        pass.set_bind_group(0, Some(group), &[]);
    })
}

pub(super) fn size(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    let buffer = gpu.buffer(256, BufferUsages::STORAGE);
    blocks.run(|iterations, watch| {
        watch.start();
        for _ in 0..iterations {
            black_box(black_box(&buffer).size());
        }
        watch.stop();
        Ok(())
    })
}

fn in_passes(gpu: &Gpu, blocks: &mut Blocks, call: impl Fn(&Kernel, &mut ComputePass<'_>, u32)) -> Result<()> {
    let kernel = Kernel::new(gpu, INCREMENT);
    blocks.run(|iterations, watch| {
        let mut left = iterations;
        while left > 0 {
            let count = left.min(CALLS_A_PASS);
            let mut encoder = gpu.encoder();
            let mut pass = kernel.begin(&mut encoder);
            watch.start();
            for index in 0..count {
                call(&kernel, &mut pass, index);
            }
            watch.stop();
            drop(pass);
            left -= count;
        }
        Ok(())
    })
}
