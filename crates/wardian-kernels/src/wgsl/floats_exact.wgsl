fn product(block: Block, x: Activations) -> f32 {
    return dot(block[0], x.numbers[0]) + dot(block[1], x.numbers[1])
        + dot(block[2], x.numbers[2]) + dot(block[3], x.numbers[3])
        + dot(block[4], x.numbers[4]) + dot(block[5], x.numbers[5])
        + dot(block[6], x.numbers[6]) + dot(block[7], x.numbers[7]);
}
