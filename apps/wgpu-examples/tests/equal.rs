//! Each example natively, on plain `wgpu`, and in a component: the outputs must be the same.

#![expect(clippy::panic, reason = "also what tests share may end them")]

use std::sync::LazyLock;

use futures::executor::block_on;
use wardian_test::Harness;
use wardian_wgpu_examples::{EXAMPLES, Gpu, Output, find};

/// What may lie between two pictures at any channel of any pixel. Both come from one driver, so nothing does; another
/// driver may have another compiler for what a host adds to a shader.
const ERROR_MAX: u8 = 0;

/// The component, which runs all examples at once: to start it takes longer than most of them.
static SANDBOXED: LazyLock<Result<Vec<(String, Output)>, String>> = LazyLock::new(|| {
    let outcome = Harness::of("wardian_wgpu_examples")?.outcome("all");
    outcome.check()?;
    let lines = outcome.stdout.lines().map(|line| {
        let (name, output) = line.split_once(' ').ok_or_else(|| format!("not an output: {line}"))?;
        let output = Output::decode(output).ok_or_else(|| format!("not the output of {name}: {output}"))?;
        Ok((name.to_owned(), output))
    });
    lines.collect()
});

fn sandboxed(name: &str) -> &'static Output {
    let outputs = SANDBOXED.as_ref().unwrap_or_else(|error| panic!("the component failed: {error}"));
    let found = outputs.iter().find(|(known, _)| known == name);
    &found.unwrap_or_else(|| panic!("the component gave no output of {name}")).1
}

fn native(name: &str) -> Output {
    let example = find(name).unwrap_or_else(|error| panic!("{error}"));
    let gpu = block_on(Gpu::open()).unwrap_or_else(|error| panic!("there is no native device: {error}"));
    example.run(&gpu).unwrap_or_else(|error| panic!("{name} failed natively: {error}"))
}

fn compare(name: &str) {
    match (native(name), sandboxed(name)) {
        (Output::Lines(native), Output::Lines(sandboxed)) => {
            assert_eq!(&native, sandboxed, "natively, and in the component");
            assert!(!native.is_empty(), "an example says something");
        }
        (Output::Picture { width, pixels: native }, Output::Picture { width: other, pixels: sandboxed }) => {
            assert_eq!((width, native.len()), (*other, sandboxed.len()), "sizes natively, and in the component");
            let first = native.first_chunk::<4>();
            assert!(native.chunks(4).any(|pixel| Some(pixel) != first.map(|first| &first[..])), "it is not empty");
            let greatest = native.iter().zip(sandboxed).map(|(native, sandboxed)| native.abs_diff(*sandboxed)).max();
            assert!(greatest <= Some(ERROR_MAX), "the pictures differ by {greatest:?} of 255");
        }
        (native, sandboxed) => panic!("a picture and lines: {native}, {sandboxed}"),
    }
}

macro_rules! examples {
    ($($name:ident,)*) => {
        $(#[test] fn $name() { compare(stringify!($name)); })*

        #[test]
        fn every_example_has_its_test() {
            let names: Vec<_> = EXAMPLES.iter().map(|example| example.name).collect();
            assert_eq!(names, [$(stringify!($name),)*], "the examples, and their tests");
        }
    };
}

examples! {
    collatz, repeated, workgroups, immediates, transfers, errors, timestamps, mandelbrot, triangle, cube, boids, mipmap,
    msaa_lines, shadow, stencil, sky, targets, indirect, layers,
}

/// The async mode, and what is at the edge of `wgpu`: see `src/probe.rs`.
#[test]
fn probes_pass() {
    let outcome = Harness::of("wardian_wgpu_examples").and_then(|harness| {
        let outcome = harness.outcome("probe");
        outcome.check().map(|()| outcome)
    });
    let outcome = outcome.unwrap_or_else(|error| panic!("a probe failed: {error}"));
    assert!(outcome.stdout.contains("all probes passed"), "what it said: {}", outcome.stdout);
}
