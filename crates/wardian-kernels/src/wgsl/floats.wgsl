fn value(index: u32, within: u32) -> f32 {
    let block = weight_block(index);
    return block[within / 4u][within % 4u];
}
