// Rounds a picture to 8 bits a channel.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var result: texture_storage_2d<rgba8unorm, write>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if any(id.xy >= textureDimensions(picture)) {
        return;
    }
    // WebGPU leaves the rounding of a store to the GPU. What is rounded already comes out the same everywhere.
    let levels = floor(saturate(textureLoad(picture, id.xy, 0).rgb) * 255 + 0.5);
    textureStore(result, id.xy, vec4f(levels / 255, 1.0));
}
