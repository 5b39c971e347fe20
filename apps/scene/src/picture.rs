//! A picture on disk, whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use thiserror::Error;

use crate::arguments::Size;

/// Why a picture can't be written.
#[derive(Debug, Error)]
pub(crate) enum WriteError {
    #[error(
        "the output {} is a folder; give the name of a file, such as {}",
        path.display(), path.join("scene.png").display()
    )]
    IsFolder { path: PathBuf },
    #[error(
        "cannot write {}: {source}; give a place in a folder that exists and that the program was given \
         (as `wardian run --dir FOLDER` does)",
        path.display()
    )]
    Create { path: PathBuf, source: io::Error },
    #[error("cannot make the folder {}: {source}; give one inside a folder that the program was given", path.display())]
    MakeFolder { path: PathBuf, source: io::Error },
    #[error("cannot finish {}: {source}; nothing was written there", path.display())]
    Finish { path: PathBuf, source: io::Error },
    #[error("cannot encode {}: {source}; nothing was written there", path.display())]
    Encode { path: PathBuf, source: image::ImageError },
}

/// A picture that is being made. It is written beside its place, and moved there when it is whole.
#[derive(Debug)]
pub(crate) struct Picture {
    path: PathBuf,
    file: BufWriter<File>,
    partial: Partial,
}

impl Picture {
    /// Finds out whether the picture can be written.
    pub(crate) fn begin(path: &Path) -> Result<Self, WriteError> {
        if path.is_dir() {
            return Err(WriteError::IsFolder { path: path.to_path_buf() });
        }
        let mut name = OsString::from(path);
        name.push(".partial");
        let partial = PathBuf::from(name);
        let file = File::create(&partial).map_err(|source| WriteError::Create { path: path.to_path_buf(), source })?;
        Ok(Self { path: path.to_path_buf(), file: BufWriter::new(file), partial: Partial { path: Some(partial) } })
    }

    /// Writes the pixels, three bytes each, and puts the picture in its place.
    pub(crate) fn finish(mut self, size: Size, pixels: &[u8]) -> Result<(), WriteError> {
        let encoder = PngEncoder::new(&mut self.file);
        let (width, height) = (size.width.into(), size.height.into());
        encoder
            .write_image(pixels, width, height, ExtendedColorType::Rgb8)
            .map_err(|source| WriteError::Encode { path: self.path.clone(), source })?;
        let flushed = self.file.flush();
        drop(self.file);
        flushed
            .and_then(|()| self.partial.move_to(&self.path))
            .map_err(|source| WriteError::Finish { path: self.path, source })
    }
}

/// A file that is removed again unless it is moved to where it belongs.
#[derive(Debug)]
struct Partial {
    path: Option<PathBuf>,
}

impl Partial {
    fn move_to(&mut self, place: &Path) -> io::Result<()> {
        if let Some(path) = &self.path {
            fs::rename(path, place)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // There is an error on its way already; a file that stays behind bears a name that tells what it is.
            drop(fs::remove_file(path));
        }
    }
}

/// Makes a folder unless it is there.
pub(crate) fn make_folder(path: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(path).map_err(|source| WriteError::MakeFolder { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const SIZE: Size = Size { width: 2, height: 1 };

    fn names(folder: &TempDir) -> Vec<OsString> {
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn finished_picture_is_alone_in_its_place() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.png");
        fs::write(&path, "an older one").unwrap();
        Picture::begin(&path).unwrap().finish(SIZE, &[1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(names(&folder), ["a.png"], "what is in the folder");
        let picture = image::open(&path).unwrap().into_rgb8();
        assert_eq!((picture.dimensions(), picture.into_raw()), ((2, 1), vec![1, 2, 3, 4, 5, 6]), "the picture");
    }

    #[test]
    fn abandoned_picture_leaves_what_was_there() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.png");
        fs::write(&path, "an older one").unwrap();
        drop(Picture::begin(&path).unwrap());
        assert_eq!(names(&folder), ["a.png"], "what is in the folder");
        assert_eq!(fs::read_to_string(&path).unwrap(), "an older one", "the older picture");
    }

    #[test]
    fn unwritable_places_are_told_at_once() {
        let folder = TempDir::new().unwrap();
        let error = Picture::begin(folder.path()).expect_err("a folder").to_string();
        assert!(error.contains("is a folder; give the name of a file"), "{error}");
        let error = Picture::begin(&folder.path().join("none/a.png")).expect_err("no such folder").to_string();
        assert!(error.contains("none/a.png") && error.contains("--dir FOLDER"), "{error}");
        assert_eq!(names(&folder).len(), 0, "nothing is left in the folder");
    }
}
