//! Attention over the cache, in parts that are joined: no row of scores is ever stored.

use crate::{
    Activations, Cached, Gpu, PAGE_POSITIONS, Step,
    gpu::{Bound, constants},
    quantise,
};

/// The most parts of a row's positions.
const PARTS_MAX: u32 = 16;
/// The fewest positions of a part.
const CHUNK_LEAST: u32 = 256;

/// How numbers lie in the cache.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CacheKind {
    /// 16 bits of floating point.
    F16,
    /// 32 bits of floating point.
    F32,
}

impl CacheKind {
    /// Bytes of a pair of numbers.
    #[must_use]
    pub fn pair_bytes(self) -> u64 {
        match self {
            Self::F16 => 4,
            Self::F32 => 8,
        }
    }

    pub(crate) fn source(self) -> String {
        match self {
            Self::F16 => {
                "alias CacheWord = u32;
                fn to_cache(pair: vec2<f32>) -> u32 { return pack2x16float(pair); }
                fn cached(word: u32) -> vec2<f32> { return unpack2x16float(word); }\n"
            }
            Self::F32 => {
                "alias CacheWord = vec2<f32>;
                fn to_cache(pair: vec2<f32>) -> vec2<f32> { return pair; }
                fn cached(word: vec2<f32>) -> vec2<f32> { return word; }\n"
            }
        }
        .to_owned()
    }
}

/// The heads of attention, and what their cache has room for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heads {
    /// Heads of queries.
    pub heads: u32,
    /// Heads of keys and values, each for as many heads of queries.
    pub cache_heads: u32,
    /// Numbers of a head: 32, 64 or 128.
    pub width: u32,
    /// Positions that the cache of a layer has room for, over all sequences.
    pub slots: u32,
    /// How they lie there.
    pub kind: CacheKind,
}

impl Heads {
    /// Bytes of the cache of a layer.
    #[must_use]
    pub fn cache_bytes(&self) -> u64 {
        u64::from(self.slots) * u64::from(self.cache_heads) * u64::from(self.width) * self.kind.pair_bytes()
    }
}

/// Attention of each row to all positions of its sequence up to its own.
#[derive(Clone, Debug)]
pub struct Attention {
    parts: Step,
    join: Step,
    chunk: u32,
}

impl Attention {
    /// Positions of a part, where a sequence has at most so many.
    fn chunk(context: u32) -> u32 {
        context.div_ceil(PARTS_MAX).next_multiple_of(PAGE_POSITIONS).max(CHUNK_LEAST)
    }

    /// A buffer for the parts, which attentions of all layers can share.
    #[must_use]
    pub fn parts_buffer(gpu: &Gpu, heads: &Heads, rows_max: u32, context: u32) -> wgpu::Buffer {
        let parts = u64::from(rows_max) * u64::from(heads.heads) * u64::from(Self::part_count(context));
        gpu.buffer("parts of attention", parts * u64::from(heads.width + 2) * 4)
    }

    fn part_count(context: u32) -> u32 {
        context.div_ceil(Self::chunk(context))
    }

    /// Of a layer, for sequences of at most so many positions; the parts are a buffer of [`Attention::parts_buffer`].
    #[must_use]
    pub fn new(gpu: &Gpu, layer: Cached<'_>, context: u32, parts: &wgpu::Buffer, output: &Activations) -> Self {
        let Cached { queries, cache, state, heads, .. } = layer;
        let chunk = Self::chunk(context);
        let shared = constants(&[
            ("HEADS", heads.heads),
            ("CACHE_HEADS", heads.cache_heads),
            ("PAIRS", heads.width / 2),
            ("CHUNK", chunk),
            ("PARTS", Self::part_count(context)),
            ("SIZE", heads.width + 2),
            ("VALUES_FROM", heads.slots * heads.cache_heads * (heads.width / 2)),
        ]);
        #[expect(clippy::as_conversions, reason = "a head has some hundred numbers")]
        let scale = 1.0 / (heads.width as f32).sqrt();
        let text = shared.clone()
            + &format!("const SCALE: f32 = {scale:e};\n")
            + &heads.kind.source()
            + &state.source(3)
            + include_str!("wgsl/attention.wgsl");
        let bound = [Bound::Read(queries), Bound::Read(cache), Bound::Write(parts), Bound::Read(&state.buffer)];
        let (layout, group) = gpu.bind(&bound);
        let pipeline = gpu.pipeline("attention", &text, &layout);
        let parts_step = Step { pipeline, group, groups: heads.heads, tile: 1 };

        let text = shared + &quantise::source(1, heads.width) + &state.source(4) + include_str!("wgsl/join.wgsl");
        let [floats, numbers, scales] = output.bound();
        let (layout, group) = gpu.bind(&[Bound::Read(parts), floats, numbers, scales, Bound::Read(&state.buffer)]);
        let pipeline = gpu.pipeline("join", &text, &layout);
        Self { parts: parts_step, join: Step { pipeline, group, groups: heads.heads, tile: 1 }, chunk }
    }

    /// Records it, for so many rows, none of which is at a position from `positions` on.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, rows: u32, positions: u32) {
        self.parts.record_deep(pass, rows, positions.div_ceil(self.chunk).max(1));
        self.join.record(pass, rows);
    }
}
