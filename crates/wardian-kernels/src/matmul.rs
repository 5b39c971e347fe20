//! Products of a matrix of weights with rows of activations.

use std::fmt::Write as _;

use crate::{
    Activations, Gpu, Heads, Rounding, State, Step, Weights,
    format::BLOCK,
    gpu::{Bound, THREADS, constants},
};

/// Threads that share a row where the device has no operations for subgroups.
const LANES_DEFAULT: u32 = 16;
/// Rows of activations that one workgroup multiplies with the weights that it reads.
const TILE: u32 = 4;

/// What becomes of the products.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// They are stored.
    Store(&'a wgpu::Buffer),
    /// They are added to what is there.
    Add(&'a wgpu::Buffer),
    /// The upper half of the rows are gates: `x / (1 + exp(-x))` of the upper times the lower.
    Gated(&'a wgpu::Buffer),
    /// They are queries, keys and values of attention, in this order: keys and queries are turned by their position, keys
    /// and values go into the cache.
    Cached(Cached<'a>),
}

/// Where queries, keys and values go.
#[derive(Clone, Copy, Debug)]
pub struct Cached<'a> {
    /// Queries, pair by pair.
    pub queries: &'a wgpu::Buffer,
    /// The cache of the layer.
    pub cache: &'a wgpu::Buffer,
    /// The cosine and sine of each pair at each position.
    pub rope: &'a wgpu::Buffer,
    /// The positions and pages of the rows.
    pub state: &'a State,
    /// How many heads there are.
    pub heads: Heads,
    /// Which numbers are a pair.
    pub style: RopeStyle,
}

/// Which numbers of a head are turned together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RopeStyle {
    /// Neighbours.
    Neighbours,
    /// Those that lie half a head apart.
    Halves,
}

impl Output<'_> {
    fn pairs(self, rows: u32) -> u32 {
        rows.div_ceil(2)
    }

    fn source(self, rows: u32) -> String {
        let plain = "fn first_row(pair: u32) -> u32 { return pair * 2u; }
            fn second_row(pair: u32) -> u32 { return pair * 2u + 1u; }\n";
        match self {
            Self::Store(_) => plain.to_owned() + &put("=", rows),
            Self::Add(_) => plain.to_owned() + &put("+=", rows),
            Self::Gated(_) => format!(
                "@group(0) @binding(4) var<storage, read_write> output: array<f32>;
                fn first_row(pair: u32) -> u32 {{ return pair; }}
                fn second_row(pair: u32) -> u32 {{ return pair + {half}u; }}
                fn put(row: u32, pair: u32, first: f32, second: f32) {{
                    output[row * {half}u + pair] = first / (1.0 + exp(-first)) * second;
                }}\n",
                half = rows / 2
            ),
            Self::Cached(cached) => cached.source(),
        }
    }

    fn bound(&self) -> Vec<Bound<'_>> {
        match self {
            Self::Store(buffer) | Self::Add(buffer) | Self::Gated(buffer) => vec![Bound::Write(buffer)],
            Self::Cached(Cached { queries, cache, rope, state, .. }) => {
                vec![Bound::Write(queries), Bound::Write(cache), Bound::Read(rope), Bound::Read(&state.buffer)]
            }
        }
    }
}

fn put(operator: &str, rows: u32) -> String {
    format!(
        "@group(0) @binding(4) var<storage, read_write> output: array<f32>;
        fn put(row: u32, pair: u32, first: f32, second: f32) {{
            output[row * {rows}u + pair * 2u] {operator} first;
            if (pair * 2u + 1u < {rows}u) {{ output[row * {rows}u + pair * 2u + 1u] {operator} second; }}
        }}\n"
    )
}

impl Cached<'_> {
    fn source(self) -> String {
        let Heads { heads, cache_heads, width, slots, kind } = self.heads;
        let pairs = width / 2;
        let turned = (heads + cache_heads) * pairs;
        let rows = match self.style {
            RopeStyle::Neighbours => {
                "
                fn first_row(pair: u32) -> u32 { return pair * 2u; }
                fn second_row(pair: u32) -> u32 { return pair * 2u + 1u; }\n"
            }
            RopeStyle::Halves => {
                "
                fn first_row(pair: u32) -> u32 {
                    return select(pair * 2u, pair / PAIRS * PAIRS * 2u + pair % PAIRS, pair < TURNED);
                }
                fn second_row(pair: u32) -> u32 { return first_row(pair) + select(1u, PAIRS, pair < TURNED); }\n"
            }
        };
        constants(&[
            ("PAIRS", pairs),
            ("TURNED", turned),
            ("QUERY_PAIRS", heads * pairs),
            ("CACHE_PAIRS", cache_heads * pairs),
            ("VALUES_FROM", slots * cache_heads * pairs),
        ]) + &kind.source()
            + &self.state.source(7)
            + rows
            + include_str!("wgsl/cached.wgsl")
    }
}

/// A product, ready to be recorded.
#[derive(Clone, Debug)]
pub struct Matmul {
    single: Step,
    tiled: Step,
}

