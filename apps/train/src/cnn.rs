//! The network that tells which digit a picture shows, and how it is taught and tested.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Tensor, TensorData};

use crate::Failure;
use crate::batches::Batches;
use crate::digits::{CLASSES, Digits, PIXELS, SIDE};
use crate::training::Task;

/// Pictures that are tested at a time.
const TEST_BATCH: usize = 500;
/// MNIST's mean and standard deviation, so that inputs are about as large as weights expect.
const MEAN: f32 = 0.1307;
const DEVIATION: f32 = 0.3081;

/// Two convolutions, each halved by the maximum of four, and two layers on top.
#[derive(Module, Debug)]
pub(crate) struct Cnn {
    first: Conv2d,
    second: Conv2d,
    #[module(skip)]
    pool: MaxPool2d,
    hidden: Linear,
    output: Linear,
}

impl Cnn {
    /// `width` is the number of channels after the first convolution.
    pub(crate) fn new(width: usize, device: &Device) -> Self {
        let convolution = |from, to| {
            Conv2dConfig::new([from, to], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(device)
        };
        Self {
            first: convolution(1, width),
            second: convolution(width, 2 * width),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            hidden: LinearConfig::new(2 * width * PIXELS / 16, 8 * width).init(device),
            output: LinearConfig::new(8 * width, CLASSES).init(device),
        }
    }

    /// Of each picture, how likely it is each digit, before softmax.
    fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        let halved = self.pool.forward(relu(self.first.forward(pictures)));
        let quartered = self.pool.forward(relu(self.second.forward(halved)));
        self.output.forward(relu(self.hidden.forward(quartered.flatten(1, 3))))
    }
}

/// The teaching: pictures and what they show.
pub(crate) struct Teaching {
    pub(crate) digits: Digits,
    pub(crate) batches: Batches,
    pub(crate) device: Device,
}

impl Task for Teaching {
    type Model = Cnn;

    /// The cross entropy. Neither by indices nor by `sum`: where an adapter adds floats atomically, as some do natively,
    /// those leave the order of additions to chance.
    fn loss(&mut self, model: &Cnn, step: usize) -> Tensor<1> {
        let places = self.batches.places(step);
        let mut shown = vec![0.0f32; places.len() * CLASSES];
        for (row, place) in places.iter().enumerate() {
            shown[row * CLASSES + usize::from(self.digits.label(*place))] = 1.0;
        }
        let count = places.len();
        let shown = Tensor::<2>::from_data(TensorData::new(shown, [count, CLASSES]), &self.device);
        let guesses = log_softmax(model.forward(pictures(&self.digits, &places, &self.device)), 1);
        (guesses * shown).reshape([1, count * CLASSES]).sum_dim(1).reshape([1]) * (-1.0 / count as f32)
    }
}

fn pictures(digits: &Digits, places: &[usize], device: &Device) -> Tensor<4> {
    let pixels: Vec<f32> =
        places.iter().flat_map(|place| digits.picture(*place)).map(|pixel| (pixel - MEAN) / DEVIATION).collect();
    Tensor::from_data(TensorData::new(pixels, [places.len(), 1, SIDE, SIDE]), device)
}

/// How many of the pictures the model knows.
pub(crate) fn known(model: &Cnn, digits: &Digits, device: &Device) -> Result<usize, Failure> {
    let model = model.valid();
    let device = device.clone().inner();
    let places: Vec<usize> = (0..digits.count()).collect();
    let mut known = 0;
    for places in places.chunks(TEST_BATCH) {
        let guesses = model.forward(pictures(digits, places, &device)).try_into_data();
        let guesses = guesses.map_err(|error| format!("cannot read the guesses back from the GPU: {error:?}"))?;
        let guesses = guesses.try_to_vec::<f32>().map_err(|error| format!("the guesses are no numbers: {error:?}"))?;
        for (place, row) in places.iter().zip(guesses.chunks_exact(CLASSES)) {
            let best = (0..CLASSES).max_by(|a, b| row[*a].total_cmp(&row[*b]));
            known += usize::from(best == Some(usize::from(digits.label(*place))));
        }
    }
    Ok(known)
}
