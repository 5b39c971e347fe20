//! `cargo xtask testsuite`: the test programs as a suite that any host of `wasi:webgpu` can be put through.

mod host;
mod manifest;

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::json;

use self::{
    host::Host,
    manifest::{Program, Verdict},
};
use crate::{arguments, demo, guests, process, project::Project, setup, setup::Ready};

const HELP: &str = "\
Usage: cargo xtask testsuite [NAME…] [OPTION…]

Packs the test programs as a component with a manifest of what each is called with and must print, and runs them on a
host of wasi:webgpu, one process a program. With a NAME only the programs whose name contains it.

  --host COMMAND    The host's command line, with {component} and {args} where they belong, for instance
                    --host 'wardian run {component} {args}'. Unset: this project's own wardian.
  --output FOLDER   Where to put the pack. Unset: out/testsuite.
  --from FOLDER     Run a pack that was made before; nothing is built.
  --pack            Make the pack and run nothing.
  --jobs N          Run so many programs at a time. Unset: half of the processors.
  --time-limit S    Give up on a program after so many seconds. Unset: 180.
  --json FILE       Write a line of JSON for each program.

docs/testsuite.md tells what a host must offer.
";

const PACKAGE: &str = "wardian-test-programs";
const TIME_LIMIT: Duration = Duration::from_secs(180);
/// How often progress is told.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);

/// What the user asked for.
#[derive(Debug)]
struct Options {
    names: Vec<String>,
    host: Option<Host>,
    output: Option<PathBuf>,
    from: Option<PathBuf>,
    pack_only: bool,
    jobs: usize,
    time_limit: Duration,
    json: Option<PathBuf>,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self {
            names: Vec::new(),
            host: None,
            output: None,
            from: None,
            pack_only: false,
            jobs: arguments::jobs(),
            time_limit: TIME_LIMIT,
            json: None,
        };
        let mut words = words.iter();
        while let Some(argument) = words.next() {
            let mut value = || words.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--host" => options.host = Some(Host::parse(value()?)?),
                "--output" => options.output = Some(value()?.into()),
                "--from" => options.from = Some(value()?.into()),
                "--pack" => options.pack_only = true,
                "--jobs" => options.jobs = arguments::number(argument, value()?).map(|jobs: usize| jobs.max(1))?,
                "--time-limit" => options.time_limit = arguments::seconds(argument, value()?)?,
                "--json" => options.json = Some(value()?.into()),
                option if option.starts_with('-') => bail!("testsuite has no option '{option}'\n\n{HELP}"),
                name => options.names.push(name.to_owned()),
            }
        }
        if options.from.is_some() && (options.pack_only || options.output.is_some()) {
            bail!("--from runs a pack that is there; --pack and --output make one: leave out either");
        }
        Ok(options)
    }
}

/// What the command does.
pub(crate) fn main(project: &Project, arguments: &[String]) -> Result<()> {
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return Ok(());
    }
    let mut options = Options::parse(arguments)?;
    let (folder, host) = match (options.from.take(), options.host.take()) {
        (Some(folder), Some(host)) => (folder, host),
        (from, host) => {
            let ready = setup::prepare(project, setup::Report::Changes)?;
            let program = demo::build_program(project)?;
            let folder = match from {
                Some(folder) => folder,
                None => {
                    guests::build(project, &ready)?;
                    let output = options.output.clone().unwrap_or_else(|| project.root.join("out").join("testsuite"));
                    pack(project, &ready, &program, &output)?;
                    output
                }
            };
            let host = match host {
                Some(host) => host,
                None => own(project, &ready, &program, &folder)?,
            };
            (folder, host)
        }
    };
    if options.pack_only { Ok(()) } else { run(&folder, &host, &options) }
}

/// The step of `cargo xtask test`: the programs as any host meets them, in processes of their own.
pub(crate) fn on_wardian(project: &Project, ready: &Ready) -> Result<()> {
    let program = demo::build_program(project)?;
    let folder = project.root.join("out").join("testsuite");
    pack(project, ready, &program, &folder)?;
    let host = own(project, ready, &program, &folder)?;
    run(&folder, &host, &Options::parse(&["--jobs".to_owned(), "2".to_owned()])?)
}

/// This project's own host. It would compile the component anew for each program, so that is done once, ahead.
fn own(project: &Project, ready: &Ready, program: &Path, folder: &Path) -> Result<Host> {
    let compiled = project.cache.join("testsuite.cwasm");
    let mut compile = Command::new(program);
    compile.arg("compile").arg(folder.join(manifest::COMPONENT)).arg("-o").arg(&compiled);
    process::read(&mut compile).context("the test programs do not compile")?;
    let mut command = Command::new(program);
    ready.apply(project, &mut command);
    Ok(Host::wardian(program, &compiled, &command))
}

