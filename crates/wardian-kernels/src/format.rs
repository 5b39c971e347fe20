//! How weights lie on the GPU, and how they get there from the blocks of a file.

use half::f16;
use wardian_gguf::Kind;

/// How weights lie on the GPU: numbers apart from scales, in blocks of 32.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// 32 bits of floating point, no scales.
    F32,
    /// 16 bits of floating point, no scales.
    F16,
    /// The upper 16 bits of 32 bits of floating point, no scales.
    Bf16,
    /// 4 bits a number, a scale and a minimum a block.
    Nibbles,
    /// 5 bits a number: 4, and the fifth ones of a block in a word; a scale and a minimum a block.
    Fives,
    /// 8 bits a number, a scale a block.
    Bytes,
}

/// What activations are rounded to before they are multiplied with weights of few bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rounding {
    /// 8 bits, with a scale a block: products are whole numbers, which is fast. llama.cpp does so, too.
    Bits8,
    /// Nothing: as exact as 32 bits of floating point are.
    None,
}

/// Numbers of a block.
pub(crate) const BLOCK: u32 = 32;

/// Blocks of a file, as they lie on the GPU.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// The numbers.
    pub numbers: Vec<u8>,
    /// The scales.
    pub scales: Vec<u8>,
}

impl Format {
    /// What blocks of a file become, where there are kernels for it.
    #[must_use]
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::F32 => Some(Self::F32),
            Kind::F16 => Some(Self::F16),
            Kind::Bf16 => Some(Self::Bf16),
            Kind::Q4_0 | Kind::Q4_1 => Some(Self::Nibbles),
            Kind::Q5_0 | Kind::Q5_1 => Some(Self::Fives),
            Kind::Q8_0 => Some(Self::Bytes),
            Kind::Q4K | Kind::Q5K | Kind::Q6K => None,
        }
    }

    /// Bytes of the numbers of a block.
    #[must_use]
    pub fn number_bytes(self) -> u64 {
        match self {
            Self::F32 => 128,
            Self::F16 | Self::Bf16 => 64,
            Self::Nibbles => 16,
            Self::Fives => 20,
            Self::Bytes => 32,
        }
    }

    /// Bytes of the scales of a block.
    #[must_use]
    pub fn scale_bytes(self) -> u64 {
        if self.is_quantised() { 4 } else { 0 }
    }

    /// How activations are rounded to be multiplied with it: weights that are floating point want them as they are.
    #[must_use]
    pub fn rounding(self, wanted: Rounding) -> Rounding {
        if self.is_quantised() { wanted } else { Rounding::None }
    }

    fn is_quantised(self) -> bool {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 => false,
            Self::Nibbles | Self::Fives | Self::Bytes => true,
        }
    }

    /// Takes blocks of a file apart.
    pub fn unpack(kind: Kind, blocks: &[u8], into: &mut Unpacked) {
        into.numbers.clear();
        into.scales.clear();
        let size = usize::try_from(kind.block_bytes()).unwrap_or(usize::MAX);
        if matches!(kind, Kind::F32 | Kind::F16 | Kind::Bf16) {
            into.numbers.extend_from_slice(blocks);
            return;
        }
        for block in blocks.chunks_exact(size) {
            unpack_block(kind, block, into);
        }
    }
}

fn unpack_block(kind: Kind, block: &[u8], into: &mut Unpacked) {
    let has_least = matches!(kind, Kind::Q4_1 | Kind::Q5_1);
    let Some((head, numbers)) = block.split_at_checked(if has_least { 4 } else { 2 }) else { return };
    into.scales.extend_from_slice(head);
    if !has_least {
        // The middle of the range becomes a minimum. A power of two more or less is exact in 16 bits.
        let middle = if kind == Kind::Q4_0 { -8.0 } else { -16.0 };
        into.scales.extend(if kind == Kind::Q8_0 { [0; 2] } else { scaled(head, middle) });
    }
    // The fifth bits come first in a file, and last here.
    let fifths = if matches!(kind, Kind::Q5_0 | Kind::Q5_1) { 4 } else { 0 };
    let Some((fifths, numbers)) = numbers.split_at_checked(fifths) else { return };
    into.numbers.extend_from_slice(numbers);
    into.numbers.extend_from_slice(fifths);
}

