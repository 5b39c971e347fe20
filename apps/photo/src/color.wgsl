// Gain and gamma, then saturation around luminance, then contrast around middle grey.

struct Parameters {
    gain: f32,
    gamma: f32,
    saturation: f32,
    contrast: f32,
}

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var result: texture_storage_2d<rgba16float, write>;
@group(0) @binding(2) var<uniform> parameters: Parameters;

// Rec. 709, as scikit-image's rgb2gray weighs.
const LUMINANCE = vec3f(0.2125, 0.7154, 0.0721);

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if any(id.xy >= textureDimensions(picture)) {
        return;
    }
    let color = textureLoad(picture, id.xy, 0).rgb;
    // The power of 0 is not defined everywhere, and so small a number comes out as 0 in 8 bits.
    let powered = pow(max(color, vec3f(1e-30)), vec3f(parameters.gamma));
    let toned = saturate(parameters.gain * select(powered, vec3f(), color <= vec3f()));
    let gray = vec3f(dot(LUMINANCE, toned));
    let saturated = saturate(gray + parameters.saturation * (toned - gray));
    let contrasted = saturate((saturated - 0.5) * parameters.contrast + 0.5);
    textureStore(result, id.xy, vec4f(contrasted, 1.0));
}
