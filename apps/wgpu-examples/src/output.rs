//! What an example gives: numbers, or a picture.

use std::fmt::{self, Display, Write as _};

use crate::Failure;

/// The result of an example.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Numbers and words, one a line.
    Lines(Vec<String>),
    /// Rows of RGBA, 8 bits each.
    Picture {
        /// Pixels in a row.
        width: u32,
        /// Four bytes a pixel.
        pixels: Vec<u8>,
    },
}

impl Output {
    /// Lines of anything that can be shown.
    pub(crate) fn lines<T: Display>(lines: impl IntoIterator<Item = T>) -> Self {
        Self::Lines(lines.into_iter().map(|line| line.to_string()).collect())
    }

    /// The whole of it in one line of text.
    #[must_use]
    pub fn encode(&self) -> String {
        match self {
            Self::Lines(lines) => format!("lines {}", lines.join("|")),
            Self::Picture { width, pixels } => {
                let mut text = format!("picture {width} ");
                for byte in pixels {
                    // A write into a string can't fail.
                    let _ = write!(text, "{byte:02x}");
                }
                text
            }
        }
    }

    /// What [`encode`](Self::encode) wrote; none if it did not.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        if let Some(lines) = text.strip_prefix("lines ") {
            return Some(Self::lines(lines.split('|')));
        }
        let (width, hex) = text.strip_prefix("picture ")?.split_once(' ')?;
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        let pixels = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<_>>()?;
        Some(Self::Picture { width: width.parse().ok()?, pixels })
    }

    /// Writes a picture as PNG.
    ///
    /// # Errors
    ///
    /// When there is no picture, or the file can't be written.
    pub fn save(&self, path: &str) -> Result<(), Failure> {
        let Self::Picture { width, pixels } = self else {
            return Err("this example draws nothing; leave the file's name out to see its numbers".into());
        };
        let height = u32::try_from(pixels.len())? / 4 / width;
        let picture = image::RgbaImage::from_raw(*width, height, pixels.clone());
        let picture = picture.ok_or("the picture has not as many bytes as its size says")?;
        picture.save(path).map_err(|error| format!("cannot write {path}: {error}").into())
    }
}

impl Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines(lines) => formatter.write_str(&lines.join("\n")),
            Self::Picture { width, pixels } => {
                let sum: u64 = pixels.iter().copied().map(u64::from).sum();
                write!(formatter, "a picture, {width} pixels wide, {} bytes with the sum {sum}", pixels.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_can_be_decoded() {
        for output in [Output::lines([1, 2]), Output::Picture { width: 1, pixels: vec![0, 7, 16, 255] }] {
            assert_eq!(Output::decode(&output.encode()), Some(output), "the same output");
        }
        assert_eq!(Output::decode("picture 1 0g"), None, "not a byte");
    }
}
