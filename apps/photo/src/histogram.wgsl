// Counts the pixels of each of 256 luminances: each workgroup for itself in its own memory, then all into one.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>, 256>;

// Rec. 709, as scikit-image's rgb2gray weighs.
const LUMINANCE = vec3f(0.2125, 0.7154, 0.0721);
// Pixels in each direction that an invocation counts; steps.rs knows it as part of the tile of a workgroup.
const ROUNDS = 4u;

var<workgroup> local_counts: array<atomic<u32>, 256>;

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(local_invocation_id) local: vec3u,
    @builtin(local_invocation_index) index: u32,
) {
    // WebGPU clears this memory, but some drivers let fast invocations count before slow ones have cleared.
    atomicStore(&local_counts[index], 0u);
    workgroupBarrier();
    let size = textureDimensions(picture);
    let corner = workgroup.xy * 16u * ROUNDS + local.xy;
    for (var round = 0u; round < ROUNDS * ROUNDS; round++) {
        let place = corner + 16u * vec2u(round % ROUNDS, round / ROUNDS);
        if all(place < size) {
            let luminance = saturate(dot(LUMINANCE, textureLoad(picture, place, 0).rgb));
            atomicAdd(&local_counts[u32(luminance * 255 + 0.5)], 1u);
        }
    }
    workgroupBarrier();
    // There are as many invocations as luminances. Most pictures leave many at 0, which needs no slow global addition.
    let count = atomicLoad(&local_counts[index]);
    if count > 0 {
        atomicAdd(&counts[index], count);
    }
}
