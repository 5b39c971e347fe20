// What share of the pixels is at most as light as each of 256 luminances: running sums of the histogram, by one
// workgroup in eight rounds.

@group(0) @binding(0) var<storage, read> counts: array<u32, 256>;
@group(0) @binding(1) var<storage, read_write> shares: array<f32, 256>;

var<workgroup> sums: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) index: u32) {
    sums[index] = counts[index];
    workgroupBarrier();
    // After each round, a sum reaches twice as far back.
    for (var reach = 1u; reach < 256u; reach *= 2u) {
        var before = 0u;
        if index >= reach {
            before = sums[index - reach];
        }
        workgroupBarrier();
        sums[index] += before;
        workgroupBarrier();
    }
    shares[index] = f32(sums[index]) / f32(sums[255]);
}
