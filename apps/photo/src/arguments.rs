//! The command line.

use std::path::PathBuf;

use crate::steps::{Settings, Step};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Edits a photograph on the GPU.

Usage: wardian run --dir . wardian_photo.wasm INPUT.png OUTPUT.png [OPTIONS]

Without options, OUTPUT is a contact sheet of six pictures:

    INPUT    color       blur
    edges    equalize    ink

Each step is applied to INPUT itself, but for the last: `ink` chains the others. It adjusts the colours, blurs the
result and finds its edges, equalizes it a little, and draws the edges over it.

Steps:
  color      gain and gamma, then saturation, then contrast
  blur       Gaussian blur
  edges      Sobel edge detection, white on black
  equalize   histogram equalization of the luminance
  resize     to --size, or to half of INPUT; bilinear, without aliasing
  ink        all of them: an ink drawing

Options:
  --only STEP        write the result of this step instead of the contact sheet
  --steps-dir DIR    also write the result of each step to DIR/STEP.png; makes DIR if it isn't there
  --size WxH         size of each picture that is written, or of each one on the sheet, such as 320x200
                     [on the sheet: INPUT's, but at most 600 a side]
  --gain X           color: factor for all channels [1.1]
  --gamma X          color: exponent; below 1 lightens the shadows [0.8]
  --saturation X     color: 0 is grey, 1 changes nothing [1.25]
  --contrast X       color: 0 is grey, 1 changes nothing [1.15]
  --sigma PIXELS     blur: standard deviation, up to 64 [3]
  --help             print this

Files are seen only inside the folders that `wardian run --dir` opens. Times are the GPU's own where it has timestamps.
";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Edit(Task),
}

/// One photograph to edit.
#[derive(Debug, PartialEq)]
pub(crate) struct Task {
    pub(crate) input: PathBuf,
    pub(crate) output: PathBuf,
    pub(crate) only: Option<Step>,
    pub(crate) steps_dir: Option<PathBuf>,
    pub(crate) settings: Settings,
}

/// Reads the arguments that follow the program's name.
///
/// # Errors
///
/// One sentence that says what is wrong, and what would be right.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter();
    let mut files = Vec::new();
    let (mut only, mut steps_dir, mut settings) = (None, None, Settings::default());
    while let Some(argument) = arguments.next() {
        if argument == "--help" || argument == "-h" {
            return Ok(Command::Help);
        }
        if !argument.starts_with('-') {
            files.push(PathBuf::from(argument));
            continue;
        }
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let mut value = || value.clone().or_else(|| arguments.next()).ok_or(format!("{option} wants a value"));
        match option {
            "--only" => only = Some(step(&value()?)?),
            "--steps-dir" => steps_dir = Some(PathBuf::from(value()?)),
            "--size" => settings.size = Some(value()?.parse()?),
            "--gain" => settings.gain = number(option, &value()?, 0.0, 16.0)?,
            "--gamma" => settings.gamma = number(option, &value()?, 0.1, 10.0)?,
            "--saturation" => settings.saturation = number(option, &value()?, 0.0, 16.0)?,
            "--contrast" => settings.contrast = number(option, &value()?, 0.0, 16.0)?,
            "--sigma" => settings.sigma = number(option, &value()?, 0.1, 64.0)?,
            unknown => return Err(format!("there is no option {unknown}; --help lists all options")),
        }
    }
    let [input, output] = <[PathBuf; 2]>::try_from(files).map_err(|files| {
        let count = files.len();
        format!("expected two files, INPUT.png and OUTPUT.png, got {count}; --help says more")
    })?;
    if input == output {
        return Err(format!("INPUT and OUTPUT are both {}; name another OUTPUT to keep INPUT", input.display()));
    }
    Ok(Command::Edit(Task { input, output, only, steps_dir, settings }))
}

fn step(name: &str) -> Result<Step, String> {
    Step::ALL.into_iter().find(|step| step.name() == name).ok_or_else(|| {
        let names = Step::ALL.map(Step::name).join(", ");
        format!("there is no step '{name}'; the steps are {names}")
    })
}