fn scaled(scale: &[u8], by: f32) -> [u8; 2] {
    let bytes = scale.first_chunk().copied().unwrap_or_default();
    f16::from_f32(f16::from_le_bytes(bytes).to_f32() * by).to_le_bytes()
}

impl Format {
    /// The part of a kernel that reads weights: it declares them at bindings 0 and 1, and the functions `weight_block`,
    /// which reads a block, and `value`, which reads one number.
    pub(crate) fn source(self) -> String {
        let words = self.number_bytes() / 4;
        let scales = "@group(0) @binding(1) var<storage, read> scales: array<u32>;";
        let numbers = |element| format!("@group(0) @binding(0) var<storage, read> numbers: array<{element}>;\n");
        match self {
            Self::Nibbles => format!("{}{scales}\n{}", numbers("vec4<u32>"), include_str!("wgsl/nibbles.wgsl")),
            Self::Fives => format!("{}{scales}\n{}", numbers("u32"), include_str!("wgsl/fives.wgsl")),
            Self::Bytes => format!("{}{scales}\n{}", numbers("vec4<u32>"), include_str!("wgsl/bytes.wgsl")),
            Self::F32 => format!("{}{}", numbers("vec4<u32>"), float_source(words / 4, "bitcast<vec4<f32>>(word)")),
            Self::F16 => {
                let low = "vec4<f32>(unpack2x16float(word.x), unpack2x16float(word.y))";
                let high = "vec4<f32>(unpack2x16float(word.z), unpack2x16float(word.w))";
                format!("{}{}", numbers("vec4<u32>"), half_source(low, high))
            }
            Self::Bf16 => {
                let pair = |word: &str| format!("bitcast<f32>({word} << 16u), bitcast<f32>({word} & 0xffff0000u)");
                let low = format!("vec4<f32>({}, {})", pair("word.x"), pair("word.y"));
                let high = format!("vec4<f32>({}, {})", pair("word.z"), pair("word.w"));
                format!("{}{}", numbers("vec4<u32>"), half_source(&low, &high))
            }
        }
    }
}

impl Format {
    /// The function `product` of a kernel, which multiplies a block of weights with one of activations.
    pub(crate) fn product_source(self, rounding: Rounding) -> String {
        match (self, self.rounding(rounding)) {
            (Self::Nibbles, Rounding::Bits8) => include_str!("wgsl/nibbles_rounded.wgsl").to_owned(),
            (Self::Fives, Rounding::Bits8) => include_str!("wgsl/fives_rounded.wgsl").to_owned(),
            (Self::Bytes, Rounding::Bits8) => include_str!("wgsl/bytes_rounded.wgsl").to_owned(),
            (Self::Nibbles, Rounding::None) => exact(include_str!("wgsl/nibbles_exact.wgsl")),
            (Self::Fives, Rounding::None) => exact(include_str!("wgsl/fives_exact.wgsl")),
            (Self::Bytes, Rounding::None) => exact(include_str!("wgsl/bytes_exact.wgsl")),
            (Self::F32 | Self::F16 | Self::Bf16, _) => include_str!("wgsl/floats_exact.wgsl").to_owned(),
        }
    }
}

fn exact(product: &str) -> String {
    include_str!("wgsl/exact.wgsl").to_owned() + product
}

fn float_source(vectors: u64, unpack: &str) -> String {
    format!(
        "fn unpacked(word: vec4<u32>) -> vec4<f32> {{ return {unpack}; }}
        alias Block = array<vec4<f32>, 8>;
        fn weight_block(index: u32) -> Block {{
            var block: Block;
            for (var i = 0u; i < {vectors}u; i++) {{ block[i] = unpacked(numbers[index * {vectors}u + i]); }}
            return block;
        }}\n"
    ) + include_str!("wgsl/floats.wgsl")
}

fn half_source(low: &str, high: &str) -> String {
    format!(
        "alias Block = array<vec4<f32>, 8>;
        fn weight_block(index: u32) -> Block {{
            var block: Block;
            for (var i = 0u; i < 4u; i++) {{
                let word = numbers[index * 4u + i];
                block[i * 2u] = {low};
                block[i * 2u + 1u] = {high};
            }}
            return block;
        }}\n"
    ) + include_str!("wgsl/floats.wgsl")
}
