fn product(block: Block, x: Activations) -> f32 {
    let sum = dot4I8Packed(block.low.x, x.low.x) + dot4I8Packed(block.low.y, x.low.y)
        + dot4I8Packed(block.low.z, x.low.z) + dot4I8Packed(block.low.w, x.low.w)
        + dot4I8Packed(block.high.x, x.high.x) + dot4I8Packed(block.high.y, x.high.y)
        + dot4I8Packed(block.high.z, x.high.z) + dot4I8Packed(block.high.w, x.high.w);
    return block.scale * x.scale * f32(sum) + block.least * x.sum;
}
