//! Why there is no GPU, and what to do about it, as far as the system's files tell.

mod machine;

use std::env;

use serde::Serialize;

use machine::{Access, Device, Driver, Machine, Manifest};

/// What the drivers offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    Nothing,
    SoftwareOnly,
    Gpu,
}

/// A cause, and what removes it.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub(super) struct Problem {
    pub(super) problem: String,
    pub(super) advice: String,
}

impl Problem {
    fn new(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { problem: problem.into(), advice: advice.into() }
    }

    /// What a driver's library made fail.
    pub(super) fn of_driver(error: &wasmtime::Error) -> Self {
        Self::new(format!("{error:#}"), UNKNOWN)
    }
}

/// Where the files don't tell.
const UNKNOWN: &str = "see what the drivers and the Vulkan loader say
wardian info --log wgpu_hal=debug
VK_LOADER_DEBUG=all wardian info";
const LOADER: &str = "install it
Debian, Ubuntu: apt-get install libvulkan1
Fedora: dnf install vulkan-loader
Arch: pacman -S vulkan-icd-loader";
const MESA: &str = "install Mesa's Vulkan drivers, for the GPUs of AMD and Intel and for software
Debian, Ubuntu: apt-get install mesa-vulkan-drivers
Fedora: dnf install mesa-vulkan-drivers
Arch: pacman -S vulkan-radeon, vulkan-intel or vulkan-swrast
in a checkout of Wardian, for software: cargo xtask setup";
const NVIDIA: &str = "install NVIDIA's Vulkan driver
Debian: apt-get install nvidia-driver
Ubuntu: ubuntu-drivers install
Fedora with RPM Fusion: dnf install akmod-nvidia
Arch: pacman -S nvidia-utils
in a container: start it with NVIDIA_DRIVER_CAPABILITIES=all";
const NO_DEVICE: &str = "give this system a GPU, or use software Vulkan
in a container: start it with --device /dev/dri, or with --gpus all
for software: install mesa-vulkan-drivers (Arch: vulkan-swrast), or in a checkout of Wardian: cargo xtask setup";

/// Looks for the cause where something is missing.
pub(super) fn problems(found: Found) -> Vec<Problem> {
    if found == Found::Gpu {
        return Vec::new();
    }
    match env::consts::OS {
        "linux" => on_linux(&Machine::look(), found),
        "macos" if found == Found::Nothing => {
            vec![Problem::new("Metal offers no device", "run on a Mac itself: most virtual machines have no Metal")]
        }
        "windows" if found == Found::Nothing => vec![Problem::new(
            "neither Direct3D 12 nor Vulkan offers an adapter",
            "install the driver of your GPU's maker; on a server without a GPU, Windows needs its WARP adapter",
        )],
        _ if found == Found::Nothing => vec![Problem::new("no driver offers an adapter", UNKNOWN)],
        _ => Vec::new(),
    }
}

fn on_linux(machine: &Machine, found: Found) -> Vec<Problem> {
    // A machine without a GPU that computes in software is as it should be.
    if found == Found::SoftwareOnly && machine.devices.is_empty() {
        return Vec::new();
    }
    let mut problems = Vec::new();
    if machine.is_static {
        problems.push(Problem::new(
            "this wardian is linked statically, with musl, so it can load no driver at all",
            "use the build for glibc, or one that links musl dynamically (-C target-feature=-crt-static)",
        ));
    }
    if !machine.has_loader {
        problems.push(Problem::new("the Vulkan loader, libvulkan.so.1, is not installed", LOADER));
    }
    problems.extend(drivers(machine));
    problems.extend(devices(machine));
    if problems.is_empty() {
        let problem = match found {
            Found::SoftwareOnly => "there is a GPU, but its driver offers no adapter",
            Found::Nothing | Found::Gpu => "the drivers that are installed offer no adapter",
        };
        problems.push(Problem::new(problem, UNKNOWN));
    }
    problems
}

