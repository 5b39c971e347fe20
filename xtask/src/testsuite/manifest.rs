//! The manifest of the packed programs: what each is called with, and what it must print.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// The manifest's name in the folder of a pack.
pub(crate) const FILE: &str = "manifest.json";
/// The component's name beside it.
pub(crate) const COMPONENT: &str = "programs.wasm";
/// What a last line begins with that says what the adapter lacks.
const SKIPPED: &str = "skipped: ";
/// The layout of the manifest; another number when a reader of this one would misread it.
const VERSION: u64 = 1;
/// Programs about the quotas of `wardian-host`, which the interface does not have.
const OURS_ALONE: &str = "quota::";
/// Programs that try what a guest must not do; all others are about rules of WebGPU and of its WIT.
const ROBUSTNESS: &str = "hostile::";

/// One program of the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) name: String,
    /// The file of its component, from the manifest's folder on.
    pub(crate) component: String,
    pub(crate) arguments: Vec<String>,
    /// What its last line of standard output must be.
    pub(crate) last_line: String,
}

/// How a program came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    /// The adapter lacks something, which is said.
    Skip(String),
    Fail(String),
}

impl Program {
    /// Judges what a program that ended with success has printed. Nothing but its own words is success: a host that
    /// runs nothing has not passed.
    pub(crate) fn judge(&self, output: &str) -> Verdict {
        match output.lines().last() {
            Some(line) if line == self.last_line => Verdict::Pass,
            Some(line) if line.starts_with(SKIPPED) => Verdict::Skip(line[SKIPPED.len()..].to_owned()),
            Some(line) => Verdict::Fail(format!("its last line is {line:?} and not {:?}", self.last_line)),
            None => Verdict::Fail(format!("it printed nothing; its last line should be {:?}", self.last_line)),
        }
    }

    /// The part of the name that says what the program is about.
    pub(crate) fn theme(&self) -> &str {
        self.name.split("::").next().unwrap_or(&self.name)
    }
}

/// Writes the manifest of a component's programs, whose names it said itself. Gives how many there are.
pub(crate) fn write(folder: &Path, names: &str) -> Result<usize> {
    let programs: Vec<Value> = names.lines().filter(|name| !name.starts_with(OURS_ALONE)).map(entry).collect();
    if programs.is_empty() {
        bail!("the component of test programs names no programs");
    }
    let manifest = json!({
        "version": VERSION,
        "interface": "wasi:webgpu@0.3.0-rc.2",
        "skipped": SKIPPED,
        "programs": programs,
    });
    let path = folder.join(FILE);
    let text = serde_json::to_string_pretty(&manifest).context("the manifest cannot be written down")?;
    fs::write(&path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    Ok(programs.len())
}

fn entry(name: &str) -> Value {
    let rule = name.rsplit("::").next().unwrap_or(name).replace('_', " ");
    json!({
        "name": name,
        "rule": rule,
        "about": if name.starts_with(ROBUSTNESS) { "robustness" } else { "interface" },
        "component": COMPONENT,
        "arguments": [name],
        "expect": { "exit-code": 0, "last-line": format!("passed: {name}") },
    })
}

/// The programs of a pack.
pub(crate) fn read(folder: &Path) -> Result<Vec<Program>> {
    let path = folder.join(FILE);
    let text = fs::read_to_string(&path).with_context(|| {
        format!("{} is no pack of test programs; `cargo xtask testsuite --pack` makes one", folder.display())
    })?;
    parse(&text).with_context(|| format!("{} is no manifest that this program can read", path.display()))
}

fn parse(text: &str) -> Result<Vec<Program>> {
    let manifest: Value = serde_json::from_str(text).context("it is no JSON")?;
    let version = manifest.get("version").and_then(Value::as_u64).context("it has no number `version`")?;
    if version != VERSION {
        bail!("its version is {version}, and not {VERSION}");
    }
    let programs = manifest.get("programs").and_then(Value::as_array).context("it has no list `programs`")?;
    programs.iter().enumerate().map(|(at, value)| program(value).with_context(|| format!("program {at}"))).collect()
}

fn program(value: &Value) -> Result<Program> {
    let exit_code = value.pointer("/expect/exit-code").and_then(Value::as_u64);
    if exit_code != Some(0) {
        bail!("`expect.exit-code` is not 0, the only one that is known");
    }
    let component = text(value.get("component"), "`component`")?;
    if Path::new(&component).file_name() != Some(component.as_ref()) {
        bail!("`component` is no file beside the manifest, but {component:?}");
    }
    let arguments = value.get("arguments").and_then(Value::as_array).context("it has no list `arguments`")?;
    Ok(Program {
        name: text(value.get("name"), "`name`")?,
        component,
        arguments: arguments.iter().map(|value| text(Some(value), "an argument")).collect::<Result<_>>()?,
        last_line: text(value.pointer("/expect/last-line"), "`expect.last-line`")?,
    })
}

fn text(value: Option<&Value>, what: &str) -> Result<String> {
    value.and_then(Value::as_str).map(str::to_owned).with_context(|| format!("{what} is no string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Program {
        program(&entry(name)).expect("what is written can be read")
    }

    #[test]
    fn only_its_own_words_are_a_pass() {
        let program = of("compute::numbers_are_doubled");
        assert_eq!(program.theme(), "compute", "what it is about");
        assert_eq!(program.judge("some text\npassed: compute::numbers_are_doubled\n"), Verdict::Pass, "the last line");
        assert_eq!(program.judge("skipped: no f16\n"), Verdict::Skip("no f16".to_owned()), "the reason");
        for output in ["", "\n", "passed: compute::another\n", "passed: compute::numbers_are_doubled\nand more\n"] {
            assert!(matches!(program.judge(output), Verdict::Fail(_)), "{output:?} is no pass");
        }
    }

    #[test]
    fn a_faulty_manifest_is_told() {
        let whole = |change: fn(&mut Value)| {
            let mut entry = entry("a::b");
            change(&mut entry);
            json!({ "version": VERSION, "programs": [entry] }).to_string()
        };
        assert_eq!(parse(&whole(|_| ())).expect("as written").len(), 1, "one program");
        for (text, part) in [
            ("{".to_owned(), "no JSON"),
            (json!({ "version": 9 }).to_string(), "version is 9"),
            (whole(|entry| entry["component"] = json!("../a.wasm")), "beside the manifest"),
            (whole(|entry| entry["arguments"] = json!([1])), "an argument is no string"),
            (whole(|entry| entry["expect"]["exit-code"] = json!(3)), "exit-code"),
        ] {
            let error = format!("{:#}", parse(&text).expect_err(&text));
            assert!(error.contains(part), "'{part}' is missing in: {error}");
        }
    }
}
