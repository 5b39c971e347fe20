//! The report as a page of Markdown, which reads well in a terminal too.

use std::fmt::Write as _;

use super::{Report, Row, Side, Unit, Verdict};
use crate::budget::Budget;
use crate::statistics::Spread;

const COLUMNS: [&str; 7] = ["measurement", "Wardian", "reference", "ratio", "budget", "verdict", "also, and notes"];

/// The page: where the figures come from, the table, and what each row asks.
pub(crate) fn markdown(report: &Report) -> String {
    let Report { command, machine, rounds, rows } = report;
    let mut page = format!(
        "`{command}`\n\n\
         {}, commit {}, {} build.\n\
         Adapter: {} ({}, driver {}). Machine: {}, {} cores, {}.\n\n\
         Medians, with least and most in brackets, of {rounds} rounds in which the sides took turns. \
         The ratio is the reference's median by Wardian's: 1.00 is parity, less is slower.\n\n",
        machine.date,
        machine.commit,
        machine.build,
        machine.adapter,
        machine.backend,
        machine.driver,
        machine.processor,
        machine.cores,
        machine.system,
    );
    let mut lines = vec![COLUMNS.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths = widths(&lines);
    for (index, line) in lines.iter().enumerate() {
        page.push_str(&padded(line, &widths));
        if index == 0 {
            let rule = widths.map(|width| "-".repeat(width));
            page.push_str(&padded(&rule, &widths));
        }
    }
    page.push('\n');
    for Row { name, question, .. } in rows {
        // Writing into a string can't fail.
        let _ = writeln!(page, "- `{name}`: {question}");
    }
    page
}

/// One row on one line, to be shown when it is done.
pub(crate) fn row_line(row: &Row) -> String {
    let [name, wardian, reference, ratio, budget, verdict, notes] = cells(row);
    let figures = [wardian, reference, ratio, budget, verdict, notes].into_iter().filter(|cell| !cell.is_empty());
    format!("{name}: {}", figures.collect::<Vec<_>>().join("; "))
}

pub(super) fn budget(budget: Budget) -> String {
    match budget {
        Budget::MinRatio(min) => format!("≥ {min:.2}"),
        Budget::MaxExtraMs(max) => format!("≤ {max} ms more"),
        Budget::MaxMs(max) => format!("worst ≤ {max} ms"),
    }
}

fn cells(row: &Row) -> [String; COLUMNS.len()] {
    let verdict = match row.verdict {
        Verdict::Met => "met",
        Verdict::Missed => "MISSED",
        Verdict::Open => "",
        Verdict::Failed => "FAILED",
    };
    let ratio = match (row.ratio, row.extra_seconds) {
        (Some(ratio), Some(extra)) => format!("{ratio:.2}, {:+.1} ms", extra * 1e3),
        (Some(ratio), None) => format!("{ratio:.2}"),
        (None, _) => String::new(),
    };
    let wardian_median = row.wardian.as_ref().map(|spread| spread.median);
    let notes = row.also.iter().map(|side| also(side, row.unit, wardian_median)).chain(row.note.clone());
    let notes = notes.collect::<Vec<_>>().join("; ");
    [
        format!("`{}`", row.name),
        row.wardian.as_ref().map(|spread| figures(spread, row.unit)).unwrap_or_default(),
        row.reference.as_ref().map(|side| also(side, row.unit, None)).unwrap_or_default(),
        ratio,
        row.budget.clone().unwrap_or_default(),
        verdict.to_owned(),
        // A message's bars and line ends would break the table.
        notes.replace('|', "/").replace('\n', " "),
    ]
}

fn also(side: &Side, unit: Unit, wardian_median: Option<f64>) -> String {
    let name = side.name;
    match (&side.spread, &side.failure) {
        (Some(spread), _) => {
            let ratio = wardian_median.filter(|median| *median > 0.0).map(|median| spread.median / median);
            let ratio = ratio.map(|ratio| format!(", ratio {ratio:.2}")).unwrap_or_default();
            format!("{name} {}{ratio}", figures(spread, unit))
        }
        (None, Some(failure)) => format!("{name} fails: {failure}"),
        (None, None) => format!("{name} has no such thing"),
    }
}

fn figures(spread: &Spread, unit: Unit) -> String {
    let one = |value: f64| match unit {
        Unit::Time | Unit::Transfer(_) => time(value),
        Unit::Bytes => bytes(value),
    };
    let rate = match unit {
        Unit::Transfer(size) if spread.median > 0.0 => {
            format!(" = {} GB/s", digits(f64::from(size) / spread.median / 1e9))
        }
        Unit::Transfer(_) | Unit::Time | Unit::Bytes => String::new(),
    };
    format!("{}{rate} ({}–{})", one(spread.median), one(spread.min), one(spread.max))
}

fn time(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1e-6 => format!("{} ns", digits(seconds * 1e9)),
        seconds if seconds < 1e-3 => format!("{} µs", digits(seconds * 1e6)),
        seconds if seconds < 1.0 => format!("{} ms", digits(seconds * 1e3)),
        seconds => format!("{} s", digits(seconds)),
    }
}

fn bytes(value: f64) -> String {
    match value {
        value if value.abs() < 1024.0 => format!("{} B", digits(value)),
        value if value.abs() < 1024.0 * 1024.0 => format!("{} KiB", digits(value / 1024.0)),
        value => format!("{} MiB", digits(value / 1024.0 / 1024.0)),
    }
}

/// Three digits of a number.
fn digits(value: f64) -> String {
    match value.abs() {
        small if small < 10.0 => format!("{value:.2}"),
        middle if middle < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn widths(lines: &[[String; COLUMNS.len()]]) -> [usize; COLUMNS.len()] {
    lines.iter().fold([0; COLUMNS.len()], |mut widths, line| {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
        widths
    })
}

fn padded(line: &[String; COLUMNS.len()], widths: &[usize; COLUMNS.len()]) -> String {
    let last = COLUMNS.len() - 1;
    let cells = line.iter().zip(widths).enumerate().map(|(index, (cell, width))| {
        // Notes are long; the others need no trailing blanks because of one of them.
        if index == last { format!(" {cell} ") } else { format!(" {cell:width$} ") }
    });
    format!("|{}|\n", cells.collect::<Vec<_>>().join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        for (seconds, expected) in
            [(1.234e-9, "1.23 ns"), (1.9e-7, "190 ns"), (4.56e-5, "45.6 µs"), (0.25, "250 ms"), (2.0, "2.00 s")]
        {
            assert_eq!(time(seconds), expected, "{seconds} s");
        }
        for (value, expected) in [(12.0, "12.0 B"), (-2048.0, "-2.00 KiB"), (5_242_880.0, "5.00 MiB")] {
            assert_eq!(bytes(value), expected, "{value} bytes");
        }
    }

    #[test]
    fn a_transfer_shows_its_rate() {
        let spread = Spread::of(vec![0.5e-3]).unwrap();
        assert_eq!(figures(&spread, Unit::Transfer(1 << 20)), "500 µs = 2.10 GB/s (500 µs–500 µs)", "1 MiB");
    }
}
