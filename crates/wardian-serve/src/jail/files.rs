//! What a worker reaches in the file system: Landlock.

use std::env;
use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr as _,
    RulesetCreated, RulesetCreatedAttr as _, RulesetError, Scope, make_bitflags,
};

use super::Paths;

/// The latest version whose rights are known here. Of an older kernel those that it has are used.
const VERSION: ABI = ABI::V6;

/// Where libraries, drivers and what they read of the machine are. What isn't there is passed over.
const SYSTEM: [&str; 24] = [
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt/rocm",
    "/nix/store",
    "/run/opengl-driver",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/vulkan",
    "/etc/glvnd",
    "/etc/drirc",
    "/etc/nvidia",
    "/etc/localtime",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/devices",
    "/proc/modules",
    "/proc/driver",
    "/proc/sys/vm",
    "/proc/sys/kernel",
    "/sys",
];
/// Devices that are no hardware.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
/// Those of GPUs: what begins so.
const GPUS: [&str; 9] = ["dri", "nvidia", "kfd", "mali", "dma_heap", "udmabuf", "dxg", "pvr", "kgsl"];
/// Variables that name drivers: lists of files and folders.
const DRIVER_VARIABLES: [&str; 5] =
    ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES", "LD_LIBRARY_PATH", "LIBGL_DRIVERS_PATH"];

const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
const USE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir | WriteFile | IoctlDev});
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | RemoveDir | RemoveFile | MakeDir | MakeReg | MakeSym | Refer | Truncate
});

/// Leaves this thread, and those that it starts, no more than these paths, the drivers and their devices.
pub(super) fn close(paths: &Paths) -> Result<LandlockStatus, RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(VERSION))?
        .handle_access(AccessNet::from_all(VERSION))?
        .scope(Scope::from_all(VERSION))?
        .create()?;
    for path in SYSTEM.iter().map(PathBuf::from).chain(drivers()).chain(paths.read.iter().cloned()) {
        rules = allow(rules, &path, READ)?;
    }
    for path in DEVICES.iter().map(PathBuf::from).chain(gpus()) {
        rules = allow(rules, &path, USE)?;
    }
    for path in &paths.write {
        rules = allow(rules, path, WRITE)?;
    }
    Ok(rules.restrict_self()?.landlock)
}

fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, RulesetError> {
    let Ok(fd) = PathFd::new(path) else { return Ok(rules) };
    // A file has no rights of a folder.
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(VERSION) };
    rules.add_rule(PathBeneath::new(fd, access))
}

/// The devices of GPUs that this machine has.
fn gpus() -> Vec<PathBuf> {
    let Ok(devices) = fs::read_dir("/dev") else { return Vec::new() };
    let devices = devices.filter_map(Result::ok).filter(|device| {
        let is_device = device.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_char_device());
        let name = device.file_name();
        is_device && GPUS.iter().any(|prefix| name.to_string_lossy().starts_with(prefix))
    });
    devices.map(|device| device.path()).collect()
}

/// The folders that hold drivers of the operator's own choice.
fn drivers() -> Vec<PathBuf> {
    let named = DRIVER_VARIABLES.iter().filter_map(env::var_os);
    let named: Vec<PathBuf> = named.flat_map(|list| env::split_paths(&list).collect::<Vec<_>>()).collect();
    // A description of a driver names a library, which mostly lies beside it.
    let files = named.iter().filter(|path| path.is_file()).cloned();
    let libraries = files.filter_map(|file| {
        let text = fs::read_to_string(&file).ok()?;
        let description: serde_json::Value = serde_json::from_str(&text).ok()?;
        let library = Path::new(description.get("ICD")?.get("library_path")?.as_str()?).to_owned();
        let library = file.parent()?.join(library);
        library.parent().map(Path::to_owned)
    });
    let libraries: Vec<_> = libraries.collect();
    let folders = named.iter().filter_map(|path| if path.is_file() { path.parent() } else { Some(path.as_path()) });
    // An empty name would be the folder where it was started.
    folders.map(Path::to_owned).chain(libraries).filter(|path| path.is_absolute()).collect()
}
