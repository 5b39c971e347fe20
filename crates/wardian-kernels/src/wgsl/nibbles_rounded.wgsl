fn product(block: Block, x: Activations) -> f32 {
    let low = block.words & vec4<u32>(0x0f0f0f0fu);
    let high = (block.words >> vec4<u32>(4u)) & vec4<u32>(0x0f0f0f0fu);
    let sum = dot4I8Packed(low.x, x.low.x) + dot4I8Packed(low.y, x.low.y)
        + dot4I8Packed(low.z, x.low.z) + dot4I8Packed(low.w, x.low.w)
        + dot4I8Packed(high.x, x.high.x) + dot4I8Packed(high.y, x.high.y)
        + dot4I8Packed(high.z, x.high.z) + dot4I8Packed(high.w, x.high.w);
    return block.scale * x.scale * f32(sum) + block.least * x.sum;
}
