//! The rules of CONVENTIONS.md and ARCHITECTURE.md that no other tool checks and that can be read off the text.

mod component;
mod manifest;
mod source;

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use self::source::Source;
use crate::{process, project::Project};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

/// Something that code must not say.
struct Ban {
    /// Whether the rule holds for the file of this path.
    holds: fn(&str) -> bool,
    /// What must not stand in code; comments and strings may say it.
    words: &'static [&'static str],
    rule: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        holds: |_| true,
        words: &["#[ignore", "todo!(", "unimplemented!("],
        rule: "no test is ignored and no stub is left",
    },
    Ban {
        holds: is_host,
        words: &["std::env", "std::fs", "println!", "eprintln!", "dbg!"],
        rule: "wardian-host reads no environment variable, opens no file and prints nothing (ARCHITECTURE.md, invariant 4)",
    },
    Ban {
        holds: |path| is_host(path) && ["policy.rs", "quota.rs", "poll.rs"].iter().any(|name| path.ends_with(name)),
        words: &["wasmtime"],
        rule: "policy.rs, quota.rs and poll.rs do not name wasmtime (ARCHITECTURE.md, invariant 3)",
    },
];

/// One breach of a rule, where it is.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    place: String,
    what: String,
}

/// Checks every file that git knows or would add, and lists all breaches at once.
pub(crate) fn check(project: &Project) -> Result<()> {
    let mut findings = Vec::new();
    let mut count = 0_usize;
    for path in files(project)? {
        // Pictures and the like are no text.
        let Ok(text) = fs::read_to_string(project.root.join(&path)) else { continue };
        count += 1;
        machine_paths(project, &path, &text, &mut findings);
        if path.ends_with("Cargo.toml") {
            manifest::check(&path, &text, &mut findings);
        } else if path.ends_with(".rs") {
            check_source(&path, &text, &mut findings);
        }
    }
    component::check(project, &mut findings)?;
    if !findings.is_empty() {
        for Finding { place, what } in &findings {
            println!("{place}: {what}");
        }
        bail!("tidy found {} breaches of the project's rules in {count} files (listed above)", findings.len());
    }
    println!("tidy: {count} files keep the rules");
    Ok(())
}