/// Puts the component, its manifest and the interface into a folder.
fn pack(project: &Project, ready: &Ready, program: &Path, folder: &Path) -> Result<()> {
    let component = project.guests().join(guests::component_name(PACKAGE));
    let mut command = Command::new(program);
    ready.apply(project, command.arg("run").arg(&component).arg("list"));
    let names = process::read(&mut command).context("the test programs do not say their names")?;
    let interface = folder.join("wit");
    fs::create_dir_all(&interface).with_context(|| format!("cannot make {}", interface.display()))?;
    let wit = project.root.join("wit").join("wasi-webgpu-0.3.0-rc.2").join("package.wit");
    let document = project.root.join("docs").join("testsuite.md");
    let files = [
        (component, folder.join(manifest::COMPONENT)),
        (wit, interface.join("package.wit")),
        (document, folder.join("README.md")),
    ];
    for (from, to) in files {
        fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    let count = manifest::write(folder, &names)?;
    println!("testsuite: {count} programs are packed in {}", project.shown(folder));
    Ok(())
}

fn run(folder: &Path, host: &Host, options: &Options) -> Result<()> {
    let mut programs = manifest::read(folder)?;
    if !options.names.is_empty() {
        programs.retain(|program| options.names.iter().any(|name| program.name.contains(name)));
    }
    if programs.is_empty() {
        bail!("no program of {} has {} in its name", folder.display(), options.names.join(" or "));
    }
    println!("testsuite: {} programs on `{}`", programs.len(), host.line());
    let mut report = Report::new(programs.len(), options.json.as_deref())?;
    let queue = Mutex::new(VecDeque::from(programs));
    let (sender, verdicts) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..options.jobs {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                while let Some(program) = queue.lock().ok().and_then(|mut queue| queue.pop_front()) {
                    let started = Instant::now();
                    let verdict = host.run(folder, &program, options.time_limit);
                    if sender.send((program, verdict, started.elapsed())).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        // The channel goes at the first error, and then all end after the program that they are at.
        verdicts.into_iter().try_for_each(|(program, verdict, took)| report.add(&program, verdict?, took))
    })?;
    report.finish()
}

/// What came out, by theme.
struct Report {
    total: usize,
    done: usize,
    told: Instant,
    themes: BTreeMap<String, Counts>,
    json: Option<fs::File>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    pass: usize,
    fail: usize,
    skip: usize,
}

impl Counts {
    fn line(self, theme: &str) -> String {
        format!("{theme:<16} {:>5} {:>5} {:>5}", self.pass, self.fail, self.skip)
    }
}

impl Report {
    fn new(total: usize, json: Option<&Path>) -> Result<Self> {
        let create = |path: &Path| fs::File::create(path).with_context(|| format!("cannot write {}", path.display()));
        Ok(Self { total, done: 0, told: Instant::now(), themes: BTreeMap::new(), json: json.map(create).transpose()? })
    }

    fn add(&mut self, program: &Program, verdict: Verdict, took: Duration) -> Result<()> {
        self.done += 1;
        let counts = self.themes.entry(program.theme().to_owned()).or_default();
        let (count, status, text) = match verdict {
            Verdict::Pass => (&mut counts.pass, "pass", String::new()),
            Verdict::Fail(why) => (&mut counts.fail, "fail", why),
            Verdict::Skip(why) => (&mut counts.skip, "skip", why),
        };
        *count += 1;
        if status == "fail" {
            println!("fail: {}: {text}", program.name);
        }
        if let Some(file) = &mut self.json {
            let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            let line = json!({ "program": program.name, "status": status, "milliseconds": milliseconds, "text": text });
            writeln!(file, "{line}").context("cannot write the lines of JSON")?;
        }
        if self.told.elapsed() >= PROGRESS_INTERVAL {
            println!("testsuite: {} of {} programs", self.done, self.total);
            self.told = Instant::now();
        }
        Ok(())
    }

    /// Shows the table. Failures make the run fail.
    fn finish(self) -> Result<()> {
        println!("\n{:<16} {:>5} {:>5} {:>5}", "theme", "pass", "fail", "skip");
        let mut all = Counts::default();
        for (theme, counts) in &self.themes {
            println!("{}", counts.line(theme));
            all.pass += counts.pass;
            all.fail += counts.fail;
            all.skip += counts.skip;
        }
        println!("{}", all.line("all"));
        if all.fail > 0 {
            bail!("{} of {} programs failed (shown above)", all.fail, self.total);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Options> {
        Options::parse(&line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read() {
        let options = parse(&["map", "--host", "h {component} {args}", "--from", "p", "--jobs", "3", "--json", "j"]);
        let options = options.expect("all of them exist");
        assert_eq!(options.names, ["map"], "the filter");
        assert_eq!(options.host.expect("the host").line(), "h {component} {args}", "its command");
        assert_eq!((options.from, options.jobs), (Some("p".into()), 3), "the pack and the jobs");
    }

    #[test]
    fn what_is_wrong_with_options_is_told() {
        for (line, part) in [
            ("--fast", "'--fast'"),
            ("--host", "needs a value"),
            ("--jobs many", "'many'"),
            ("--from a --pack", "leave out either"),
        ] {
            let words: Vec<_> = line.split(' ').collect();
            let error = format!("{:#}", parse(&words).expect_err(line));
            assert!(error.contains(part), "'{part}' is missing in: {error}");
        }
    }
}
