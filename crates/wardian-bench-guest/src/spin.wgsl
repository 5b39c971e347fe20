// One thread's loop: it keeps the GPU busy for a time that number[1] sets, and can't be computed ahead.
@group(0) @binding(0) var<storage, read_write> number: array<u32>;

@compute @workgroup_size(1)
fn main() {
    var x = number[0];
    let turns = number[1];
    for (var i = 0u; i < turns; i++) {
        x = x * 1664525 + 1013904223;
    }
    number[0] = x;
}
