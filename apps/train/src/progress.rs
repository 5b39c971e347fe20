//! What a terminal shows while something takes long: a bar, and the curve of the loss above it.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::chart;
use crate::training::recent;

const BAR_COLUMNS: usize = 24;
/// From one drawing to the next.
const PAUSE: Duration = Duration::from_millis(100);
/// From one line to the next, where lines stay.
const LINE_PAUSE: Duration = Duration::from_secs(2);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A bar and a curve, drawn over and over.
    Live,
    /// A line now and then.
    Lines,
    /// Nothing but how it ended.
    Quiet,
}

impl Style {
    /// What suits standard output.
    pub(crate) fn fitting() -> Self {
        if io::stdout().is_terminal() { Self::Live } else { Self::Lines }
    }
}

/// What is shown.
pub(crate) struct Progress {
    style: Style,
    shown: Option<Instant>,
    rows: usize,
}

impl Progress {
    pub(crate) const fn new(style: Style) -> Self {
        Self { style, shown: None, rows: 0 }
    }

    /// Steps are done, with these losses.
    pub(crate) fn show(&mut self, step: usize, steps: usize, losses: &BTreeMap<usize, f32>, speed: &str) {
        let loss = recent(losses).map(|loss| format!("loss {loss:.4}  ")).unwrap_or_default();
        let rows = match self.style {
            Style::Live => chart::rows(losses),
            Style::Lines | Style::Quiet => Vec::new(),
        };
        self.draw(step, steps, rows, &format!("{loss}{speed}"));
    }

    /// So many of so many are done.
    pub(crate) fn count(&mut self, done: usize, all: usize, what: &str) {
        self.draw(done, all, Vec::new(), what);
    }

    fn draw(&mut self, done: usize, all: usize, mut rows: Vec<String>, words: &str) {
        let pause = if self.style == Style::Live { PAUSE } else { LINE_PAUSE };
        let is_due = done == all || self.shown.is_none_or(|shown| shown.elapsed() >= pause);
        if self.style == Style::Quiet || !is_due {
            return;
        }
        self.shown = Some(Instant::now());
        let width = all.to_string().len();
        let line = format!("{done:>width$}/{all} {} {words}", bar(done, all));
        if self.style == Style::Lines {
            println!("{line}");
            return;
        }
        rows.push(line);
        // Up to the first row of what is there, and each row to its end.
        let up = if self.rows > 0 { format!("\x1b[{}A", self.rows) } else { String::new() };
        self.rows = rows.len();
        let text: String = rows.iter().map(|row| format!("\r{row}\x1b[K\n")).collect();
        print!("{up}{text}");
        // A terminal that cannot be written to shows nothing; the work goes on.
        _ = io::stdout().flush();
    }

    /// What follows is written below.
    pub(crate) fn end(&mut self) {
        *self = Self::new(self.style);
    }

    /// A line of words.
    pub(crate) fn say(&mut self, words: &str) {
        self.end();
        println!("{words}");
    }
}

fn bar(done: usize, all: usize) -> String {
    let eighths = 8 * BAR_COLUMNS * done.min(all) / all.max(1);
    let part = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    (0..BAR_COLUMNS)
        .map(|column| match eighths.saturating_sub(8 * column) {
            8.. => '█',
            rest => part[rest],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_from_left_to_right() {
        assert_eq!(bar(0, 10), " ".repeat(BAR_COLUMNS), "empty");
        assert_eq!(bar(10, 10), "█".repeat(BAR_COLUMNS), "full");
        assert_eq!(bar(1, 2), format!("{}{}", "█".repeat(12), " ".repeat(12)), "half");
        assert_eq!(bar(1, 192).chars().next(), Some('▏'), "an eighth of a column");
        assert_eq!(bar(0, 0).chars().count(), BAR_COLUMNS, "of nothing");
    }
}
