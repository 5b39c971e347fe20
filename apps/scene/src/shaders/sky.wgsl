// The sky behind everything.

struct Ray {
    @builtin(position) position: vec4f,
    @location(0) far: vec3f,
}

@vertex
fn cover(@builtin(vertex_index) index: u32) -> Ray {
    // One triangle over the whole picture, at the greatest depth.
    let corner = vec4f(f32(index % 2) * 4.0 - 1.0, f32(index / 2) * 4.0 - 1.0, 1.0, 1.0);
    let far = frame.inverse_view_projection * corner;
    return Ray(corner, far.xyz / far.w);
}

@fragment
fn shade(ray: Ray) -> @location(0) vec4f {
    return vec4f(sky(normalize(ray.far - frame.camera.xyz)), 1.0);
}
