// One level of a texture out of the level before it.

@group(0) @binding(0) var larger: texture_2d<f32>;
@group(0) @binding(1) var linear: sampler;

struct Place {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
}

@vertex
fn cover(@builtin(vertex_index) index: u32) -> Place {
    let corner = vec2f(f32(index % 2) * 2.0, f32(index / 2) * 2.0);
    return Place(vec4f(corner * vec2f(2.0, -2.0) + vec2f(-1.0, 1.0), 0.0, 1.0), corner);
}

// The sample lies where four texels meet, so that each counts as much.
@fragment
fn average(place: Place) -> @location(0) vec4f {
    return textureSampleLevel(larger, linear, place.uv, 0.0);
}
