//! One component with many small programs; the first argument says which one to run, `list` prints their names.
//!
//! Each program checks one rule of `wasi:webgpu` and bears its name. When the rule holds, its last line is `passed: NAME`
//! and it ends well; otherwise its error says what was expected and what came. Something the adapter doesn't offer makes
//! a program end well with `skipped: …`. `wardian-host/tests` runs them all, one test function a program, and
//! `cargo xtask testsuite` packs them for other hosts (`docs/testsuite.md`).
//!
//! Five functions of the interface can't be called by any guest, because nothing hands out their object:
//! `gpu-canvas-context.configure`, `.unconfigure`, `.get-configuration`, `.get-current-texture`, and
//! `gpu-uncaptured-error-event.error`.

#![expect(clippy::print_stdout, reason = "printing is how these programs talk to the test that runs them")]

use std::env;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

#[macro_use]
mod support;
mod canvas;

mod adapter;
mod attachments;
mod bind_group;
mod buffer;
mod bundle;
mod compute;
mod device;
mod dictionary;
mod encoder;
mod errors;
mod hostile;
mod labels;
mod limits;
mod map;
mod memory;
mod pipeline;
mod pipeline_rules;
mod query;
mod queue;
mod quota;
mod render;
mod render_errors;
mod sampler;
mod shader;
mod texture;

/// How a program ends: well, or with what is wrong.
type Outcome = Result<(), Box<dyn Error>>;

/// What the adapter lacks: no failure, but nothing was checked either.
#[derive(Debug)]
struct Skipped(String);

impl fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "skipped: {}", self.0)
    }
}

impl Error for Skipped {}

/// A program and what it is called by.
#[derive(Clone, Copy)]
struct Program {
    name: &'static str,
    run: fn() -> Pin<Box<dyn Future<Output = Outcome>>>,
}

fn programs() -> impl Iterator<Item = Program> {
    let themes = [
        adapter::PROGRAMS,
        attachments::PROGRAMS,
        bind_group::PROGRAMS,
        buffer::PROGRAMS,
        bundle::PROGRAMS,
        compute::PROGRAMS,
        device::PROGRAMS,
        dictionary::PROGRAMS,
        encoder::PROGRAMS,
        errors::PROGRAMS,
        hostile::PROGRAMS,
        labels::PROGRAMS,
        limits::PROGRAMS,
        map::PROGRAMS,
        memory::PROGRAMS,
        pipeline::PROGRAMS,
        pipeline_rules::PROGRAMS,
        query::PROGRAMS,
        queue::PROGRAMS,
        quota::PROGRAMS,
        render::PROGRAMS,
        render_errors::PROGRAMS,
        sampler::PROGRAMS,
        shader::PROGRAMS,
        texture::PROGRAMS,
    ];
    themes.into_iter().flatten().copied()
}

wardian_guest::main!(run);

async fn run() -> Outcome {
    let usage = "expected the name of a program, or `list`";
    let wanted = env::args().nth(1).ok_or(usage)?;
    if wanted == "list" {
        programs().for_each(|program| println!("{}", program.name));
        return Ok(());
    }
    let program = programs().find(|program| program.name == wanted);
    let program = program.ok_or_else(|| format!("there is no program {wanted:?}; {usage}"))?;
    match (program.run)().await {
        Ok(()) => println!("passed: {wanted}"),
        Err(error) => match error.downcast::<Skipped>() {
            Ok(skipped) => println!("{skipped}"),
            Err(error) => return Err(error),
        },
    }
    Ok(())
}
