//! A host as a command line, and one program in it.

use std::{
    ffi::OsString,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::manifest::{Program, Verdict};
use crate::process;

/// How often a running host is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// What of a failure's output is shown.
const SHOWN_BYTES_MAX: usize = 4000;

/// The command line that runs a component: words of which some stand for the component and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    words: Vec<String>,
    environment: Vec<(OsString, Option<OsString>)>,
}

impl Host {
    /// Reads a command line as a shell would read plain and quoted words.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let words = words(line).with_context(|| format!("the command of the host is {line:?}"))?;
        if words.is_empty() {
            bail!("the command of the host is empty; for instance: --host 'wardian run {{component}} {{args}}'");
        }
        for place in ["{component}", "{args}"] {
            if !words.iter().any(|word| word.contains(place)) {
                bail!("the command of the host has no {place}; for instance: 'wardian run {{component}} {{args}}'");
            }
        }
        if words.iter().any(|word| word.contains("{args}") && word != "{args}") {
            bail!("{{args}} must be a word of its own in the command of the host: it stands for several");
        }
        Ok(Self { words, environment: Vec::new() })
    }

    /// This project's own `wardian run` of a component that it has compiled, in the environment that setup made.
    pub(crate) fn wardian(program: &Path, compiled: &Path, environment: &Command) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let words = [text(program), "run".into(), "--allow-precompiled".into(), text(compiled), "{args}".into()];
        let environment = environment.get_envs();
        let environment = environment.map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
        Self { words: words.into(), environment }
    }

    /// The command as it is shown.
    pub(crate) fn line(&self) -> String {
        self.words.join(" ")
    }

    fn command(&self, component: &Path, arguments: &[String]) -> Command {
        let component = component.to_string_lossy();
        let mut words = self.words.iter().flat_map(|word| match word.as_str() {
            "{args}" => arguments.to_vec(),
            word => vec![word.replace("{component}", &component)],
        });
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Runs a program in a process of its own.
    ///
    /// # Errors
    ///
    /// When the host does not start at all.
    pub(crate) fn run(&self, folder: &Path, program: &Program, time_limit: Duration) -> Result<Verdict> {
        let mut command = self.command(&folder.join(&program.component), &program.arguments);
        process::own_group(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start `{}`", process::line(&command)))?;
        let (output, complaint) = (collect(child.stdout.take()), collect(child.stderr.take()));
        let status = wait(&mut child, time_limit)?;
        let (output, complaint) = (text(output), text(complaint));
        let verdict = match status {
            None => Verdict::Fail(format!("it had not ended after {} s", time_limit.as_secs())),
            Some(status) if status.success() => program.judge(&output),
            Some(status) => Verdict::Fail(format!("it ended with {status}")),
        };
        Ok(match verdict {
            Verdict::Fail(why) => Verdict::Fail(format!("{why}\n{}{}", cut(&output), cut(&complaint))),
            verdict @ (Verdict::Pass | Verdict::Skip(_)) => verdict,
        })
    }
}

/// Splits a line at spaces that are in no quotes. There are no escapes: paths of Windows have backslashes.
fn words(line: &str) -> Result<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    if let Some(open) = quote {
        bail!("a quote {open} is never closed");
    }
    words.extend(word);
    Ok(words)
}

/// Reads a pipe to its end, so that the host never waits for us.
fn collect(pipe: Option<impl std::io::Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn text(reader: JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
}

/// Waits for the end, and makes one when the time is over.
fn wait(child: &mut Child, time_limit: Duration) -> Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for the host")? {
            return Ok(Some(status));
        }
        if started.elapsed() >= time_limit {
            process::kill_group(child);
            child.wait().context("cannot end the host")?;
            return Ok(None);
        }
        thread::sleep(LOOK_INTERVAL);
    }
}

/// The end of a long text: errors stand there.
fn cut(text: &str) -> String {
    let from = text.len().saturating_sub(SHOWN_BYTES_MAX);
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    text[from..].lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Program {
        Program {
            name: "a::b".to_owned(),
            component: "programs.wasm".to_owned(),
            arguments: vec!["a::b".to_owned()],
            last_line: "passed: a::b".to_owned(),
        }
    }

    #[test]
    fn the_places_of_a_command_are_filled() {
        let host = Host::parse("'my host' --module={component} -- {args}").expect("both places are there");
        let command = host.command(Path::new("a.wasm"), &["one".to_owned(), "two".to_owned()]);
        assert_eq!(process::line(&command), "'my host' --module=a.wasm -- one two", "the words");
    }

    #[test]
    fn what_is_wrong_with_a_command_is_told() {
        for (line, part) in [
            ("", "is empty"),
            ("host {args}", "no {component}"),
            ("host {component}", "no {args}"),
            ("host {component} --x={args}", "a word of its own"),
            ("host '{component} {args}", "never closed"),
        ] {
            let error = format!("{:#}", Host::parse(line).expect_err(line));
            assert!(error.contains(part), "'{part}' is missing in: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn hosts_are_judged_by_what_they_do() {
        let run = |line: &str, seconds| {
            let host = Host::parse(line).expect("both places are there");
            host.run(Path::new("pack"), &program(), Duration::from_secs(seconds)).expect("it starts")
        };
        let failure = |verdict| match verdict {
            Verdict::Fail(why) => why,
            verdict @ (Verdict::Pass | Verdict::Skip(_)) => format!("no failure, but {verdict:?}"),
        };
        assert_eq!(
            run("echo {component} passed: {args}", 30),
            Verdict::Fail(
                "its last line is \"pack/programs.wasm passed: a::b\" and not \"passed: a::b\"\n    \
             pack/programs.wasm passed: a::b\n"
                    .to_owned(),
            ),
            "the component's path is there, and so is what was printed"
        );
        assert_eq!(run("sh -c 'echo passed: $2' {component} . {args}", 30), Verdict::Pass, "as a host should");
        assert!(failure(run("true {component} {args}", 30)).contains("printed nothing"), "one that does nothing");
        assert!(failure(run("false {component} {args}", 30)).contains("ended with"), "one that fails");
        let hung = run("sh -c 'echo begun; sleep 600' {component} {args}", 1);
        assert!(failure(hung).contains("after 1 s\n    begun"), "one that hangs, with what it had said");
        let host = Host::parse("no-such-host {component} {args}").expect("both places are there");
        let error = host.run(Path::new("pack"), &program(), Duration::from_secs(30)).expect_err("it does not start");
        assert!(format!("{error:#}").contains("cannot start `no-such-host"), "names the command: {error:#}");
    }
}
