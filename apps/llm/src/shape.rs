//! How large a model is, and how its layers compute.

use wardian_gguf::{Error, Gguf};
use wardian_kernels::RopeStyle;

use crate::Failure;

/// The architectures that there are layers for.
const ARCHITECTURES: [&str; 1] = ["llama"];
/// More than any model has, and few enough that no product of sizes overflows.
const SIZE_MAX: u64 = 1 << 20;
const LAYERS_MAX: u64 = 1 << 10;

/// Sizes and constants of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Layers.
    pub layers: u32,
    /// Numbers of a token between layers.
    pub width: u32,
    /// Heads of queries.
    pub heads: u32,
    /// Heads of keys and values.
    pub cache_heads: u32,
    /// Numbers of a head.
    pub head_width: u32,
    /// Numbers inside of a layer's second half.
    pub hidden: u32,
    /// Tokens.
    pub vocabulary: u32,
    /// The most positions of a sequence.
    pub context: u32,
    /// What is added to the mean square in norms.
    pub epsilon: f32,
    /// The base of the angles of positions.
    pub rope_base: f32,
    /// Which numbers are turned together.
    pub rope_style: RopeStyle,
}

impl Shape {
    /// What a file says.
    ///
    /// # Errors
    ///
    /// When the file is of another architecture, or its sizes fit no kernel.
    pub fn of_file(file: &Gguf) -> Result<Self, Failure> {
        let architecture = file.text("general.architecture")?;
        if !ARCHITECTURES.contains(&architecture) {
            return Err(Box::new(Error::Unsupported {
                what: "the architecture",
                found: architecture.chars().take(40).collect(),
                supported: ARCHITECTURES.join(", "),
            }));
        }
        let key = |name: &str| format!("{architecture}.{name}");
        let at_most = |name: &str, greatest: u64, found: u64| match u32::try_from(found) {
            Ok(size) if size > 0 && found <= greatest => Ok(size),
            _ => Err(format!("'{}' is {found}, and 1 to {greatest} is possible", key(name))),
        };
        let size = |name: &str| -> Result<u32, Failure> { Ok(at_most(name, SIZE_MAX, file.integer(&key(name))?)?) };
        if let Some(scaling) = file.optional_text(&key("rope.scaling.type"))?
            && scaling != "none"
        {
            return Err(format!("scaled positions ('{scaling}') are not supported yet").into());
        }
        let vocabulary = file.optional_texts("tokenizer.ggml.tokens")?.map_or(0, <[_]>::len);
        let heads = size("attention.head_count")?;
        let width = size("embedding_length")?;
        let cache_heads = file.optional_integer(&key("attention.head_count_kv"))?.unwrap_or(heads.into());
        let head_width = file.optional_integer(&key("attention.key_length"))?.unwrap_or((width / heads).into());
        let shape = Self {
            layers: at_most("block_count", LAYERS_MAX, file.integer(&key("block_count"))?)?,
            width,
            heads,
            cache_heads: at_most("attention.head_count_kv", heads.into(), cache_heads)?,
            head_width: at_most("attention.key_length", 128, head_width)?,
            hidden: size("feed_forward_length")?,
            vocabulary: at_most("vocab_size", SIZE_MAX, u64::try_from(vocabulary)?)?,
            context: at_most("context_length", 1 << 24, file.integer(&key("context_length"))?)?,
            epsilon: file.float(&key("attention.layer_norm_rms_epsilon"))?,
            rope_base: file.optional_float(&key("rope.freq_base"))?.unwrap_or(10_000.0),
            rope_style: RopeStyle::Neighbours,
        };
        let turned = file.optional_integer(&key("rope.dimension_count"))?.unwrap_or(head_width);
        if turned != head_width {
            return Err(
                format!("only {turned} of {head_width} numbers of a head are turned, which is not supported").into()
            );
        }
        shape.checked()
    }

    /// The shape of a model whose weights are made up, to measure with.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let shape = |layers, width, heads, cache_heads, head_width, hidden, vocabulary| Self {
            layers,
            width,
            heads,
            cache_heads,
            head_width,
            hidden,
            vocabulary,
            context: 8192,
            epsilon: 1e-5,
            rope_base: 100_000.0,
            rope_style: RopeStyle::Neighbours,
        };
        match name {
            "smollm2" => Some(shape(30, 576, 9, 3, 64, 1536, 49_152)),
            "1b" => Some(shape(16, 2048, 32, 8, 64, 8192, 128_256)),
            "8b" => Some(shape(32, 4096, 32, 8, 128, 14_336, 128_256)),
            _ => None,
        }
    }

    /// Refuses what no kernel can do.
    fn checked(self) -> Result<Self, Failure> {
        let refuse = |why: String| Err(Failure::from(why));
        if !self.width.is_multiple_of(32) || !self.hidden.is_multiple_of(32) {
            return refuse(format!("{} and {} numbers a row are no multiples of 32", self.width, self.hidden));
        }
        if ![32, 64, 128].contains(&self.head_width) {
            return refuse(format!("heads of {} numbers are not supported; 32, 64 and 128 are", self.head_width));
        }
        if !self.heads.is_multiple_of(self.cache_heads) {
            return refuse(format!("{} heads can't share {} heads of keys", self.heads, self.cache_heads));
        }
        if !(self.epsilon > 0.0 && self.rope_base > 1.0) {
            return refuse(format!("an epsilon of {} or a base of {} makes no sense", self.epsilon, self.rope_base));
        }
        Ok(self)
    }

    /// Numbers of all heads of queries.
    #[must_use]
    pub fn query_width(&self) -> u32 {
        self.heads * self.head_width
    }

    /// Numbers of all heads of keys.
    #[must_use]
    pub fn cache_width(&self) -> u32 {
        self.cache_heads * self.head_width
    }

    /// The cosine and sine of each pair of numbers at each position.
    ///
    /// The factors, where a model has them, divide the angles.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "positions are far below 2^24")]
    pub fn rope(&self, positions: u32, factors: &[f32]) -> Vec<f32> {
        let ratio = self.rope_base.powf(-2.0 / self.head_width as f32);
        let mut table = Vec::new();
        for position in 0..positions {
            let mut angle = position as f32;
            for pair in (0..self.head_width / 2).map(usize::try_from) {
                let factor = pair.ok().and_then(|pair| factors.get(pair)).copied().unwrap_or(1.0);
                let (sine, cosine) = (angle / factor).sin_cos();
                table.extend([cosine, sine]);
                angle *= ratio;
            }
        }
        table
    }
}
