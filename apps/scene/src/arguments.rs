//! The command line.

use std::path::PathBuf;

use thiserror::Error;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Renders a Wardian case, a sealed glass box with plants inside, on the GPU, and writes the picture as PNG.

Usage: scene.wasm OUTPUT.png [OPTION…]

  --size WxH          Width and height in pixels. Default: 1280x720.
  --samples 1|4       Samples a pixel: 4 smooths the edges, 1 is faster and takes a quarter of the memory. Default: 4.
  --angle DEGREES     How far the camera has gone around the case, counterclockwise seen from above. Default: 0.
  --frames N          Also render N pictures, evenly spread over a full turn that begins at the angle …
  --frames-dir DIR    … into this folder, as frame-0000.png, frame-0001.png, and so on; it is made if need be.
  --help              Print this.

The program sees only the folders that it was given, so a whole command is:

  wardian run --dir . scene.wasm scene.png --size 1920x1080
  wardian run --dir . scene.wasm scene.png --frames 90 --frames-dir turn

Without options, the picture is the same on every run; between GPUs it differs by rounding. A picture is written under
another name and renamed when it is whole, so no half of one is left when something fails.
";

/// More frames than any turn needs.
const FRAMES_MAX: u16 = 3600;

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    Help,
    Render(Options),
}

/// What to render, and where it goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) output: PathBuf,
    pub(crate) size: Size,
    pub(crate) samples: Samples,
    pub(crate) angle_degrees: f32,
    pub(crate) turn: Option<Turn>,
}

/// Pixels of a picture. No GPU draws on more than 16 bits can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u16,
    pub(crate) height: u16,
}

/// How often a pixel's edges are looked at: the two counts that every WebGPU device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Samples {
    One,
    Four,
}

impl Samples {
    pub(crate) const fn count(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Four => 4,
        }
    }

    /// For the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::One => "1 sample",
            Self::Four => "4 samples",
        }
    }
}

/// Pictures all around the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) frames: u16,
    pub(crate) folder: PathBuf,
}

/// What is wrong with a command line, and what to write instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum ArgumentError {
    #[error("no OUTPUT.png was given; write for instance: scene.wasm scene.png (--help tells more)")]
    NoOutput,
    #[error("there are two outputs, {first} and {second}; give one (--help tells more)")]
    TwoOutputs { first: String, second: String },
    #[error("the output {output} does not end in .png, which is what is written; give a name such as scene.png")]
    NotPng { output: String },
    #[error("there is no option {option}; --help lists those that there are")]
    UnknownOption { option: String },
    #[error("{option} needs a value after it (--help tells more)")]
    NoValue { option: &'static str },
    #[error("{option} is '{value}', but must be {expected}")]
    BadValue { option: &'static str, value: String, expected: String },
    #[error("--frames and --frames-dir belong together; give both, or none")]
    HalfTurn,
}

/// Reads the arguments that follow the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, ArgumentError> {
    let mut arguments = arguments.into_iter();
    let mut output: Option<String> = None;
    let mut size = Size { width: 1280, height: 720 };
    let mut samples = Samples::Four;
    let mut angle_degrees = 0.0;
    let (mut frames, mut folder) = (None, None);
    while let Some(argument) = arguments.next() {
        let (name, mut inline) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            Some(_) | None => (argument.as_str(), None),
        };
        let mut value = |option| inline.take().or_else(|| arguments.next()).ok_or(ArgumentError::NoValue { option });
        match name {
            "--help" | "-h" => return Ok(Request::Help),
            "--size" => size = parse_size(value("--size")?)?,
            "--samples" => samples = parse_samples(value("--samples")?)?,
            "--angle" => angle_degrees = parse_angle(value("--angle")?)?,
            "--frames" => frames = Some(parse_frames(value("--frames")?)?),
            "--frames-dir" => folder = Some(PathBuf::from(value("--frames-dir")?)),
            option if option.starts_with('-') => {
                return Err(ArgumentError::UnknownOption { option: option.to_owned() });
            }
            _ => match output {
                Some(first) => return Err(ArgumentError::TwoOutputs { first, second: argument }),
                None => output = Some(argument),
            },
        }
    }
    let output = output.ok_or(ArgumentError::NoOutput)?;
    if !output.to_ascii_lowercase().ends_with(".png") {
        return Err(ArgumentError::NotPng { output });
    }
    let turn = match (frames, folder) {
        (Some(frames), Some(folder)) => Some(Turn { frames, folder }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(ArgumentError::HalfTurn),
    };
    Ok(Request::Render(Options { output: output.into(), size, samples, angle_degrees, turn }))
}

