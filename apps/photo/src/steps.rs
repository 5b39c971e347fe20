//! What can be done to a picture.

use std::error::Error;

use crate::gpu::{Layer, Passes, Resource, TILE};
use crate::size::Size;

/// How the steps are put together in the ink drawing: blur before edges are found, a share of equalization, and how
/// black an outline is. `reference/make.py` has the same.
const INK_SIGMA: f32 = 1.0;
const INK_EQUALIZE: f32 = 0.4;
const INK_STRENGTH: f32 = 1.6;
/// Slopes of photographs are slight: what makes outlines white enough to see.
const EDGE_GAIN: f32 = 4.0;
/// Standard deviations from its middle at which a Gaussian is cut off.
const TRUNCATE: f64 = 4.0;
/// Square of pixels that a workgroup of `histogram.wgsl` counts.
const HISTOGRAM_TILE: u32 = 4 * TILE;
/// Shrinking more would blur so wide that a GPU may take it for hung.
const SHRINK_MAX: u32 = 64;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One thing to do to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Color,
    Blur,
    Edges,
    Equalize,
    Resize,
    Ink,
}

/// The numbers of the command line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) gain: f32,
    pub(crate) gamma: f32,
    pub(crate) saturation: f32,
    pub(crate) contrast: f32,
    pub(crate) sigma: f32,
    /// Size of what is written.
    pub(crate) size: Option<Size>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { gain: 1.1, gamma: 0.8, saturation: 1.25, contrast: 1.15, sigma: 3.0, size: None }
    }
}

impl Step {
    pub(crate) const ALL: [Self; 6] = [Self::Color, Self::Blur, Self::Edges, Self::Equalize, Self::Resize, Self::Ink];
    /// Those that the contact sheet shows. It resizes them all.
    pub(crate) const SHEET: [Self; 5] = [Self::Color, Self::Blur, Self::Edges, Self::Equalize, Self::Ink];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Color => "color",
            Self::Blur => "blur",
            Self::Edges => "edges",
            Self::Equalize => "equalize",
            Self::Resize => "resize",
            Self::Ink => "ink",
        }
    }

    /// Records what it does to a picture, and gives the result.
    pub(crate) fn record(self, passes: &Passes<'_>, picture: &Layer, settings: &Settings) -> Outcome<Layer> {
        match self {
            Self::Color => color(passes, picture, settings),
            Self::Blur => blur(passes, picture, settings.sigma),
            Self::Edges => edges(passes, picture),
            Self::Equalize => equalize(passes, picture, 1.0),
            Self::Resize => resize(passes, picture, self.size_of_result(picture.size, settings)),
            Self::Ink => ink(passes, picture, settings),
        }
    }

    /// The size of what is written of it.
    pub(crate) fn size_of_result(self, picture: Size, settings: &Settings) -> Size {
        let own = match self {
            Self::Resize => picture.halved(),
            Self::Color | Self::Blur | Self::Edges | Self::Equalize | Self::Ink => picture,
        };
        settings.size.unwrap_or(own)
    }
}

fn color(passes: &Passes<'_>, picture: &Layer, settings: &Settings) -> Outcome<Layer> {
    let numbers = [settings.gain, settings.gamma, settings.saturation, settings.contrast];
    let parameters = passes.uniform(&numbers.map(f32::to_le_bytes).concat())?;
    passes.over(&passes.kernels().color, picture, &[Resource::Numbers(&parameters)])
}

fn blur(passes: &Passes<'_>, picture: &Layer, sigma: f32) -> Outcome<Layer> {
    let across = blur_along(passes, picture, Axis::X, sigma.into())?;
    blur_along(passes, &across, Axis::Y, sigma.into())
}

fn edges(passes: &Passes<'_>, picture: &Layer) -> Outcome<Layer> {
    let gain = passes.uniform(&EDGE_GAIN.to_le_bytes())?;
    passes.over(&passes.kernels().edges, picture, &[Resource::Numbers(&gain)])
}

fn equalize(passes: &Passes<'_>, picture: &Layer, strength: f32) -> Outcome<Layer> {
    let (counts, shares) = (passes.table(), passes.table());
    let (counts, shares) = (Resource::Numbers(&counts), Resource::Numbers(&shares));
    let kernels = passes.kernels();
    passes.run(&kernels.histogram, &[Resource::Picture(picture), counts], picture.size, HISTOGRAM_TILE)?;
    passes.run(&kernels.cumulate, &[counts, shares], Size { width: 1, height: 1 }, 1)?;
    let strength = passes.uniform(&strength.to_le_bytes())?;
    passes.over(&kernels.equalize, picture, &[Resource::Numbers(&strength), shares])
}

/// The chain of all the others.
fn ink(passes: &Passes<'_>, picture: &Layer, settings: &Settings) -> Outcome<Layer> {
    let toned = color(passes, picture, settings)?;
    let outlines = edges(passes, &blur(passes, &toned, INK_SIGMA)?)?;
    let equal = equalize(passes, &toned, INK_EQUALIZE)?;
    let strength = passes.uniform(&INK_STRENGTH.to_le_bytes())?;
    let more = [Resource::Numbers(&strength), Resource::Picture(&outlines)];
    passes.over(&passes.kernels().ink, &equal, &more)
}

