//! Compute kernels of language models, in WGSL, and the Rust that makes pipelines of them and records them.
//!
//! Everything goes through the API of `wgpu`, so that a program with these kernels runs natively and, with
//! `wardian-wgpu`, in a sealed component. Each kernel is a type: made once for its sizes and buffers, then recorded into
//! compute passes by [`Step::record`].
//!
//! Rows of activations are what a pass works on: one row a token. Which token it is, at which position of which
//! sequence, stands in a buffer on the GPU, see [`State`]: so a pass can follow another without the processor in between.
//!
//! Products of quantised weights are computed in one of two ways, see [`Rounding`]: with activations that are rounded to
//! 8 bits in blocks of 32, as llama.cpp does it, too; or with activations as they are.

mod argmax;
mod attention;
mod embedding;
mod fill;
mod format;
mod gpu;
mod matmul;
mod norm;
mod quantise;
mod state;
mod weights;

pub use argmax::Argmax;
pub use attention::{Attention, CacheKind, Heads};
pub use embedding::Embedding;
pub use fill::Fill;
pub use format::{Format, Rounding, Unpacked};
pub use gpu::{Gpu, Step};
pub use matmul::{Cached, Matmul, Output, RopeStyle};
pub use norm::Norm;
pub use quantise::{Activations, Quantise};
pub use state::{PAGE_POSITIONS, Row, State};
pub use weights::Weights;
