//! The photo app, run by the command: its pictures against those of scikit-image, and what it says to faulty input.

#![expect(clippy::print_stdout, reason = "a test says what it measured")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "also what tests share may end them")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{GrayImage, RgbImage};
use tempfile::TempDir;

/// What may lie between a step's result and the reference, in steps of 8 bits: on average over all channels of all
/// pixels, and at any one. `apps/photo/README.md` says the same.
const MEAN_ERROR_MAX: f64 = 0.2;
const ERROR_MAX: u8 = 2;

const STEPS: [&str; 6] = ["color", "blur", "edges", "equalize", "resize", "ink"];

/// A folder that the component may see, with `input.png` in it.
struct Sandbox(TempDir);

impl Sandbox {
    fn new(input: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let source = app().join(input);
        fs::copy(&source, folder.path().join("input.png"))
            .unwrap_or_else(|error| panic!("cannot copy {}: {error}", source.display()));
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the app with arguments separated by spaces.
    fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
        command.current_dir(self.0.path()).args(["run", "--dir", "."]).arg(component());
        command.args(arguments.split_whitespace()).output().unwrap()
    }

    /// The same, and it must end well; gives what it printed.
    fn run_well(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(output.status.success(), "'{arguments}' ended with {}: {stderr}\n{stdout}", output.status);
        stdout
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }
}

fn app() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps/photo")
}

fn component() -> PathBuf {
    let advice = "run the tests by `cargo xtask test`, or build the guests by `cargo xtask build-guests` and set \
                  WARDIAN_GUESTS to the folder that it names";
    let folder = env::var_os("WARDIAN_GUESTS").unwrap_or_else(|| panic!("WARDIAN_GUESTS is not set; {advice}"));
    let path = PathBuf::from(folder).join("wardian_photo.wasm");
    assert!(path.is_file(), "there is no component at {}; {advice}", path.display());
    // The command runs in another folder.
    path.canonicalize().unwrap()
}

fn open(path: &Path) -> RgbImage {
    image::open(path).unwrap_or_else(|error| panic!("cannot open {}: {error}", path.display())).into_rgb8()
}

/// Mean and greatest error of all channels of all pixels.
fn errors(picture: &RgbImage, reference: &RgbImage) -> (f64, u8) {
    assert_eq!(picture.dimensions(), reference.dimensions(), "width and height");
    let (mut sum, mut count, mut greatest) = (0.0, 0.0, 0);
    for (ours, theirs) in picture.iter().zip(reference.iter()) {
        let error = ours.abs_diff(*theirs);
        sum += f64::from(error);
        count += 1.0;
        greatest = greatest.max(error);
    }
    (sum / count, greatest)
}

#[test]
fn steps_match_scikit_image() {
    let sandbox = Sandbox::new("reference/input.png");
    sandbox.run_well("input.png sheet.png --steps-dir steps");
    let mut too_far = Vec::new();
    for step in STEPS {
        let picture = open(&sandbox.path(&format!("steps/{step}.png")));
        let (mean, greatest) = errors(&picture, &open(&app().join(format!("reference/{step}.png"))));
        println!("{step:<9} mean error {mean:.4}, greatest {greatest}, of 255");
        if mean > MEAN_ERROR_MAX || greatest > ERROR_MAX {
            too_far.push(format!("{step}: mean {mean:.4}, greatest {greatest}"));
        }
    }
    assert!(too_far.is_empty(), "at most {MEAN_ERROR_MAX} on average and {ERROR_MAX} anywhere, but {too_far:?}");
}

#[test]
fn sheet_shows_the_photograph_and_the_steps() {
    let sandbox = Sandbox::new("photograph.png");
    let stdout = sandbox.run_well("input.png sheet.png");
    println!("{stdout}");
    for line in ["adapter:", "color", "blur", "edges", "equalize", "ink", "sheet", "wrote sheet.png, 1848x836"] {
        assert!(
            stdout.lines().any(|text| text.starts_with(line)),
            "expected a line that starts with '{line}': {stdout}"
        );
    }
    let sheet = open(&sandbox.path("sheet.png"));
    assert_eq!(sheet.dimensions(), (1848, 836), "three by two pictures and the margins");
    assert_eq!(sheet.get_pixel(0, 0).0, [245; 3], "the paper");
    let photograph = open(&sandbox.path("input.png"));
    let first = image::imageops::crop_imm(&sheet, 12, 12, 600, 400).to_image();
    assert_eq!(errors(&first, &photograph), (0.0, 0), "the photograph itself is unchanged");
    let last = image::imageops::crop_imm(&sheet, 1236, 424, 600, 400).to_image();
    assert!(errors(&last, &photograph).0 > 10.0, "the last picture is a drawing");
    assert_eq!(sandbox.names(), ["input.png", "sheet.png"], "nothing else is written");
}

