// 5 bits a number: as with 4, and the fifth bits of a block in a word of their own.
struct Block { low: vec4<u32>, high: vec4<u32>, scale: f32, least: f32 }

// The four lowest bits, each as the fifth bit of a byte.
fn spread(bits: u32) -> u32 {
    return ((bits & 1u) << 4u) | ((bits & 2u) << 11u) | ((bits & 4u) << 18u) | ((bits & 8u) << 25u);
}

fn spread_all(bits: u32) -> vec4<u32> {
    return vec4<u32>(spread(bits), spread(bits >> 4u), spread(bits >> 8u), spread(bits >> 12u));
}

fn weight_block(index: u32) -> Block {
    let pair = unpack2x16float(scales[index]);
    let at = index * 5u;
    let words = vec4<u32>(numbers[at], numbers[at + 1u], numbers[at + 2u], numbers[at + 3u]);
    let fifths = numbers[at + 4u];
    let low = (words & vec4<u32>(0x0f0f0f0fu)) | spread_all(fifths);
    let high = ((words >> vec4<u32>(4u)) & vec4<u32>(0x0f0f0f0fu)) | spread_all(fifths >> 16u);
    return Block(low, high, pair.x, pair.y);
}

fn value(index: u32, within: u32) -> f32 {
    let pair = unpack2x16float(scales[index]);
    let word = numbers[index * 5u + (within % 16u) / 4u];
    let fifth = (numbers[index * 5u + 4u] >> within) & 1u;
    return f32(((word >> (within % 4u * 8u + within / 16u * 4u)) & 15u) | (fifth << 4u)) * pair.x + pair.y;
}
