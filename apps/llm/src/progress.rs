//! A bar on standard error, where somebody looks at it.

use std::io::{self, IsTerminal as _, Write as _};

const WIDTH: u64 = 40;

/// How much is done.
#[derive(Debug)]
pub(crate) struct Progress {
    is_shown: bool,
    /// In thousandths.
    last: Option<u64>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), last: None }
    }

    pub(crate) fn show(&mut self, done: u64, total: u64) {
        let now = done.saturating_mul(1000) / total.max(1);
        if !self.is_shown || self.last == Some(now) {
            return;
        }
        self.last = Some(now);
        eprint!("\r{}", line(done, total));
        // A bar that can't be shown is no reason to stop.
        let _ = io::stderr().flush();
    }

    pub(crate) fn finish(&mut self) {
        if self.last.take().is_some() {
            eprintln!();
        }
    }
}

fn line(done: u64, total: u64) -> String {
    let filled = done.saturating_mul(WIDTH) / total.max(1);
    let bar: String = (0..WIDTH).map(|index| if index < filled { '█' } else { '░' }).collect();
    format!("{bar} {} of {} MB", done / 1_000_000, total / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_as_full_as_what_is_done() {
        let text = line(50_000_000, 100_000_000);
        assert_eq!(text.matches('█').count(), 20, "half: {text}");
        assert!(text.ends_with("50 of 100 MB"), "and how much: {text}");
        assert!(line(0, 0).ends_with("0 of 0 MB"), "an empty file divides nothing by 0");
    }
}
