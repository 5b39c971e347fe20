//! What compute and render pipelines share.

pub(crate) mod compute;
pub(crate) mod render;
