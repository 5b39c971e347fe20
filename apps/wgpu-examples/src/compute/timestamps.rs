//! The times at which passes begin and end. They differ from run to run, so what is compared is their order.

use wgpu::BufferUsages as Usage;

use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    @group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) {
        for (var round = 0u; round < 10000u; round++) { numbers[id.x] = numbers[id.x] * 1664525u + 1013904223u; }
    }
";

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    if !gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
        return Ok(Output::lines(["this adapter has no timestamps"]));
    }
    let queries = gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
        label: Some("times"),
        ty: wgpu::QueryType::Timestamp,
        count: 4,
    });
    let numbers = gpu.buffer(64 * 4, Usage::STORAGE | Usage::COPY_SRC);
    let pipeline = gpu.compute(SHADER);
    let group = gpu.group(&pipeline.get_bind_group_layout(0), &[numbers.as_entire_binding()]);
    let times = gpu.buffer(4 * 8, Usage::QUERY_RESOLVE | Usage::COPY_SRC);
    let mut encoder = gpu.encoder();
    for first in [0, 2] {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: None,
            timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                query_set: &queries,
                beginning_of_pass_write_index: Some(first),
                end_of_pass_write_index: Some(first + 1),
            }),
        });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(1, 1, 1);
    }
    encoder.resolve_query_set(&queries, 0..4, &times, 0);
    gpu.queue.submit([encoder.finish()]);
    let times: Vec<u64> = gpu.read(&times)?;
    let period = gpu.queue.get_timestamp_period();
    let order = if times.is_sorted() { "in order" } else { "out of order" };
    let last = gpu.read::<u32>(&numbers)?.last().copied().unwrap_or_default();
    Ok(Output::Lines(vec![order.to_owned(), format!("a tick is more than 0 ns: {}", period > 0.0), last.to_string()]))
}