fn parse_size(value: String) -> Result<Size, ArgumentError> {
    let side = |text: &str| text.parse().ok().filter(|pixels: &u16| *pixels > 0);
    let sides = value.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?)));
    let (width, height) =
        sides.ok_or_else(|| bad("--size", value, "width x height in pixels, each from 1 to 65535, such as 640x480"))?;
    Ok(Size { width, height })
}

fn parse_samples(value: String) -> Result<Samples, ArgumentError> {
    match value.as_str() {
        "1" => Ok(Samples::One),
        "4" => Ok(Samples::Four),
        _ => Err(bad("--samples", value, "1 or 4: other counts exist on some GPUs only")),
    }
}

fn parse_angle(value: String) -> Result<f32, ArgumentError> {
    let angle = value.parse().ok().filter(|degrees: &f32| degrees.is_finite());
    angle.ok_or_else(|| bad("--angle", value, "a number of degrees, such as 30 or -12.5"))
}

fn parse_frames(value: String) -> Result<u16, ArgumentError> {
    let frames = value.parse().ok().filter(|frames| (1..=FRAMES_MAX).contains(frames));
    frames.ok_or_else(|| bad("--frames", value, &format!("a whole number from 1 to {FRAMES_MAX}")))
}

fn bad(option: &'static str, value: String, expected: &str) -> ArgumentError {
    ArgumentError::BadValue { option, value, expected: expected.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, ArgumentError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[track_caller]
    fn check(line: &str, change: impl FnOnce(&mut Options)) {
        let mut expected = Options {
            output: "a.png".into(),
            size: Size { width: 1280, height: 720 },
            samples: Samples::Four,
            angle_degrees: 0.0,
            turn: None,
        };
        change(&mut expected);
        assert_eq!(parsed(line), Ok(Request::Render(expected)), "the command line '{line}'");
    }

    #[track_caller]
    fn check_refused(line: &str, part: &str) {
        let error = parsed(line).expect_err("the command line is wrong").to_string();
        assert!(error.contains(part), "'{part}' is missing in the error of '{line}': {error}");
    }

    #[test]
    fn options_change_what_they_name() {
        check("a.png", |_| {});
        check("--size 64x32 a.png", |options| options.size = Size { width: 64, height: 32 });
        check("a.png --size=1x65535", |options| options.size = Size { width: 1, height: 65535 });
        check("a.png --samples 1", |options| options.samples = Samples::One);
        check("a.png --samples=4", |_| {});
        check("a.png --angle -12.5", |options| options.angle_degrees = -12.5);
        let turn = Turn { frames: 12, folder: "turn".into() };
        check("a.png --frames 12 --frames-dir turn", |options| options.turn = Some(turn));
        check("b=c.PNG", |options| options.output = "b=c.PNG".into());
    }

    #[test]
    fn help_wins() {
        assert_eq!(parsed("--size 3x3 --help"), Ok(Request::Help), "help after an option");
        assert_eq!(parsed("-h"), Ok(Request::Help), "the short form");
    }

    #[test]
    fn faults_are_told_with_what_to_write() {
        check_refused("", "scene.wasm scene.png");
        check_refused("a.png b.png", "a.png and b.png");
        check_refused("a.jpg", "a.jpg does not end in .png");
        check_refused("a.png --sise 3x3", "no option --sise");
        check_refused("a.png --size", "--size needs a value");
        for size in ["0x10", "10x0", "10", "axb", "-1x10", "70000x10", "10x10x10", "1e3x10", "x"] {
            check_refused(&format!("a.png --size {size}"), &format!("'{size}', but must be width x height"));
        }
        check_refused("a.png --samples 2", "1 or 4");
        check_refused("a.png --angle up", "number of degrees");
        check_refused("a.png --angle inf", "number of degrees");
        check_refused("a.png --frames 0 --frames-dir d", "from 1 to 3600");
        check_refused("a.png --frames 4", "belong together");
        check_refused("a.png --frames-dir d", "belong together");
    }

    #[test]
    fn help_names_every_option() {
        for option in ["--size", "--samples", "--angle", "--frames", "--frames-dir", "--help", "OUTPUT.png"] {
            assert!(HELP.contains(option), "{option} is missing in the help");
        }
    }
}