#[test]
fn one_step_is_written_alone_and_in_the_size_asked_for() {
    let sandbox = Sandbox::new("reference/input.png");
    sandbox.run_well("input.png blur.png --only blur");
    let (mean, greatest) = errors(&open(&sandbox.path("blur.png")), &open(&app().join("reference/blur.png")));
    assert!(mean <= MEAN_ERROR_MAX && greatest <= ERROR_MAX, "blur alone: mean {mean:.4}, greatest {greatest}");
    sandbox.run_well("--only=edges --size 40x70 input.png edges.png");
    assert_eq!(open(&sandbox.path("edges.png")).dimensions(), (40, 70), "--size");
    assert_eq!(sandbox.names(), ["blur.png", "edges.png", "input.png"], "nothing else is written");
}

#[test]
fn an_earlier_result_is_replaced() {
    let sandbox = Sandbox::new("reference/input.png");
    fs::write(sandbox.path("out.png"), "an earlier result").unwrap();
    sandbox.run_well("input.png out.png --only resize");
    assert_eq!(open(&sandbox.path("out.png")).dimensions(), (151, 102), "half of the picture");
}

#[test]
fn help_is_no_error() {
    let stdout = Sandbox::new("reference/input.png").run_well("--help");
    assert!(stdout.contains("Usage:") && stdout.contains("--steps-dir"), "usage and options: {stdout}");
}

/// Runs with arguments that must fail with `part` in the message, and leave the folder as it was.
fn check_refused(prepare: impl FnOnce(&Sandbox), arguments: &str, part: &str) {
    let sandbox = Sandbox::new("reference/input.png");
    prepare(&sandbox);
    let before = sandbox.names();
    let output = sandbox.run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "expected '{arguments}' to fail");
    assert!(stderr.contains(part), "expected '{part}' in what is said to '{arguments}': {stderr}");
    assert!(!stderr.contains("panicked"), "expected a message, not a panic: {stderr}");
    assert_eq!(sandbox.names(), before, "expected no file to come or go after '{arguments}'");
}

#[test]
fn missing_input_is_refused() {
    check_refused(|_| (), "missing.png out.png", "cannot read missing.png: ");
}

#[test]
fn input_outside_of_the_opened_folder_is_refused() {
    check_refused(|_| (), "../input.png out.png", "a folder that --dir opens");
}

#[test]
fn input_that_is_no_picture_is_refused() {
    let text = |sandbox: &Sandbox| fs::write(sandbox.path("text.png"), "no picture").unwrap();
    check_refused(text, "text.png out.png", "text.png is not a PNG picture");
}

#[test]
fn damaged_input_is_refused() {
    let cut_short = |sandbox: &Sandbox| {
        let bytes = fs::read(sandbox.path("input.png")).unwrap();
        fs::write(sandbox.path("half.png"), &bytes[..bytes.len() / 2]).unwrap();
    };
    check_refused(cut_short, "half.png out.png", "half.png is not a PNG picture, or is damaged");
}

#[test]
fn input_beyond_the_limits_is_refused() {
    let wide = |sandbox: &Sandbox| GrayImage::new(200_000, 1).save(sandbox.path("wide.png")).unwrap();
    check_refused(wide, "wide.png out.png", "INPUT is too large, 200000x1 pixels: the adapter takes at most ");
}

#[test]
fn output_that_cannot_be_written_is_refused() {
    check_refused(|_| (), "input.png missing/out.png", "cannot write missing/out.png: there is no folder missing");
    let folder = |sandbox: &Sandbox| fs::create_dir(sandbox.path("folder")).unwrap();
    check_refused(folder, "input.png folder", "cannot write folder: it is a folder");
    check_refused(|_| (), "input.png input.png", "name another OUTPUT");
}

#[test]
fn faulty_options_are_refused() {
    check_refused(|_| (), "input.png", "expected two files");
    check_refused(|_| (), "input.png out.png --only sharpen", "there is no step 'sharpen'; the steps are color, ");
    check_refused(|_| (), "input.png out.png --shiny", "there is no option --shiny");
    check_refused(|_| (), "input.png out.png --size 0x10", "no side can be 0");
}

#[test]
fn results_beyond_the_limits_are_refused() {
    let limit = "the adapter takes at most ";
    check_refused(|_| (), "input.png out.png --only resize --size 4000000000x1", limit);
    check_refused(|_| (), "input.png out.png --size 4000000000x4000000000", limit);
    check_refused(|_| (), "input.png out.png --only resize --size 1x1", "at least 5x4");
}
