//! `cargo xtask cts`: the WebGPU conformance suite, through a sealed guest.

mod expectations;
mod node;
mod results;
mod select;
mod suite;
mod supervisor;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use self::{
    expectations::Expectations,
    results::{Results, Tally},
    select::{Sample, Shard},
    supervisor::Worker,
};
use crate::{arguments, guests, process, project::Project, setup, setup::Ready};

const HELP: &str = "\
Usage: cargo xtask cts [QUERY…] [OPTION…]
       cargo xtask cts setup

Runs cases of the WebGPU conformance suite: its JavaScript makes the calls, a sealed guest makes them to wasi:webgpu, and
`wardian run` is the guest's host. QUERY is the suite's own, such as 'webgpu:api,operation,buffers,*'; without one, all.

  setup             Get the suite: WARDIAN_CTS, else git, else Debian's source package of Firefox. Says where from.
  --sample N        Run N cases, the same ones each time: first one of each test, then a second one, and so on.
  --shard K/N       Run the Kth of N parts.
  --jobs N          Run so many cases at a time. Unset: half of the processors.
  --time-limit S    Give up on a case after so many seconds. Unset: 60.
  --json FILE       Write a line of JSON for each case, and leave out the cases that the file has already.
  --update          Write what came into conformance/ADAPTER.txt; without QUERY or --shard into docs/conformance.md, too.

Failures that conformance/ADAPTER.txt does not expect make the run fail, and so do passes that it does not expect.
docs/conformance-bridge.md tells more.
";

const TIME_LIMIT: Duration = Duration::from_secs(60);
/// On a busy machine a test must not fail for the time that it took.
const TEST_TIME_LIMIT: Duration = Duration::from_secs(240);

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    queries: Vec<String>,
    sample: Option<Sample>,
    shard: Option<Shard>,
    jobs: usize,
    time_limit: Duration,
    json: Option<PathBuf>,
    update: bool,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self {
            queries: Vec::new(),
            sample: None,
            shard: None,
            jobs: arguments::jobs(),
            time_limit: TIME_LIMIT,
            json: None,
            update: false,
        };
        let mut words = words.iter();
        while let Some(argument) = words.next() {
            let mut value = || words.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--sample" => options.sample = Some(Sample(arguments::number(argument, value()?)?)),
                "--shard" => options.shard = Some(Shard::parse(value()?)?),
                "--jobs" => options.jobs = arguments::number(argument, value()?).map(|jobs: usize| jobs.max(1))?,
                "--time-limit" => options.time_limit = arguments::seconds(argument, value()?)?,
                "--json" => options.json = Some(PathBuf::from(value()?)),
                "--update" => options.update = true,
                option if option.starts_with('-') => bail!("cts has no option '{option}'\n\n{HELP}"),
                query if query.starts_with("webgpu:") => options.queries.push(query.to_owned()),
                other => bail!("'{other}' is no query of the suite, such as 'webgpu:api,operation,*'\n\n{HELP}"),
            }
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
    if arguments.first().is_some_and(|argument| argument == "setup") {
        let suite = suite::prepare(project)?;
        let node = node::find(project)?;
        println!("cts: the suite is in {}, and {} runs it", project.shown(&suite), project.shown(&node));
        return Ok(());
    }
    let options = Options::parse(arguments)?;
    let ready = setup::prepare(project, setup::Report::Changes)?;
    let worker = prepare(project, &ready, &options, Profile::Release)?;
    let cases = cases(project, &worker, &options)?;
    run(project, &worker, &options, &cases)
}

/// The fixed sample of `cargo xtask test`; left out where nobody has ever got the suite.
pub(crate) fn sample(project: &Project, ready: &Ready, cases: usize) -> Result<()> {
    if !suite::is_wanted(project) {
        println!(
            "the conformance suite and the tests of js/ are left out: `cargo xtask cts setup` gets what they need"
        );
        return Ok(());
    }
    test_scripts(project)?;
    let options = Options {
        jobs: 2,
        time_limit: TEST_TIME_LIMIT,
        ..Options::parse(&["--sample".to_owned(), cases.to_string()])?
    };
    // The tests have built it.
    let worker = prepare(project, ready, &options, Profile::Dev)?;
    let cases = self::cases(project, &worker, &options)?;
    run(project, &worker, &options, &cases)
}

/// The tests of `js/`.
fn test_scripts(project: &Project) -> Result<()> {
    let folder = project.root.join("js").join("test");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut command = Command::new(node::find(project)?);
    process::run(command.arg("--test").args(&files)).context("tests of js/ fail")?;
    println!("cts: the tests in {} files of js/test pass", files.len());
    Ok(())
}

/// How `wardian` is built.
#[derive(Clone, Copy, Debug)]
enum Profile {
    Dev,
    Release,
}

/// Gets and builds all that a run needs.
fn prepare(project: &Project, ready: &Ready, options: &Options, profile: Profile) -> Result<Worker> {
    let suite = suite::prepare(project)?;
    let node = node::find(project)?;
    guests::build(project, ready)?;
    let mut build = project.cargo();
    build.args(["build", "--workspace", "--bin", "wardian"]);
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            build.arg("--release");
            "release"
        }
    };
    process::run(&mut build).context("`wardian` does not build")?;
    let program = project.target.join(folder).join(format!("wardian{}", std::env::consts::EXE_SUFFIX));
    let bridge = project.cache.join("cts-bridge.cwasm");
    let mut compile = Command::new(&program);
    compile.arg("compile").arg(project.guests().join(guests::component_name("wardian-bridge"))).arg("-o").arg(&bridge);
    process::read(&mut compile).context("the bridge does not compile")?;
    let mut command = Command::new(&node);
    ready.apply(project, &mut command);
    let environment = command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    Ok(Worker {
        node,
        scripts: project.root.join("js").join("cts"),
        suite,
        program,
        bridge,
        environment,
        time_limit: options.time_limit,
    })
}

