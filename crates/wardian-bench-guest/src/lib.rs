//! The guest side of `wardian-bench`: every measurement's work, in one component.
//!
//! It is called as `WORK ITERATIONS SAMPLES SIZE` and prints one line of JSON on standard output. Most works time a
//! block of that many iterations, once to warm up and then once a sample, and print
//! `{"adapter": "…", "nanoseconds": [a block's time, …]}`. The clock is the guest's own, as an application's would be.
//! `probe`, `busy`, `idle` and `open` serve what is measured from outside; their documentation says what they print.
//!
//! `wardian-bench` holds the same works on native wgpu, under the same names, in `src/native`.

#![expect(clippy::print_stdout, reason = "printing is how the guest hands its figures to the command")]

mod calls;
mod clock;
mod gpu;
mod kernel;
mod objects;
mod outside;
mod shaders;
mod transfer;
mod work;

use std::error::Error;

use crate::clock::Blocks;
use crate::gpu::Gpu;
use crate::kernel::INCREMENT;

/// How a work ends: well, or with what is wrong.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What the command line asks for.
struct Task {
    work: String,
    iterations: u32,
    samples: u32,
    /// Bytes of a transfer, number of objects, or what else the work has a size of.
    size: u32,
}

impl Task {
    fn parse() -> Outcome<Self> {
        let mut arguments = std::env::args().skip(1);
        let work = arguments.next().ok_or("expected WORK ITERATIONS SAMPLES SIZE, got nothing")?;
        let mut number = |name: &str| -> Outcome<u32> {
            let text = arguments.next().ok_or_else(|| format!("expected {name} after {work}, got nothing"))?;
            text.parse().map_err(|_| format!("expected a number for {name}, got {text:?}").into())
        };
        let (iterations, samples, size) = (number("ITERATIONS")?, number("SAMPLES")?, number("SIZE")?);
        Ok(Self { work, iterations, samples, size })
    }
}

wardian_guest::main!(run);

async fn run() -> Outcome {
    let task = Task::parse()?;
    match task.work.as_str() {
        "open" => return outside::open().await,
        "idle" => return outside::idle(&task).await,
        "busy" => return outside::busy(&task).await,
        "probe" => return outside::probe(&task, outside::Job::Elsewhere).await,
        "probe-own" => return outside::probe(&task, outside::Job::Own).await,
        _ => {}
    }
    let gpu = Gpu::open().await?;
    let mut blocks = Blocks::new(&task);
    match task.work.as_str() {
        "call-dispatch" => calls::dispatch(&gpu, &mut blocks).await,
        "call-set-pipeline" => calls::set_pipeline(&gpu, &mut blocks).await,
        "call-set-bind-group" => calls::set_bind_group(&gpu, &mut blocks).await,
        "call-size" => calls::size(&gpu, &mut blocks).await,
        "call-label" => calls::label(&gpu, &mut blocks).await,
        "record" => work::record(&gpu, &mut blocks).await,
        "upload" => transfer::upload(&gpu, &mut blocks, task.size).await,
        "readback" => transfer::readback(&gpu, &mut blocks, task.size).await,
        "submit-wait" => work::submit_wait(&gpu, &mut blocks).await,
        "round-trip" => work::round_trip(&gpu, &mut blocks).await,
        "object-buffer" => objects::buffer(&gpu, &mut blocks).await,
        "object-texture" => objects::texture(&gpu, &mut blocks).await,
        "object-bind-group" => objects::bind_group(&gpu, &mut blocks).await,
        "object-pipeline" => objects::pipeline(&gpu, &mut blocks).await,
        "shader-small" => objects::shader(&gpu, &mut blocks, INCREMENT).await,
        "shader-large" => objects::shader(&gpu, &mut blocks, &shaders::large()).await,
        "matmul" => work::matmul(&gpu, &mut blocks).await,
        other => Err(format!("there is no work {other:?}").into()),
    }?;
    println!("{{\"adapter\": {:?}, \"nanoseconds\": {:?}}}", gpu.adapter_name(), blocks.nanoseconds());
    Ok(())
}
