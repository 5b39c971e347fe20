// What all shaders of the scene share; it is put in front of each.

struct Frame {
    view_projection: mat4x4f,
    light_projection: mat4x4f,
    inverse_view_projection: mat4x4f,
    camera: vec4f,
    // Towards the sun; w is the side of a shadow map's texel in the world.
    sun: vec4f,
    // w is the same in texture coordinates.
    sun_color: vec4f,
}

@group(0) @binding(0) var<uniform> frame: Frame;

// A corner and its instance: three rows of a matrix, colour with translucency, and layer, metalness, roughness, repeat.
struct Corner {
    @location(0) position: vec3f,
    @location(1) normal: vec3f,
    @location(2) uv: vec2f,
    @location(3) row_x: vec4f,
    @location(4) row_y: vec4f,
    @location(5) row_z: vec4f,
    @location(6) color: vec4f,
    @location(7) surface: vec4f,
}

fn placed(corner: Corner) -> vec3f {
    let position = vec4f(corner.position, 1.0);
    return vec3f(dot(corner.row_x, position), dot(corner.row_y, position), dot(corner.row_z, position));
}

// Colour of the sky, without the sun, in a direction of length 1.
fn sky(direction: vec3f) -> vec3f {
    let up = max(direction.y, 0.0);
    let haze = vec3f(0.66, 0.70, 0.74);
    let zenith = vec3f(0.12, 0.27, 0.52);
    // Brighter on the sun's side, low above the horizon.
    let level = normalize(direction.xz + vec2f(1e-5));
    let glow = pow(max(dot(level, normalize(frame.sun.xz)), 0.0), 3.0);
    let clear = mix(haze, zenith, 1.0 - pow(1.0 - up, 7.0));
    return clear + vec3f(0.34, 0.20, 0.07) * glow * pow(1.0 - up, 6.0);
}

// What a surface sees in a direction: the sky, or the floor below the horizon.
fn surroundings(direction: vec3f) -> vec3f {
    let floor_color = vec3f(0.34, 0.32, 0.29);
    return mix(floor_color, sky(direction), smoothstep(-0.12, 0.08, direction.y));
}
