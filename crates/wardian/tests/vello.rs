//! The vello app, run by the command: its picture against one that the same program drew natively.

#![expect(clippy::panic, clippy::unwrap_used, reason = "also what tests share may end them")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::RgbaImage;
use tempfile::TempDir;

/// What may lie between the picture and the reference at a channel, in steps of 8 bits …
const ERROR_MAX: u8 = 3;
/// … but for so many channels of a thousand. The driver that drew the reference leaves no difference; another rounds
/// otherwise on edges.
const OUTLIERS_PER_THOUSAND_MAX: usize = 5;

fn app() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps/vello")
}

fn component() -> PathBuf {
    let advice = "run the tests by `cargo xtask test --apps`, or build the guests by `cargo xtask build-guests --apps` and set \
                  WARDIAN_GUESTS to the folder that it names";
    let folder = env::var_os("WARDIAN_GUESTS").unwrap_or_else(|| panic!("WARDIAN_GUESTS is not set; {advice}"));
    let path = PathBuf::from(folder).join("wardian_vello.wasm");
    assert!(path.is_file(), "there is no component at {}; {advice}", path.display());
    path.canonicalize().unwrap()
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
    command.current_dir(folder).args(["run", "--dir", "."]).arg(component()).args(arguments).output().unwrap()
}

fn open(path: &Path) -> RgbaImage {
    image::open(path).unwrap_or_else(|error| panic!("cannot open {}: {error}", path.display())).into_rgba8()
}

#[test]
fn drawing_is_as_it_is_natively() {
    let folder = TempDir::new().unwrap();
    fs::copy(app().join("drawing.svg"), folder.path().join("drawing.svg")).unwrap();
    let output = run(folder.path(), &["drawing.svg", "out.png"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it ended with {}: {stderr}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "wrote out.png, 400x400\n", "all of the drawing is drawn");
    let (picture, reference) = (open(&folder.path().join("out.png")), open(&app().join("reference.png")));
    assert_eq!(picture.dimensions(), reference.dimensions(), "width and height");
    let errors = || picture.iter().zip(reference.iter()).map(|(ours, theirs)| ours.abs_diff(*theirs));
    let outliers = errors().filter(|error| *error > ERROR_MAX).count();
    let allowed = errors().count() * OUTLIERS_PER_THOUSAND_MAX / 1000;
    assert!(outliers <= allowed, "{outliers} channels differ by more than {ERROR_MAX}, {allowed} may");
}

#[test]
fn what_is_no_drawing_is_an_error_that_says_so() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("text.svg"), "<p>no drawing</p>").unwrap();
    for (arguments, words) in [
        (&["text.svg", "out.png"][..], "text.svg is no SVG that can be drawn"),
        (&["missing.svg", "out.png"], "cannot read missing.svg"),
        (&["text.svg"], "say DRAWING.svg PICTURE.png"),
    ] {
        let output = run(folder.path(), arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && stderr.contains(words), "expected '{words}': {stderr}");
    }
    assert!(!folder.path().join("out.png").exists(), "nothing is written");
}
