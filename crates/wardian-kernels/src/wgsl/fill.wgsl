
@group(0) @binding(0) var<storage, read_write> output: array<u32>;

fn hash(index: u32) -> u32 {
    var state = index * 747796405u + 2891336453u;
    state = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (state >> 22u) ^ state;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < arrayLength(&output); i += groups.x * 64u) { output[i] = number(i); }
}
