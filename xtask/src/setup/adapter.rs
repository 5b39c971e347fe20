//! Which GPU adapter the machine has, and which it gets where it has none.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{Finding, choice, debian, lavapipe};
use crate::{process, project::Project};

/// The GPU adapter that programs will open.
#[derive(Debug)]
pub(crate) enum Adapter {
    /// The user named a driver in the environment.
    Chosen { by: &'static str },
    /// The machine's own Vulkan driver; whether it opens a GPU shows only when a program asks it to.
    Vulkan { device: &'static str },
    /// What the operating system always has.
    Native { interface: &'static str },
    /// A Vulkan driver that computes on the CPU.
    Software { icd: PathBuf },
}

impl Adapter {
    /// Whether only the files of the machine say that there is a GPU.
    pub(crate) fn is_unproven(&self) -> bool {
        matches!(self, Self::Vulkan { .. })
    }

    pub(crate) fn describe(&self, project: &Project) -> String {
        match self {
            Self::Chosen { by } => format!("the driver that {by} names"),
            Self::Vulkan { device } => format!("this machine's Vulkan driver ({device})"),
            Self::Native { interface } => format!("this machine's {interface}"),
            Self::Software { icd } => format!("software Vulkan (Mesa lavapipe, {})", project.shown(icd)),
        }
    }
}

pub(super) fn inspect(project: &Project) -> Result<Finding<Adapter>> {
    let wish = choice("WARDIAN_ADAPTER", &["system", "software"])?;
    if wish != Some("software") {
        if let Some(by) = driver_of_environment()? {
            return Ok(Finding::Ready(Adapter::Chosen { by }));
        }
        match env::consts::OS {
            "macos" => return Ok(Finding::Ready(Adapter::Native { interface: "Metal" })),
            "windows" => return Ok(Finding::Ready(Adapter::Native { interface: "Direct3D 12" })),
            _ => {}
        }
        let machine = Machine::look();
        let rejected = fs::read_to_string(rejection(project)).is_ok_and(|seen| seen == machine.fingerprint());
        match machine.device() {
            Some(device) if wish.is_some() || !rejected => return Ok(Finding::Ready(Adapter::Vulkan { device })),
            None if wish.is_some() => bail!(
                "WARDIAN_ADAPTER is 'system', but there is no GPU with a Vulkan driver here; install your GPU's Vulkan \
                 driver and the Vulkan loader (Debian: libvulkan1), or unset the variable to get software Vulkan"
            ),
            Some(_) | None => {}
        }
    }
    software(project)
}

/// Remembers that the machine's drivers open no GPU, until other drivers or devices show up.
pub(super) fn reject_system(project: &Project) -> Result<Finding<Adapter>> {
    let path = rejection(project);
    fs::write(&path, Machine::look().fingerprint()).with_context(|| format!("cannot write {}", path.display()))?;
    software(project)
}

fn rejection(project: &Project) -> PathBuf {
    project.cache.join("no-gpu-behind")
}

fn software(project: &Project) -> Result<Finding<Adapter>> {
    if env::consts::OS != "linux" {
        bail!("software Vulkan is set up on Linux only; name its driver in VK_DRIVER_FILES, or unset WARDIAN_ADAPTER");
    }
    match debian::System::find() {
        Some(system) => lavapipe::inspect(project, system),
        None => lavapipe::find_installed(&icd_files(), has_loader()),
    }
}

/// The variables by which a user names a driver, with what they say checked.
fn driver_of_environment() -> Result<Option<&'static str>> {
    for variable in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        let Some(value) = env::var_os(variable).filter(|value| !value.is_empty()) else { continue };
        if let Some(path) = env::split_paths(&value).find(|path| !path.exists()) {
            bail!("{variable} names {}, which does not exist; correct or unset the variable", path.display());
        }
        return Ok(Some(variable));
    }
    Ok(None)
}

/// What tells, without opening a device, whether there is a GPU with a Vulkan driver.
#[derive(Debug, Default)]
struct Machine {
    loader: bool,
    icds: Vec<PathBuf>,
    render_node: bool,
    nvidia: bool,
    windows_host: bool,
}

impl Machine {
    fn look() -> Self {
        let nodes = fs::read_dir("/dev/dri").into_iter().flatten().flatten();
        Self {
            loader: has_loader(),
            icds: icd_files(),
            render_node: nodes.into_iter().any(|node| node.file_name().to_string_lossy().starts_with("renderD")),
            nvidia: Path::new("/dev/nvidiactl").exists(),
            windows_host: Path::new("/dev/dxg").exists(),
        }
    }

