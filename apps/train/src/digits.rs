//! MNIST: the four files of the set in the format IDX, checked before they are used.

use std::fs;
use std::path::Path;

use crate::Failure;

/// Width and height of a digit, and their product.
pub(crate) const SIDE: usize = 28;
pub(crate) const PIXELS: usize = SIDE * SIDE;
/// How many kinds of digits there are.
pub(crate) const CLASSES: usize = 10;

const IMAGES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;
const ADVICE: &str = "`cargo xtask mnist` fetches the set and says where it is";

/// Pictures of digits, and which digits they are.
pub(crate) struct Digits {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Digits {
    /// The 60,000 to learn from.
    pub(crate) fn training(folder: &Path) -> Result<Self, Failure> {
        Self::read(folder, "train")
    }

    /// The 10,000 to be tested with.
    pub(crate) fn test(folder: &Path) -> Result<Self, Failure> {
        Self::read(folder, "t10k")
    }

    fn read(folder: &Path, part: &str) -> Result<Self, Failure> {
        let file = |name: &str, parse: fn(Vec<u8>) -> Result<Vec<u8>, String>| {
            let path = folder.join(name);
            let bytes =
                fs::read(&path).map_err(|error| format!("cannot read {}: {error}; {ADVICE}", path.display()))?;
            parse(bytes).map_err(|error| format!("{}: {error}; {ADVICE}", path.display()))
        };
        let pixels = file(&format!("{part}-images-idx3-ubyte"), images)?;
        let labels = file(&format!("{part}-labels-idx1-ubyte"), labels)?;
        if pixels.len() / PIXELS != labels.len() {
            let (images, labels) = (pixels.len() / PIXELS, labels.len());
            return Err(
                format!("{}: {images} images and {labels} labels of '{part}'; {ADVICE}", folder.display()).into()
            );
        }
        Ok(Self { pixels, labels })
    }

    /// Only the first so many.
    pub(crate) fn first(mut self, count: usize) -> Self {
        self.pixels.truncate(count.saturating_mul(PIXELS));
        self.labels.truncate(count);
        self
    }

    pub(crate) fn count(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn label(&self, place: usize) -> u8 {
        self.labels[place]
    }

    /// The pixels of a picture, from 0 for black to 1.
    pub(crate) fn picture(&self, place: usize) -> impl Iterator<Item = f32> {
        self.pixels[place * PIXELS..(place + 1) * PIXELS].iter().map(|pixel| f32::from(*pixel) / 255.0)
    }
}

fn images(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    body(bytes, IMAGES_MAGIC, &[SIDE, SIDE], "images")
}

fn labels(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let labels = body(bytes, LABELS_MAGIC, &[], "labels")?;
    match labels.iter().find(|label| usize::from(**label) >= CLASSES) {
        Some(label) => Err(format!("this is not MNIST: it has the label {label}, and digits are 0 to 9")),
        None => Ok(labels),
    }
}

/// What follows the header: so many things, each of `shape`.
fn body(mut bytes: Vec<u8>, magic: u32, shape: &[usize], what: &str) -> Result<Vec<u8>, String> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err("the file is still compressed: unpack it with gunzip".to_owned());
    }
    let header = 4 * (2 + shape.len());
    let word = |place: usize| {
        let word = bytes.get(4 * place..4 * place + 4)?;
        Some(u32::from_be_bytes(word.try_into().ok()?))
    };
    let found = word(0).ok_or_else(|| format!("the file is cut short: it has {} bytes", bytes.len()))?;
    if found != magic {
        return Err(format!(
            "this is not MNIST's file of {what}: it begins with {found:#010x}, not with {magic:#010x}"
        ));
    }
    let cut = || format!("the file is cut short in its header: it has {} bytes", bytes.len());
    let count = word(1).ok_or_else(cut)? as usize;
    for (place, expected) in shape.iter().enumerate() {
        let size = word(2 + place).ok_or_else(cut)? as usize;
        if size != *expected {
            return Err(format!("this is not MNIST: a side of its pictures has {size} pixels, not {expected}"));
        }
    }
    if count == 0 {
        return Err(format!("the file has no {what}"));
    }
    let expected = shape.iter().product::<usize>().saturating_mul(count).saturating_add(header);
    if bytes.len() != expected {
        let state = if bytes.len() < expected { "cut short" } else { "too long" };
        return Err(format!("the file is {state}: {count} {what} take {expected} bytes, and it has {}", bytes.len()));
    }
    Ok(bytes.split_off(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(words: &[u32], body: &[u8]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).chain(body.iter().copied()).collect()
    }

    #[test]
    fn a_whole_file_is_read() {
        let digits = images(file(&[IMAGES_MAGIC, 2, 28, 28], &[7; 2 * PIXELS]));
        assert_eq!(digits, Ok(vec![7; 2 * PIXELS]), "what follows the header");
        assert_eq!(labels(file(&[LABELS_MAGIC, 3], &[0, 9, 5])), Ok(vec![0, 9, 5]), "labels");
    }

    #[test]
    fn each_fault_is_named() {
        let cases = [
            (images(Vec::new()), "cut short: it has 0 bytes"),
            (images(file(&[IMAGES_MAGIC, 2, 28], &[])), "cut short in its header"),
            (
                images(file(&[IMAGES_MAGIC, 2, 28, 28], &[0; PIXELS])),
                "cut short: 2 images take 1584 bytes, and it has 800",
            ),
            (images(file(&[IMAGES_MAGIC, 1, 28, 28], &[0; PIXELS + 1])), "too long"),
            (images(file(&[IMAGES_MAGIC, 1, 32, 32], &[0; 1024])), "32 pixels, not 28"),
            (images(file(&[IMAGES_MAGIC, 0, 28, 28], &[])), "no images"),
            (images(file(&[IMAGES_MAGIC, u32::MAX, 28, 28], &[])), "cut short"),
            (images(file(&[LABELS_MAGIC, 1], &[1])), "not MNIST's file of images: it begins with 0x00000801"),
            (images(vec![0x1f, 0x8b, 8, 0, 0, 0]), "gunzip"),
            (labels(file(&[LABELS_MAGIC, 2], &[1, 10])), "the label 10"),
        ];
        for (result, words) in cases {
            let error = result.expect_err(words);
            assert!(error.contains(words), "expected '{words}': {error}");
        }
    }

    #[test]
    fn a_missing_file_is_named_with_advice() {
        let error = Digits::test(Path::new("nowhere")).err().expect("no such folder").to_string();
        assert!(error.contains("nowhere") && error.contains("t10k-images-idx3-ubyte"), "which: {error}");
        assert!(error.contains("cargo xtask mnist"), "what to do: {error}");
    }
}
