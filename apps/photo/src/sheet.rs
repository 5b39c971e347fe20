//! A contact sheet: several pictures on one paper.

use std::error::Error;

use wardian_guest::describe;
use wardian_guest::webgpu::GpuColor;

use crate::gpu::{Layer, Passes};
use crate::size::Size;
use crate::steps;

const COLUMNS: u32 = 3;
const ROWS: u32 = 2;
/// Pixels between the pictures and around them.
const MARGIN: u32 = 12;
const PAPER: GpuColor = describe::color(0.96, 0.96, 0.96, 1.0);
/// Longest side of a picture on a sheet unless the command line says otherwise.
const PICTURE_SIDE_MAX: u32 = 600;

/// Where the pictures of a sheet lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sheet {
    /// Size of each picture on it.
    pub(crate) picture: Size,
}

impl Sheet {
    /// A sheet for pictures that were `original`; on it they are `wanted`, or as large as they were within reason.
    pub(crate) fn new(original: Size, wanted: Option<Size>) -> Self {
        Self { picture: wanted.unwrap_or_else(|| original.shrunk_to(PICTURE_SIDE_MAX)) }
    }

    pub(crate) fn size(self) -> Size {
        let side =
            |picture: u32, count: u32| picture.saturating_add(MARGIN).saturating_mul(count).saturating_add(MARGIN);
        Size { width: side(self.picture.width, COLUMNS), height: side(self.picture.height, ROWS) }
    }

    /// Records laying out pictures, row by row; any size will do.
    pub(crate) fn record<'a>(
        self,
        passes: &Passes<'_>,
        pictures: impl IntoIterator<Item = &'a Layer>,
    ) -> Result<Layer, Box<dyn Error>> {
        let paper = passes.filled(self.size(), PAPER);
        for (corner, picture) in self.corners().zip(pictures) {
            steps::resize_onto(passes, picture, &paper, corner, self.picture)?;
        }
        Ok(paper)
    }

    /// Left and top of each picture, row by row.
    fn corners(self) -> impl Iterator<Item = [u32; 2]> {
        (0..COLUMNS * ROWS).map(move |index| {
            let (row, column) = (index / COLUMNS, index % COLUMNS);
            [MARGIN + column * (self.picture.width + MARGIN), MARGIN + row * (self.picture.height + MARGIN)]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lie_inside_of_the_sheet() {
        let sheet = Sheet::new(Size { width: 6000, height: 4000 }, None);
        assert_eq!(sheet.picture, Size { width: 600, height: 400 }, "within reason");
        assert_eq!(sheet.size(), Size { width: 1848, height: 836 }, "three by two of them and the margins");
        let corners: Vec<_> = sheet.corners().collect();
        assert_eq!(corners[0], [12, 12], "the first");
        assert_eq!(corners[5], [1848 - 12 - 600, 836 - 12 - 400], "the last");
    }

    #[test]
    fn sizes_that_are_asked_for_count() {
        let huge = Size { width: u32::MAX, height: 5 };
        let sheet = Sheet::new(Size { width: 10, height: 10 }, Some(huge));
        assert_eq!(sheet.size(), Size { width: u32::MAX, height: 46 }, "too wide, for the adapter to refuse");
    }
}
