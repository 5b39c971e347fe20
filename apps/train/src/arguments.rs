//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use crate::progress::Style;

/// What is printed for `--help`.
pub(crate) const HELP: &str = include_str!("help.txt");

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Operations,
    Mnist(Training),
    Diffusion(Training),
    Sample(Sampling),
    Plot { curves: Vec<PathBuf>, png: PathBuf },
}

/// How a model is taught.
#[derive(Debug)]
pub(crate) struct Training {
    pub(crate) data: PathBuf,
    pub(crate) length: Length,
    pub(crate) batch: usize,
    pub(crate) rate: f64,
    pub(crate) seed: u64,
    pub(crate) width: usize,
    pub(crate) times: usize,
    pub(crate) images: usize,
    pub(crate) test_images: usize,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) every: usize,
    pub(crate) resume: bool,
    pub(crate) log: Option<PathBuf>,
    pub(crate) curve: Option<PathBuf>,
    pub(crate) style: Style,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Steps(usize),
    Epochs(usize),
}

/// How digits are made.
#[derive(Debug)]
pub(crate) struct Sampling {
    pub(crate) checkpoint: PathBuf,
    pub(crate) png: PathBuf,
    pub(crate) count: usize,
    pub(crate) columns: usize,
    pub(crate) seed: u64,
    pub(crate) style: Style,
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// What is wrong with them, in words.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    read(&mut Parser::from_args(arguments)).map_err(|error| format!("{error}; --help tells what there is"))
}

fn read(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut command = word(parser)?;
    if command == "ddpm" {
        let second = word(parser)?;
        command = if second == "help" { second } else { format!("ddpm {second}") };
    }
    match command.as_str() {
        "help" => Ok(Command::Help),
        "ops" => parser.next()?.map_or(Ok(Command::Operations), |argument| Err(argument.unexpected())),
        "mnist" => training(parser, 16).map(|found| found.map_or(Command::Help, Command::Mnist)),
        "ddpm train" => training(parser, 32).map(|found| found.map_or(Command::Help, Command::Diffusion)),
        "ddpm sample" => sampling(parser),
        "plot" => plot(parser),
        other => Err(format!("there is no command '{other}'").into()),
    }
}

/// The next word; `help` where help is asked for, or nothing is said.
fn word(parser: &mut Parser) -> Result<String, lexopt::Error> {
    match parser.next()? {
        Some(Arg::Value(word)) => word.string(),
        Some(Arg::Long("help") | Arg::Short('h')) => Ok("help".to_owned()),
        Some(argument) => Err(format!("a command comes first, not {argument:?}").into()),
        None => Err("no command was said, such as mnist".into()),
    }
}

