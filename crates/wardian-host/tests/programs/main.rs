//! Runs every program of `wardian-test-programs` against the host: one test a program, named after the rule that it
//! checks. Set `WARDIAN_GUESTS` to the folder of built guests; `cargo xtask test` does all of that.

#![expect(clippy::print_stdout, reason = "a test that had nothing to do says so")]

/// Makes one test of each program of a theme, and a list of their names.
macro_rules! programs {
    ($theme:literal: $($program:ident),* $(,)?) => {
        pub(crate) const NAMES: &[&str] = &[$(concat!($theme, "::", stringify!($program))),*];

        $(
            #[test]
            fn $program() -> Result<(), String> {
                crate::check(concat!($theme, "::", stringify!($program)))
            }
        )*
    };
}
pub(crate) use programs;

mod adapter;
mod attachments;
mod bind_group;
mod buffer;
mod bundle;
mod compute;
mod coverage;
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

/// Runs a program, which must end well.
fn check(program: &str) -> Result<(), String> {
    let outcome = wardian_test::Harness::shared()?.outcome(program);
    if let Some(why) = outcome.skipped() {
        println!("{program} had nothing to do: {why}");
    }
    outcome.check()
}

/// The programs that are tested here, by theme.
const THEMES: &[&[&str]] = &[
    adapter::NAMES,
    attachments::NAMES,
    bind_group::NAMES,
    buffer::NAMES,
    bundle::NAMES,
    compute::NAMES,
    device::NAMES,
    dictionary::NAMES,
    encoder::NAMES,
    errors::NAMES,
    hostile::NAMES,
    labels::NAMES,
    limits::NAMES,
    map::NAMES,
    memory::NAMES,
    pipeline::NAMES,
    pipeline_rules::NAMES,
    query::NAMES,
    queue::NAMES,
    quota::NAMES,
    render::NAMES,
    render_errors::NAMES,
    sampler::NAMES,
    shader::NAMES,
    texture::NAMES,
];
