//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wardian_kernels::{CacheKind, Rounding};

use crate::{engine::Options, generate::Request, sampler::Sampling};

/// Runs a language model on the GPU: natively, or in a sealed component.
#[derive(Debug, Parser)]
#[command(name = "llm", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Talks: with lines from standard input, or with one --prompt.
    Chat(Chat),
    /// Goes on with a text.
    Complete(Complete),
    /// Measures tokens a second, of a file or of weights that are made up on the device.
    Bench(Bench),
    /// Compares with the tokens that another program chose; fails where they differ and no tie is the reason.
    Check(Check),
}

/// The model, and the room for it.
#[derive(Args, Debug)]
pub(crate) struct Source {
    /// The model: a GGUF file.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) room: Room,
}

#[derive(Args, Debug)]
pub(crate) struct Room {
    /// Tokens that a conversation may have; unset, as many as the model can, up to 4096.
    #[arg(long, value_name = "TOKENS")]
    pub(crate) context: Option<u32>,
    #[command(flatten)]
    pub(crate) numbers: Numbers,
}

/// How exact it is.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// How keys and values are kept.
    #[arg(long, value_enum, default_value_t = Cache::F16)]
    pub(crate) cache: Cache,
    /// Nothing is rounded but the weights: slower, and keys and values are kept in 32 bits.
    #[arg(long, conflicts_with = "cache")]
    pub(crate) exact: bool,
}

impl Numbers {
    /// What an engine has room for, with these numbers.
    pub(crate) fn options(self, context: u32, sequences: u32) -> Options {
        let (cache, rounding) =
            if self.exact { (CacheKind::F32, Rounding::None) } else { (self.cache.into(), Rounding::Bits8) };
        Options { context, sequences, cache, rounding }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Cache {
    /// 16 bits a number.
    F16,
    /// 32 bits a number.
    F32,
}

impl From<Cache> for CacheKind {
    fn from(cache: Cache) -> Self {
        match cache {
            Cache::F16 => Self::F16,
            Cache::F32 => Self::F32,
        }
    }
}

/// How tokens are chosen.
#[derive(Args, Debug)]
pub(crate) struct Choice {
    /// How bold: 0 always takes the most likely token.
    #[arg(long, default_value_t = 0.0)]
    temperature: f32,
    /// Only so many of the most likely tokens; 0 is all.
    #[arg(long, default_value_t = 40)]
    top_k: usize,
    /// Only the most likely tokens that together are so likely.
    #[arg(long, default_value_t = 0.95)]
    top_p: f32,
    /// Only tokens at least so likely, compared with the most likely one.
    #[arg(long, default_value_t = 0.05)]
    min_p: f32,
    /// What the logits of tokens that came lately are divided by; 1 is nothing.
    #[arg(long, default_value_t = 1.0)]
    repetition_penalty: f32,
    /// How many tokens are lately.
    #[arg(long, default_value_t = 64)]
    repetition_window: usize,
    /// Where chance begins: the same number, the same answer.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// At most so many tokens.
    #[arg(long, value_name = "TOKENS", default_value_t = 512)]
    tokens: u32,
    /// A text that ends the answer; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
}

impl Choice {
    pub(crate) fn request(&self) -> Request {
        Request {
            sampling: Sampling {
                temperature: self.temperature,
                top_k: self.top_k,
                top_p: self.top_p,
                min_p: self.min_p,
                repetition_penalty: self.repetition_penalty,
                repetition_window: self.repetition_window,
                seed: self.seed,
            },
            tokens_max: self.tokens,
            stops: self.stop.clone(),
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Chat {
    #[command(flatten)]
    pub(crate) source: Source,
    /// What the model is told first; unset, what its template says.
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// One question; unset, each line of standard input is one.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

#[derive(Args, Debug)]
pub(crate) struct Complete {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The text to go on with.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: String,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// The model: a GGUF file.
    #[arg(long, value_name = "FILE", required_unless_present = "shape", conflicts_with = "shape")]
    pub(crate) model: Option<PathBuf>,
    /// Weights of a model of this shape, made up on the device.
    #[arg(long, value_parser = ["smollm2", "1b", "8b"])]
    pub(crate) shape: Option<String>,
    /// Tokens that are there already when decoding is measured.
    #[arg(long, value_delimiter = ',', default_value = "128,2048")]
    pub(crate) contexts: Vec<u32>,
    /// Tokens that are decoded in each run.
    #[arg(long, default_value_t = 128)]
    pub(crate) tokens: u32,
    /// Tokens of the prompt that is read.
    #[arg(long, default_value_t = 512)]
    pub(crate) prompt: u32,
    /// Runs, of which the median counts.
    #[arg(long, default_value_t = 5)]
    pub(crate) runs: u32,
    /// Sequences that are decoded at once.
    #[arg(long, default_value_t = 1)]
    pub(crate) streams: u32,
    /// Natively without the counters of loops' rounds that wgpu adds to shaders, which the sandbox mostly does without.
    #[arg(long)]
    pub(crate) uncounted: bool,
    #[command(flatten)]
    pub(crate) numbers: Numbers,
    /// As JSON, one line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The tokens, as apps/llm/reference/reference.mjs writes them.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: PathBuf,
    /// Only so many prompts.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    pub(crate) prompts: usize,
    /// Only so many tokens of each.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    pub(crate) tokens: usize,
    /// Fails where fewer than this share of the tokens are equal or tie; without --exact some are neither.
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    pub(crate) least: f64,
}