fn number(option: &str, text: &str, min: f32, max: f32) -> Result<f32, String> {
    let value = text.parse().ok().filter(|value| (min..=max).contains(value));
    value.ok_or_else(|| format!("{option} is a number from {min} to {max}, not '{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Size;

    fn parse_line(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn plain() -> Task {
        Task {
            input: PathBuf::from("a.png"),
            output: PathBuf::from("b.png"),
            only: None,
            steps_dir: None,
            settings: Settings::default(),
        }
    }

    fn check(line: &str, expected: Task) {
        assert_eq!(parse_line(line), Ok(Command::Edit(expected)), "what '{line}' means");
    }

    fn check_refused(line: &str, part: &str) {
        let refused = parse_line(line).unwrap_err();
        assert!(refused.contains(part), "expected '{part}' in what is said to '{line}': {refused}");
    }

    #[test]
    fn two_files_are_enough() {
        check("a.png b.png", plain());
    }

    #[test]
    fn options_may_stand_anywhere() {
        check("--only blur a.png b.png", Task { only: Some(Step::Blur), ..plain() });
        check("a.png --only=ink b.png", Task { only: Some(Step::Ink), ..plain() });
        check("a.png b.png --steps-dir c", Task { steps_dir: Some(PathBuf::from("c")), ..plain() });
        let settings = Settings { size: Some(Size { width: 3, height: 4 }), ..Settings::default() };
        check("--size=3x4 a.png b.png", Task { settings, ..plain() });
    }

    #[test]
    fn numbers_go_to_the_settings() {
        let settings = Settings { gain: 2.0, gamma: 0.5, saturation: 0.0, contrast: 3.0, sigma: 64.0, size: None };
        let line = "a.png b.png --gain 2 --gamma .5 --saturation 0 --contrast=3.0 --sigma 64";
        check(line, Task { settings, ..plain() });
    }

    #[test]
    fn help_comes_before_all_else() {
        for line in ["--help", "-h", "a.png --help", "--size 1x1 --help a.png b.png c.png"] {
            assert_eq!(parse_line(line), Ok(Command::Help), "what '{line}' means");
        }
    }

    #[test]
    fn faults_are_told_with_what_to_do() {
        check_refused("", "two files, INPUT.png and OUTPUT.png, got 0");
        check_refused("a.png", "got 1");
        check_refused("a.png b.png c.png", "got 3");
        check_refused("a.png a.png", "name another OUTPUT");
        check_refused("a.png b.png --shiny", "no option --shiny; --help");
        check_refused("a.png b.png --only", "--only wants a value");
        check_refused("a.png b.png --only sharpen", "the steps are color, blur, edges, equalize, resize, ink");
        check_refused("a.png b.png --size 0x4", "no side can be 0");
        check_refused("a.png b.png --size big", "such as 320x200");
        check_refused("a.png b.png --sigma 0", "a number from 0.1 to 64, not '0'");
        check_refused("a.png b.png --gain NaN", "a number from 0 to 16, not 'NaN'");
        check_refused("a.png b.png --gamma inf", "a number from 0.1 to 10, not 'inf'");
        check_refused("a.png b.png --contrast much", "not 'much'");
    }

    #[test]
    fn help_names_every_step_and_default() {
        for step in Step::ALL {
            assert!(HELP.contains(&format!("\n  {} ", step.name())), "a line about {step:?}");
        }
        let settings = Settings::default();
        for (option, value) in [
            ("--gain", settings.gain),
            ("--gamma", settings.gamma),
            ("--saturation", settings.saturation),
            ("--contrast", settings.contrast),
            ("--sigma", settings.sigma),
        ] {
            let line = HELP.lines().find(|line| line.trim_start().starts_with(option)).unwrap();
            assert!(line.ends_with(&format!("[{value}]")), "expected the default {value} in: {line}");
        }
    }
}
