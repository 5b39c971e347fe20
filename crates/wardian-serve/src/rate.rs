//! How often something may happen: so often at once, and then at intervals.

use std::time::{Duration, Instant};

/// A bound on how often something happens.
#[derive(Debug)]
pub(crate) struct Rate {
    every: Duration,
    at_once: u32,
    /// When as much is free again as ever. Each time moves it by one interval.
    whole: Instant,
}

impl Rate {
    /// So often at once, and then once an interval.
    pub(crate) fn new(at_once: u32, every: Duration) -> Self {
        Self { every, at_once, whole: Instant::now() }
    }

    /// Takes one time, or says after how long there is one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let taken = self.whole.saturating_duration_since(now);
        let most = self.every.saturating_mul(self.at_once.saturating_sub(1));
        match taken.checked_sub(most) {
            Some(wait) if !wait.is_zero() => Err(wait),
            Some(_) | None => {
                self.whole = self.whole.max(now) + self.every;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_at_once_and_then_one_an_interval() {
        let second = Duration::from_secs(1);
        let mut rate = Rate::new(3, second);
        let start = Instant::now();
        for number in 0..3 {
            assert_eq!(rate.take(start), Ok(()), "number {number} at once");
        }
        let wait = rate.take(start).expect_err("a fourth one");
        assert!(wait <= second, "but soon: {wait:?}");
        assert_eq!(rate.take(start + wait), Ok(()), "after the time that it said");
        assert!(rate.take(start + wait).is_err(), "and then only that one");
        let later = start + 60 * second;
        assert_eq!((0..9).filter(|_| rate.take(later).is_ok()).count(), 3, "rest gives no more than at the start");
    }
}
