//! One file a WebGPU object: what the store holds of it, and what the interface's functions do with it.

pub(crate) mod adapter;
pub(crate) mod bind_group;
pub(crate) mod buffer;
mod canvas;
pub(crate) mod capabilities;
pub(crate) mod command_encoder;
mod compute_pass;
mod device;
mod dictionary;
mod errors;
mod gpu;
mod pass;
mod pipeline;
mod query_set;
mod queue;
mod render_bundle;
mod render_pass;
mod sampler;
mod shader;
mod texture;
