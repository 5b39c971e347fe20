//! A sum, in two steps: each workgroup adds what it shares, and a second dispatch, whose size the first step wrote
//! into a buffer, adds the sums.

use wgpu::BufferUsages as Usage;

use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    @group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
    @group(0) @binding(1) var<storage, read_write> next: array<atomic<u32>, 3>;
    var<workgroup> shared_sums: array<u32, 64>;

    @compute @workgroup_size(64)
    fn add(
        @builtin(global_invocation_id) id: vec3u,
        @builtin(local_invocation_index) place: u32,
        @builtin(workgroup_id) group: vec3u,
    ) {
        shared_sums[place] = numbers[id.x];
        workgroupBarrier();
        for (var half = 32u; half > 0u; half /= 2u) {
            if place < half { shared_sums[place] += shared_sums[place + half]; }
            workgroupBarrier();
        }
        if place == 0u {
            numbers[group.x * 64u] = shared_sums[0];
            atomicAdd(&next[0], 1u);
            atomicMax(&next[1], 1u);
            atomicMax(&next[2], 1u);
        }
    }
";

const GATHER: &str = "
    @group(0) @binding(0) var<storage, read> numbers: array<u32>;
    @group(0) @binding(1) var<storage, read_write> sum: atomic<u32>;
    @compute @workgroup_size(1)
    fn gather(@builtin(workgroup_id) group: vec3u) { atomicAdd(&sum, numbers[group.x * 64u]); }
";

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let numbers: Vec<u32> = (0..64 * 12).collect();
    let numbers = gpu.buffer_with(&numbers, Usage::STORAGE);
    let next = gpu.buffer(12, Usage::STORAGE | Usage::INDIRECT | Usage::COPY_SRC);
    let sum = gpu.buffer(4, Usage::STORAGE | Usage::COPY_SRC);
    let (add, gather) = (gpu.compute(SHADER), gpu.compute(GATHER));
    let adding = gpu.group(&add.get_bind_group_layout(0), &[numbers.as_entire_binding(), next.as_entire_binding()]);
    let gathering =
        gpu.group(&gather.get_bind_group_layout(0), &[numbers.as_entire_binding(), sum.as_entire_binding()]);
    let mut encoder = gpu.encoder();
    encoder.push_debug_group("sum");
    let mut pass =
        encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("add"), ..Default::default() });
    pass.set_pipeline(&add);
    pass.set_bind_group(0, &adding, &[]);
    pass.insert_debug_marker("by workgroups");
    pass.dispatch_workgroups(12, 1, 1);
    drop(pass);
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&gather);
    pass.set_bind_group(0, &gathering, &[]);
    pass.dispatch_workgroups_indirect(&next, 0);
    drop(pass);
    encoder.pop_debug_group();
    gpu.queue.submit([encoder.finish()]);
    Ok(Output::lines(gpu.read::<u32>(&next)?.into_iter().chain(gpu.read::<u32>(&sum)?)))
}
