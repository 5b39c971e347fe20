// How steep luminance is at each pixel (Sobel), in white on black.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var result: texture_storage_2d<rgba16float, write>;
@group(0) @binding(2) var<uniform> gain: f32;

// Rec. 709, as scikit-image's rgb2gray weighs.
const LUMINANCE = vec3f(0.2125, 0.7154, 0.0721);

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if any(id.xy >= textureDimensions(picture)) {
        return;
    }
    let middle = vec2i(id.xy);
    // Each side is weighed 1, 2, 1, which is 4 in all.
    let left = luminance(middle, -1, -1) + 2 * luminance(middle, -1, 0) + luminance(middle, -1, 1);
    let right = luminance(middle, 1, -1) + 2 * luminance(middle, 1, 0) + luminance(middle, 1, 1);
    let above = luminance(middle, -1, -1) + 2 * luminance(middle, 0, -1) + luminance(middle, 1, -1);
    let below = luminance(middle, -1, 1) + 2 * luminance(middle, 0, 1) + luminance(middle, 1, 1);
    let slope = vec2f(right - left, below - above) / 4;
    // Root of the mean, not of the sum, of both squares: so from black to white in both directions is 1.
    let magnitude = sqrt(dot(slope, slope) / 2);
    textureStore(result, id.xy, vec4f(vec3f(saturate(gain * magnitude)), 1.0));
}

fn luminance(middle: vec2i, x: i32, y: i32) -> f32 {
    let last = vec2i(textureDimensions(picture)) - 1;
    return dot(LUMINANCE, textureLoad(picture, clamp(middle + vec2i(x, y), vec2i(), last), 0).rgb);
}
