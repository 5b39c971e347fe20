//! burn, unmodified, natively and in a sealed component, from this one source: a network that reads digits, and a
//! diffusion model that draws them. The curve of the loss is the same on both sides, within the rounding of a GPU.

mod arguments;
mod batches;
mod chart;
mod checkpoint;
mod cnn;
mod commands;
mod diffusion;
mod digits;
mod files;
mod gpu;
mod learner;
mod numbers;
mod operations;
mod picture;
mod progress;
mod training;
mod unet;

use std::env;
use std::error::Error;

/// What goes wrong, in words.
pub type Failure = Box<dyn Error>;

/// Does what the command line says.
///
/// # Errors
///
/// What went wrong, and what to do.
pub async fn command() -> Result<(), Failure> {
    commands::run(arguments::parse(env::args_os().skip(1))?).await
}

#[cfg(target_family = "wasm")]
mod entry {
    wardian_wgpu::main!(super::command);
}
