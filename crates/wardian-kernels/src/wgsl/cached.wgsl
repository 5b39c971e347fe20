// Queries, keys and values: turned by their position, and put where attention reads them.
@group(0) @binding(4) var<storage, read_write> queries: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> cache: array<CacheWord>;
@group(0) @binding(6) var<storage, read> rope: array<vec2<f32>>;

fn put(row: u32, pair: u32, first: f32, second: f32) {
    let position = row_position(row);
    if (position == 0xffffffffu) { return; }
    var result = vec2<f32>(first, second);
    if (pair < TURNED) {
        let turn = rope[position * PAIRS + pair % PAIRS];
        result = vec2<f32>(first * turn.x - second * turn.y, first * turn.y + second * turn.x);
    }
    if (pair < QUERY_PAIRS) {
        queries[row * QUERY_PAIRS + pair] = result;
        return;
    }
    let slot = page(row_sequence(row), position / 64u) * 64u + position % 64u;
    let start = select(slot * CACHE_PAIRS + pair - QUERY_PAIRS, VALUES_FROM + slot * CACHE_PAIRS + pair - TURNED,
        pair >= TURNED);
    cache[start] = to_cache(result);
}
