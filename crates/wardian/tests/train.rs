//! The train app, run by the command: it learns as the native program of the same source does, goes on from a
//! checkpoint as if nothing had been, draws digits, and names what is wrong with its input.

#![expect(clippy::print_stdout, reason = "a test says what it measured")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "also what tests share may end them")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// What may lie between a loss in the sandbox and natively, as a share of the loss. On one adapter both run the same
/// shaders, but the checks of bounds that a component cannot switch off let a compiler order sums otherwise, and each
/// step builds on the one before.
const DIFFERENCE_MAX: f32 = 0.02;

/// What the same learning takes on both sides.
const LEARNING: &str = "mnist --data mnist --images 3200 --test-images 500 --batch 32 --width 8 --rate 0.002";
const STEPS: usize = 100;

/// A variable that `cargo xtask test --apps` sets.
fn variable(name: &str) -> PathBuf {
    let advice = "run the tests by `cargo xtask test --apps`, or set it as docs/development.md tells";
    let value = env::var_os(name).unwrap_or_else(|| panic!("{name} is not set; {advice}"));
    let path = PathBuf::from(value);
    // The programs run in another folder.
    path.canonicalize().unwrap_or_else(|error| panic!("{name} is {}: {error}; {advice}", path.display()))
}

/// The component, compiled ahead of time: that takes long, so all runs share it.
fn component() -> &'static Path {
    static COMPILED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = COMPILED.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("train.cwasm");
        let component = variable("WARDIAN_GUESTS").join("wardian_train.wasm");
        let output = wardian().arg("compile").arg(&component).arg("-o").arg(&path).output().unwrap();
        assert!(output.status.success(), "cannot compile: {}", String::from_utf8_lossy(&output.stderr));
        (folder, path)
    });
    path
}

fn wardian() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wardian"))
}

/// A folder that both sides work in, and the data set.
struct Place {
    folder: TempDir,
    data: PathBuf,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), data: variable("WARDIAN_MNIST") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sealed(&self, arguments: &str) -> Output {
        let mut command = wardian();
        command.current_dir(self.folder.path()).args(["run", "--allow-precompiled", "--dir", ".", "--dir"]);
        command.arg(format!("{}::mnist", self.data.display())).arg(component());
        command.args(arguments.split_whitespace()).output().unwrap()
    }

    /// In the sandbox, and it must end well; gives what was printed.
    fn sealed_well(&self, arguments: &str) -> String {
        printed(arguments, &self.sealed(arguments))
    }

    fn natively(&self, arguments: &str) -> String {
        let mut command = Command::new(variable("WARDIAN_TRAIN_NATIVE"));
        command.current_dir(self.folder.path()).args(arguments.split_whitespace());
        // The last of an option counts: outside of the sandbox the set is where it is.
        printed(arguments, &command.arg("--data").arg(&self.data).output().unwrap())
    }

    fn losses(&self, name: &str) -> Vec<f32> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("step,loss"), "the header of {name}");
        let losses = lines.enumerate().map(|(place, line)| {
            let (step, loss) = line.split_once(',').unwrap();
            assert_eq!(step.parse(), Ok(place + 1), "{name} has each step once, in order");
            loss.parse().unwrap()
        });
        losses.collect()
    }
}

fn printed(arguments: &str, output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "'{arguments}' ended with {}: {stderr}\n{stdout}", output.status);
    stdout
}

fn mean(losses: &[f32]) -> f32 {
    losses.iter().sum::<f32>() / f32::from(u16::try_from(losses.len()).unwrap())
}

fn assert_learnt(losses: &[f32], share: f32) {
    let (first, last) = (mean(losses.first_chunk::<10>().unwrap()), mean(losses.last_chunk::<10>().unwrap()));
    println!("the loss fell from {first} to {last}");
    assert!(last < share * first, "the loss was {first} and is {last}");
}

