//! Building the guest components.

use anyhow::{Context, Result, bail};

use crate::{
    process,
    project::Project,
    setup::{GUEST_TARGET, Ready},
};

/// The guests: the package of each, and what its component does.
pub(crate) const PACKAGES: [&str; 6] = [
    "wardian-test-programs",
    "wardian-photo",
    "wardian-scene",
    "wardian-bench-guest",
    "wardian-wgpu-examples",
    "wardian-bridge",
];

/// Builds every guest into `target/guest`.
pub(crate) fn build(project: &Project, ready: &Ready) -> Result<()> {
    let mut command = project.cargo();
    command.args(["build", "--release", "--target", GUEST_TARGET, "--target-dir"]).arg(project.guest_target());
    for package in PACKAGES {
        command.args(["--package", package]);
    }
    process::run(ready.guest.apply(&mut command)).context("the guests do not build")?;
    for package in PACKAGES {
        let component = project.guests().join(component_name(package));
        if !component.is_file() {
            bail!("{package} was built, but left no component at {}", project.shown(&component));
        }
    }
    Ok(())
}

/// The file name of a package's component. A library's has underscores, a program's the package's own name.
pub(crate) fn component_name(package: &str) -> String {
    format!("{}.wasm", package.replace('-', "_"))
}
