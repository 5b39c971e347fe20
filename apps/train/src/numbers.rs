//! Numbers that look random and are the same everywhere: of burn's own, only those of one GPU repeat themselves.

use std::f32::consts::TAU;

use burn::tensor::TensorData;

/// A row of such numbers, by the generator splitmix64.
pub(crate) struct Numbers(u64);

impl Numbers {
    /// The row that belongs to a seed, and to a place in whatever is done: a step, an epoch, a parameter.
    pub(crate) fn new(seed: u64, place: u64) -> Self {
        let mut start = Self(seed);
        let first = start.bits();
        Self(first ^ place.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and less than 1.
    fn fraction(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// At least 0 and less than `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.bits() % count.max(1) as u64) as usize
    }

    /// Between -`bound` and `bound`.
    pub(crate) fn uniform(&mut self, bound: f32) -> f32 {
        (self.fraction() * 2.0 - 1.0) * bound
    }

    /// So many of the normal distribution, with mean 0 and variance 1.
    pub(crate) fn normal(&mut self, count: usize) -> Vec<f32> {
        let mut numbers = Vec::with_capacity(count + 1);
        while numbers.len() < count {
            // Box and Muller: the logarithm of 0 is never taken.
            let radius = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
            let angle = TAU * self.fraction();
            numbers.extend([radius * angle.cos(), radius * angle.sin()]);
        }
        numbers.truncate(count);
        numbers
    }

    /// The numbers below `count`, in an order of chance.
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }

    pub(crate) fn matrix(&mut self, rows: usize, columns: usize) -> TensorData {
        let values: Vec<f32> = (0..rows * columns).map(|_| self.uniform(1.0)).collect();
        TensorData::new(values, [rows, columns])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_the_same_numbers_again_and_another_has_others() {
        let take = |seed, place| Numbers::new(seed, place).normal(9);
        assert_eq!(take(1, 2), take(1, 2), "the same place");
        assert_ne!(take(1, 2), take(1, 3), "another place");
        assert_ne!(take(1, 2), take(2, 2), "another seed");
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let numbers = Numbers::new(1, 0).normal(100_001);
        let mean = numbers.iter().sum::<f32>() / numbers.len() as f32;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f32>() / numbers.len() as f32;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "mean {mean}, variance {variance}");
    }

    #[test]
    fn an_order_has_each_number_once() {
        let mut order = Numbers::new(3, 0).order(100);
        assert_ne!(order, (0..100).collect::<Vec<_>>(), "mixed");
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>(), "complete");
    }
}