/// The cases that are to be run. The list of the whole suite is kept, for it takes long to make.
fn cases(project: &Project, worker: &Worker, options: &Options) -> Result<Vec<String>> {
    let list = if options.queries.is_empty() {
        let kept = project.cache.join("cts-cases.txt");
        match fs::read_to_string(&kept) {
            Ok(list) => list,
            Err(_) => {
                println!("cts: listing the cases of the whole suite, once");
                let list = worker.list(&["webgpu:*".to_owned()])?;
                fs::write(&kept, &list).with_context(|| format!("cannot write {}", kept.display()))?;
                list
            }
        }
    } else {
        worker.list(&options.queries)?
    };
    let all: Vec<&str> = list.lines().collect();
    let (mut cases, lacking) = select::applicable(&all);
    if let Some(sample) = options.sample {
        cases = sample.of(&cases);
    }
    if let Some(shard) = options.shard {
        cases = shard.of(&cases);
    }
    println!("cts: {} cases of {}; {lacking} are about what wasi:webgpu does not have", cases.len(), all.len());
    if cases.is_empty() {
        bail!("the suite has no such cases");
    }
    Ok(cases.into_iter().map(str::to_owned).collect())
}

fn run(project: &Project, worker: &Worker, options: &Options, cases: &[String]) -> Result<()> {
    let file = options.json.clone().unwrap_or_else(|| project.cache.join("cts-results.jsonl"));
    if options.json.is_none() {
        // Only a file that the user names is gone on with.
        let _ = fs::remove_file(&file);
    }
    let mut results = Results::open(&file)?;
    let adapter = worker.adapter()?;
    println!("cts: on {}", adapter.description);
    let left: Vec<String> = cases.iter().filter(|case| !results.has(case)).cloned().collect();
    if left.len() < cases.len() {
        println!("cts: {} cases are in {} already", cases.len() - left.len(), file.display());
    }
    supervisor::run(worker, options.jobs, left, &mut results)?;
    let results = results.of(cases);
    let tally = Tally::new(&results);
    print!("\n{}", tally.table());
    let path = project.root.join("conformance").join(format!("{}.txt", adapter.name()));
    let mut expectations = Expectations::read(&path)?;
    if options.update {
        expectations.update(&results);
        expectations.write(&path, &adapter)?;
        println!("cts: wrote {}", project.shown(&path));
        if options.queries.is_empty() && options.shard.is_none() {
            let document = project.root.join("docs").join("conformance.md");
            write_document(&document, &tally, &adapter, options, &expectations)?;
            println!("cts: wrote {}", project.shown(&document));
        }
        return Ok(());
    }
    let surprises = expectations.surprises(&results);
    for surprise in &surprises {
        println!("{surprise}");
    }
    if !surprises.is_empty() {
        bail!(
            "{} of {} cases came out otherwise than {} expects (listed above; their logs are in {}); \
             `cargo xtask cts --update` with the same options takes them over",
            surprises.len(),
            results.len(),
            project.shown(&path),
            project.shown(&file)
        );
    }
    println!("cts: all {} cases came out as {} expects", results.len(), project.shown(&path));
    Ok(())
}

fn write_document(
    path: &Path,
    tally: &Tally,
    adapter: &results::Adapter,
    options: &Options,
    expectations: &Expectations,
) -> Result<()> {
    let date = process::read(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let what = match options.sample {
        Some(Sample(count)) => format!("`cargo xtask cts --sample {count} --update`"),
        None => "`cargo xtask cts --update`".to_owned(),
    };
    let text = format!(
        "# Conformance\n\n\
         Written by {what}; do not edit. Revision {} of the WebGPU conformance suite, on {} ({}), {}.\n\n\
         Cases about what `wasi:webgpu` does not have (canvases, images of the web, external textures, workers) are not\n\
         counted. A case counts as failed when one of its subcases fails. How the suite runs through a sealed guest is\n\
         in [conformance-bridge.md](conformance-bridge.md).\n\n{}\n## Why cases fail\n\n{}",
        suite::REVISION,
        adapter.description,
        adapter.driver,
        date.trim(),
        tally.markdown(),
        expectations.markdown()
    );
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read() {
        let options = parse("webgpu:api,* --sample 40 --shard 2/3 --jobs 4 --time-limit 9 --json a.jsonl --update");
        let options = options.expect("all of them exist");
        assert_eq!(options.queries, ["webgpu:api,*"], "the query");
        assert_eq!(options.sample, Some(Sample(40)), "the sample");
        assert_eq!(options.jobs, 4, "the jobs");
        assert_eq!(options.time_limit, Duration::from_secs(9), "the time limit");
        assert!(options.update && options.shard.is_some() && options.json.is_some(), "the rest");
    }

    #[test]
    fn what_is_wrong_with_options_is_told() {
        for (line, part) in [
            ("--fast", "'--fast'"),
            ("--sample", "needs a value"),
            ("--sample many", "'many'"),
            ("api,operation", "is no query"),
        ] {
            let error = parse(line).expect_err(line).to_string();
            assert!(error.contains(part), "'{part}' is missing in: {error}");
        }
    }
}
