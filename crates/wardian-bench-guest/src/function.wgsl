fn blend_#(a: vec4f, b: vec4f, count: u32) -> vec4f {
    var sum = a * 0.5 + b.wzyx;
    for (var i = 0u; i < count; i += 1u) {
        let weight = f32(i) / f32(count + #u);
        if weight > 0.75 {
            continue;
        }
        sum = mix(sum, vec4f(dot(a, b), length(b.xyz), weight, 1.0), weight);
        sum.x += select(-weight, weight, sum.y > sum.z);
    }
    return clamp(sum, vec4f(0.0), vec4f(1.0));
}
