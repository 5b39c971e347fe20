//! Sources that are made to hurt a compiler come to an end: an error or a module, soon, in little memory, and nobody
//! else notices.
//!
//! Each kind is tried in a few sizes. With `WARDIAN_HOSTILE=full`, as `cargo xtask hostile shaders` sets it, it is
//! tried in all sizes up to 10 MB, and what each took is printed.

#![expect(clippy::print_stdout, reason = "the long form is run to read what it prints")]

mod kinds;

use std::env;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use naga::back::spv;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use wardian_sealed::{Compiled, Compiler, EXTENSIONS, Failure, Request, Severity};

use crate::kinds::KINDS;

const SIZES: &[usize] = &[1 << 10, 64 << 10];
const ALL_SIZES: &[usize] = &[1_000, 4_000, 16_000, 64_000, 250_000, 1_000_000, 10_000_000];
/// What the requirement asks, of compiling and of what `wgpu-core` then does.
const TIME_MAX: Duration = Duration::from_millis(2500);
const MEMORY_BYTES_MAX: usize = 512 << 20;
/// As large as a worker's of the host.
const STACK_BYTES: usize = 64 << 20;
/// A source that is compiled all the while, and what may at most be between its answers.
const INNOCENT: &str = "@group(0) @binding(0) var<storage, read_write> b: array<u32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) i: vec3u) { b[i.x] *= 2; }";

/// What became of one bomb.
struct Outcome {
    accepted: bool,
    text: String,
    took: Duration,
}

#[test]
fn bombs_come_to_an_end_and_nobody_else_notices() {
    let full = env::var("WARDIAN_HOSTILE").is_ok_and(|value| value == "full");
    let compiler = Compiler::default();
    compiler.start().expect("the compiler starts");
    let (ended, innocents) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let innocent = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let compiled = compile(&compiler, INNOCENT).expect("the compiler works");
                assert!(compiled.module.is_some(), "an innocent source: {:?}", compiled.remarks);
                innocents.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(10));
            }
        });
        let bombs = scope.spawn(|| {
            let sizes = if full { ALL_SIZES } else { SIZES };
            let faults =
                KINDS.iter().flat_map(|kind| sizes.iter().filter_map(|size| attempt(&compiler, kind, *size, full)));
            faults.collect::<Vec<_>>()
        });
        let faults = bombs.join();
        ended.store(true, Ordering::Relaxed);
        innocent.join().expect("the innocent source");
        let faults = faults.expect("the bombs");
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
    assert!(innocents.load(Ordering::Relaxed) > 10, "the innocent source was compiled all the while");
    println!("{} kinds; beside them, an innocent source was compiled {innocents:?} times", KINDS.len());
}

/// Tries one bomb; gives what is wrong with what became of it.
fn attempt(compiler: &Compiler, kind: &kinds::Kind, size: usize, full: bool) -> Option<String> {
    let source = kind.source(size);
    let before = resident();
    let outcome = ignite(compiler, &source);
    let Outcome { accepted, text, took } = match outcome {
        Ok(outcome) => outcome,
        Err(why) => return Some(format!("{} of {size} bytes: {why}", kind.name)),
    };
    let memory = peak().saturating_sub(before);
    let first = text.lines().next().unwrap_or_default();
    if full {
        let outcome = if accepted { "module" } else { "error" };
        let milliseconds = took.as_millis();
        println!("{:28} {size:9}  {outcome:7} {milliseconds:5} ms {:4} MiB  {first:.100}", kind.name, memory >> 20);
    }
    let wrong = |what: &str| Some(format!("{} of {size} bytes {what}: {first:.200}", kind.name));
    if took > TIME_MAX {
        return wrong(&format!("took {took:?}"));
    }
    if memory > MEMORY_BYTES_MAX {
        return wrong(&format!("took {} MiB", memory >> 20));
    }
    if text.contains("fault of its own") {
        return wrong("made the compiler fail");
    }
    None
}

fn compile(compiler: &Compiler, source: &str) -> Result<Compiled, Failure> {
    let extensions = EXTENSIONS.iter().map(|(extension, _)| *extension).collect();
    compiler.compile(&Request {
        source,
        extensions,
        capabilities: Capabilities::default().bits(),
        ..Request::default()
    })
}

/// Compiles a source, and does with its module natively what `wgpu-core` and its Vulkan backend would.
fn ignite(compiler: &Compiler, source: &str) -> Result<Outcome, String> {
    let started = Instant::now();
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        let thread =
            thread.spawn_scoped(scope, || finish(&compile(compiler, source).map_err(|error| error.to_string())?));
        let ended = thread.map_err(|error| error.to_string())?.join().map_err(|_| "it panicked".to_owned())?;
        let (accepted, text) = ended?;
        Ok(Outcome { accepted, text, took: started.elapsed() })
    })
}

/// Whether there is a module, which is valid and can be translated; else the error.
fn finish(compiled: &Compiled) -> Result<(bool, String), String> {
    let Some(module) = &compiled.module else {
        let error = compiled.remarks.iter().find(|remark| remark.severity == Severity::Error);
        return Ok((false, error.ok_or("there is neither a module nor an error")?.text.clone()));
    };
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::default());
    let info = validator.validate(module).map_err(|error| format!("valid only inside: {}", error.as_inner()))?;
    if module.overrides.is_empty() {
        spv::write_vec(module, &info, &spv::Options::default(), None).map_err(|error| error.to_string())?;
    }
    Ok((true, String::new()))
}

/// Bytes of memory that this process has now.
fn resident() -> usize {
    // From here on the peak counts anew, where the system can do that.
    drop(fs::write("/proc/self/clear_refs", "5"));
    status("VmRSS:")
}

/// The most that it had since then.
fn peak() -> usize {
    status("VmHWM:")
}

/// A line of the system's report, in bytes; 0 on systems without one, where memory is bounded by the sandbox alone.
fn status(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    kibibytes.unwrap_or(0).saturating_mul(1024)
}
