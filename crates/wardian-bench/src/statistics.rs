//! What many samples come to.

use serde::Serialize;

/// The middle and the ends of some samples, in the base unit: seconds or bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// 99 of 100 samples are not above it.
    pub(crate) p99: f64,
    pub(crate) samples: usize,
}

impl Spread {
    /// None without samples.
    pub(crate) fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let at = |index: usize| samples.get(index).copied();
        let last = samples.len().checked_sub(1)?;
        Some(Self {
            median: f64::midpoint(at(last / 2)?, at(last.div_ceil(2))?),
            min: at(0)?,
            max: at(last)?,
            p99: at((samples.len() * 99).div_ceil(100).saturating_sub(1))?,
            samples: samples.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(samples: &[f64], expected: [f64; 4]) {
        let spread = Spread::of(samples.to_vec()).unwrap();
        assert_eq!([spread.median, spread.min, spread.max, spread.p99], expected, "spread of {samples:?}");
    }

    #[test]
    fn the_middle_and_the_ends_are_found() {
        check(&[3.0], [3.0, 3.0, 3.0, 3.0]);
        check(&[3.0, 1.0], [2.0, 1.0, 3.0, 3.0]);
        check(&[5.0, 1.0, 2.0], [2.0, 1.0, 5.0, 5.0]);
        let hundred: Vec<_> = (1..=100).map(f64::from).collect();
        check(&hundred, [50.5, 1.0, 100.0, 99.0]);
    }

    #[test]
    fn nothing_has_no_spread() {
        assert_eq!(Spread::of(Vec::new()), None, "no samples");
    }
}
