//! Edits a photograph on the GPU: a component that reads one PNG file and writes others.
//!
//! The picture goes to the GPU once. Steps are chains of compute passes over it, one WGSL file a shader; nothing comes
//! back before the last. `README.md` says how to run it, and `reference/` what scikit-image makes of the same steps.

#![expect(clippy::print_stdout, reason = "it is a command-line program")]

mod arguments;
mod gpu;
mod kernels;
mod picture;
mod sheet;
mod size;
mod steps;
mod stopwatch;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::arguments::{Command, Task};
use crate::gpu::{Gpu, Layer};
use crate::picture::Unread;
use crate::sheet::Sheet;
use crate::size::Size;
use crate::steps::Step;

wardian_guest::main!(run);

/// A picture that only has to be written.
struct Finished {
    path: PathBuf,
    size: Size,
    pixels: Vec<u8>,
}

async fn run() -> Result<(), Box<dyn Error>> {
    match arguments::parse(env::args().skip(1))? {
        Command::Help => print!("{}", arguments::HELP),
        Command::Edit(task) => edit(&task).await?,
    }
    Ok(())
}

async fn edit(task: &Task) -> Result<(), Box<dyn Error>> {
    let unread = Unread::open(&task.input)?;
    let size = unread.size();
    picture::check_place(&task.output)?;
    let gpu = Gpu::open().await?;
    check_sizes(&gpu, task, size)?;
    println!("photograph: {}, {size} pixels", task.input.display());
    println!("adapter:    {}", gpu.adapter_name());

    let started = Instant::now();
    let pixels = unread.read()?;
    let decoding = started.elapsed();
    let finished = gpu.checked(async || render(&gpu, task, size, &pixels).await).await?;
    print_timings(&gpu).await?;
    let rendered = started.elapsed();
    if let Some(folder) = &task.steps_dir {
        make_folder(folder)?;
    }
    for Finished { path, size, pixels } in &finished {
        picture::write(path, *size, pixels)?;
        println!("wrote {}, {size} pixels", path.display());
    }
    let (rendering, encoding) = (rendered.saturating_sub(decoding), started.elapsed().saturating_sub(rendered));
    let [decoding, rendering, encoding] = [decoding, rendering, encoding].map(milliseconds);
    println!("decoding {decoding:.1} ms, GPU with transfers {rendering:.1} ms, encoding {encoding:.1} ms");
    Ok(())
}

/// Refuses what is too large, before anything is done.
fn check_sizes(gpu: &Gpu, task: &Task, size: Size) -> Result<(), Box<dyn Error>> {
    gpu.check_size("INPUT", size, "scale it down first")?;
    let smaller = "give a smaller --size";
    for step in steps_of(task) {
        let result = step.size_of_result(size, &task.settings);
        gpu.check_size("the result", result, smaller)?;
        steps::check_shrinking(size, result)?;
    }
    if task.only.is_none() {
        let sheet = Sheet::new(size, task.settings.size);
        gpu.check_size("the contact sheet", sheet.size(), smaller)?;
        steps::check_shrinking(size, sheet.picture)?;
    }
    Ok(())
}

fn steps_of(task: &Task) -> Vec<Step> {
    match (&task.steps_dir, task.only) {
        (Some(_), _) => Step::ALL.to_vec(),
        (None, Some(step)) => vec![step],
        (None, None) => Step::SHEET.to_vec(),
    }
}

async fn render(gpu: &Gpu, task: &Task, size: Size, pixels: &[u8]) -> Result<Vec<Finished>, Box<dyn Error>> {
    let settings = &task.settings;
    let source = gpu.upload(size, pixels)?;
    let mut results = Vec::new();
    for step in steps_of(task) {
        let result = gpu.step(step.name(), |passes| step.record(passes, &source, settings)).await?;
        results.push((step, result));
    }
    let mut finished = Vec::new();
    if task.only.is_none() {
        let shown = results.iter().filter(|(step, _)| Step::SHEET.contains(step)).map(|(_, result)| result);
        let pictures = [&source].into_iter().chain(shown);
        let sheet = Sheet::new(size, settings.size);
        let sheet = gpu.step("sheet", |passes| sheet.record(passes, pictures)).await?;
        finished.push(finish(gpu, &sheet, sheet.size, task.output.clone()).await?);
    }
    for (step, result) in &results {
        let size = step.size_of_result(size, settings);
        if task.only == Some(*step) {
            finished.push(finish(gpu, result, size, task.output.clone()).await?);
        }
        if let Some(folder) = &task.steps_dir {
            finished.push(finish(gpu, result, size, folder.join(format!("{}.png", step.name()))).await?);
        }
    }
    Ok(finished)
}

/// Brings a picture back in the size in which it is to be written.
async fn finish(gpu: &Gpu, picture: &Layer, size: Size, path: PathBuf) -> Result<Finished, Box<dyn Error>> {
    let pixels = if picture.size == size {
        gpu.download(picture).await?
    } else {
        gpu.download(&gpu.step("to --size", |passes| steps::resize(passes, picture, size)).await?).await?
    };
    Ok(Finished { path, size, pixels })
}

fn make_folder(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder).map_err(|error| {
        let name = folder.display();
        format!("cannot make the folder {name}: {error}; it must lie in a folder that --dir opens").into()
    })
}

async fn print_timings(gpu: &Gpu) -> Result<(), Box<dyn Error>> {
    println!();
    println!("step       passes          time");
    for timing in gpu.timings().await? {
        println!("{:<10} {:>6} {:>10.3} ms", timing.name, timing.passes, milliseconds(timing.time));
    }
    println!("({})", gpu.timing_method());
    println!();
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
