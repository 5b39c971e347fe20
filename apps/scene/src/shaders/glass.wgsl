// Panes: they mirror the sky and the sun, take a little green, and are misted at their lower edge.

struct Pane {
    @builtin(position) position: vec4f,
    @location(0) world: vec3f,
    @location(1) normal: vec3f,
    @location(2) uv: vec2f,
}

@vertex
fn place(@location(0) position: vec3f, @location(1) normal: vec3f, @location(2) uv: vec2f) -> Pane {
    return Pane(frame.view_projection * vec4f(position, 1.0), position, normal, uv);
}

// Colours are multiplied by alpha already.
@fragment
fn shade(pane: Pane) -> @location(0) vec4f {
    let view = normalize(frame.camera.xyz - pane.world);
    let facing = normalize(pane.normal);
    let normal = facing * select(-1.0, 1.0, dot(facing, view) >= 0.0);
    let mirror = reflect(-view, normal);
    // Both sides of the pane reflect.
    let mirrored = min(0.07 + 0.93 * pow(1.0 - dot(normal, view), 5.0), 1.0);
    let glint = pow(max(dot(mirror, frame.sun.xyz), 0.0), 350.0) * 5.0;
    let streaks = 0.5 + 0.5 * sin(pane.uv.x * 9.0) * sin(pane.uv.x * 23.0 + 2.0);
    let mist = exp(-11.0 * pane.uv.y) * (0.16 + 0.10 * streaks);
    let tint = 0.045;

    let mist_color = frame.sun_color.rgb * 0.14 + vec3f(0.26, 0.28, 0.30);
    var color = surroundings(mirror) * mirrored + frame.sun_color.rgb * glint * mirrored;
    color += mist_color * mist + vec3f(0.10, 0.22, 0.18) * tint;
    return vec4f(color, 1.0 - (1.0 - mirrored) * (1.0 - mist) * (1.0 - tint));
}
