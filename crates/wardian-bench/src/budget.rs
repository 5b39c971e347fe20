//! The questions and budgets of `budgets.toml`.

use std::collections::BTreeMap;

use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

/// What a measurement asks, and what its answer has to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aim {
    pub(crate) question: String,
    pub(crate) budget: Option<Budget>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Budget {
    /// The reference's median time by Wardian's, at least.
    MinRatio(f64),
    /// Wardian's median less the reference's, in milliseconds, at most.
    MaxExtraMs(f64),
    /// Wardian's worst, in milliseconds, at most.
    MaxMs(f64),
}

/// The aims by the measurements' names.
pub(crate) fn load() -> Result<BTreeMap<String, Aim>> {
    parse(include_str!("../budgets.toml"))
}

/// Reads the part of TOML that the file uses: tables of one word, and a string or a number a key.
fn parse(text: &str) -> Result<BTreeMap<String, Aim>> {
    let mut aims = BTreeMap::new();
    let mut current: Option<(String, Aim)> = None;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        let place = || format!("budgets.toml, line {}", index + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            aims.extend(current.replace((name.to_owned(), Aim { question: String::new(), budget: None })));
            continue;
        }
        let Some((key, value)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
            bail!("{}: expected `key = value`, got {line:?}", place());
        };
        let Some((_, aim)) = &mut current else { bail!("{}: expected a table before {key:?}", place()) };
        let number = || value.parse::<f64>().with_context(|| format!("{}: expected a number, got {value}", place()));
        match key {
            "question" => aim.question = value.trim_matches('"').to_owned(),
            "min_ratio" => aim.budget = Some(Budget::MinRatio(number()?)),
            "max_extra_ms" => aim.budget = Some(Budget::MaxExtraMs(number()?)),
            "max_ms" => aim.budget = Some(Budget::MaxMs(number()?)),
            other => bail!("{}: unknown key {other:?}", place()),
        }
    }
    aims.extend(current);
    Ok(aims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;

    #[test]
    fn every_measurement_has_a_question_and_every_question_a_measurement() {
        let aims = load().unwrap();
        let names: Vec<_> = plan::names().collect();
        for name in &names {
            let aim = aims.get(*name).unwrap_or_else(|| panic!("expected an aim for {name}"));
            assert!(aim.question.ends_with('?') || aim.question.ends_with('.'), "a question for {name}: {aim:?}");
        }
        for name in aims.keys() {
            assert!(names.contains(&name.as_str()), "expected a measurement {name}");
        }
    }

    #[test]
    fn keys_are_read() {
        let aims = parse("# a\n[a]\nquestion = \"b?\"\nmin_ratio = 0.5\n[c]\nmax_ms = 2\n").unwrap();
        assert_eq!(aims["a"], Aim { question: "b?".to_owned(), budget: Some(Budget::MinRatio(0.5)) }, "a");
        assert_eq!(aims["c"], Aim { question: String::new(), budget: Some(Budget::MaxMs(2.0)) }, "c");
    }

    #[test]
    fn faults_are_named_by_their_line() {
        for (text, expected) in [
            ("question = \"a\"", "line 1: expected a table"),
            ("[a]\nmin_ratio = x", "line 2: expected a number"),
            ("[a]\nb = 1", "line 2: unknown key"),
            ("[a]\nb", "line 2: expected `key = value`"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "expected {expected:?} of {text:?}, got {error:?}");
        }
    }
}
