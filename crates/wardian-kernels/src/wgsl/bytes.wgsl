// 8 bits a number.
struct Block { low: vec4<u32>, high: vec4<u32>, scale: f32 }

fn weight_block(index: u32) -> Block {
    return Block(numbers[index * 2u], numbers[index * 2u + 1u], unpack2x16float(scales[index]).x);
}

fn value(index: u32, within: u32) -> f32 {
    let word = numbers[index * 2u + within / 16u][within % 16u / 4u];
    return f32(unpack4xI8(word)[within % 4u]) * unpack2x16float(scales[index]).x;
}
