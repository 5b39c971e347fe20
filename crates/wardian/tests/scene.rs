//! The scene renderer, run by the built `wardian` command: its picture, and what it says to wrong input.
//!
//! `WARDIAN_UPDATE_REFERENCE=1 cargo xtask test scene` writes the reference picture instead of comparing with it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "clippy allows them in test functions only, and this file is nothing but a test"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use image::RgbImage;
use tempfile::TempDir;

/// Far more than rounding on another GPU makes, and less than any change of the scene.
const MEAN_ERROR_MAX: f64 = 2.0;
/// A pixel on an edge may come out otherwise: so much, out of 255 …
const PIXEL_ERROR_MAX: u8 = 24;
/// … is exceeded by so few pixels, of a hundred.
const OUTLIERS_PERCENT_MAX: f64 = 1.0;

/// A command line and the folder that the component is given.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder for the picture") }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
        command.current_dir(self.folder.path()).args(["run", "--dir", "."]).arg(component()).args(arguments);
        command.output().expect("the wardian command starts")
    }

    /// Runs what must succeed; gives what was printed.
    #[track_caller]
    fn rendered(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "expected success of {arguments:?}, got {output:?}");
        String::from_utf8(output.stdout).expect("the table is UTF-8")
    }

    /// Runs what must fail with a message that contains each of `parts`, and leave the folder as it was.
    #[track_caller]
    fn check_refused(&self, arguments: &[&str], parts: &[&str]) {
        let before = self.names();
        let output = self.run(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "expected {arguments:?} to be refused, got {output:?}");
        for part in parts {
            assert!(message.contains(part), "expected '{part}' in the message of {arguments:?}, got: {message}");
        }
        assert_eq!(self.names(), before, "what is in the folder after {arguments:?}");
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder can be read");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn picture(&self, name: &str) -> RgbImage {
        image::open(self.folder.path().join(name)).expect("a PNG was written").into_rgb8()
    }
}

fn component() -> PathBuf {
    let advice = "run the tests by `cargo xtask test`, or build the guests by `cargo xtask build-guests` and set \
                  WARDIAN_GUESTS to the folder that it names";
    let folder = env::var_os("WARDIAN_GUESTS").unwrap_or_else(|| panic!("WARDIAN_GUESTS is not set; {advice}"));
    let path = PathBuf::from(folder).join("wardian_scene.wasm");
    assert!(path.is_file(), "there is no component at {}; {advice}", path.display());
    path
}

/// Compares with the committed picture, or replaces it when the user wants so.
#[track_caller]
fn check_picture(picture: &RgbImage, reference: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps/scene").join(reference);
    let how = "`WARDIAN_UPDATE_REFERENCE=1 cargo xtask test scene` writes it; look at it before you commit it";
    if env::var_os("WARDIAN_UPDATE_REFERENCE").is_some_and(|value| value == "1") {
        picture.save(&path).expect("the reference can be written");
        return;
    }
    let expected = image::open(&path).unwrap_or_else(|error| panic!("no reference at {path:?} ({error}); {how}"));
    let expected = expected.into_rgb8();
    assert_eq!(picture.dimensions(), expected.dimensions(), "width and height of the picture and the reference");
    let (mean, outliers) = difference(picture, &expected);
    assert!(
        mean <= MEAN_ERROR_MAX && outliers <= OUTLIERS_PERCENT_MAX,
        "the picture is not {reference}: it is off by {mean:.3} of 255 on average (at most {MEAN_ERROR_MAX}), and in \
         {outliers:.3} % of its pixels by more than {PIXEL_ERROR_MAX} (at most {OUTLIERS_PERCENT_MAX} %). If the scene \
         was meant to change: {how}"
    );
}

/// Mean error of a channel, and how many pixels of a hundred have a channel that is off by more than the bound.
fn difference(picture: &RgbImage, expected: &RgbImage) -> (f64, f64) {
    let (mut sum, mut outliers, mut pixels) = (0.0, 0.0, 0.0);
    for (got, wanted) in picture.pixels().zip(expected.pixels()) {
        let errors = [0, 1, 2].map(|channel| got.0[channel].abs_diff(wanted.0[channel]));
        sum += errors.iter().map(|error| f64::from(*error)).sum::<f64>();
        outliers += f64::from(u8::from(errors.iter().any(|error| *error > PIXEL_ERROR_MAX)));
        pixels += 1.0;
    }
    (sum / (3.0 * pixels), 100.0 * outliers / pixels)
}

