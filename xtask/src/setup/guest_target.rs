//! The compiler for guests: a Rust that has the standard library of wasm32-wasip2.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{Finding, Plan, choice, guest_toolchain};
use crate::{process, project::Project};

/// What guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// The compiler that builds guests.
#[derive(Debug)]
pub(crate) enum GuestCompiler {
    /// The one that builds everything else, too.
    Machine,
    /// Debian's, in the project's cache folder.
    Debian { rustc: PathBuf },
}

impl GuestCompiler {
    pub(crate) fn describe(&self, project: &Project) -> String {
        match self {
            Self::Machine => format!("this machine's rustc, which has {TARGET}"),
            Self::Debian { rustc } => format!("Debian's rustc ({})", project.shown(rustc)),
        }
    }

    /// Makes a `cargo build` use this compiler.
    pub(crate) fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if let Self::Debian { rustc } = self {
            command.env("RUSTC", rustc);
        }
        command
    }
}

pub(super) fn inspect(project: &Project) -> Result<Finding<GuestCompiler>> {
    let wish = choice("WARDIAN_GUEST_TOOLCHAIN", &["rustup", "debian"])?;
    let wants_debian = wish == Some("debian");
    if !wants_debian && machine_has_target()? {
        return Ok(Finding::Ready(GuestCompiler::Machine));
    }
    if wish != Some("rustup")
        && let Some(rustc) = guest_toolchain::find(project)?
    {
        return Ok(Finding::Ready(GuestCompiler::Debian { rustc }));
    }
    let text = match (wants_debian, wish) {
        (true, _) => guest_toolchain::plan(project),
        (false, Some(_)) => format!("{}.", rustup_plan()),
        (false, None) => {
            format!("{}. Where that cannot be had: {}", rustup_plan(), guest_toolchain::plan(project))
        }
    };
    let install = move |project: &Project| {
        if wants_debian {
            return Ok(GuestCompiler::Debian { rustc: guest_toolchain::install(project)? });
        }
        let Err(failed) = add_by_rustup() else { return Ok(GuestCompiler::Machine) };
        if wish.is_some() {
            return Err(failed);
        }
        println!("setup: {failed:#}\nsetup: taking the guest compiler from Debian's packages instead");
        let rustc = guest_toolchain::install(project).with_context(|| format!("before that: {failed:#}"))?;
        Ok(GuestCompiler::Debian { rustc })
    };
    Ok(Finding::Missing(Plan { text, install: Box::new(install) }))
}

fn rustup_plan() -> String {
    format!(
        "Rust's standard library for {TARGET}, by rustup into its own folder: about 25 MB of downloads, 90 MB on disk"
    )
}

/// The machine's compiler: the one that cargo would start.
pub(super) fn rustc() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

fn machine_has_target() -> Result<bool> {
    let folder = process::read(rustc().args(["--print", "target-libdir", "--target", TARGET]))?;
    let entries = fs::read_dir(Path::new(folder.trim()));
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
    Ok(names.into_iter().any(|name| name.to_string_lossy().starts_with("libstd-")))
}

fn add_by_rustup() -> Result<()> {
    if process::find("rustup").is_none() {
        bail!(
            "the machine's rustc lacks {TARGET} and there is no rustup to add it; install Rust by rustup, or your \
             distribution's package with the standard library for {TARGET}"
        );
    }
    // One try is enough, since another source follows.
    process::run(Command::new("rustup").args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "1"))
        .with_context(|| format!("rustup cannot add {TARGET}"))?;
    if !machine_has_target()? {
        bail!(
            "rustup has added {TARGET}, but to another toolchain than that of `{}`; is another rustc first in PATH?",
            process::line(&rustc())
        );
    }
    Ok(())
}