/// The paths of the project's files, with forward slashes.
fn files(project: &Project) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(&project.root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let list = process::read(&mut git).context("tidy asks git which files belong to the project")?;
    Ok(list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn check_source(path: &str, text: &str, findings: &mut Vec<Finding>) {
    let source = Source::new(text);
    let mut find = |line: usize, what: String| findings.push(Finding { place: format!("{path}:{line}"), what });
    if path.ends_with("/mod.rs") {
        find(1, "a module's file is called after it: name.rs beside the folder name/".to_owned());
    }
    let lines = source.lines_before_tests();
    if lines > FILE_LINES_MAX && !is_test_or_table(path) {
        find(
            1,
            format!(
                "{lines} lines without its tests; at most {FILE_LINES_MAX}: a file that is longer has two subjects"
            ),
        );
    }
    for function in source.functions().filter(|function| !function.in_tests && !is_test_or_table(path)) {
        if function.lines > FUNCTION_LINES_MAX {
            let (name, length) = (function.name, function.lines);
            find(function.line, format!("function {name} has {length} lines; at most {FUNCTION_LINES_MAX}"));
        }
    }
    for ban in BANS.iter().filter(|ban| (ban.holds)(path)) {
        for word in ban.words {
            for line in source.lines_with(word) {
                find(line, format!("`{word}`: {}", ban.rule));
            }
        }
    }
    if is_host(path) && !path.ends_with("/handle.rs") {
        for (line, call) in source.method_calls_ending_in("_drop") {
            find(
                line,
                format!("`{call}`: handle.rs alone releases wgpu-core's objects (ARCHITECTURE.md, invariant 3)"),
            );
        }
    }
    for (index, line) in text.lines().enumerate() {
        if let Some((_, after)) = line.split_once(concat!("TO", "DO"))
            && !after.contains('#')
        {
            find(index + 1, "an open point names the number of its issue (#12)".to_owned());
        }
    }
}

fn is_host(path: &str) -> bool {
    path.starts_with("crates/wardian-host/src/")
}

fn is_test_or_table(path: &str) -> bool {
    path.contains("/tests/") || path.contains("/benches/") || path.starts_with("crates/wardian-tables/")
}

/// Paths of the machine that the file was written on: they exist nowhere else.
fn machine_paths(project: &Project, path: &str, text: &str, findings: &mut Vec<Finding>) {
    let root = project.root.display().to_string();
    let home = env::var("HOME").ok().filter(|home| Path::new(home).components().count() > 1);
    // The second is where the project's own build machines keep their checkouts.
    for forbidden in [Some(root), Some(concat!("/wo", "rk").to_owned()), home].into_iter().flatten() {
        for (index, line) in text.lines().enumerate() {
            if names_path(line, &forbidden) {
                let what = format!("names {forbidden}, a path of this machine");
                findings.push(Finding { place: format!("{path}:{}", index + 1), what });
            }
        }
    }
}

/// Whether the absolute path stands in the line, and not as the middle or the beginning of another.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line.get(start + path.len()..).and_then(|text| text.chars().next());
        before.is_none_or(|letter| !letter.is_alphanumeric() && !"._-})~$".contains(letter)) && after == Some('/')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let mut findings = Vec::new();
        check_source(path, text, &mut findings);
        findings.into_iter().map(|finding| format!("{}: {}", finding.place, finding.what)).collect()
    }

    fn expect_one(path: &str, text: &str, part: &str) {
        let findings = findings(path, text);
        assert!(matches!(findings.as_slice(), [only] if only.contains(part)), "'{part}' alone in {findings:?}");
    }

    #[test]
    fn a_long_function_is_found_and_a_long_test_is_not() {
        let long = format!("fn long() {{\n{}}}\n", "    work();\n".repeat(69));
        expect_one("crates/a/src/a.rs", &long, "a.rs:1: function long has 71 lines");
        assert!(findings("crates/a/tests/a.rs", &long).is_empty(), "a test may be long");
        assert!(
            findings("crates/a/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}}}\n")).is_empty(),
            "as here"
        );
    }

    #[test]
    fn a_long_file_is_found() {
        expect_one("crates/a/src/a.rs", &"// line\n".repeat(601), "601 lines");
        let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", "// line\n".repeat(600), "// line\n".repeat(9));
        assert!(findings("crates/a/src/a.rs", &tests).is_empty(), "tests do not count");
    }

    #[test]
    fn bans_hold_for_code_and_not_for_strings_and_comments() {
        expect_one("crates/wardian-host/src/a.rs", "use std::env;\n", "invariant 4");
        expect_one("crates/wardian-host/src/poll.rs", "use wasmtime::Store;\n", "invariant 3");
        expect_one("crates/wardian-host/src/object/a.rs", "fn f() { global.buffer_drop(id); }\n", "`.buffer_drop`");
        let harmless =
            "// std::env\n/* todo!() */ const A: &str = r#\"std::fs \"#;\nfn f() { global.buffer_create(id); }\n";
        assert_eq!(findings("crates/wardian-host/src/a.rs", harmless), Vec::<String>::new(), "none of this is code");
        assert!(findings("crates/wardian/src/a.rs", "use std::env;\n").is_empty(), "the command may");
        assert!(findings("crates/wardian-host/src/handle.rs", "fn f() { g.buffer_drop(i); }\n").is_empty(), "its work");
    }

    #[test]
    fn an_ignored_test_is_found() {
        expect_one("crates/a/tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n", "a.rs:2");
    }

    #[test]
    fn machine_paths_are_whole_paths() {
        assert!(names_path("see /home/me/file", "/home/me"), "a path");
        assert!(names_path("\"/home/me/\"", "/home/me"), "quoted");
        assert!(!names_path("/mnt/home/me/file", "/home/me"), "the end of another path");
        assert!(!names_path("$PREFIX/home/me/file", "/home/me"), "below a variable");
        assert!(!names_path("/home/metoo/file", "/home/me"), "the beginning of another path");
    }
}
