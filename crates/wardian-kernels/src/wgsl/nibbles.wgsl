// 4 bits a number: the first 16 of a block are the low halves of its bytes, the others the high ones.
struct Block { words: vec4<u32>, scale: f32, least: f32 }

fn weight_block(index: u32) -> Block {
    let pair = unpack2x16float(scales[index]);
    return Block(numbers[index], pair.x, pair.y);
}

fn value(index: u32, within: u32) -> f32 {
    let pair = unpack2x16float(scales[index]);
    let word = numbers[index][(within % 16u) / 4u];
    return f32((word >> (within % 4u * 8u + within / 16u * 4u)) & 15u) * pair.x + pair.y;
}
