// From light, which has no upper end, to colours of a screen.

@group(0) @binding(0) var light: texture_2d<f32>;

@vertex
fn cover(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    return vec4f(f32(index % 2) * 4.0 - 1.0, f32(index / 2) * 4.0 - 1.0, 0.0, 1.0);
}

// Narkowicz's fit of the ACES curve; the target's format encodes for sRGB.
fn filmic(color: vec3f) -> vec3f {
    return clamp(color * (2.51 * color + 0.03) / (color * (2.43 * color + 0.59) + 0.14), vec3f(0.0), vec3f(1.0));
}

@fragment
fn map(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let size = vec2f(textureDimensions(light));
    let color = textureLoad(light, vec2u(position.xy), 0).rgb;
    // Corners are a little darker, as through a lens.
    let off = (position.xy / size - 0.5) * 2.0;
    let vignette = 1.0 - 0.16 * smoothstep(0.5, 2.0, dot(off, off));
    return vec4f(filmic(color * 0.85 * vignette), 1.0);
}
