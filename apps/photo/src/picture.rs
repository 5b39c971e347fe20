//! PNG files.

use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use image::codecs::png::{PngDecoder, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder};

use crate::size::Size;

/// A PNG file of which the size is known and the pixels are not read yet.
pub(crate) struct Unread {
    decoder: PngDecoder<BufReader<File>>,
    name: String,
}

impl Unread {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// When it isn't there, can't be read, or is no PNG picture.
    pub(crate) fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let name = path.display().to_string();
        let file = File::open(path)
            .map_err(|error| format!("cannot read {name}: {error}; it must lie in a folder that --dir opens"))?;
        let decoder = PngDecoder::new(BufReader::new(file)).map_err(|error| no_picture(&name, &error))?;
        Ok(Self { decoder, name })
    }

    pub(crate) fn size(&self) -> Size {
        let (width, height) = self.decoder.dimensions();
        Size { width, height }
    }

    /// The pixels row by row: red, green, blue and 255. What is transparent in the file lies over white.
    ///
    /// # Errors
    ///
    /// When the file is damaged.
    pub(crate) fn read(self) -> Result<Vec<u8>, Box<dyn Error>> {
        let Self { decoder, name } = self;
        let picture = DynamicImage::from_decoder(decoder).map_err(|error| no_picture(&name, &error))?;
        let mut bytes = picture.into_rgba8().into_raw();
        for [red, green, blue, alpha] in bytes.as_chunks_mut::<4>().0 {
            for channel in [red, green, blue] {
                *channel = over_white(*channel, *alpha);
            }
            *alpha = 255;
        }
        Ok(bytes)
    }
}

/// Writes rows of red, green, blue and an unused byte as a PNG file, all of it or nothing.
///
/// # Errors
///
/// When the file can't be written there; a file of that name is then as it was.
pub(crate) fn write(path: &Path, size: Size, rgba: &[u8]) -> Result<(), Box<dyn Error>> {
    let rgb: Vec<u8> = rgba.as_chunks::<4>().0.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
    // In the same folder, so that renaming it takes its place at once.
    let mut partial = OsString::from(path);
    partial.push(".partial");
    let written = encode(Path::new(&partial), size, &rgb).and_then(|()| Ok(fs::rename(&partial, path)?));
    written.map_err(|error| {
        drop(fs::remove_file(&partial));
        cannot_write(path, &*error)
    })
}

/// Finds out early whether a file could be written, as far as that can be seen without writing.
///
/// # Errors
///
/// When its folder isn't there, or it is a folder itself.
pub(crate) fn check_place(path: &Path) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        return Err(cannot_write(path, "it is a folder"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(cannot_write(path, format_args!("there is no folder {}", folder.display())))
        }
        Some(_) | None => Ok(()),
    }
}

fn encode(path: &Path, size: Size, rgb: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(path)?);
    PngEncoder::new(&mut file).write_image(rgb, size.width, size.height, ExtendedColorType::Rgb8)?;
    file.flush()?;
    Ok(())
}

fn cannot_write(path: &Path, reason: impl std::fmt::Display) -> Box<dyn Error> {
    let name = path.display();
    format!("cannot write {name}: {reason}; name a file in a folder that is there and that --dir opens").into()
}

fn no_picture(name: &str, error: &image::ImageError) -> Box<dyn Error> {
    format!("{name} is not a PNG picture, or is damaged: {error}").into()
}

fn over_white(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    let blended = (channel * alpha + 255 * (255 - alpha) + 127) / 255;
    u8::try_from(blended).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    #[test]
    fn transparency_lies_over_white() {
        assert_eq!([over_white(10, 255), over_white(10, 0), over_white(0, 128)], [10, 255, 127], "opaque, clear, half");
    }

    #[test]
    fn what_is_written_can_be_read() {
        let path = env::temp_dir().join(format!("wardian-photo-{}.png", std::process::id()));
        let size = Size { width: 2, height: 1 };
        write(&path, size, &[1, 2, 3, 255, 4, 5, 6, 255]).unwrap();
        let unread = Unread::open(&path).unwrap();
        assert_eq!(unread.size(), size, "the size");
        assert_eq!(unread.read().unwrap(), [1, 2, 3, 255, 4, 5, 6, 255], "the pixels");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let refused = |path: &str| Unread::open(Path::new(path)).err().unwrap().to_string();
        let missing = refused("src/missing.png");
        assert!(missing.starts_with("cannot read src/missing.png: "), "the path and the reason: {missing}");
        let text = refused("Cargo.toml");
        assert!(text.starts_with("Cargo.toml is not a PNG picture"), "what is wrong: {text}");
    }

    #[test]
    fn places_where_nothing_can_be_written_are_refused() {
        let refused = |path: &str| check_place(Path::new(path)).unwrap_err().to_string();
        assert!(refused("src").contains("it is a folder"), "a folder");
        assert!(refused("missing/a.png").contains("there is no folder missing"), "a missing folder");
        check_place(Path::new("a.png")).unwrap();
        check_place(Path::new("src/a.png")).unwrap();
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let path = Path::new("src/missing/a.png");
        let error = write(path, Size { width: 1, height: 1 }, &[0; 4]).unwrap_err().to_string();
        assert!(error.starts_with("cannot write src/missing/a.png: "), "the path and the reason: {error}");
    }
}
