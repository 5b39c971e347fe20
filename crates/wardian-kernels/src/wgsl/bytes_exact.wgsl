fn product(block: Block, x: Activations) -> f32 {
    return block.scale * dot_bytes(block.low, block.high, x);
}