#[test]
fn scene_picture_is_the_reference() {
    let scene = Scene::new();
    scene.rendered(&["scene.png", "--size", "320x240"]);
    assert_eq!(scene.names(), ["scene.png"], "nothing but the picture is written");
    check_picture(&scene.picture("scene.png"), "reference.png");
}

#[test]
fn scene_table_tells_what_was_done() {
    let scene = Scene::new();
    let table = scene.rendered(&["a.png", "--size=64x48", "--samples=1", "--angle=-12.5"]);
    for part in
        ["adapter ", "64 x 48, 1 sample a pixel", "-12.5 degrees", "triangles ", "draw calls ", "shadow map ", "scene "]
    {
        assert!(table.contains(part), "'{part}' is missing in the table: {table}");
    }
    assert!(!table.contains("adapter       \n"), "the adapter has a name: {table}");
}

#[test]
fn scene_is_the_same_twice() {
    let scene = Scene::new();
    scene.rendered(&["a.png", "--size", "160x120"]);
    scene.rendered(&["b.png", "--size", "160x120"]);
    assert!(scene.picture("a.png") == scene.picture("b.png"), "two pictures of one adapter, byte by byte");
}

#[test]
fn scene_without_antialiasing_is_nearly_the_same() {
    let scene = Scene::new();
    scene.rendered(&["four.png", "--size", "160x120"]);
    scene.rendered(&["one.png", "--size", "160x120", "--samples", "1"]);
    let (four, one) = (scene.picture("four.png"), scene.picture("one.png"));
    assert!(four != one, "several samples smooth the edges");
    let (mean, _) = difference(&four, &one);
    assert!(mean < 8.0, "the same scene but for its edges: off by {mean} of 255 on average");
}

#[test]
fn scene_sizes_need_no_alignment() {
    let scene = Scene::new();
    for (width, height) in [(1, 1), (63, 5), (65, 33)] {
        scene.rendered(&["a.png", "--size", &format!("{width}x{height}")]);
        assert_eq!(scene.picture("a.png").dimensions(), (width, height), "width and height");
    }
}

#[test]
fn scene_turns_around() {
    let scene = Scene::new();
    scene.rendered(&["a.png", "--size=80x60", "--angle=90", "--frames=4", "--frames-dir=turn/around"]);
    let frames = [0, 1, 2, 3].map(|frame| scene.picture(&format!("turn/around/frame-{frame:04}.png")));
    assert!(frames[0] == scene.picture("a.png"), "the turn begins at the angle");
    assert!(frames[1] != frames[0] && frames[2] != frames[1] && frames[3] != frames[2], "the camera moves");
    scene.rendered(&["b.png", "--size=80x60", "--angle=180"]);
    assert!(frames[1] == scene.picture("b.png"), "a quarter of a turn further");
}

#[test]
fn scene_help_tells_the_options() {
    let help = Scene::new().rendered(&["--help"]);
    for option in ["--size", "--samples", "--angle", "--frames", "--frames-dir"] {
        assert!(help.contains(option), "{option} is missing in the help: {help}");
    }
}

#[test]
fn scene_refuses_wrong_arguments() {
    let scene = Scene::new();
    scene.check_refused(&[], &["error: ", "no OUTPUT.png", "scene.png"]);
    scene.check_refused(&["a.jpg"], &["a.jpg", ".png"]);
    scene.check_refused(&["a.png", "--size", "0x10"], &["'0x10'", "640x480"]);
    scene.check_refused(&["a.png", "--size", "wide"], &["'wide'", "640x480"]);
    scene.check_refused(&["a.png", "--samples", "3"], &["'3'", "1 or 4"]);
    scene.check_refused(&["a.png", "--frames", "3"], &["--frames-dir"]);
    scene.check_refused(&["a.png", "--colour"], &["--colour", "--help"]);
}

#[test]
fn scene_refuses_sizes_over_the_limit() {
    // No GPU draws on textures of this width.
    Scene::new().check_refused(&["a.png", "--size", "65535x1"], &["65535x1", "at most", "smaller --size"]);
}

#[test]
fn scene_refuses_places_that_it_cannot_write() {
    let scene = Scene::new();
    fs::create_dir(scene.folder.path().join("folder.png")).expect("a folder can be made");
    scene.check_refused(&["folder.png"], &["folder.png", "is a folder"]);
    scene.check_refused(&["none/a.png"], &["none/a.png", "--dir"]);
    scene.check_refused(&["../a.png"], &["../a.png", "--dir"]);
}
