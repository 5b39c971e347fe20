//! What came of cases.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::Path,
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Pass,
    Fail,
    Skip,
    /// The host ended.
    Crash,
    /// It took too long.
    Timeout,
}

impl Status {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Pass, "pass"),
        (Self::Fail, "fail"),
        (Self::Skip, "skip"),
        (Self::Crash, "crash"),
        (Self::Timeout, "timeout"),
    ];

    fn parse(text: &str) -> Result<Self> {
        // A warning is a pass that somebody should look at.
        let text = if text == "warn" { "pass" } else { text };
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(status, _)| *status).with_context(|| format!("'{text}' is no status of a case"))
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }

    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Crash | Self::Timeout)
    }
}

/// What came of one case.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) case: String,
    pub(crate) status: Status,
    pub(crate) milliseconds: u64,
    pub(crate) log: String,
}

impl Outcome {
    /// Reads a line of JSON.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).with_context(|| format!("no {key} in {line}"));
        Ok(Self {
            case: text("case")?.to_owned(),
            status: Status::parse(text("status")?)?,
            milliseconds: value.get("milliseconds").and_then(Value::as_u64).unwrap_or(0),
            log: text("log")?.to_owned(),
        })
    }

    fn line(&self) -> String {
        let Self { case, status, milliseconds, log } = self;
        json!({ "case": case, "status": status.name(), "milliseconds": milliseconds, "log": log }).to_string()
    }
}

/// The adapter that the cases ran on.
#[derive(Debug)]
pub(crate) struct Adapter {
    vendor: String,
    pub(crate) description: String,
    pub(crate) driver: String,
}

impl Adapter {
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("description").is_empty() {
            bail!("the guest finds no adapter: {line}");
        }
        let description = text("description");
        // Wardian's description is the device, and the driver in brackets.
        let (device, driver) = description.split_once(" (").unwrap_or((&description, ""));
        Ok(Self {
            vendor: text("vendor"),
            driver: driver.trim_end_matches(')').to_owned(),
            description: device.to_owned(),
        })
    }

    /// What its file of expectations is called.
    pub(crate) fn name(&self) -> String {
        if self.description.to_lowercase().contains("llvmpipe") {
            return "lavapipe".to_owned();
        }
        if self.vendor.is_empty() { "other".to_owned() } else { self.vendor.clone() }
    }
}

/// Outcomes, in a file that grows.
#[derive(Debug)]
pub(crate) struct Results {
    file: File,
    outcomes: HashMap<String, Outcome>,
}

impl Results {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let known = fs::read_to_string(path).unwrap_or_default();
        // The last line may have been cut off by the end of a run.
        let outcomes = known.lines().filter_map(|line| Outcome::parse(line).ok());
        let outcomes = outcomes.map(|outcome| (outcome.case.clone(), outcome)).collect();
        let mut file = OpenOptions::new().create(true).append(true).open(path);
        if let Ok(file) = &mut file
            && !known.is_empty()
            && !known.ends_with('\n')
        {
            writeln!(file).context("cannot write results")?;
        }
        Ok(Self { file: file.with_context(|| format!("cannot write {}", path.display()))?, outcomes })
    }

    pub(crate) fn has(&self, case: &str) -> bool {
        self.outcomes.contains_key(case)
    }

    pub(crate) fn add(&mut self, outcome: Outcome) -> Result<()> {
        writeln!(self.file, "{}", outcome.line()).context("cannot write results")?;
        self.outcomes.insert(outcome.case.clone(), outcome);
        Ok(())
    }

    /// The outcomes of these cases, in their order.
    pub(crate) fn of(&self, cases: &[String]) -> Vec<&Outcome> {
        cases.iter().filter_map(|case| self.outcomes.get(case)).collect()
    }
}

/// Counts by subtree.
#[derive(Debug)]
pub(crate) struct Tally {
    rows: BTreeMap<String, [usize; 5]>,
    milliseconds: u64,
}

