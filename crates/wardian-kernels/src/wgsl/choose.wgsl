// The best candidate of each row of results becomes the token of that row, at the position after that of the row that
// it is the result of. All in one workgroup: a row may be written that another one's result comes from.
@group(0) @binding(0) var<storage, read> candidates: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> rows: array<vec4<u32>>;

const NONE: u32 = 0xffffffffu;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) row: u32) {
    var next = vec4<u32>(0u, NONE, 0u, NONE);
    let result_of = select(NONE, rows[row].w, row < ROWS);
    if (result_of < ROWS) {
        var best = -3.4e38;
        // A row whose logits are no numbers gets token 0.
        var token = 0u;
        for (var i = 0u; i < PARTS; i++) {
            let candidate = candidates[row * PARTS + i];
            let logit = bitcast<f32>(candidate.x);
            if (logit > best) {
                best = logit;
                token = candidate.y;
            }
        }
        next = vec4<u32>(token, rows[result_of].y + 1u, rows[result_of].z, row);
    }
    storageBarrier();
    if (row < ROWS) { rows[row] = next; }
}