/// A picture in another size.
pub(crate) fn resize(passes: &Passes<'_>, picture: &Layer, size: Size) -> Outcome<Layer> {
    let result = passes.blank(size);
    resize_onto(passes, picture, &result, [0, 0], size)?;
    Ok(result)
}

/// Puts a picture, in another size, on another one.
pub(crate) fn resize_onto(
    passes: &Passes<'_>,
    picture: &Layer,
    result: &Layer,
    corner: [u32; 2],
    size: Size,
) -> Outcome<()> {
    check_shrinking(picture.size, size)?;
    let mut soft = None;
    for (axis, from, to) in [(Axis::X, picture.size.width, size.width), (Axis::Y, picture.size.height, size.height)] {
        let sigma = (f64::from(from) / f64::from(to) - 1.0) / 2.0;
        if sigma > 0.0 {
            soft = Some(blur_along(passes, soft.as_ref().unwrap_or(picture), axis, sigma)?);
        }
    }
    let source = soft.as_ref().unwrap_or(picture);
    let [left, top] = corner;
    let numbers = [left, top, size.width, size.height];
    let parameters = passes.uniform(&numbers.map(u32::to_le_bytes).concat())?;
    let bindings = [Resource::Picture(source), Resource::Picture(result), Resource::Numbers(&parameters)];
    passes.run(&passes.kernels().resize, &bindings, size, TILE)
}

/// Checks that a picture isn't shrunk beyond reason.
///
/// # Errors
///
/// When it is; says what would do.
pub(crate) fn check_shrinking(from: Size, to: Size) -> Outcome<()> {
    let least = Size { width: from.width.div_ceil(SHRINK_MAX), height: from.height.div_ceil(SHRINK_MAX) };
    if to.width < least.width || to.height < least.height {
        let rule = format!("a side can become at most {SHRINK_MAX} times shorter");
        return Err(format!("{from} can't be resized to {to}: {rule}; give a --size of at least {least}").into());
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Axis {
    X,
    Y,
}

fn blur_along(passes: &Passes<'_>, picture: &Layer, axis: Axis, sigma: f64) -> Outcome<Layer> {
    let direction: [i32; 2] = match axis {
        Axis::X => [1, 0],
        Axis::Y => [0, 1],
    };
    let direction = passes.uniform(&direction.map(i32::to_le_bytes).concat())?;
    let weights: Vec<u8> = gaussian(sigma).into_iter().flat_map(f32::to_le_bytes).collect();
    let weights = passes.storage(&weights)?;
    passes.over(&passes.kernels().blur, picture, &[Resource::Numbers(&direction), Resource::Numbers(&weights)])
}

/// The weights of a Gaussian from its middle to one side; with the other side's they sum up to 1.
fn gaussian(sigma: f64) -> Vec<f32> {
    let radius = (TRUNCATE * sigma + 0.5).floor();
    let distances = (0_u32..).map(f64::from).take_while(|distance| *distance <= radius);
    let heights: Vec<f64> = distances.map(|distance| (-0.5 * (distance / sigma).powi(2)).exp()).collect();
    // The middle is 1 and stands once, all others twice.
    let sum = 2.0 * heights.iter().sum::<f64>() - 1.0;
    heights.into_iter().map(|height| single(height / sum)).collect()
}

#[expect(clippy::as_conversions, reason = "nothing else rounds to f32; weights are far from its range's ends")]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_up_to_one() {
        for sigma in [0.1, 0.5, 1.0, 3.0, 31.5, 64.0] {
            let weights = gaussian(sigma);
            let sum = 2.0 * weights.iter().copied().map(f64::from).sum::<f64>() - f64::from(weights[0]);
            assert!((sum - 1.0).abs() < 1e-6, "expected 1 for sigma {sigma}, got {sum}");
        }
    }

    #[test]
    fn radius_is_that_of_scipy() {
        let lengths = [0.1, 0.5, 1.0, 3.0].map(|sigma| gaussian(sigma).len());
        assert_eq!(lengths, [1, 3, 5, 13], "the middle, and int(4 sigma + 0.5) neighbours");
    }

    #[test]
    fn shrinking_has_a_limit() {
        let size = |width, height| Size { width, height };
        check_shrinking(size(6400, 100), size(100, 2)).unwrap();
        check_shrinking(size(2, 2), size(4000, 4000)).unwrap();
        let refused = check_shrinking(size(6401, 100), size(100, 2)).unwrap_err().to_string();
        assert!(refused.contains("at least 101x2"), "what would do: {refused}");
    }

    #[test]
    fn sizes_of_results() {
        let (picture, wanted) = (Size { width: 301, height: 203 }, Size { width: 7, height: 9 });
        let settings = Settings::default();
        assert_eq!(Step::Blur.size_of_result(picture, &settings), picture, "unchanged");
        assert_eq!(Step::Resize.size_of_result(picture, &settings), picture.halved(), "half");
        let settings = Settings { size: Some(wanted), ..settings };
        assert_eq!(Step::Blur.size_of_result(picture, &settings), wanted, "what was asked for");
        assert_eq!(Step::Resize.size_of_result(picture, &settings), wanted, "what was asked for");
    }
}
