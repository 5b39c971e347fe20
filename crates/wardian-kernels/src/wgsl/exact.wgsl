// Whole numbers of a byte each, times activations as they are.
fn four(word: u32) -> vec4<f32> {
    return vec4<f32>(unpack4xI8(word));
}

fn dot_bytes(low: vec4<u32>, high: vec4<u32>, x: Activations) -> f32 {
    return dot(four(low.x), x.numbers[0]) + dot(four(low.y), x.numbers[1])
        + dot(four(low.z), x.numbers[2]) + dot(four(low.w), x.numbers[3])
        + dot(four(high.x), x.numbers[4]) + dot(four(high.y), x.numbers[5])
        + dot(four(high.z), x.numbers[6]) + dot(four(high.w), x.numbers[7]);
}

fn sum_of(x: Activations) -> f32 {
    let sum = x.numbers[0] + x.numbers[1] + x.numbers[2] + x.numbers[3]
        + x.numbers[4] + x.numbers[5] + x.numbers[6] + x.numbers[7];
    return sum.x + sum.y + sum.z + sum.w;
}
