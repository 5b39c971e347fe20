//! A guest compiler out of Debian's packages, for machines that reach nothing else.
//!
//! It is Debian unstable's `rustc`, its standard library for WebAssembly and the C libraries that the compiler itself
//! links, unpacked into a folder and started through that folder's own dynamic loader, so that nothing of it meets the
//! machine's older libraries. The linkers come from the machine's own Rust.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{
    debian::{self, PrivateApt, System},
    guest_target::{self, TARGET},
    install_folder, is_installed,
};
use crate::{process, project::Project};

const SUITE: &str = "sid";
const HOST: &str = "x86_64-unknown-linux-gnu";
/// Changes when the recipe does, so that an older install is made anew.
const STAMP: &str = "guest-toolchain 1\n";
/// Dependencies that a system needs and a compiler does not.
const NOT_NEEDED: [&str; 8] =
    ["base-files", "cdebconf", "debconf", "dpkg", "libc-bin", "libdebian-installer4", "perl-base", "tar"];
/// Starts Debian's compiler through Debian's loader, wherever the folder lies.
const WRAPPER: &str = r#"#!/bin/sh
root="${0%/*}/../root"
libraries="$root/usr/lib/x86_64-linux-gnu"
exec "$libraries/ld-linux-x86-64.so.2" --argv0 "$0" --library-path "$libraries" \
  "$root/usr/bin/rustc" --sysroot "$root/usr" "$@"
"#;

fn folder(project: &Project) -> PathBuf {
    project.cache.join("guest-toolchain")
}

pub(super) fn plan(project: &Project) -> String {
    format!(
        "A guest compiler (rustc with {TARGET}) out of packages of Debian {SUITE}: about 190 MB of downloads, 800 MB into \
         {}; the system's own packages stay as they are.",
        project.shown(&folder(project))
    )
}

/// The installed compiler, if there is one.
pub(super) fn find(project: &Project) -> Result<Option<PathBuf>> {
    let folder = folder(project);
    if !is_installed(&folder, STAMP) {
        return Ok(None);
    }
    // The machine's Rust may be another than at install time, and its linkers elsewhere.
    link_linkers(&folder)?;
    Ok(Some(compiler(&folder)))
}

fn compiler(folder: &Path) -> PathBuf {
    folder.join("bin").join("rustc")
}

/// Downloads, unpacks and tries the compiler.
pub(super) fn install(project: &Project) -> Result<PathBuf> {
    let system = System::find().filter(System::is_debian);
    let (Some(system), Ok("amd64")) = (system, System::architecture().as_deref()) else {
        bail!(
            "a guest compiler can be taken from packages on Debian for amd64 only; here, install Rust by rustup and run \
             `rustup target add {TARGET}`"
        );
    };
    let folder = folder(project);
    install_folder(&folder, STAMP, |partial| {
        linkers()?;
        let apt = PrivateApt::open(&partial.join("apt"), &system, SUITE)?;
        let mut packages = apt.closure(&["libstd-rust-dev", "libstd-rust-dev-wasm32"])?;
        packages.retain(|name| is_needed(name));
        // Without what it depends on: gcc and binutils are the machine's.
        packages.push("rustc".to_owned());
        println!(
            "setup: downloading {} packages of Debian {SUITE}, {}",
            packages.len(),
            debian::megabytes(apt.download_bytes(&packages)?)
        );
        let files = apt.download(&packages)?;
        println!("setup: unpacking them");
        unpack(partial, &files)?;
        apt.close()?;
        write_wrapper(partial)?;
        link_linkers(partial)?;
        try_out(partial)
    })?;
    Ok(compiler(&folder))
}

fn is_needed(package: &str) -> bool {
    let gcc_base = package.starts_with("gcc-") && package.ends_with("-base");
    !(gcc_base || package.starts_with("libgcc-s1-") || NOT_NEEDED.contains(&package))
}

fn unpack(partial: &Path, files: &[PathBuf]) -> Result<()> {
    let root = partial.join("root");
    fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    let mut versions = String::new();
    for file in files {
        let options = ["--exclude=./usr/share/doc", "--exclude=./usr/share/man", "--exclude=./usr/share/locale"];
        debian::unpack(file, &root, &options)?;
        versions +=
            &process::read(Command::new("dpkg-deb").arg("-W").arg("--showformat=${Package} ${Version}\\n").arg(file))?;
    }
    fs::write(partial.join("packages.txt"), versions).context("cannot write the list of packages")
}

fn write_wrapper(folder: &Path) -> Result<()> {
    let wrapper = compiler(folder);
    let parent = folder.join("bin");
    fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
    fs::write(&wrapper, WRAPPER).with_context(|| format!("cannot write {}", wrapper.display()))?;
    process::run(Command::new("chmod").arg("755").arg(&wrapper))
}

/// The folder of the machine's Rust that holds the linkers for WebAssembly.
fn linkers() -> Result<PathBuf> {
    let sysroot = process::read(guest_target::rustc().args(["--print", "sysroot"]))?;
    let folder = Path::new(sysroot.trim()).join("lib/rustlib").join(HOST).join("bin");
    for linker in ["rust-lld", "wasm-component-ld"] {
        if !folder.join(linker).exists() {
            bail!("{} has no {linker}; it comes with Rust for {HOST} as rustup installs it", folder.display());
        }
    }
    Ok(folder)
}

fn link_linkers(folder: &Path) -> Result<()> {
    let linkers = linkers()?;
    let link = folder.join("root/usr/lib/rustlib").join(HOST).join("bin");
    if fs::read_link(&link).is_ok_and(|target| target == linkers) {
        return Ok(());
    }
    if link.is_dir() && !link.is_symlink() {
        super::remove(&link)?;
    }
    process::run(Command::new("ln").arg("-sfn").arg(&linkers).arg(&link))
}

/// Compiles and links a program for guests and one for the machine, which build scripts and macros are, and runs that.
fn try_out(folder: &Path) -> Result<()> {
    let trial = folder.join("trial");
    fs::create_dir_all(&trial).with_context(|| format!("cannot make {}", trial.display()))?;
    let source = trial.join("main.rs");
    fs::write(&source, "fn main() { println!(\"works\"); }\n").context("cannot write a trial program")?;
    let compile = |target: &str| {
        let output = trial.join(target);
        let mut command = Command::new(compiler(folder));
        process::read(command.args(["--target", target, "-o"]).arg(&output).arg(&source))
            .with_context(|| format!("the new guest compiler cannot compile for {target}"))?;
        Ok::<_, anyhow::Error>(output)
    };
    compile(TARGET)?;
    let printed = process::read(&mut Command::new(compile(HOST)?))?;
    if printed != "works\n" {
        bail!("a program that the new guest compiler made printed '{}', not 'works'", printed.trim_end());
    }
    super::remove(&trial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_compiler_links_is_taken() {
        for name in ["libc6", "libllvm22", "libgcc-s1", "libstd-rust-dev-wasm32", "gcc-libs"] {
            assert!(is_needed(name), "{name} is needed");
        }
        for name in ["dpkg", "gcc-16-base", "libgcc-s1-amd64-cross", "perl-base"] {
            assert!(!is_needed(name), "{name} is not needed");
        }
    }
}
