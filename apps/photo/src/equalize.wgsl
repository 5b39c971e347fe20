// Gives each pixel the luminance that makes all luminances equally frequent, and leaves its tint as it is.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var result: texture_storage_2d<rgba16float, write>;
@group(0) @binding(2) var<uniform> strength: f32;
@group(0) @binding(3) var<storage, read> shares: array<f32, 256>;

// Rec. 709, as scikit-image's rgb2gray weighs.
const LUMINANCE = vec3f(0.2125, 0.7154, 0.0721);

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if any(id.xy >= textureDimensions(picture)) {
        return;
    }
    let color = textureLoad(picture, id.xy, 0).rgb;
    let luminance = saturate(dot(LUMINANCE, color));
    // The shares are known at 256 luminances. In between lies a straight line, so that no bands appear.
    let level = luminance * 255;
    let below = u32(level);
    let equal = mix(shares[below], shares[min(below + 1, 255)], fract(level));
    textureStore(result, id.xy, vec4f(saturate(color + strength * (equal - luminance)), 1.0));
}
