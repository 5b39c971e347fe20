// Puts a picture, in another size, on a place of another one. Between pixels lies a straight line, beyond the border
// the nearest pixel. Whoever shrinks a picture blurs it first.

struct Parameters {
    corner: vec2u,
    size: vec2u,
}

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var result: texture_storage_2d<rgba16float, write>;
@group(0) @binding(2) var<uniform> parameters: Parameters;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
    if any(id.xy >= parameters.size) {
        return;
    }
    let size = textureDimensions(picture);
    let last = vec2i(size) - 1;
    // Pixels are squares: the middle of each is half a pixel from the border. A sampler would weigh in 8 bits only.
    let place = (vec2f(id.xy) + 0.5) * vec2f(size) / vec2f(parameters.size) - 0.5;
    let weight = fract(place);
    let first = vec2i(floor(place));
    let low = clamp(first, vec2i(), last);
    let high = clamp(first + 1, vec2i(), last);
    let above = mix(pixel(low.x, low.y), pixel(high.x, low.y), weight.x);
    let below = mix(pixel(low.x, high.y), pixel(high.x, high.y), weight.x);
    textureStore(result, parameters.corner + id.xy, vec4f(mix(above, below, weight.y), 1.0));
}

fn pixel(x: i32, y: i32) -> vec3f {
    return textureLoad(picture, vec2i(x, y), 0).rgb;
}
