//! Writes `js/src/interface.js` anew, from the WIT.
#![expect(clippy::print_stdout, reason = "a command-line tool talks to its user")]

use std::{fs, path::Path};

use anyhow::{Context, Result};
use wardian_bridge_codegen::{Interface, javascript};

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the crate lies in no project")?;
    let interface = Interface::read(&root.join("wit/wasi-webgpu-0.3.0-rc.2"))?;
    let file = root.join("js/src/interface.js");
    fs::write(&file, javascript(&interface)).with_context(|| format!("cannot write {}", file.display()))?;
    println!("js/src/interface.js: {} functions, {} types", interface.functions.len(), interface.types.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_tree_is_the_one_of_the_wit() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the project");
        let interface = Interface::read(&root.join("wit/wasi-webgpu-0.3.0-rc.2")).expect("the WIT can be read");
        let written = fs::read_to_string(root.join("js/src/interface.js")).expect("the table is in the tree");
        assert!(
            written == javascript(&interface),
            "js/src/interface.js is not what the WIT makes it; run `cargo run --package wardian-bridge-codegen`"
        );
    }
}
