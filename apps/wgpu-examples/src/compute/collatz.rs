//! How many steps numbers take to 1, when even ones are halved and odd ones tripled and increased.

use wgpu::BufferUsages as Usage;

use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    @group(0) @binding(0) var<storage, read_write> numbers: array<u32>;

    @compute @workgroup_size(32)
    fn count(@builtin(global_invocation_id) id: vec3u) {
        if id.x >= arrayLength(&numbers) { return; }
        var number = numbers[id.x];
        var steps = 0u;
        while number > 1u {
            number = select(number / 2u, number * 3u + 1u, number % 2u == 1u);
            steps += 1u;
        }
        numbers[id.x] = steps;
    }
";

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let numbers: Vec<u32> = (1..=100).chain([837_799]).collect();
    let buffer = gpu.buffer_with(&numbers, Usage::STORAGE | Usage::COPY_SRC);
    let pipeline = gpu.compute(SHADER);
    let group = gpu.group(&pipeline.get_bind_group_layout(0), &[buffer.as_entire_binding()]);
    let mut encoder = gpu.encoder();
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(u32::try_from(numbers.len())?.div_ceil(32), 1, 1);
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    Ok(Output::lines(gpu.read::<u32>(&buffer)?))
}
