// The greatest logit of a part of the vocabulary, and which token has it; of equals the first.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> candidates: array<vec2<u32>>;
var<workgroup> greatest: array<f32, 256>;
var<workgroup> tokens: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let start = group.y * COUNT;
    var best = -3.4e38;
    var token = 0xffffffffu;
    let end = min((group.x + 1u) * PART, COUNT);
    for (var i = group.x * PART + local; i < end; i += 256u) {
        let logit = logits[start + i];
        if (logit > best) {
            best = logit;
            token = i;
        }
    }
    greatest[local] = best;
    tokens[local] = token;
    workgroupBarrier();
    for (var half_of = 128u; half_of > 0u; half_of /= 2u) {
        if (local < half_of) {
            let other = greatest[local + half_of];
            let other_token = tokens[local + half_of];
            if (other > greatest[local] || (other == greatest[local] && other_token < tokens[local])) {
                greatest[local] = other;
                tokens[local] = other_token;
            }
        }
        workgroupBarrier();
    }
    if (local == 0u) { candidates[group.y * PARTS + group.x] = vec2<u32>(bitcast<u32>(greatest[0]), tokens[0]); }
}
