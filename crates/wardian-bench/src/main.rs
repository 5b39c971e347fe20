//! Measures what the sandbox costs: the same work in a component and on native wgpu, in one run.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod bench;
mod budget;
mod child;
mod machine;
mod native;
mod plan;
mod report;
mod rival;
mod sandbox;
mod statistics;
mod task;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use clap::Parser;
use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

use crate::bench::Bench;
use crate::machine::{Choice, Machine};
use crate::report::{Report, Verdict};
use crate::rival::Rival;

/// The guest's component, as cargo names it.
const COMPONENT: &str = "wardian_bench_guest.wasm";
/// Exit status when everything ran, but a budget was missed.
const MISSED: u8 = 3;

const EXPLANATION: &str = "\
Each measurement runs the same work in Wardian's sandbox and on native wgpu, on one adapter, taking turns. It shows
medians with their spread, and the ratio: the reference's time by Wardian's, so 1.00 is parity and 0.50 is half as
fast. The reference of `call-…` is an empty host function of the same shape; that of `other-…` and `own-…` the same
call while nothing runs. Budgets are in crates/wardian-bench/budgets.toml, with the question that each answers.

Prepare:
  cargo xtask build-guests      and set WARDIAN_GUESTS to the folder that it names
Examples:
  cargo run --release -p wardian-bench -- --list
  cargo run --release -p wardian-bench -- --only call upload-1m
  cargo run --release -p wardian-bench -- --markdown docs/benchmarks.md --json out/benchmarks.json

Beside the published host, which is a package of its own because it needs another wgpu-core:
  cargo build --release --manifest-path crates/wardian-bench/rival/Cargo.toml
  cargo run --release -p wardian-bench -- --rival crates/wardian-bench/rival/target/release/wardian-bench-rival

Exit status: 0 all budgets are met, 1 something failed, 2 the command line is wrong, 3 a budget is missed.";

/// Measures what the sandbox costs: the same work in a component and on native wgpu, in one run.
#[derive(Debug, Parser)]
#[command(name = "wardian-bench", after_long_help = EXPLANATION)]
struct Arguments {
    /// Only the measurements whose names begin so.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// List the measurements with their questions, and run none.
    #[arg(long)]
    list: bool,
    /// Write all figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the table, with command, adapter, driver and date, to this file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// How often each side has its turn.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    samples: u32,
    /// The adapter whose name contains this. Default: the first GPU, or a software adapter where there is none.
    #[arg(long, value_name = "NAME")]
    gpu_adapter: Option<String>,
    /// Measure the published host as well, by this program; see below.
    #[arg(long, value_name = "BINARY")]
    rival: Option<PathBuf>,
    /// How this program calls itself.
    #[arg(long, hide = true, num_args = 1..)]
    child: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    if !arguments.child.is_empty() {
        println!("{}", child::serve(&arguments.child)?);
        return Ok(ExitCode::SUCCESS);
    }
    let aims = budget::load()?;
    let is_wanted =
        |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|prefix| name.starts_with(prefix));
    let wanted: Vec<_> = plan::names().filter(|name| is_wanted(name)).collect();
    if wanted.is_empty() {
        bail!("no measurement begins with {:?}; --list shows all", arguments.only);
    }
    if arguments.list {
        for name in wanted {
            println!("{name:20} {}", aims.get(name).map_or("", |aim| &aim.question));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let adapter = machine::find_adapter(arguments.gpu_adapter.as_deref())?;
    let machine = Machine::of(&adapter);
    eprintln!("{} ({}, driver {}), {} build", machine.adapter, machine.backend, machine.driver, machine.build);
    let guest = guest_path()?;
    let rival = arguments.rival.as_deref().map(|binary| Rival::new(binary, &guest)).transpose()?;
    let bench = Bench::new(aims, Choice::of(&adapter), guest, rival, arguments.samples)?;
    let rows = bench.run(is_wanted, |row| eprintln!("{}", report::row_line(row)))?;
    let report = Report { command: command_line(arguments), machine, rounds: arguments.samples, rows };
    write(arguments, &report)?;
    let any = |verdict| report.rows.iter().any(|row| row.verdict == verdict);
    Ok(match (any(Verdict::Failed), any(Verdict::Missed)) {
        (true, _) => ExitCode::FAILURE,
        (false, true) => ExitCode::from(MISSED),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn write(arguments: &Arguments, report: &Report) -> Result<()> {
    let table = report::markdown(report);
    println!("\n{table}");
    let put = |path: &Path, text: &str| fs::write(path, text).with_context(|| format!("writing {}", path.display()));
    if let Some(path) = &arguments.json {
        put(path, &serde_json::to_string_pretty(report)?)?;
    }
    if let Some(path) = &arguments.markdown {
        put(path, &format!("# Benchmarks\n\nWritten by the command below; don't edit.\n\n{table}"))?;
    }
    Ok(())
}

/// The command as anyone could type it: of files only the names.
fn command_line(arguments: &Arguments) -> String {
    let file = |path: &PathBuf| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let mut words = vec!["cargo run --release -p wardian-bench --".to_owned()];
    if !arguments.only.is_empty() {
        words.push(format!("--only {}", arguments.only.join(" ")));
    }
    words.push(format!("--samples {}", arguments.samples));
    words.extend(arguments.gpu_adapter.as_ref().map(|name| format!("--gpu-adapter {name:?}")));
    words.extend(arguments.rival.as_ref().map(|path| format!("--rival {}", file(path))));
    words.extend(arguments.json.as_ref().map(|path| format!("--json {}", file(path))));
    words.extend(arguments.markdown.as_ref().map(|path| format!("--markdown {}", file(path))));
    words.join(" ")
}

/// The guest's component in the folder of the guests.
fn guest_path() -> Result<PathBuf> {
    let advice = "build the guests by `cargo xtask build-guests` and set WARDIAN_GUESTS to the folder that it names";
    let folder = env::var_os("WARDIAN_GUESTS").with_context(|| format!("WARDIAN_GUESTS is not set; {advice}"))?;
    let path = PathBuf::from(folder).join(COMPONENT);
    if !path.is_file() {
        bail!("there is no component at {}; {advice}", path.display());
    }
    Ok(path)
}
