//! What a Linux system's files say of its Vulkan drivers and GPUs.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, iter};

use serde_json::Value;

/// The loader that wgpu opens.
const LOADER: &str = "libvulkan.so.1";
/// The variables that name the only drivers to be used; the loader takes the first that is set.
const CHOICES: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/// What of a machine decides whether a GPU opens.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// Whether this program can't load libraries.
    pub(super) is_static: bool,
    pub(super) has_loader: bool,
    /// The variable that names the drivers, if any does.
    pub(super) choice: Option<&'static str>,
    /// The same, with what it names that isn't there.
    pub(super) missing_choice: Option<(&'static str, PathBuf)>,
    pub(super) manifests: Vec<Manifest>,
    pub(super) devices: Vec<Device>,
}

impl Machine {
    pub(super) fn look() -> Self {
        let chosen = CHOICES.into_iter().find_map(|variable| Some((variable, non_empty(variable)?)));
        let paths: Vec<_> = match &chosen {
            Some((_, value)) => env::split_paths(value).collect(),
            None => manifest_folders(),
        };
        let missing_choice = chosen.as_ref().and_then(|(variable, _)| {
            let missing = paths.iter().find(|path| !path.exists())?;
            Some((*variable, missing.clone()))
        });
        Self {
            is_static: cfg!(all(target_env = "musl", target_feature = "crt-static")),
            has_loader: has_library(LOADER),
            choice: chosen.map(|(variable, _)| variable),
            missing_choice,
            manifests: paths.iter().flat_map(|path| json_files(path)).map(Manifest::read).collect(),
            devices: device_files().into_iter().map(Device::open).collect(),
        }
    }
}

/// A file by which a driver makes itself known to the loader.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) path: PathBuf,
    pub(super) driver: Driver,
}

/// The library that a manifest names.
#[derive(Debug)]
pub(super) enum Driver {
    Present,
    Missing(String),
    Unreadable(String),
}

impl Manifest {
    fn read(path: PathBuf) -> Self {
        let driver = match library(&path) {
            Ok(library) if is_present(&path, &library) => Driver::Present,
            Ok(library) => Driver::Missing(library),
            Err(why) => Driver::Unreadable(why),
        };
        Self { path, driver }
    }

    /// By the names of drivers that compute on the CPU.
    pub(super) fn is_software(&self) -> bool {
        ["lvp", "lavapipe", "swiftshader", "swrast"].iter().any(|name| self.is_named(name))
    }

    pub(super) fn is_nvidia(&self) -> bool {
        // Mesa's driver for these GPUs is nouveau.
        self.is_named("nvidia") || self.is_named("nouveau")
    }

    fn is_named(&self, part: &str) -> bool {
        self.path.file_name().is_some_and(|name| name.to_string_lossy().contains(part))
    }
}

fn library(manifest: &Path) -> Result<String, String> {
    let text = fs::read_to_string(manifest).map_err(|error| error.to_string())?;
    let manifest: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let library = manifest.pointer("/ICD/library_path").and_then(Value::as_str);
    library.map(str::to_owned).ok_or_else(|| "it has no ICD.library_path".to_owned())
}

/// A bare name is looked up as any library is; any other path counts from the manifest.
fn is_present(manifest: &Path, library: &str) -> bool {
    if library.contains('/') {
        return manifest.parent().unwrap_or(Path::new("/")).join(library).exists();
    }
    has_library(library)
}

/// Whether the system's dynamic loader would find a library.
fn has_library(name: &str) -> bool {
    // The cache of `ldconfig` has the names in it as they are; musl has no such cache.
    let cache = fs::read("/etc/ld.so.cache").unwrap_or_default();
    let known = cache.split(|byte| *byte == 0).any(|entry| entry == name.as_bytes());
    known || library_folders().iter().any(|folder| folder.join(name).exists())
}

fn library_folders() -> Vec<PathBuf> {
    const FOLDERS: [&str; 6] = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/run/opengl-driver/lib"];
    let search = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let of_architecture = PathBuf::from(format!("/usr/lib/{}-linux-gnu", env::consts::ARCH));
    let usual = FOLDERS.iter().map(PathBuf::from).chain(iter::once(of_architecture));
    env::split_paths(&search).filter(|folder| !folder.as_os_str().is_empty()).chain(usual).collect()
}

/// Where the loader looks for manifests by itself.
fn manifest_folders() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from);
    let folders_of = |variable: &str, usual: &str| -> Vec<PathBuf> {
        let value = non_empty(variable).unwrap_or_else(|| usual.into());
        env::split_paths(&value).collect()
    };
    let in_home = |variable: &str, usual: &str| {
        non_empty(variable).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(usual)))
    };
    let mut folders: Vec<PathBuf> = in_home("XDG_CONFIG_HOME", ".config").into_iter().collect();
    folders.extend(folders_of("XDG_CONFIG_DIRS", "/etc/xdg"));
    folders.push("/etc".into());
    folders.extend(in_home("XDG_DATA_HOME", ".local/share"));
    folders.extend(folders_of("XDG_DATA_DIRS", "/usr/local/share:/usr/share"));
    folders.push("/run/opengl-driver/share".into());
    folders.sort();
    folders.dedup();
    folders.iter().map(|folder| folder.join("vulkan/icd.d")).collect()
}

fn non_empty(variable: &str) -> Option<std::ffi::OsString> {
    env::var_os(variable).filter(|value| !value.is_empty())
}

/// The file itself, or those of a folder.
fn json_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files = entries(path);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// A file by which a driver reaches a GPU.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) path: PathBuf,
    pub(super) access: Access,
}

/// Whether this user may open a device.
#[derive(Debug)]
pub(super) enum Access {
    Granted,
    Denied,
    Failed(String),
}

impl Device {
    fn open(path: PathBuf) -> Self {
        let access = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(_) => Access::Granted,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Access::Denied,
            Err(error) => Access::Failed(error.to_string()),
        };
        Self { path, access }
    }

    pub(super) fn is_nvidia(&self) -> bool {
        self.path.to_string_lossy().starts_with("/dev/nvidia")
    }
}

fn device_files() -> Vec<PathBuf> {
    let is_gpu = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number = name.strip_prefix("nvidia").or_else(|| name.strip_prefix("renderD"));
        name == "dxg"
            || number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let files = entries(Path::new("/dev")).into_iter().chain(entries(Path::new("/dev/dri")));
    files.filter(is_gpu).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_read_with_their_library() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file");
            Manifest::read(path)
        };
        fs::write(folder.path().join("libdriver.so"), "").expect("a library");
        let good = write("a.json", r#"{"ICD": {"library_path": "./libdriver.so", "api_version": "1.3.0"}}"#);
        assert!(matches!(good.driver, Driver::Present), "relative to the manifest: {good:?}");
        let missing = write("b.json", r#"{"ICD": {"library_path": "libwardian_no_such_driver.so"}}"#);
        assert!(matches!(missing.driver, Driver::Missing(_)), "found nowhere: {missing:?}");
        let broken = write("lvp_icd.json", "{");
        assert!(matches!(broken.driver, Driver::Unreadable(_)), "no JSON: {broken:?}");
        assert!(broken.is_software() && !missing.is_software(), "told by the name");
    }
}
