// Draws outlines over a picture in ink: the lighter the outline, the darker the picture becomes.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var result: texture_storage_2d<rgba16float, write>;
@group(0) @binding(2) var<uniform> strength: f32;
@group(0) @binding(3) var outlines: texture_2d<f32>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if any(id.xy >= textureDimensions(picture)) {
        return;
    }
    let outline = textureLoad(outlines, id.xy, 0).r;
    let inked = textureLoad(picture, id.xy, 0).rgb * saturate(1 - strength * outline);
    textureStore(result, id.xy, vec4f(inked, 1.0));
}
