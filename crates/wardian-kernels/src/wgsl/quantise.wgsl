// Rounds numbers to 8 bits in blocks of 32, each block by all the threads of it.
var<workgroup> values: array<f32, THREADS>;

// To 16 bits of floating point and back, to the nearest, of two the even one; drivers' own rounding differs.
fn half(number: f32) -> f32 {
    let bits = bitcast<u32>(number);
    let rounded = bitcast<f32>((bits + 0xfffu + ((bits >> 13u) & 1u)) & 0xffffe000u);
    // Below 2^-14 the steps are all 2^-24.
    let small = round(number * 16777216.0) / 16777216.0;
    return select(rounded, small, abs(number) < 6.103515625e-5);
}

fn quantise(local: u32, element: u32, number: f32, is_kept: bool) {
    // What the round before wrote has been read then.
    workgroupBarrier();
    values[local] = number;
    workgroupBarrier();
    let first = local / 32u * 32u;
    var greatest = 0.0;
    for (var i = 0u; i < 32u; i++) { greatest = max(greatest, abs(values[first + i])); }
    let inverse = select(0.0, 127.0 / greatest, greatest > 0.0);
    if (!is_kept) { return; }
    floats[element] = number;
    if (local % 4u == 0u) {
        let four = vec4<f32>(values[local], values[local + 1u], values[local + 2u], values[local + 3u]);
        numbers[element / 4u] = pack4xI8(vec4<i32>(round(four * inverse)));
    }
    if (local % 32u == 0u) {
        var sum = 0.0;
        for (var i = 0u; i < 32u; i++) { sum += round(values[first + i] * inverse); }
        let scale = greatest / 127.0;
        scales[element / 32u] = vec2<f32>(half(scale), half(scale * sum));
    }
}
