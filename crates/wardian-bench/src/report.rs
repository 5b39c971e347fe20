//! What came out: rows with verdicts, as a table and as JSON.

mod table;

use serde::Serialize;

use crate::budget::{Aim, Budget};
use crate::machine::Machine;
use crate::statistics::Spread;

pub(crate) use table::{markdown, row_line};

/// One run of the command.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) command: String,
    pub(crate) machine: Machine,
    /// How often each side was measured.
    pub(crate) rounds: u32,
    pub(crate) rows: Vec<Row>,
}

/// One measurement's outcome.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) question: String,
    pub(crate) unit: Unit,
    pub(crate) wardian: Option<Spread>,
    pub(crate) reference: Option<Side>,
    /// Others that did the same work, for comparison only.
    pub(crate) also: Vec<Side>,
    /// The reference's median by Wardian's.
    pub(crate) ratio: Option<f64>,
    /// Wardian's median less the reference's, where that is what counts.
    pub(crate) extra_seconds: Option<f64>,
    pub(crate) budget: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) note: Option<String>,
}

/// Somebody who did the same work, or failed to.
#[derive(Debug, Serialize)]
pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) spread: Option<Spread>,
    pub(crate) failure: Option<String>,
}

impl Side {
    pub(crate) fn of(name: &'static str, samples: Vec<f64>) -> Self {
        Self { name, spread: Spread::of(samples), failure: None }
    }

    pub(crate) const fn failed(name: &'static str, failure: String) -> Self {
        Self { name, spread: None, failure: Some(failure) }
    }
}

/// What a figure counts. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    Time,
    /// The time to move so many bytes.
    Transfer(u32),
    Bytes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Within its budget.
    Met,
    Missed,
    /// It has no budget.
    Open,
    /// The work itself failed.
    Failed,
}

/// The figures of a row, before they are judged.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) unit: Unit,
    pub(crate) wardian: Vec<f64>,
    pub(crate) reference: Side,
    pub(crate) also: Vec<Side>,
    pub(crate) extra_seconds: Option<f64>,
    pub(crate) note: Option<String>,
}

impl Row {
    /// Judges the figures by the aim.
    pub(crate) fn new(name: &str, aim: &Aim, figures: Figures) -> Self {
        let Figures { unit, wardian, reference, also, extra_seconds, note } = figures;
        let wardian = Spread::of(wardian);
        let ratio = match (&wardian, &reference.spread) {
            (Some(wardian), Some(reference)) if wardian.median > 0.0 => Some(reference.median / wardian.median),
            _ => None,
        };
        let verdict = match (aim.budget, &wardian) {
            (None, Some(_)) => Verdict::Open,
            (Some(Budget::MinRatio(min)), Some(_)) => judge(ratio, |ratio| ratio >= min),
            (Some(Budget::MaxExtraMs(max)), Some(_)) => judge(extra_seconds, |extra| extra * 1e3 <= max),
            (Some(Budget::MaxMs(max)), wardian) => judge(wardian.as_ref(), |spread| spread.max * 1e3 <= max),
            (_, None) => Verdict::Failed,
        };
        Self {
            name: name.to_owned(),
            question: aim.question.clone(),
            unit,
            wardian,
            reference: Some(reference),
            also,
            ratio,
            extra_seconds,
            budget: aim.budget.map(table::budget),
            verdict,
            note,
        }
    }

    /// A row of work that failed.
    pub(crate) fn failed(name: &str, aim: &Aim, failure: String) -> Self {
        Self {
            name: name.to_owned(),
            question: aim.question.clone(),
            unit: Unit::Time,
            wardian: None,
            reference: None,
            also: Vec::new(),
            ratio: None,
            extra_seconds: None,
            budget: aim.budget.map(table::budget),
            verdict: Verdict::Failed,
            note: Some(failure),
        }
    }
}

fn judge<T>(figure: Option<T>, is_met: impl FnOnce(T) -> bool) -> Verdict {
    match figure.map(is_met) {
        Some(true) => Verdict::Met,
        Some(false) => Verdict::Missed,
        None => Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(budget: Option<Budget>, wardian: &[f64], reference: &[f64], extra: Option<f64>, expected: Verdict) {
        let aim = Aim { question: "?".to_owned(), budget };
        let figures = Figures {
            unit: Unit::Time,
            wardian: wardian.to_vec(),
            reference: Side::of("native", reference.to_vec()),
            also: Vec::new(),
            extra_seconds: extra,
            note: None,
        };
        let row = Row::new("a", &aim, figures);
        assert_eq!(row.verdict, expected, "{budget:?} of {wardian:?} beside {reference:?}: {row:?}");
    }

    #[test]
    fn a_ratio_is_the_reference_by_wardian() {
        check(Some(Budget::MinRatio(0.5)), &[2.0], &[1.0], None, Verdict::Met);
        check(Some(Budget::MinRatio(0.51)), &[2.0], &[1.0], None, Verdict::Missed);
        check(Some(Budget::MinRatio(0.5)), &[2.0], &[], None, Verdict::Failed);
        check(None, &[2.0], &[1.0], None, Verdict::Open);
    }

    #[test]
    fn what_is_above_is_judged_in_milliseconds() {
        check(Some(Budget::MaxExtraMs(3.0)), &[1.0], &[1.0], Some(0.0029), Verdict::Met);
        check(Some(Budget::MaxExtraMs(3.0)), &[1.0], &[1.0], Some(0.0031), Verdict::Missed);
        check(Some(Budget::MaxMs(100.0)), &[0.01, 0.09], &[0.01], None, Verdict::Met);
        check(Some(Budget::MaxMs(100.0)), &[0.01, 0.11], &[0.01], None, Verdict::Missed);
    }

    #[test]
    fn without_figures_the_work_failed() {
        check(None, &[], &[1.0], None, Verdict::Failed);
        check(Some(Budget::MaxMs(1.0)), &[], &[1.0], None, Verdict::Failed);
    }
}
