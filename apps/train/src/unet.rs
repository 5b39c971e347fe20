//! The network that finds the noise in a picture: a small U-Net.

use std::f32::consts::LN_10;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor, TensorData};

const GROUPS: usize = 4;
/// How many sines and cosines tell the network how much noise there is.
const WAVES: usize = 16;

/// Three scales of 28, 14 and 7 pixels, each with a block on the way down and one on the way up.
#[derive(Module, Debug)]
pub(crate) struct UNet {
    time_first: Linear,
    time_second: Linear,
    input: Conv2d,
    down_28: Block,
    to_14: Conv2d,
    down_14: Block,
    to_7: Conv2d,
    middle: Block,
    up_14: Block,
    up_28: Block,
    norm: GroupNorm,
    output: Conv2d,
}

impl UNet {
    /// `width` is the number of channels at full size, a multiple of 4; the other scales have twice as many.
    pub(crate) fn new(width: usize, device: &Device) -> Self {
        let (wide, time) = (2 * width, 4 * width);
        let block = |from, to| Block::new(from, to, time, device);
        Self {
            time_first: LinearConfig::new(2 * WAVES, time).init(device),
            time_second: LinearConfig::new(time, time).init(device),
            input: convolution(1, width, 1, device),
            down_28: block(width, width),
            to_14: convolution(width, wide, 2, device),
            down_14: block(wide, wide),
            to_7: convolution(wide, wide, 2, device),
            middle: block(wide, wide),
            up_14: block(2 * wide, wide),
            up_28: block(wide + width, width),
            norm: GroupNormConfig::new(GROUPS, width).init(device),
            output: convolution(width, 1, 1, device),
        }
    }

    /// The noise in pictures of which each has so much, told as a fraction of the way to noise alone.
    pub(crate) fn forward(&self, pictures: Tensor<4>, fractions: &[f32]) -> Tensor<4> {
        let device = pictures.device();
        let time = Tensor::<2>::from_data(waves(fractions), &device);
        let time = silu(self.time_second.forward(silu(self.time_first.forward(time))));
        let full = self.down_28.forward(self.input.forward(pictures), &time);
        let half = self.down_14.forward(self.to_14.forward(full.clone()), &time);
        let quarter = self.middle.forward(self.to_7.forward(half.clone()), &time);
        let half = self.up_14.forward(Tensor::cat(vec![doubled(quarter), half], 1), &time);
        let full = self.up_28.forward(Tensor::cat(vec![doubled(half), full], 1), &time);
        self.output.forward(silu(self.norm.forward(full)))
    }
}

/// Two convolutions, to which what was there before is added.
#[derive(Module, Debug)]
struct Block {
    first_norm: GroupNorm,
    first: Conv2d,
    time: Linear,
    second_norm: GroupNorm,
    second: Conv2d,
    /// Where the number of channels changes.
    around: Option<Conv2d>,
}

impl Block {
    fn new(from: usize, to: usize, time: usize, device: &Device) -> Self {
        Self {
            first_norm: GroupNormConfig::new(GROUPS, from).init(device),
            first: convolution(from, to, 1, device),
            time: LinearConfig::new(time, to).init(device),
            second_norm: GroupNormConfig::new(GROUPS, to).init(device),
            second: convolution(to, to, 1, device),
            around: (from != to).then(|| Conv2dConfig::new([from, to], [1, 1]).init(device)),
        }
    }

    fn forward(&self, before: Tensor<4>, time: &Tensor<2>) -> Tensor<4> {
        let first = self.first.forward(silu(self.first_norm.forward(before.clone())));
        let [count, channels, _, _] = first.dims();
        let timed = first + self.time.forward(time.clone()).reshape([count, channels, 1, 1]);
        let second = self.second.forward(silu(self.second_norm.forward(timed)));
        let around = match &self.around {
            Some(around) => around.forward(before),
            None => before,
        };
        // So that sums of many blocks stay as large as their parts.
        (second + around) * std::f32::consts::FRAC_1_SQRT_2
    }
}

fn convolution(from: usize, to: usize, stride: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([from, to], [3, 3])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init(device)
}

/// Each pixel as four.
fn doubled(pictures: Tensor<4>) -> Tensor<4> {
    let [count, channels, height, width] = pictures.dims();
    pictures.reshape([count, channels, height, 1, width, 1]).expand([count, channels, height, 2, width, 2]).reshape([
        count,
        channels,
        2 * height,
        2 * width,
    ])
}

fn waves(fractions: &[f32]) -> TensorData {
    let mut values = Vec::with_capacity(fractions.len() * 2 * WAVES);
    for fraction in fractions {
        for wave in 0..WAVES {
            // From one radian over the whole way to 1000.
            let angle = fraction * (3.0 * LN_10 * wave as f32 / (WAVES - 1) as f32).exp();
            values.extend([angle.sin(), angle.cos()]);
        }
    }
    TensorData::new(values, [fractions.len(), 2 * WAVES])
}
