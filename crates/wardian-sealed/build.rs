//! Builds the shader compiler's component with a cargo of its own, for another target than this crate's, and with a
//! naga of its own.

#[path = "build/naga.rs"]
mod naga;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const TARGET: &str = "wasm32-wasip2";
const PROFILE: &str = "sealed";
/// The folder of the package, which is a workspace of its own.
const PACKAGE: &str = "wardian-shader-component";
const FILE: &str = "wardian_shader_component.wasm";
/// A component that is built already, for whoever can't have the target.
const PREBUILT: &str = "WARDIAN_SHADER_COMPONENT";
/// The compiler for the target, where it isn't the one that builds everything else.
const RUSTC: &str = "WARDIAN_GUEST_RUSTC";

fn main() -> ExitCode {
    match provide() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("cargo::error={}", why.replace('\n', "; "));
            ExitCode::FAILURE
        }
    }
}

fn provide() -> Result<(), String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    println!("cargo::rerun-if-env-changed={PREBUILT}");
    println!("cargo::rerun-if-env-changed={RUSTC}");
    let component = match env::var_os(PREBUILT) {
        Some(component) => PathBuf::from(component),
        None => build(&out)?,
    };
    println!("cargo::rerun-if-changed={}", component.display());
    let bytes = fs::read(&component).map_err(|error| format!("cannot read {}: {error}", component.display()))?;
    if !bytes.starts_with(b"\0asm\x0d\0\x01\0") {
        return Err(format!("{} is no WebAssembly component", component.display()));
    }
    let place = out.join("shader-compiler.wasm");
    fs::write(&place, bytes).map_err(|error| format!("cannot write {}: {error}", place.display()))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("cargo has not set {name}: {error}"))
}

fn build(out: &Path) -> Result<PathBuf, String> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = manifest.ancestors().nth(2).ok_or("this crate lies in no workspace")?;
    let crates = root.join("crates");
    let [shader, package, evaluate] = ["wardian-shader", PACKAGE, "wardian-evaluate"].map(|name| crates.join(name));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/naga.rs");
    for watched in [&root.join("Cargo.toml"), &root.join("Cargo.lock"), &shader, &package, &evaluate] {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    // TARGET/PROFILE/build/PACKAGE/out: all profiles of this crate share one component.
    let target = out.ancestors().nth(4).unwrap_or(out).join(PROFILE);
    let program = variable("CARGO")?;
    let places = naga::Places { root, own: &package.join("naga"), evaluate: &evaluate, target: &target };
    let naga = naga::provide(&places, || nested(&program))?;
    let mut cargo = nested(&program);
    cargo.current_dir(&package).args(["build", "--quiet", "--locked", "--profile", PROFILE]);
    cargo.arg("--config").arg(format!("patch.crates-io.naga.path='{}'", naga.display()));
    cargo.args(["--target", TARGET]).arg("--target-dir").arg(&target);
    if let Some(compiler) = compiler(root)? {
        cargo.env("RUSTC", compiler);
    }
    let output = cargo.output().map_err(|error| format!("cargo does not start: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the shader compiler's component does not build:\n{}", said.trim()));
    }
    Ok(target.join(TARGET).join(PROFILE).join(FILE))
}

/// Cargo, without what it sets for this script, and without flags for the host: they are not meant for the component.
fn nested(program: &str) -> Command {
    let mut cargo = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let is_scripts = text.starts_with("CARGO_") && !is_setting(&text);
        if is_scripts || ["RUSTFLAGS", "RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"].contains(&&*text) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// What the user has set for cargo, rather than cargo for this script.
fn is_setting(name: &str) -> bool {
    ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_BUILD_JOBS", "CARGO_TERM_"]
        .iter()
        .any(|setting| name.starts_with(setting))
}

/// The compiler that has the target, where it isn't the one that cargo takes by itself.
fn compiler(root: &Path) -> Result<Option<PathBuf>, String> {
    if let Some(compiler) = env::var_os(RUSTC) {
        return Ok(Some(PathBuf::from(compiler)));
    }
    let own = PathBuf::from(variable("RUSTC")?);
    if has_target(&own) {
        return Ok(Some(own));
    }
    let of_setup = root.join(".wardian").join("guest-toolchain").join("bin").join("rustc");
    if of_setup.is_file() {
        return Ok(Some(of_setup));
    }
    Err(format!(
        "the shader compiler runs in a sandbox, and this machine's Rust cannot build for that: it lacks the target \
         {TARGET}. Run `rustup target add {TARGET}`; or `cargo xtask setup` in the checkout, which finds other ways; \
         or set {PREBUILT} to a {FILE} that was built elsewhere"
    ))
}

fn has_target(compiler: &Path) -> bool {
    let output = Command::new(compiler).args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let entries = folder.and_then(fs::read_dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with("libstd-"))
}
