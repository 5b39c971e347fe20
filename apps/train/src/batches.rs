//! Which pictures are looked at in which step.

use crate::numbers::Numbers;

/// A place for numbers that no parameter of a model has.
const PLACE: u64 = 1 << 32;

/// Batches of pictures: in each epoch every picture once, in another order. A step's batch follows from the seed alone,
/// so that training which was stopped goes on as if it had not been.
pub(crate) struct Batches {
    seed: u64,
    pictures: usize,
    size: usize,
    epoch: Option<(usize, Vec<usize>)>,
}

impl Batches {
    pub(crate) fn new(seed: u64, pictures: usize, size: usize) -> Self {
        Self { seed, pictures, size: size.min(pictures), epoch: None }
    }

    /// The steps that see each picture once; what doesn't fill a batch is left out of an epoch.
    pub(crate) fn steps_per_epoch(&self) -> usize {
        self.pictures / self.size.max(1)
    }

    pub(crate) fn places(&mut self, step: usize) -> Vec<usize> {
        let steps = self.steps_per_epoch().max(1);
        let (epoch, batch) = (step / steps, step % steps);
        if self.epoch.as_ref().is_none_or(|(known, _)| *known != epoch) {
            let order = Numbers::new(self.seed, PLACE + epoch as u64).order(self.pictures);
            self.epoch = Some((epoch, order));
        }
        let order = self.epoch.as_ref().map(|(_, order)| order.as_slice()).unwrap_or_default();
        order[batch * self.size..(batch + 1) * self.size].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_has_each_picture_once_and_the_next_has_another_order() {
        let mut batches = Batches::new(1, 12, 4);
        let epoch =
            |batches: &mut Batches, first: usize| (first..first + 3).flat_map(|step| batches.places(step)).collect();
        let (first, second): (Vec<_>, Vec<_>) = (epoch(&mut batches, 0), epoch(&mut batches, 3));
        assert_ne!(first, second, "another order");
        for mut places in [first, second] {
            places.sort_unstable();
            assert_eq!(places, (0..12).collect::<Vec<_>>(), "each once");
        }
        assert_eq!(Batches::new(1, 12, 4).places(4), batches.places(4), "a step by itself");
    }

    #[test]
    fn a_batch_is_no_larger_than_the_set() {
        assert_eq!(Batches::new(1, 3, 64).places(5).len(), 3, "all three");
    }
}
