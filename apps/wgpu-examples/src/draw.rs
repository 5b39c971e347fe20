//! Examples that draw.

pub(crate) mod boids;
mod canvas;
pub(crate) mod cube;
pub(crate) mod indirect;
pub(crate) mod layers;
pub(crate) mod mipmap;
pub(crate) mod msaa_lines;
pub(crate) mod shadow;
pub(crate) mod sky;
pub(crate) mod stencil;
pub(crate) mod targets;
pub(crate) mod triangle;
