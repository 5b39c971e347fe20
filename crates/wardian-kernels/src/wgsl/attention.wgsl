// A part of the positions for one head of one row: the weighted sum of their values, and what the parts are joined by.
@group(0) @binding(0) var<storage, read> queries: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> cache: array<CacheWord>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;

const POSITIONS: u32 = 64u;
// Threads beyond a head's pairs of numbers take other positions of the same tile.
const SHARES: u32 = POSITIONS / PAIRS;
var<workgroup> query: array<vec2<f32>, PAIRS>;
var<workgroup> scores: array<f32, POSITIONS>;
var<workgroup> sums: array<vec2<f32>, POSITIONS>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let head = group.x;
    let row = group.y;
    let position = row_position(row);
    let length = select(position + 1u, 0u, position == 0xffffffffu);
    let from_position = group.z * CHUNK;
    let to_position = min(from_position + CHUNK, length);
    let sequence = row_sequence(row);
    let cache_head = head / (HEADS / CACHE_HEADS);
    for (var i = local; i < PAIRS; i += 64u) { query[i] = queries[(row * HEADS + head) * PAIRS + i]; }
    workgroupBarrier();

    let pair = local % PAIRS;
    let share = local / PAIRS;
    var greatest = -3.0e38;
    var total = 0.0;
    var sum = vec2<f32>(0.0);
    for (var start = from_position; start < to_position; start += POSITIONS) {
        // A tile is a page.
        let slot = page(sequence, start / POSITIONS) * POSITIONS;
        var score = -3.0e38;
        if (start + local < to_position) {
            let at = ((slot + local) * CACHE_HEADS + cache_head) * PAIRS;
            var product = 0.0;
            for (var i = 0u; i < PAIRS; i++) { product += dot(query[i], cached(cache[at + i])); }
            score = product * SCALE;
        }
        scores[local] = score;
        workgroupBarrier();
        var greatest_now = greatest;
        for (var i = 0u; i < POSITIONS; i++) { greatest_now = max(greatest_now, scores[i]); }
        workgroupBarrier();
        scores[local] = select(0.0, exp(score - greatest_now), start + local < to_position);
        workgroupBarrier();
        let factor = exp(greatest - greatest_now);
        sum *= factor;
        total *= factor;
        greatest = greatest_now;
        let count = min(POSITIONS, to_position - start);
        let values = VALUES_FROM + (slot * CACHE_HEADS + cache_head) * PAIRS + pair;
        for (var i = share; i < count; i += SHARES) {
            sum += scores[i] * cached(cache[values + i * CACHE_HEADS * PAIRS]);
            total += scores[i];
        }
        workgroupBarrier();
    }
    // The shares of each pair come together; each share has counted its own scores.
    sums[local] = sum;
    scores[local] = total;
    workgroupBarrier();
    if (share == 0u && position != 0xffffffffu) {
        for (var other = 1u; other < SHARES; other++) {
            sum += sums[other * PAIRS + pair];
            total += scores[other * PAIRS + pair];
        }
        let to_part = ((row * HEADS + head) * PARTS + group.z) * (PAIRS * 2u + 2u);
        parts[to_part + pair * 2u] = sum.x;
        parts[to_part + pair * 2u + 1u] = sum.y;
        if (pair == 0u) {
            parts[to_part + PAIRS * 2u] = greatest;
            parts[to_part + PAIRS * 2u + 1u] = total;
        }
    }
}
