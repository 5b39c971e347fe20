// Depths as the sun sees them.

@vertex
fn place(corner: Corner) -> @builtin(position) vec4f {
    return frame.light_projection * vec4f(placed(corner), 1.0);
}
