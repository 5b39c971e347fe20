//! `cargo xtask demo`: a sealed component edits a photograph on the GPU, another one learns to read digits, and one
//! talks.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    guests, mnist, model, process,
    project::Project,
    setup::{self, Ready},
    steps::Steps,
};

/// The photograph, and the component that edits it.
const PHOTOGRAPH: &str = "apps/photo/photograph.png";
const PACKAGE: &str = "wardian-photo";

/// Prepares, builds and runs the demonstration.
pub(crate) fn run(project: &Project) -> Result<()> {
    let mut steps = Steps::new("xtask demo");
    let ready = steps.run("setup", "cargo xtask setup", || setup::prepare(project, setup::Report::Full))?;
    let program = steps.run("build wardian", "cargo build --workspace --bin wardian", || build_program(project))?;
    steps.run("build guests", "cargo xtask build-guests", || guests::build(project, &ready))?;
    let ready = confirm_adapter(project, &program, ready)?;
    steps.run("adapter", "cargo xtask exec cargo run --package wardian info", || {
        process::run(ready.apply(project, Command::new(&program).arg("info")))
    })?;
    let output = project.root.join("out");
    steps.run("photo", "cargo xtask demo", || edit(project, &ready, &program, &output))?;
    steps.finish();
    println!("The picture: {}", output.join("photo.png").display());
    Ok(())
}

/// Steps, pictures a step and channels: on software Vulkan and two processors a minute's worth.
const TRAIN_OPTIONS: &str = "--steps 300 --width 8 --test-images 2000";

/// Teaches a network in the sandbox, with a live curve.
pub(crate) fn train(project: &Project) -> Result<()> {
    let mut steps = Steps::new("xtask demo train");
    let ready = steps.run("setup", "cargo xtask setup", || setup::prepare(project, setup::Report::Full))?;
    let data = steps.run("mnist", "cargo xtask mnist", || mnist::prepare(project))?;
    let program = steps.run("build wardian", "cargo build --workspace --bin wardian", || build_program(project))?;
    steps.run("build the guest (burn takes some minutes)", "cargo xtask build-guests", || {
        guests::build_workspace(project, &ready, guests::TRAIN)
    })?;
    let ready = confirm_adapter(project, &program, ready)?;
    let output = project.root.join("out");
    fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
    let compiled = output.join("train.cwasm");
    steps.run("compile", "cargo xtask demo train", || {
        let mut command = Command::new(&program);
        command.arg("compile").arg(project.guests().join(guests::TRAIN.component_name())).arg("-o").arg(&compiled);
        process::run(ready.apply(project, &mut command))
    })?;
    steps.run("train", "cargo xtask demo train", || {
        let mut command = Command::new(&program);
        command.args(["run", "--allow-precompiled", "--dir"]).arg(format!("{}::mnist", data.display()));
        command.arg("--dir").arg(format!("{}::out", output.display())).arg(&compiled);
        command.args(["mnist", "--data", "mnist", "--log", "out/loss.csv", "--curve", "out/loss.png"]);
        command.args(TRAIN_OPTIONS.split(' '));
        println!("{}", process::line(&command));
        process::run(ready.apply(project, &mut command))
    })?;
    steps.finish();
    println!("The curve of the loss: {}", output.join("loss.png").display());
    Ok(())
}

/// What the language model is asked: something that a model of this size knows.
const QUESTION: &str = "Why do plants need light?";

/// Asks a language model in the sandbox.
pub(crate) fn llm(project: &Project) -> Result<()> {
    let mut steps = Steps::new("xtask demo llm");
    let ready = steps.run("setup", "cargo xtask setup", || setup::prepare(project, setup::Report::Full))?;
    let file = steps.run("model", "cargo xtask model", || model::prepare(project))?;
    let program = steps.run("build wardian", "cargo build --workspace --bin wardian", || build_program(project))?;
    steps.run("build guests", "cargo xtask build-guests", || guests::build(project, &ready))?;
    let ready = confirm_adapter(project, &program, ready)?;
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        bail!("{} is no file in a folder", file.display());
    };
    steps.run("chat", "cargo xtask demo llm", || {
        let mut command = Command::new(&program);
        command.args(["run", "--dir"]).arg(format!("{}::model", folder.display()));
        command.arg(project.guests().join(guests::component_name("wardian-llm")));
        command.args(["chat", "--model"]).arg(Path::new("model").join(name)).args(["--tokens", "100"]);
        command.args(["--prompt", QUESTION]);
        println!("{}", process::line(&command));
        process::run(ready.apply(project, &mut command))
    })?;
    steps.finish();
    println!("To go on talking, leave --prompt out of the command above. docs/llm.md tells more.");
    Ok(())
}

/// Builds the `wardian` command and says where it lies.
pub(crate) fn build_program(project: &Project) -> Result<PathBuf> {
    // Of the whole workspace, so that the dependencies are built as the tests want them, and only once.
    let mut build = project.cargo();
    process::run(build.args(["build", "--workspace", "--bin", "wardian"])).context("the command does not build")?;
    Ok(project.target.join("debug").join(format!("wardian{}", std::env::consts::EXE_SUFFIX)))
}

/// Asks `wardian info` whether the machine's own driver opens a GPU, and takes software Vulkan where it does not.
pub(crate) fn confirm_adapter(project: &Project, program: &Path, ready: Ready) -> Result<Ready> {
    if !ready.adapter.is_unproven() {
        return Ok(ready);
    }
    let report = process::read(Command::new(program).args(["info", "--json"])).unwrap_or_default();
    if opens_gpu(&report) { Ok(ready) } else { setup::fall_back_to_software(project, ready) }
}

/// Whether a report of `wardian info --json` lists an adapter that is no CPU.
fn opens_gpu(report: &str) -> bool {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let adapters = report.get("adapters").and_then(Value::as_array);
    adapters.into_iter().flatten().any(|adapter| {
        adapter.get("device_type").and_then(Value::as_str).is_some_and(|kind| !kind.eq_ignore_ascii_case("cpu"))
    })
}

fn edit(project: &Project, ready: &Ready, program: &Path, output: &Path) -> Result<()> {
    fs::create_dir_all(output).with_context(|| format!("cannot make {}", output.display()))?;
    let picture = output.join("photo.png");
    // A picture of an earlier run must not pass for this one's.
    if picture.exists() {
        fs::remove_file(&picture).with_context(|| format!("cannot remove {}", picture.display()))?;
    }
    let mut command = Command::new(program);
    command.current_dir(&project.root).args(["run", "--dir", "."]);
    command.arg(project.guests().join(guests::component_name(PACKAGE)));
    command.args([PHOTOGRAPH, "out/photo.png"]);
    println!("{}", process::line(&command));
    process::run(ready.apply(project, &mut command))?;
    if !picture.is_file() {
        bail!("the component ended well, but wrote no {}", picture.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_is_no_gpu() {
        assert!(opens_gpu(r#"{"adapters": [{"device_type": "cpu"}, {"device_type": "discrete-gpu"}]}"#), "the second");
        assert!(!opens_gpu(r#"{"adapters": [{"device_type": "cpu"}]}"#), "only a CPU");
        assert!(!opens_gpu(r#"{"adapters": []}"#), "none");
        assert!(!opens_gpu("error"), "no report at all");
    }
}