/// Natively at one go; in the sandbox with a stop half-way, from which a checkpoint leads on.
#[test]
fn learning_is_as_it_is_natively_and_a_checkpoint_changes_nothing() {
    let place = Place::new();
    let native = place.natively(&format!("{LEARNING} --steps {STEPS} --log native.csv"));
    let half = STEPS / 2;
    place.sealed_well(&format!("{LEARNING} --steps {half} --log sealed.csv --checkpoint models"));
    let sealed =
        place.sealed_well(&format!("{LEARNING} --steps {STEPS} --log sealed.csv --checkpoint models --resume"));
    assert!(sealed.contains(&format!("going on after step {half}")), "it says from where: {sealed}");

    let (ours, theirs) = (place.losses("sealed.csv"), place.losses("native.csv"));
    assert_eq!((ours.len(), theirs.len()), (STEPS, STEPS), "steps");
    let differences = ours.iter().zip(&theirs).map(|(ours, theirs)| (ours - theirs).abs() / theirs.abs().max(0.05));
    let greatest = differences.fold(0.0, f32::max);
    println!("the greatest difference is {greatest} of the loss");
    assert!(greatest <= DIFFERENCE_MAX, "a loss differs by {greatest} of itself: {ours:?}\n{theirs:?}");
    assert_learnt(&ours, 0.5);
    for text in [native, sealed] {
        let accuracy = text.lines().find_map(|line| line.strip_prefix("test accuracy ")?.split(' ').next());
        let accuracy: f32 = accuracy.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("none in {text}"));
        assert!(accuracy > 70.0, "{accuracy} % of pictures that it has not seen");
    }
}

#[test]
fn a_diffusion_model_learns_and_draws_a_grid() {
    let place = Place::new();
    let learning = "ddpm train --data mnist --images 512 --batch 8 --width 4 --times 20 --rate 0.005 --progress quiet";
    place.sealed_well(&format!("{learning} --steps 60 --log loss.csv --curve loss.png --checkpoint models"));
    assert_learnt(&place.losses("loss.csv"), 0.7);
    let text = place.sealed_well("ddpm sample --checkpoint models --png digits.png --count 10 --columns 4");
    // Ten in rows of four: three rows; a digit has 28 pixels, a gap two.
    let (width, height) = (4 * 30 + 2, 3 * 30 + 2);
    assert!(text.contains(&format!("wrote digits.png, {width}x{height}: 10 digits")), "it says what it drew: {text}");
    let grid = image::open(place.path("digits.png")).unwrap().into_luma8();
    assert_eq!(grid.dimensions(), (width, height), "the picture's size");
    let shades = grid.pixels().map(|pixel| pixel.0[0]);
    assert!(shades.clone().any(|shade| shade < 30) && shades.clone().any(|shade| shade > 225), "both dark and bright");
    assert!(image::open(place.path("loss.png")).is_ok(), "the curve is a picture, too");
}

#[test]
fn what_is_wrong_with_the_input_is_named() {
    let place = Place::new();
    let name = "train-images-idx3-ubyte";
    for folder in ["short", "other"] {
        fs::create_dir(place.path(folder)).unwrap();
        fs::copy(place.data.join("train-labels-idx1-ubyte"), place.path(folder).join("train-labels-idx1-ubyte"))
            .unwrap();
    }
    let whole = fs::read(place.data.join(name)).unwrap();
    fs::write(place.path("short").join(name), whole.get(..100_000).unwrap()).unwrap();
    fs::write(place.path("other").join(name), b"GIF89a, and so on").unwrap();
    fs::create_dir(place.path("models")).unwrap();
    fs::write(place.path("models/mnist.safetensors"), b"not a model").unwrap();
    fs::write(place.path("file"), b"no folder").unwrap();
    for (arguments, words) in [
        ("mnist --data nowhere", "cannot read nowhere/train-images-idx3-ubyte"),
        ("mnist --data short", "the file is cut short: 60000 images take 47040016 bytes, and it has 100000"),
        ("mnist --data other", "this is not MNIST's file of images"),
        (
            "mnist --data mnist --checkpoint models --resume",
            "models/mnist.safetensors is no checkpoint, or was cut short",
        ),
        ("mnist --data mnist --checkpoint file", "cannot make the folder file"),
        ("mnist --data mnist --log nowhere/at/all/../../../../loss.csv", "cannot"),
        ("ddpm sample --checkpoint models --png p.png", "there is no model models/ddpm.safetensors"),
        ("mnist --data mnist --steps none", "--steps takes a whole number above 0, not 'none'"),
    ] {
        let output = place.sealed(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "'{arguments}' is an error: {stderr}");
        assert!(stderr.contains(words), "'{arguments}', expected '{words}': {stderr}");
    }
    assert_eq!(fs::read(place.path("models/mnist.safetensors")).unwrap(), b"not a model", "left as it was");
}
