@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = group.y;
    let column = group.x * 64u + local;
    if (column >= COLUMNS) { return; }
    let token = min(row_token(row), ROWS - 1u);
    output[row * COLUMNS + column] = value(token * (COLUMNS / 32u) + column / 32u, column % 32u) * SCALE;
}