/// What is wrong with the drivers that the loader would find.
fn drivers(machine: &Machine) -> Vec<Problem> {
    let mut problems = Vec::new();
    let correct = |variable: &str| {
        format!("correct or unset {variable}; it names files of drivers, such as /…/icd.d/lvp_icd.json")
    };
    if let Some((variable, missing)) = &machine.missing_choice {
        let problem = format!("{variable} names {}, which does not exist", missing.display());
        problems.push(Problem::new(problem, correct(variable)));
    }
    for Manifest { path, driver } in &machine.manifests {
        let path = path.display();
        match driver {
            Driver::Present => {}
            Driver::Missing(library) => problems.push(Problem::new(
                format!("{path} describes a Vulkan driver, but its library {library} is not there"),
                "install the package that brings the library again, or remove the file",
            )),
            Driver::Unreadable(why) => problems.push(Problem::new(
                format!("{path} should describe a Vulkan driver, but cannot be read: {why}"),
                "install the package that brings it again, or correct it",
            )),
        }
    }
    if machine.missing_choice.is_some() {
        // Whether the rest is right shows when it is corrected.
        return problems;
    }
    let nvidia = machine.devices.iter().any(Device::is_nvidia);
    let of_gpu: Vec<_> = machine.manifests.iter().filter(|manifest| !manifest.is_software()).collect();
    if machine.manifests.is_empty() {
        let problem = match machine.choice {
            Some(variable) => format!("{variable} names no description of a Vulkan driver"),
            None => {
                "no Vulkan driver is installed: no *.json in /usr/share/vulkan/icd.d or /etc/vulkan/icd.d".to_owned()
            }
        };
        let advice = match machine.choice {
            Some(variable) => correct(variable),
            None => String::from(if nvidia { NVIDIA } else { MESA }),
        };
        problems.push(Problem::new(problem, advice));
    } else if nvidia && !of_gpu.iter().any(|manifest| manifest.is_nvidia()) && machine.choice.is_none() {
        problems.push(Problem::new("there is a GPU of NVIDIA, but no Vulkan driver for it", NVIDIA));
    } else if !machine.devices.is_empty() && of_gpu.is_empty() {
        match machine.choice {
            Some(variable) => problems.push(Problem::new(
                format!("there is a GPU, but {variable} allows drivers for software only"),
                format!("unset {variable} to use the GPU"),
            )),
            None => problems.push(Problem::new("there is a GPU, but no Vulkan driver other than for software", MESA)),
        }
    }
    problems
}

