//! Widths and heights.

use std::fmt::{self, Display};
use std::str::FromStr;

/// Width and height of a picture in pixels; neither is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    /// Half of it, rounded up.
    pub(crate) fn halved(self) -> Self {
        Self { width: self.width.div_ceil(2), height: self.height.div_ceil(2) }
    }

    /// The same proportions with no side longer than `side_max`, rounded up; what fits stays as it is.
    pub(crate) fn shrunk_to(self, side_max: u32) -> Self {
        let longest = self.width.max(self.height);
        if longest <= side_max {
            return self;
        }
        let scaled = |side: u32| {
            let scaled = (u64::from(side) * u64::from(side_max)).div_ceil(u64::from(longest));
            u32::try_from(scaled).unwrap_or(side_max)
        };
        Self { width: scaled(self.width), height: scaled(self.height) }
    }

    pub(crate) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

impl Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("'{text}' is no size: give width and height in pixels, such as 320x200");
        let (width, height) = text.split_once('x').ok_or_else(wanted)?;
        let side = |digits: &str| match digits.parse() {
            Ok(0) => Err(format!("'{text}' is no size: no side can be 0")),
            Ok(side) => Ok(side),
            Err(_) => Err(wanted()),
        };
        Ok(Self { width: side(width)?, height: side(height)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    #[test]
    fn sizes_are_read_and_written() {
        assert_eq!("320x200".parse(), Ok(size(320, 200)), "a size");
        assert_eq!(size(320, 200).to_string(), "320x200", "the same in words");
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "x", "320", "320x", "x200", "-1x2", "320 x 200", "1x2x3", "4294967296x1"] {
            let refused = text.parse::<Size>().unwrap_err();
            assert!(refused.contains("such as 320x200"), "an example for '{text}': {refused}");
        }
        let refused = "0x200".parse::<Size>().unwrap_err();
        assert!(refused.contains("no side can be 0"), "the reason: {refused}");
    }

    #[test]
    fn shrinking_keeps_the_proportions() {
        assert_eq!(size(600, 400).shrunk_to(600), size(600, 400), "what fits stays");
        assert_eq!(size(6000, 4000).shrunk_to(600), size(600, 400), "what is too wide");
        assert_eq!(size(400, 800).shrunk_to(600), size(300, 600), "what is too high");
        assert_eq!(size(9000, 1).shrunk_to(600), size(600, 1), "a side is never 0");
        assert_eq!(size(301, 203).halved(), size(151, 102), "half of odd sides");
    }
}
