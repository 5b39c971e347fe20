//! `cargo xtask test`: everything that must pass before a change is done.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{cts, demo, guests, mnist, model, process, project::Project, setup, steps::Steps, testsuite, tidy};

/// How many cases of the conformance suite: with 2 processors and the software adapter a few minutes' worth.
const CONFORMANCE_CASES: usize = 400;

/// What the user asked of `cargo xtask test`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    checks: Checks,
    apps: Apps,
    filters: Vec<String>,
}

/// Whether the checks run that need no test program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Checks {
    #[default]
    Run,
    LeaveOut,
}

/// Whether the apps in workspaces of their own are built and tested, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Apps {
    Run,
    #[default]
    LeaveOut,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match argument.as_str() {
                "--quick" => options.checks = Checks::LeaveOut,
                "--apps" => options.apps = Apps::Run,
                option if option.starts_with('-') => {
                    bail!("test has no option '{option}'; it takes --quick, --apps and filters, see cargo xtask --help")
                }
                filter => {
                    options.filters.push(filter.to_owned());
                    options.checks = Checks::LeaveOut;
                }
            }
        }
        Ok(options)
    }
}

/// Runs the steps; the first that fails ends the run.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let mut steps = Steps::new("xtask test");
    let ready = steps.run("setup", "cargo xtask setup", || setup::prepare(project, setup::Report::Full))?;
    steps.run("guests", "cargo xtask build-guests", || guests::build(project, &ready))?;
    steps.run("model", "cargo xtask model", || model::prepare(project).map(drop))?;
    if options.apps == Apps::Run {
        steps.run("apps", "cargo xtask build-guests --apps", || guests::build_apps(project, &ready))?;
        steps.run("train, natively", "cargo xtask test --apps train", || {
            guests::test_natively(project, &ready, guests::TRAIN)
        })?;
        steps.run("mnist", "cargo xtask mnist", || mnist::prepare(project).map(drop))?;
    }
    if options.checks == Checks::Run {
        let mut format = project.cargo();
        cargo_step(&mut steps, "format", format.args(["fmt", "--all", "--check"]))?;
        let mut clippy = project.cargo();
        clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
        cargo_step(&mut steps, "clippy", &mut clippy)?;
        steps.run("tidy", "cargo xtask tidy", || tidy::check(project))?;
        deny(project, &mut steps)?;
    }
    let ready = if ready.adapter.is_unproven() {
        steps.run("adapter", "cargo xtask exec cargo run --package wardian info", || {
            let program = demo::build_program(project)?;
            demo::confirm_adapter(project, &program, ready)
        })?
    } else {
        ready
    };
    steps.run("tests", &again(options), || {
        let mut tests = project.cargo();
        tests.args(["test", "--workspace"]);
        if options.apps == Apps::Run {
            tests.args(["--features", "wardian/apps"]);
        }
        if !options.filters.is_empty() {
            tests.arg("--").args(&options.filters);
        }
        println!("{}", process::line(&tests));
        process::run(ready.apply(project, &mut tests))
    })?;
    if options.filters.is_empty() {
        let again = format!("cargo xtask cts --sample {CONFORMANCE_CASES}");
        steps.run("testsuite", "cargo xtask testsuite", || testsuite::on_wardian(project, &ready))?;
        steps.run("conformance", &again, || cts::sample(project, &ready, CONFORMANCE_CASES))?;
    }
    steps.finish();
    Ok(())
}

fn again(options: &Options) -> String {
    let filters: String = options.filters.iter().map(|filter| format!(" {filter}")).collect();
    let apps = if options.apps == Apps::Run { " --apps" } else { "" };
    format!("cargo xtask test --quick{apps}{filters}")
}

/// A step that is one cargo command, which also runs it again.
fn cargo_step(steps: &mut Steps, name: &str, command: &mut Command) -> Result<()> {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    let shown = format!("cargo {}", words.join(" "));
    steps.run(name, &shown, || {
        println!("{shown}");
        process::run(command)
    })
}

/// Licences, bans and sources of the dependencies. Advisories need a download, so they are `cargo deny check`'s alone.
fn deny(project: &Project, steps: &mut Steps) -> Result<()> {
    if process::find("cargo-deny").is_none() {
        println!("\n── cargo deny is left out: it is not installed (`cargo install --locked cargo-deny`)");
        return Ok(());
    }
    let mut command = project.cargo();
    cargo_step(steps, "deny", command.args(["deny", "check", "bans", "licenses", "sources"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn everything_runs_by_default() {
        assert_eq!(parse("").expect("no options").checks, Checks::Run, "nothing is left out");
    }

    #[test]
    fn apps_are_tested_on_demand() {
        assert_eq!(parse("").expect("no options").apps, Apps::LeaveOut, "their builds take long");
        let options = parse("--apps train").expect("an option and a filter");
        assert_eq!(options.apps, Apps::Run, "somebody asked for them");
        assert_eq!(again(&options), "cargo xtask test --quick --apps train", "the option comes again");
    }

    #[test]
    fn a_filter_leaves_the_checks_out_and_is_in_the_command_that_runs_it_again() {
        let options = parse("buffer map").expect("two filters");
        assert_eq!(options.checks, Checks::LeaveOut, "one who filters is in a hurry");
        assert_eq!(again(&options), "cargo xtask test --quick buffer map", "both filters come again");
    }

    #[test]
    fn an_unknown_option_is_named() {
        let error = parse("--fast").expect_err("no such option").to_string();
        assert!(error.contains("'--fast'") && error.contains("--quick"), "names it and what there is: {error}");
    }
}
