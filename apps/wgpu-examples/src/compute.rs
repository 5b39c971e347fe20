//! Examples that compute.

pub(crate) mod collatz;
pub(crate) mod errors;
pub(crate) mod immediates;
pub(crate) mod mandelbrot;
pub(crate) mod repeated;
pub(crate) mod timestamps;
pub(crate) mod transfers;
pub(crate) mod workgroups;