fn training(parser: &mut Parser, width: usize) -> Result<Option<Training>, lexopt::Error> {
    let mut data = None;
    let mut all = Training {
        data: PathBuf::new(),
        length: Length::Epochs(1),
        batch: 64,
        rate: 0.001,
        seed: 1,
        width,
        times: 300,
        images: usize::MAX,
        test_images: usize::MAX,
        checkpoint: None,
        every: 500,
        resume: false,
        log: None,
        curve: None,
        style: Style::fitting(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("data") => data = Some(path(parser)?),
            Arg::Long("steps") => all.length = Length::Steps(number(parser, "--steps")?),
            Arg::Long("epochs") => all.length = Length::Epochs(number(parser, "--epochs")?),
            Arg::Long("batch") => all.batch = number(parser, "--batch")?,
            Arg::Long("rate") => all.rate = rate(parser)?,
            Arg::Long("seed") => all.seed = parser.value()?.parse()?,
            Arg::Long("width") => all.width = number(parser, "--width")?,
            Arg::Long("times") => all.times = number(parser, "--times")?,
            Arg::Long("images") => all.images = number(parser, "--images")?,
            Arg::Long("test-images") => all.test_images = number(parser, "--test-images")?,
            Arg::Long("checkpoint") => all.checkpoint = Some(path(parser)?),
            Arg::Long("every") => all.every = number(parser, "--every")?,
            Arg::Long("resume") => all.resume = true,
            Arg::Long("log") => all.log = Some(path(parser)?),
            Arg::Long("curve") => all.curve = Some(path(parser)?),
            Arg::Long("progress") => all.style = style(parser)?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if all.width % 4 != 0 {
        return Err(format!("--width takes a multiple of 4, not {}", all.width).into());
    }
    if all.resume && all.checkpoint.is_none() {
        return Err("--resume needs --checkpoint DIR, where the model is".into());
    }
    all.data = data.ok_or("--data DIR is missing: the folder of MNIST, which `cargo xtask mnist` fetches")?;
    Ok(Some(all))
}

fn sampling(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let (mut checkpoint, mut png) = (None, None);
    let (mut count, mut columns, mut seed, mut shown) = (64, 8, 1, Style::fitting());
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("checkpoint") => checkpoint = Some(path(parser)?),
            Arg::Long("png") => png = Some(path(parser)?),
            Arg::Long("count") => count = number(parser, "--count")?,
            Arg::Long("columns") => columns = number(parser, "--columns")?,
            Arg::Long("seed") => seed = parser.value()?.parse()?,
            Arg::Long("progress") => shown = style(parser)?,
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    let checkpoint = checkpoint.ok_or("--checkpoint DIR is missing: the one of `ddpm train`")?;
    let png = png.ok_or("--png FILE is missing: where the digits are drawn")?;
    Ok(Command::Sample(Sampling { checkpoint, png, count, columns: columns.min(count), seed, style: shown }))
}

fn plot(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let (mut curves, mut png) = (Vec::new(), None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Value(file) => curves.push(PathBuf::from(file)),
            Arg::Long("png") => png = Some(path(parser)?),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    if curves.is_empty() {
        return Err("plot takes files that --log wrote".into());
    }
    Ok(Command::Plot { curves, png: png.ok_or("--png FILE is missing: where the curves are drawn")? })
}

fn path(parser: &mut Parser) -> Result<PathBuf, lexopt::Error> {
    parser.value().map(PathBuf::from)
}

fn number(parser: &mut Parser, name: &str) -> Result<usize, lexopt::Error> {
    let text = parser.value()?.string()?;
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{name} takes a whole number above 0, not '{text}'").into()),
    }
}

fn rate(parser: &mut Parser) -> Result<f64, lexopt::Error> {
    let text = parser.value()?.string()?;
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate < 1.0 => Ok(rate),
        _ => Err(format!("--rate takes a number between 0 and 1, such as 0.001, not '{text}'").into()),
    }
}

fn style(parser: &mut Parser) -> Result<Style, lexopt::Error> {
    match parser.value()?.string()?.as_str() {
        "live" => Ok(Style::Live),
        "lines" => Ok(Style::Lines),
        "quiet" => Ok(Style::Quiet),
        other => Err(format!("--progress takes live, lines or quiet, not '{other}'").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn each_fault_is_named() {
        for (line, words) in [
            ("", "no command was said"),
            ("train", "there is no command 'train'"),
            ("mnist", "--data DIR is missing"),
            ("mnist --data d --steps 0", "--steps takes a whole number above 0, not '0'"),
            ("mnist --data d --steps -5", "--steps takes a whole number above 0, not '-5'"),
            ("mnist --data d --rate 2", "--rate takes a number between 0 and 1"),
            ("mnist --data d --rate nan", "--rate takes a number between 0 and 1"),
            ("mnist --data d --width 10", "a multiple of 4"),
            ("mnist --data d --resume", "--resume needs --checkpoint"),
            ("mnist --data d --fast", "'--fast'"),
            ("mnist --data", "--data"),
            ("ddpm sample --png p", "--checkpoint DIR is missing"),
            ("ddpm sample --checkpoint c", "--png FILE is missing"),
            ("plot --png p", "plot takes files"),
            ("ops 1", "1"),
        ] {
            let error = parse_line(line).err().unwrap_or_else(|| panic!("'{line}' is wrong"));
            assert!(error.contains(words) && error.contains("--help"), "'{line}', expected '{words}': {error}");
        }
    }

    #[test]
    fn help_is_given_wherever_it_is_asked_for() {
        for line in
            ["help", "--help", "-h", "mnist --help", "ddpm --help", "ddpm train --help", "ddpm sample -h", "plot -h"]
        {
            assert!(matches!(parse_line(line), Ok(Command::Help)), "'{line}'");
        }
    }

    #[test]
    fn every_option_is_in_the_help() {
        let source = include_str!("arguments.rs").split("mod tests").next().unwrap_or_default();
        let options: Vec<&str> =
            source.split("Arg::Long(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(options.len() > 20, "found in the source: {options:?}");
        for option in options.into_iter().filter(|option| *option != "help") {
            assert!(HELP.contains(&format!("--{option} ")), "--{option} is missing");
        }
    }

    #[test]
    fn the_last_length_counts() {
        let Ok(Command::Mnist(training)) = parse_line("mnist --data d --epochs 3 --steps 5") else {
            panic!("is right")
        };
        assert_eq!(training.length, Length::Steps(5), "as said last");
    }
}
