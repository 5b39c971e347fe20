//! One file a WebGPU object: what the store holds of it, and what the interface's functions do with it.

pub(crate) mod bind_group;
pub(crate) mod buffer;
pub(crate) mod capabilities;
pub(crate) mod command_encoder;
pub(crate) mod compute_pass;
pub(crate) mod dictionary;
pub(crate) mod pass;
pub(crate) mod pipeline;
pub(crate) mod query_set;
pub(crate) mod queue;
pub(crate) mod render_bundle;
pub(crate) mod render_pass;
pub(crate) mod sampler;
pub(crate) mod shader;
pub(crate) mod texture;
