//! The suite itself: where it is had from, and where it lies.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{process, project::Project, setup};

/// The revision that everything here is about.
pub(crate) const REVISION: &str = "905c7cbfeaac1cf3feb4c6056dd6f3dbaa06b074";

const REPOSITORY: &str = "https://github.com/gpuweb/cts.git";
/// Debian's package of Firefox whose source holds this revision, built.
const PACKAGE: &str = "firefox-esr=140.12.0esr-1~deb12u1";
const SUITE_IN_PACKAGE: &str = "testing/web-platform/mozilla/tests/webgpu";
/// What of a built suite is needed.
const PARTS: [&str; 4] = ["common", "webgpu", "external", "resources"];
/// How long a repository may take to answer before it counts as out of reach.
const GIT_TIME_MAX_SECONDS: &str = "10";

/// Whether somebody wants the suite here: it is there, or `WARDIAN_CTS` says where it is.
pub(crate) fn is_wanted(project: &Project) -> bool {
    named().is_some() || is_whole(&folder(project))
}

/// What puts the suite into a folder.
type Fill = Box<dyn Fn(&Path) -> Result<()>>;

/// The folder with the built suite; gets it where it is missing.
pub(crate) fn prepare(project: &Project) -> Result<PathBuf> {
    let folder = folder(project);
    if is_whole(&folder) {
        return Ok(folder);
    }
    let (what, fill): (String, Fill) = if let Some(source) = named() {
        (format!("from {}, as WARDIAN_CTS says", source.display()), Box::new(move |into| take(&source, into)))
    } else if git_is_there() {
        (format!("from {REPOSITORY} by git, and npm builds it"), Box::new(build))
    } else {
        (
            "from Debian's source package of Firefox (683 MB of downloads, of which 20 MB stay)".to_owned(),
            Box::new(unpack_package),
        )
    };
    println!("cts: the conformance suite goes into {}, {what}", project.shown(&folder));
    fs::create_dir_all(&project.cache).with_context(|| format!("cannot make {}", project.cache.display()))?;
    setup::install_folder(&folder, REVISION, |partial| {
        fill(partial)?;
        // Node reads the suite's files as modules.
        fs::write(partial.join("package.json"), "{\"type\":\"module\"}\n").context("cannot write package.json")?;
        check(partial)
    })?;
    Ok(folder)
}

fn folder(project: &Project) -> PathBuf {
    project.cache.join("cts")
}

fn is_whole(folder: &Path) -> bool {
    setup::is_installed(folder, REVISION)
}

fn named() -> Option<PathBuf> {
    env::var_os("WARDIAN_CTS").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The suite says itself which revision it is.
fn check(folder: &Path) -> Result<()> {
    let file = folder.join("common/internal/version.js");
    let text =
        fs::read_to_string(&file).context("what came is no built suite: common/internal/version.js is missing")?;
    if !text.contains(REVISION) {
        bail!("what came is another revision of the suite than {REVISION}: {}", text.trim());
    }
    Ok(())
}

/// Takes a folder, or an archive that `tar` can read.
fn take(source: &Path, into: &Path) -> Result<()> {
    if source.is_dir() {
        return copy(source, into);
    }
    if !source.is_file() {
        bail!("WARDIAN_CTS is {}, but there is nothing; name a built suite, or an archive of one", source.display());
    }
    process::read(Command::new("tar").arg("-xf").arg(source).arg("-C").arg(into)).map(drop)
}

fn copy(source: &Path, into: &Path) -> Result<()> {
    for part in PARTS {
        process::read(Command::new("cp").arg("-r").arg(source.join(part)).arg(into))?;
    }
    Ok(())
}

fn git_is_there() -> bool {
    let tools = ["git", "npm", "npx"].iter().all(|tool| process::find(tool).is_some());
    let mut ask = Command::new("timeout");
    ask.args([GIT_TIME_MAX_SECONDS, "git", "ls-remote", "--exit-code", REPOSITORY, "HEAD"])
        .env("GIT_TERMINAL_PROMPT", "0");
    tools && process::succeeds(&mut ask)
}

fn build(into: &Path) -> Result<()> {
    let checkout = into.with_extension("checkout");
    setup::remove(&checkout)?;
    fs::create_dir_all(&checkout).with_context(|| format!("cannot make {}", checkout.display()))?;
    for arguments in [
        &["git", "init", "--quiet"][..],
        &["git", "fetch", "--quiet", "--depth", "1", REPOSITORY, REVISION],
        &["git", "checkout", "--quiet", "FETCH_HEAD"],
        &["npm", "ci", "--silent", "--no-audit", "--no-fund"],
        &["npx", "grunt", "run:build-out", "run:generate-version", "run:generate-listings"],
    ] {
        let [program, arguments @ ..] = arguments else { continue };
        process::read(Command::new(program).args(arguments).current_dir(&checkout))?;
    }
    let out = checkout.join("out");
    for part in PARTS.iter().filter(|part| out.join(part).is_dir()) {
        process::read(Command::new("cp").arg("-r").arg(out.join(part)).arg(into))?;
    }
    if !into.join("resources").is_dir() {
        process::read(Command::new("cp").arg("-r").arg(checkout.join("src/resources")).arg(into))?;
    }
    setup::remove(&checkout)
}

fn unpack_package(into: &Path) -> Result<()> {
    let scratch = into.with_extension("download");
    let archive = setup::download_source(&scratch, PACKAGE, ".orig.tar.xz")?;
    println!("cts: taking the suite out of {}", archive.display());
    let mut reader = Command::new("xz")
        .args(["--decompress", "--stdout"])
        .arg(&archive)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start xz")?;
    let text = reader.stdout.take().context("xz has no output")?;
    let mut tar = Command::new("tar");
    // The first part of a path is the archive's own.
    let depth = SUITE_IN_PACKAGE.split('/').count() + 1;
    tar.arg("-x").arg("-C").arg(into).arg(format!("--strip-components={depth}")).arg("--wildcards");
    tar.args(PARTS.iter().map(|part| format!("*/{SUITE_IN_PACKAGE}/{part}/*"))).stdin(text);
    process::run(&mut tar)?;
    let read = reader.wait().context("xz cannot be waited for")?;
    if !read.success() {
        bail!("cannot read {}: xz ended with {read}", archive.display());
    }
    setup::remove(&scratch)
}
