//! Renders a Wardian case, a sealed glass box with plants in it, on the GPU, and writes the picture as PNG.
//!
//! A component that is sealed itself: it reaches the GPU through `wasi:webgpu`, the folders that it is given, and
//! nothing else. `README.md` tells how it is run.

#![expect(clippy::print_stdout, reason = "a command-line program talks to its user")]

mod arguments;
mod camera;
mod error;
mod gpu;
mod mesh;
mod model;
mod picture;
mod renderer;
mod report;
mod shaders;
mod stopwatch;
mod textures;

use std::env;
use std::time::Instant;

use crate::arguments::{Options, Request, Turn};
use crate::error::SceneError;
use crate::gpu::Gpu;
use crate::model::Model;
use crate::picture::Picture;
use crate::renderer::Renderer;
use crate::report::Report;
use crate::stopwatch::Stopwatch;

wardian_guest::main!(run);

async fn run() -> Result<(), SceneError> {
    match arguments::parse(env::args().skip(1))? {
        Request::Help => {
            print!("{}", arguments::HELP);
            Ok(())
        }
        Request::Render(options) => render(&options).await,
    }
}

async fn render(options: &Options) -> Result<(), SceneError> {
    // Whether the picture can be written is known before anything is rendered.
    let picture = Picture::begin(&options.output)?;
    let gpu = Gpu::open().await?;
    gpu.check_size(options.size)?;
    let model = Model::wardian_case();
    let mut stopwatch = Stopwatch::new(&gpu)?;
    let renderer = gpu.checked(async || Renderer::new(&gpu, options, &model)).await?;
    gpu.checked(async || renderer.prepare(&mut stopwatch).await).await?;
    gpu.checked(async || renderer.draw(options.angle_degrees, &mut stopwatch).await).await?;
    let started = Instant::now();
    let pixels = gpu.checked(async || renderer.pixels().await).await?;
    let read = started.elapsed();
    picture.finish(options.size, &pixels)?;
    let written = started.elapsed() - read;
    let times = stopwatch.times(&gpu).await?;
    print!("{}", Report { gpu: &gpu, options, model: &model, renderer: &renderer, times, read, written });
    match &options.turn {
        Some(turn) => render_turn(options, turn, &gpu, &renderer).await,
        None => Ok(()),
    }
}

async fn render_turn(options: &Options, turn: &Turn, gpu: &Gpu, renderer: &Renderer<'_>) -> Result<(), SceneError> {
    picture::make_folder(&turn.folder)?;
    let started = Instant::now();
    for frame in 0..turn.frames {
        let picture = Picture::begin(&turn.folder.join(format!("frame-{frame:04}.png")))?;
        let angle = options.angle_degrees + 360.0 * f32::from(frame) / f32::from(turn.frames);
        let mut stopwatch = Stopwatch::idle();
        gpu.checked(async || renderer.draw(angle, &mut stopwatch).await).await?;
        let pixels = gpu.checked(async || renderer.pixels().await).await?;
        picture.finish(options.size, &pixels)?;
    }
    let each = started.elapsed() / u32::from(turn.frames);
    let folder = turn.folder.display();
    println!("\n{} frames in {folder}, {} ms each with reading back and writing", turn.frames, report::ms(each));
    Ok(())
}
