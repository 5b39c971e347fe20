fn product(block: Block, x: Activations) -> f32 {
    let low = block.words & vec4<u32>(0x0f0f0f0fu);
    let high = (block.words >> vec4<u32>(4u)) & vec4<u32>(0x0f0f0f0fu);
    return block.scale * dot_bytes(low, high, x) + block.least * sum_of(x);
}
