//! Pictures as PNG: digits in rows and columns, and curves.

use std::path::Path;

use png::{BitDepth, ColorType, Encoder};

use crate::Failure;
use crate::chart;
use crate::digits::{PIXELS, SIDE};
use crate::files;

const GAP: usize = 2;

/// A picture of pixels with three channels.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    fn new(width: usize, height: usize, shade: u8) -> Self {
        Self { width, height, pixels: vec![shade; 3 * width * height] }
    }

    /// Sets a pixel; outside of the picture nothing.
    fn set(&mut self, x: usize, y: usize, color: [u8; 3]) {
        if x < self.width && y < self.height {
            let place = 3 * (y * self.width + x);
            self.pixels[place..place + 3].copy_from_slice(&color);
        }
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, u32::try_from(self.width)?, u32::try_from(self.height)?);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(files::write(path, &bytes)?)
    }
}

/// Writes digits with pixels from 0 to 1 in `columns`; gives width and height.
pub(crate) fn write_grid(path: &Path, pixels: &[f32], columns: usize) -> Result<(usize, usize), Failure> {
    let rows = (pixels.len() / PIXELS).div_ceil(columns);
    let side = |count: usize| count * (SIDE + GAP) + GAP;
    let mut grid = Picture::new(side(columns), side(rows), 64);
    for (place, digit) in pixels.chunks_exact(PIXELS).enumerate() {
        let (left, top) = (side(place % columns), side(place / columns));
        for (pixel, shade) in digit.iter().enumerate() {
            let shade = (shade * 255.0).round() as u8;
            grid.set(left + pixel % SIDE, top + pixel / SIDE, [shade; 3]);
        }
    }
    grid.write(path)?;
    Ok((grid.width, grid.height))
}

const WIDTH: usize = 800;
const HEIGHT: usize = 480;
const LEFT: usize = 70;
const BOTTOM: usize = 40;
const MARGIN: usize = 16;
/// The first is drawn as the first curve, and wider.
const COLORS: [[u8; 3]; 4] = [[31, 119, 180], [214, 39, 40], [44, 160, 44], [148, 103, 189]];

/// Writes curves into one picture, each with a colour of its own, over a logarithmic scale.
pub(crate) fn write_curves(path: &Path, curves: &[Vec<f32>]) -> Result<(), Failure> {
    let columns = WIDTH - LEFT - MARGIN;
    // Losses are never negative, but one may be 0.
    let means: Vec<Vec<f32>> = curves
        .iter()
        .map(|curve| chart::means(curve, columns).into_iter().map(|mean| mean.max(1e-6).log10()).collect())
        .collect();
    let all = || means.iter().flatten().copied();
    let (least, greatest) = (all().fold(f32::MAX, f32::min), all().fold(f32::MIN, f32::max));
    if least > greatest {
        return Err("there is no loss to draw".into());
    }
    let steps = curves.iter().map(Vec::len).max().unwrap_or_default();
    let (bottom, top) = (HEIGHT - BOTTOM, MARGIN);
    let span = (greatest - least).max(0.01);
    let row = |value: f32| bottom - ((value - least) / span * (bottom - top) as f32).round() as usize;
    let mut picture = Picture::new(WIDTH, HEIGHT, 255);
    for line in 0..=4u8 {
        let value = least + span * f32::from(line) / 4.0;
        (LEFT..WIDTH - MARGIN).for_each(|x| picture.set(x, row(value), [220; 3]));
        write_number(&mut picture, 6, row(value).saturating_sub(5), &format!("{:.4}", 10f32.powf(value)));
        let step = steps * usize::from(line) / 4;
        let x = LEFT + columns * usize::from(line) / 4;
        let label = step.to_string();
        write_number(&mut picture, x.min(WIDTH - MARGIN - 8 * label.len()), bottom + 14, &label);
    }
    for (curve, (mean, color)) in means.iter().zip(COLORS.iter().cycle()).enumerate() {
        let length = curves.get(curve).map_or(0, Vec::len);
        let place = |point: usize| LEFT + point * columns * length / (steps.max(1) * mean.len().max(1));
        for (point, pair) in mean.windows(2).enumerate() {
            let &[from, to] = pair else { continue };
            let ((x0, y0), (x1, y1)) = ((place(point), row(from)), (place(point + 1), row(to)));
            let length = x0.abs_diff(x1).max(y0.abs_diff(y1)).max(1);
            let between = |a: usize, b: usize, at: usize| (a * (length - at) + b * at) / length;
            for at in 0..=length {
                let (x, y) = (between(x0, x1, at), between(y0, y1, at));
                picture.set(x, y, *color);
                if curve == 0 {
                    picture.set(x, y + 1, *color);
                    picture.set(x, y.saturating_sub(1), *color);
                }
            }
        }
    }
    picture.write(path)
}

/// Digits and the point, three by five pixels, a row in three bits.
const GLYPHS: [[u8; 5]; 11] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 1, 1],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
    [0, 0, 0, 0, 2],
];

/// Twice as large as the glyphs.
fn write_number(picture: &mut Picture, left: usize, top: usize, number: &str) {
    for (place, letter) in number.chars().enumerate() {
        let glyph = letter.to_digit(10).map_or(10, |digit| digit as usize);
        for (y, row) in GLYPHS[glyph].iter().enumerate() {
            for x in (0..3).filter(|x| row >> (2 - x) & 1 == 1) {
                for (right, down) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    picture.set(left + 8 * place + 2 * x + right, top + 2 * y + down, [90; 3]);
                }
            }
        }
    }
}