impl Matmul {
    /// Multiplies rows of activations with weights.
    #[must_use]
    pub fn new(
        gpu: &Gpu,
        label: &str,
        weights: &Weights,
        input: &Activations,
        rounding: Rounding,
        output: Output<'_>,
    ) -> Self {
        let mut bound = vec![Bound::Read(&weights.numbers), Bound::Read(&weights.scales)];
        bound.extend(match weights.format.rounding(rounding) {
            Rounding::Bits8 => [Bound::Read(&input.numbers), Bound::Read(&input.scales)],
            Rounding::None => [Bound::Read(&input.floats), Bound::Read(&input.scales)],
        });
        bound.extend(output.bound());
        let (layout, group) = gpu.bind(&bound);
        let lanes = gpu.subgroup.unwrap_or(LANES_DEFAULT);
        let step = |tile| Step {
            pipeline: gpu.pipeline(label, &source(gpu, weights, rounding, output, tile), &layout),
            group: group.clone(),
            groups: output.pairs(weights.rows).div_ceil(THREADS / lanes),
            tile,
        };
        Self { single: step(1), tiled: step(TILE) }
    }

    /// Records it, for so many rows. Buffers must have room for a multiple of 8 rows where there is more than one.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, rows: u32) {
        if rows == 1 { self.single.record(pass, rows) } else { self.tiled.record(pass, rows) }
    }
}

const ROUNDED: &str = "
    struct Activations { low: vec4<u32>, high: vec4<u32>, scale: f32, sum: f32 }
    @group(0) @binding(2) var<storage, read> inputs: array<vec4<u32>>;
    @group(0) @binding(3) var<storage, read> input_scales: array<vec2<f32>>;
    fn activations(index: u32) -> Activations {
        let pair = input_scales[index];
        return Activations(inputs[index * 2u], inputs[index * 2u + 1u], pair.x, pair.y);
    }\n";

const FLOATS: &str = "
    struct Activations { numbers: array<vec4<f32>, 8> }
    @group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
    fn activations(index: u32) -> Activations {
        let at = index * 8u;
        return Activations(array<vec4<f32>, 8>(inputs[at], inputs[at + 1u], inputs[at + 2u], inputs[at + 3u],
            inputs[at + 4u], inputs[at + 5u], inputs[at + 6u], inputs[at + 7u]));
    }\n";

/// The kernel: each group of lanes takes two rows of weights, and a tile of rows of activations.
fn source(gpu: &Gpu, weights: &Weights, rounding: Rounding, output: Output<'_>, tile: u32) -> String {
    let lanes = gpu.subgroup.unwrap_or(LANES_DEFAULT);
    let activations = match weights.format.rounding(rounding) {
        Rounding::Bits8 => ROUNDED,
        Rounding::None => FLOATS,
    };
    let mut text = constants(&[
        ("ROWS", weights.rows),
        ("BLOCKS", weights.columns / BLOCK),
        ("LANES", lanes),
        ("GROUP_PAIRS", THREADS / lanes),
        ("PAIR_COUNT", output.pairs(weights.rows)),
    ]) + activations
        + &weights.format.source()
        + &weights.format.product_source(rounding)
        + &output.source(weights.rows);
    if gpu.subgroup.is_none() {
        let _ = writeln!(text, "var<workgroup> shared_sums: array<vec2<f32>, {}>;", THREADS * tile);
    }
    text += "@compute @workgroup_size(64)
        fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) local: u32) {
        let lane = local % LANES;
        let pair = (group.x + group.z * groups.x) * GROUP_PAIRS + local / LANES;
        let first = min(first_row(pair), ROWS - 1u) * BLOCKS;
        let second = min(second_row(pair), ROWS - 1u) * BLOCKS;\n";
    let _ = writeln!(text, "let row = group.y * {tile}u;");
    for index in 0..tile {
        let _ = writeln!(text, "var sum{index} = vec2<f32>(0.0);");
    }
    text += "for (var block = lane; block < BLOCKS; block += LANES) {
        let first_block = weight_block(first + block);
        let second_block = weight_block(second + block);\n";
    for index in 0..tile {
        let _ = writeln!(
            text,
            "{{ let x = activations((row + {index}u) * BLOCKS + block);
            sum{index} += vec2<f32>(product(first_block, x), product(second_block, x)); }}"
        );
    }
    text += "}\n";
    text += &reduction(gpu, tile);
    text += "if (lane == 0u && pair < PAIR_COUNT) {\n";
    for index in 0..tile {
        let _ = writeln!(text, "put(row + {index}u, pair, sum{index}.x, sum{index}.y);");
    }
    text + "}\n}\n"
}

/// Adds the sums of the lanes up, for lane 0.
fn reduction(gpu: &Gpu, tile: u32) -> String {
    let mut text = String::new();
    if gpu.subgroup.is_some() {
        for index in 0..tile {
            let _ = writeln!(text, "sum{index} = subgroupAdd(sum{index});");
        }
        return text;
    }
    for index in 0..tile {
        let _ = writeln!(text, "shared_sums[local * {tile}u + {index}u] = sum{index};");
    }
    text += "workgroupBarrier();
        if (lane == 0u) { for (var other = 1u; other < LANES; other++) {\n";
    for index in 0..tile {
        let _ = writeln!(text, "sum{index} += shared_sums[(local + other) * {tile}u + {index}u];");
    }
    text + "} }\n"
}