    fn device(&self) -> Option<&'static str> {
        if !self.loader {
            return None;
        }
        let has = |fits: fn(&str) -> bool| self.icds.iter().any(|icd| fits(&file_name(icd)));
        if self.nvidia && has(|name| name.contains("nvidia")) {
            Some("NVIDIA")
        } else if self.windows_host && has(|name| name.contains("dzn")) {
            Some("Direct3D 12 of the Windows host")
        } else if self.render_node && has(|name| !is_software(name) && !name.contains("nvidia")) {
            Some("a render node in /dev/dri")
        } else {
            None
        }
    }

    /// Everything that decided, in a form that can be compared.
    fn fingerprint(&self) -> String {
        format!("{self:?}")
    }
}

/// Drivers that compute on the CPU, by the names of their files.
pub(super) fn is_software(icd: &str) -> bool {
    ["lvp", "lavapipe", "swiftshader", "swrast"].iter().any(|name| icd.contains(name))
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The drivers that the Vulkan loader would find by itself.
fn icd_files() -> Vec<PathBuf> {
    const FOLDERS: [&str; 4] = [
        "/etc/vulkan/icd.d",
        "/usr/share/vulkan/icd.d",
        "/usr/local/share/vulkan/icd.d",
        "/run/opengl-driver/share/vulkan/icd.d",
    ];
    let home = env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/share")))
        .map(|folder| folder.join("vulkan/icd.d"));
    let folders = FOLDERS.iter().map(PathBuf::from).chain(home);
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// Whether the Vulkan loader is where programs look for it.
pub(super) fn has_loader() -> bool {
    const LOADER: &str = "libvulkan.so.1";
    let known = ["ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig"]
        .iter()
        .find_map(|program| process::read(Command::new(program).arg("-p")).ok())
        .is_some_and(|list| list.contains(LOADER));
    let search = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let usual = ["/lib", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/run/opengl-driver/lib"].map(PathBuf::from);
    known || env::split_paths(&search).chain(usual).any(|folder| folder.join(LOADER).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(icds: &[&str]) -> Machine {
        Machine { loader: true, icds: icds.iter().map(PathBuf::from).collect(), ..Machine::default() }
    }

    #[test]
    fn a_driver_without_its_device_is_no_gpu() {
        assert_eq!(machine(&["intel_icd.x86_64.json", "nvidia_icd.json", "lvp_icd.json"]).device(), None, "no device");
    }

    #[test]
    fn a_software_driver_is_no_gpu() {
        let machine = Machine { render_node: true, ..machine(&["lvp_icd.x86_64.json", "vk_swiftshader_icd.json"]) };
        assert_eq!(machine.device(), None, "both compute on the CPU");
    }

    #[test]
    fn a_device_with_its_driver_is_a_gpu() {
        let nvidia = Machine { nvidia: true, render_node: true, ..machine(&["nvidia_icd.json"]) };
        assert_eq!(nvidia.device(), Some("NVIDIA"), "the driver fits");
        let intel = Machine { render_node: true, ..machine(&["intel_icd.x86_64.json"]) };
        assert_eq!(intel.device(), Some("a render node in /dev/dri"), "the driver may fit");
        let missing = Machine { loader: false, ..intel };
        assert_eq!(missing.device(), None, "nothing is reached without the loader");
    }

    #[test]
    fn a_nvidia_driver_needs_the_nvidia_device() {
        let machine = Machine { render_node: true, ..machine(&["nvidia_icd.json"]) };
        assert_eq!(machine.device(), None, "a render node is some other GPU's");
    }
}