/// What is wrong with the devices that the drivers would open.
fn devices(machine: &Machine) -> Vec<Problem> {
    let has_software = machine.manifests.iter().any(Manifest::is_software);
    if machine.devices.is_empty() && !machine.manifests.is_empty() && !has_software {
        let problem = "no GPU is to be seen: no /dev/dri/renderD*, /dev/nvidia* or /dev/dxg";
        return vec![Problem::new(problem, NO_DEVICE)];
    }
    let mut problems = Vec::new();
    for Device { path, access } in &machine.devices {
        let path = path.display();
        match access {
            Access::Granted => {}
            Access::Denied => problems.push(Problem::new(
                format!("you may not open {path}"),
                "join the group that may, mostly render or video: `sudo usermod -aG render,video $USER`, then log in \
                 again; in a container, run as a user of that group (--group-add)",
            )),
            Access::Failed(why) => problems.push(Problem::new(
                format!("{path} cannot be opened: {why}"),
                "see `dmesg` for what the kernel says of the GPU; after an update of its driver, restart the machine",
            )),
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str) -> Manifest {
        Manifest { path: format!("/usr/share/vulkan/icd.d/{name}").into(), driver: Driver::Present }
    }

    fn device(path: &str) -> Device {
        Device { path: path.into(), access: Access::Granted }
    }

    /// A machine where nothing is wrong, but that its GPU's driver may be the wrong one.
    fn machine() -> Machine {
        Machine {
            has_loader: true,
            manifests: vec![manifest("intel_icd.x86_64.json")],
            devices: vec![device("/dev/dri/renderD128")],
            ..Machine::default()
        }
    }

    #[track_caller]
    fn check(machine: &Machine, found: Found, expected: &[&str]) {
        let problems = on_linux(machine, found);
        assert_eq!(problems.len(), expected.len(), "as many problems as {expected:?}: {problems:?}");
        for (problem, part) in problems.iter().zip(expected) {
            let text = format!("{} {}", problem.problem, problem.advice);
            assert!(text.contains(part), "expected '{part}' in '{text}'");
        }
    }

    #[test]
    fn missing_loader_is_told_with_its_packages() {
        check(&Machine { has_loader: false, ..machine() }, Found::Nothing, &["apt-get install libvulkan1"]);
    }

    #[test]
    fn missing_drivers_are_told_by_what_gpu_there_is() {
        let none = Machine { manifests: Vec::new(), ..machine() };
        check(&none, Found::Nothing, &["mesa-vulkan-drivers"]);
        let nvidia = Machine { devices: vec![device("/dev/nvidia0")], ..none };
        check(&nvidia, Found::Nothing, &["NVIDIA_DRIVER_CAPABILITIES=all"]);
        let bare = Machine { has_loader: true, ..Machine::default() };
        check(&bare, Found::Nothing, &["cargo xtask setup"]);
    }

    #[test]
    fn gpu_beside_a_software_driver_is_told() {
        let software = Machine { manifests: vec![manifest("lvp_icd.x86_64.json")], ..machine() };
        check(&software, Found::SoftwareOnly, &["no Vulkan driver other than for software"]);
        let nvidia = Machine { devices: vec![device("/dev/nvidia0")], ..software };
        check(&nvidia, Found::SoftwareOnly, &["no Vulkan driver for it"]);
    }

    #[test]
    fn software_without_a_gpu_is_no_problem() {
        let machine = Machine { manifests: vec![manifest("lvp_icd.json")], devices: Vec::new(), ..machine() };
        check(&machine, Found::SoftwareOnly, &[]);
    }

    #[test]
    fn wrong_variable_is_told() {
        let missing = Machine {
            choice: Some("VK_DRIVER_FILES"),
            missing_choice: Some(("VK_DRIVER_FILES", "/nowhere.json".into())),
            manifests: Vec::new(),
            ..machine()
        };
        check(&missing, Found::Nothing, &["VK_DRIVER_FILES names /nowhere.json"]);
        let software =
            Machine { choice: Some("VK_DRIVER_FILES"), manifests: vec![manifest("lvp_icd.json")], ..machine() };
        check(&software, Found::SoftwareOnly, &["unset VK_DRIVER_FILES"]);
    }

    #[test]
    fn broken_driver_is_told() {
        let library = Driver::Missing("libvulkan_intel.so".to_owned());
        let manifests = vec![Manifest { driver: library, ..manifest("intel_icd.json") }];
        check(&Machine { manifests, ..machine() }, Found::Nothing, &["libvulkan_intel.so is not there"]);
    }

    #[test]
    fn missing_and_closed_devices_are_told() {
        check(&Machine { devices: Vec::new(), ..machine() }, Found::Nothing, &["--gpus all"]);
        let devices = vec![Device { access: Access::Denied, ..device("/dev/dri/renderD128") }];
        check(&Machine { devices, ..machine() }, Found::Nothing, &["usermod -aG render,video"]);
    }

    #[test]
    fn unknown_causes_lead_to_the_logs() {
        check(&machine(), Found::Nothing, &["--log wgpu_hal=debug"]);
        check(&machine(), Found::SoftwareOnly, &["there is a GPU, but its driver offers no adapter"]);
    }

    #[test]
    fn static_programs_load_no_driver() {
        check(&Machine { is_static: true, ..machine() }, Found::Nothing, &["crt-static"]);
    }
}