impl Tally {
    pub(crate) fn new(outcomes: &[&Outcome]) -> Self {
        let mut rows: BTreeMap<String, [usize; 5]> = BTreeMap::new();
        for outcome in outcomes {
            for name in subtrees(&outcome.case) {
                let row = rows.entry(name).or_default();
                for (count, (status, _)) in row.iter_mut().zip(Status::ALL) {
                    *count += usize::from(outcome.status == status);
                }
            }
        }
        Self { rows, milliseconds: outcomes.iter().map(|outcome| outcome.milliseconds).sum() }
    }

    /// For a terminal.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{:44} {:>7} {:>7} {:>6} {:>6} {:>6} {:>8}  {}\n",
            "subtree", "cases", "pass", "fail", "crash", "time", "skip", "of those not skipped"
        );
        for (name, row) in &self.rows {
            let [pass, fail, skip, crash, timeout] = row;
            let cases: usize = row.iter().sum();
            let _ = writeln!(
                text,
                "{name:44} {cases:>7} {pass:>7} {fail:>6} {crash:>6} {timeout:>6} {skip:>8}  {}",
                percentage(*pass, cases - skip)
            );
        }
        let _ = writeln!(text, "{} s of work", self.milliseconds / 1000);
        text
    }

    /// For a document.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "| subtree | cases | pass | fail | crash | time-out | skip | passes of those not skipped |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        for (name, row) in &self.rows {
            let [pass, fail, skip, crash, timeout] = row;
            let cases: usize = row.iter().sum();
            let _ = writeln!(
                text,
                "| {name} | {cases} | {pass} | {fail} | {crash} | {timeout} | {skip} | {} |",
                percentage(*pass, cases - skip)
            );
        }
        text
    }
}

/// `all`, `api,operation`, and `api,operation,buffers`, or what else the case is in.
fn subtrees(case: &str) -> Vec<String> {
    let path = case.split(':').nth(1).unwrap_or_default();
    let parts: Vec<&str> = path.split(',').collect();
    let mut names = vec!["all".to_owned()];
    for depth in [2, 3] {
        if let Some(parts) = parts.get(..depth) {
            names.push(parts.join(","));
        }
    }
    names
}

fn percentage(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = part * 1000 / whole;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(case: &str, status: Status) -> Outcome {
        Outcome { case: case.to_owned(), status, milliseconds: 1, log: "a \"log\"\n".to_owned() }
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        let line = outcome("webgpu:a,b:c:d=\"e\"", Status::Crash).line();
        let read = Outcome::parse(&line).expect("a line of ours");
        assert_eq!((read.status, read.case.as_str()), (Status::Crash, "webgpu:a,b:c:d=\"e\""), "{line}");
        assert_eq!(read.log, "a \"log\"\n", "{line}");
        assert!(Outcome::parse(r#"{"case":"a","status":"odd","log":""}"#).is_err(), "an unknown status");
    }

    #[test]
    fn cases_count_in_each_subtree() {
        let outcomes = [
            outcome("webgpu:api,operation,buffers,map:a:", Status::Pass),
            outcome("webgpu:api,operation,buffers,map:b:", Status::Timeout),
            outcome("webgpu:api,operation,labels:c:", Status::Skip),
        ];
        let tally = Tally::new(&outcomes.iter().collect::<Vec<_>>());
        assert_eq!(tally.rows.get("all"), Some(&[1, 0, 1, 0, 1]), "all three");
        assert_eq!(tally.rows.get("api,operation,buffers"), Some(&[1, 0, 0, 0, 1]), "two are about buffers");
        assert!(tally.table().contains("50.0 %"), "one of the two that were not skipped: {}", tally.table());
    }

    #[test]
    fn an_adapter_is_taken_apart() {
        let line = r#"{"vendor":"mesa","description":"llvmpipe (LLVM 15, 256 bits) (llvmpipe, Mesa 25.0.7)"}"#;
        assert_eq!(Adapter::parse(line).expect("an adapter").name(), "lavapipe", "by its description");
        assert!(Adapter::parse("{}").is_err(), "there must be one");
    }
}
