// One direction of a Gaussian blur. Beyond the border lies the nearest pixel of the picture.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var result: texture_storage_2d<rgba16float, write>;
// (1, 0) along rows, (0, 1) along columns.
@group(0) @binding(2) var<uniform> direction: vec2i;
// The weight of the middle, then those of its neighbours on either side. All of them, both sides counted, sum up to 1.
@group(0) @binding(3) var<storage, read> weights: array<f32>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if any(id.xy >= textureDimensions(picture)) {
        return;
    }
    let last = vec2i(textureDimensions(picture)) - 1;
    let middle = vec2i(id.xy);
    var sum = weights[0] * textureLoad(picture, middle, 0).rgb;
    for (var distance = 1; distance < i32(arrayLength(&weights)); distance++) {
        let offset = direction * distance;
        let before = textureLoad(picture, clamp(middle - offset, vec2i(), last), 0).rgb;
        let after = textureLoad(picture, clamp(middle + offset, vec2i(), last), 0).rgb;
        sum += weights[distance] * (before + after);
    }
    textureStore(result, id.xy, vec4f(sum, 1.0));
}
