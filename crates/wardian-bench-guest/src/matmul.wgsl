// c = a × b, 1024 × 1024 each, in tiles of 16 × 16 that a workgroup shares.
const SIZE = 1024u;
const TILE = 16u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;

var<workgroup> tile_a: array<array<f32, TILE>, TILE>;
var<workgroup> tile_b: array<array<f32, TILE>, TILE>;

@compute @workgroup_size(TILE, TILE)
fn main(@builtin(global_invocation_id) at: vec3u, @builtin(local_invocation_id) within: vec3u) {
    var sum = 0.0;
    for (var step = 0u; step < SIZE; step += TILE) {
        tile_a[within.y][within.x] = a[at.y * SIZE + step + within.x];
        tile_b[within.y][within.x] = b[(step + within.y) * SIZE + at.x];
        workgroupBarrier();
        for (var k = 0u; k < TILE; k++) {
            sum += tile_a[within.y][k] * tile_b[k][within.x];
        }
        workgroupBarrier();
    }
    c[at.y * SIZE + at.x] = sum;
}
