//! Building the guest components.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{
    process,
    project::Project,
    setup::{GUEST_TARGET, Ready},
};

/// The guests: the package of each, and what its component does.
pub(crate) const PACKAGES: [&str; 9] = [
    "wardian-test-programs",
    "wardian-test-handler",
    "wardian-test-handler-wasi2",
    "wardian-photo",
    "wardian-scene",
    "wardian-bench-guest",
    "wardian-wgpu-examples",
    "wardian-llm",
    "wardian-bridge",
];

/// A guest in a workspace of its own, so that what it depends on changes nothing of the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workspace {
    folder: &'static str,
    package: &'static str,
}

/// The guest that learns.
pub(crate) const TRAIN: Workspace = Workspace { folder: "apps/train", package: "wardian-train" };

const WORKSPACES: [Workspace; 2] = [Workspace { folder: "apps/vello", package: "wardian-vello" }, TRAIN];

impl Workspace {
    /// Its component's file name.
    pub(crate) fn component_name(self) -> String {
        component_name(self.package)
    }
}

/// Builds the guests that have workspaces of their own, and the native programs that they are compared with. The first
/// time that takes a quarter of an hour or more.
pub(crate) fn build_apps(project: &Project, ready: &Ready) -> Result<()> {
    for workspace in WORKSPACES {
        build_workspace(project, ready, workspace)?;
    }
    build_native(project, ready, TRAIN)
}

/// Builds the guests of the project's workspace into `target/guest`.
pub(crate) fn build(project: &Project, ready: &Ready) -> Result<()> {
    let mut command = project.cargo();
    command.args(["build", "--release", "--target", GUEST_TARGET, "--target-dir"]).arg(project.guest_target());
    for package in PACKAGES {
        command.args(["--package", package]);
    }
    process::run(ready.guest.apply(&mut command)).context("the guests do not build")?;
    PACKAGES.into_iter().try_for_each(|package| confirm(project, package))
}

/// Builds one guest that has a workspace of its own.
pub(crate) fn build_workspace(project: &Project, ready: &Ready, workspace: Workspace) -> Result<()> {
    let mut command = project.cargo();
    command.args(["build", "--release", "--locked", "--lib", "--target", GUEST_TARGET, "--target-dir"]);
    command.arg(project.guest_target()).arg("--manifest-path");
    command.arg(project.root.join(workspace.folder).join("Cargo.toml"));
    process::run(ready.guest.apply(&mut command)).with_context(|| format!("{} does not build", workspace.folder))?;
    confirm(project, workspace.package)
}

/// Builds the native program of such a guest's source.
///
/// By the compiler of the guest and into its folder: so build scripts and macros are built once for both.
fn build_native(project: &Project, ready: &Ready, workspace: Workspace) -> Result<()> {
    let mut command = project.cargo();
    command.args(["build", "--release", "--locked", "--example", workspace.package, "--target-dir"]);
    command.arg(project.guest_target()).arg("--manifest-path");
    command.arg(project.root.join(workspace.folder).join("Cargo.toml"));
    process::run(ready.guest.apply(&mut command))
        .with_context(|| format!("the native program of {} does not build", workspace.folder))
}

/// Runs the tests inside of such a guest's source, which need no GPU.
pub(crate) fn test_natively(project: &Project, ready: &Ready, workspace: Workspace) -> Result<()> {
    let mut command = project.cargo();
    command.args(["test", "--release", "--locked", "--lib", "--target-dir"]);
    command.arg(project.guest_target()).arg("--manifest-path");
    command.arg(project.root.join(workspace.folder).join("Cargo.toml"));
    process::run(ready.guest.apply(&mut command))
}

/// Where `build_native` leaves the program.
pub(crate) fn native_program(project: &Project, workspace: Workspace) -> PathBuf {
    let name = format!("{}{}", workspace.package, std::env::consts::EXE_SUFFIX);
    project.guest_target().join("release").join("examples").join(name)
}

fn confirm(project: &Project, package: &str) -> Result<()> {
    let component = project.guests().join(component_name(package));
    if !component.is_file() {
        bail!("{package} was built, but left no component at {}", project.shown(&component));
    }
    Ok(())
}

/// The file name of a package's component. A library's has underscores, a program's the package's own name.
pub(crate) fn component_name(package: &str) -> String {
    format!("{}.wasm", package.replace('-', "_"))
}
