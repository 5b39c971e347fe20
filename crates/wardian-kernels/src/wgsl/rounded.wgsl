@group(0) @binding(0) var<storage, read> input: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let column = group.x * THREADS + local;
    let is_kept = column < COLUMNS;
    let element = group.y * COLUMNS + column;
    let number = select(0.0, input[min(element, arrayLength(&input) - 1u)], is_kept);
    quantise(local, element, number, is_kept);
}
