// Joins the parts of a head, and rounds the result for the product that follows.
@group(0) @binding(0) var<storage, read> parts: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let head = group.x;
    let row = group.y;
    let position = row_position(row);
    let count = select(position / CHUNK + 1u, 0u, position == 0xffffffffu);
    let start = (row * HEADS + head) * PARTS;
    var greatest = -3.0e38;
    for (var part = 0u; part < count; part++) { greatest = max(greatest, parts[(start + part) * SIZE + THREADS]); }
    var sum = 0.0;
    var total = 0.0;
    for (var part = 0u; part < count; part++) {
        let at = (start + part) * SIZE;
        let factor = exp(parts[at + THREADS] - greatest);
        sum += parts[at + local] * factor;
        total += parts[at + THREADS + 1u] * factor;
    }
    let number = select(0.0, sum / total, total > 0.0);
    quantise(local, (row * HEADS + head) * THREADS + local, number, true);
}
