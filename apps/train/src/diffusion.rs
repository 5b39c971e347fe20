//! Diffusion: a network learns to find the noise that was added to digits, and from noise alone it makes new ones.

use std::f32::consts::FRAC_PI_2;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use crate::Failure;
use crate::batches::Batches;
use crate::digits::{Digits, PIXELS, SIDE};
use crate::numbers::Numbers;
use crate::training::Task;
use crate::unet::UNet;

/// Places for the numbers of steps, and of samples.
const NOISE: u64 = 1 << 33;
const SAMPLES: u64 = 1 << 34;

/// How much of a picture is left after each of so many additions of noise: a quarter of a cosine (Nichol and Dhariwal).
pub(crate) struct Schedule(Vec<f32>);

impl Schedule {
    pub(crate) fn new(times: usize) -> Self {
        let offset = 0.008;
        let left = |time: usize| (((time as f32 / times as f32 + offset) / (1.0 + offset)) * FRAC_PI_2).cos().powi(2);
        // The last would be 0, from which no way leads back.
        Self((1..=times).map(|time| (left(time) / left(0)).max(1e-4)).collect())
    }

    fn times(&self) -> usize {
        self.0.len()
    }

    /// The share of the picture's variance that is left at a time.
    fn left(&self, time: usize) -> f32 {
        self.0[time]
    }

    fn fraction(&self, time: usize) -> f32 {
        (time + 1) as f32 / self.times() as f32
    }
}

/// The teaching: digits with noise, and the noise.
pub(crate) struct Denoising {
    pub(crate) digits: Digits,
    pub(crate) batches: Batches,
    pub(crate) schedule: Schedule,
    pub(crate) seed: u64,
    pub(crate) device: Device,
}

impl Task for Denoising {
    type Model = UNet;

    /// The mean square of what the network misses of the noise.
    fn loss(&mut self, model: &UNet, step: usize) -> Tensor<1> {
        let places = self.batches.places(step);
        let mut numbers = Numbers::new(self.seed, NOISE + step as u64);
        let times: Vec<usize> = places.iter().map(|_| numbers.below(self.schedule.times())).collect();
        let noise = numbers.normal(places.len() * PIXELS);
        let mut noisy = Vec::with_capacity(noise.len());
        for ((place, time), noise) in places.iter().zip(&times).zip(noise.chunks_exact(PIXELS)) {
            let left = self.schedule.left(*time);
            let (picture, added) = (left.sqrt(), (1.0 - left).sqrt());
            noisy.extend(self.digits.picture(*place).zip(noise).map(|(pixel, noise)| {
                // Pixels from -1 to 1: noise has the mean 0, too.
                (pixel * 2.0 - 1.0) * picture + noise * added
            }));
        }
        let shape = [places.len(), 1, SIDE, SIDE];
        let noisy = Tensor::<4>::from_data(TensorData::new(noisy, shape), &self.device);
        let noise = Tensor::<4>::from_data(TensorData::new(noise, shape), &self.device);
        let fractions: Vec<f32> = times.iter().map(|time| self.schedule.fraction(*time)).collect();
        let missed = (model.forward(noisy, &fractions) - noise).square();
        // By rows first, as for the cross entropy.
        missed.reshape([places.len(), PIXELS]).mean_dim(1).reshape([1, places.len()]).mean_dim(1).reshape([1])
    }
}

/// Makes `count` digits from noise; `told` is called after each time with how many are done. Gives pixels from 0 to 1.
pub(crate) fn sample(
    model: &UNet,
    schedule: &Schedule,
    count: usize,
    seed: u64,
    device: &Device,
    mut told: impl FnMut(usize),
) -> Result<Vec<f32>, Failure> {
    let model = model.valid();
    let device = device.clone().inner();
    let shape = [count, 1, SIDE, SIDE];
    let noise = |place: usize| {
        let numbers = Numbers::new(seed, SAMPLES + place as u64).normal(count * PIXELS);
        Tensor::<4>::from_data(TensorData::new(numbers, shape), &device)
    };
    let mut pictures = noise(schedule.times());
    for time in (0..schedule.times()).rev() {
        let left = schedule.left(time);
        let before = if time == 0 { 1.0 } else { schedule.left(time - 1) };
        let kept = left / before;
        let found = model.forward(pictures.clone(), &vec![schedule.fraction(time); count]);
        // The digit that this noise would leave, no brighter than white and no darker than black …
        let digit = ((pictures.clone() - found * (1.0 - left).sqrt()) / left.sqrt()).clamp(-1.0, 1.0);
        // … and the mean of what may have been a time before, between it and the picture.
        let toward_digit = before.sqrt() * (1.0 - kept) / (1.0 - left);
        let as_it_is = kept.sqrt() * (1.0 - before) / (1.0 - left);
        pictures = digit * toward_digit + pictures * as_it_is;
        if time > 0 {
            let deviation = ((1.0 - before) / (1.0 - left) * (1.0 - kept)).sqrt();
            pictures = pictures + noise(time) * deviation;
        }
        told(schedule.times() - time);
    }
    let pixels =
        pictures.try_into_data().map_err(|error| format!("cannot read the digits back from the GPU: {error:?}"))?;
    let pixels = pixels.try_to_vec::<f32>().map_err(|error| format!("the digits are no numbers: {error:?}"))?;
    if let Some(pixel) = pixels.iter().find(|pixel| !pixel.is_finite()) {
        return Err(
            format!("a pixel is {pixel}: the model has learnt nothing, train it anew with a smaller --rate").into()
        );
    }
    Ok(pixels.into_iter().map(|pixel| f32::midpoint(pixel, 1.0).clamp(0.0, 1.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_grows_until_nearly_nothing_is_left() {
        let schedule = Schedule::new(100);
        assert!(schedule.left(0) > 0.99 && schedule.left(99) < 0.001, "from a picture to noise");
        assert!((1..100).all(|time| schedule.left(time) < schedule.left(time - 1)), "at each time more");
    }
}
