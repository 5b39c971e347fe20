//! Writes the part of the guest that follows from the WIT.

use std::{env, fs, path::Path};

use anyhow::{Context, Result};
use wardian_bridge_codegen::{Interface, rust};

const WIT: &str = "../../wit/wasi-webgpu-0.3.0-rc.2";

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed={WIT}");
    let interface = Interface::read(Path::new(WIT))?;
    let folder = env::var_os("OUT_DIR").context("cargo gives no folder for what is written")?;
    fs::write(Path::new(&folder).join("interface.rs"), rust(&interface)).context("cannot write interface.rs")
}
