@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = group.y;
    let start = source_row(row) * COLUMNS;
    var sum = 0.0;
    for (var column = local; column < COLUMNS; column += THREADS) {
        let number = input[start + column];
        sum += number * number;
    }
    sums[local] = sum;
    workgroupBarrier();
    for (var half_of = THREADS / 2u; half_of > 0u; half_of /= 2u) {
        if (local < half_of) { sums[local] += sums[local + half_of]; }
        workgroupBarrier();
    }
    let factor = 1.0 / sqrt(sums[0] / f32(COLUMNS) + EPSILON);
    for (var first = 0u; first < COLUMNS; first += THREADS) {
        let column = first + local;
        let is_kept = column < COLUMNS;
        let at = min(column, COLUMNS - 1u);
        let number = select(0.0, input[start + at] * factor * weight[at], is_kept);
        quantise(local, row * COLUMNS + column, number, is_kept);
    }
}
