//! Software Vulkan: Mesa's lavapipe.
//!
//! Debian bookworm's own is Mesa 22.3.6, whose shader loops silently stop after 65,535 rounds. So there a newer one comes
//! from bookworm-backports, unpacked privately: the machine's other programs keep the driver they have.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{
    Finding, Plan, adapter,
    adapter::Adapter,
    debian::{self, PrivateApt, System},
    install_folder, is_installed,
};
use crate::{process, project::Project};

const PACKAGE: &str = "mesa-vulkan-drivers";
const LOADER: &str = "libvulkan1";
/// Changes when the recipe does, so that an older install is made anew.
const STAMP: &str = "lavapipe 1\n";
/// The first Mesa that was seen to run long shader loops to their end.
const MESA_MAJOR_MIN: u32 = 25;

/// On Debian and what descends from it.
pub(super) fn inspect(project: &Project, system: System) -> Result<Finding<Adapter>> {
    if system.needs_backports() { inspect_private(project, system) } else { inspect_system() }
}

/// On any other Linux: uses what is there, and else says what to install.
pub(super) fn find_installed(icds: &[PathBuf], loader: bool) -> Result<Finding<Adapter>> {
    match icds.iter().find(|icd| adapter::file_name(icd).contains("lvp")) {
        Some(icd) if loader => Ok(Finding::Ready(Adapter::Software { icd: icd.clone() })),
        Some(_) | None => bail!(
            "there is no GPU with a Vulkan driver, and setup can install software Vulkan on Debian and Ubuntu only.\n\
             Install your GPU's Vulkan driver, or Mesa's lavapipe with the Vulkan loader, and run this again:\n  \
             Fedora:   sudo dnf install mesa-vulkan-drivers vulkan-loader\n  \
             Arch:     sudo pacman -S vulkan-swrast vulkan-icd-loader\n  \
             openSUSE: sudo zypper install libvulkan_lvp libvulkan1\n  \
             Alpine:   sudo apk add mesa-vulkan-swrast vulkan-loader\n\
             A driver elsewhere is named in VK_DRIVER_FILES."
        ),
    }
}

fn inspect_private(project: &Project, system: System) -> Result<Finding<Adapter>> {
    let folder = project.cache.join("lavapipe");
    if is_installed(&folder, STAMP) && adapter::has_loader() {
        let driver = driver(&folder)?;
        if missing_libraries(&driver)?.is_empty() {
            return Ok(Finding::Ready(Adapter::Software { icd: write_icd(&folder, &driver)? }));
        }
    }
    let text = format!(
        "Software Vulkan (Mesa's lavapipe), as there is no GPU with a Vulkan driver: 12 MB of downloads from Debian's \
         {}-backports, 11 MB into {}; and by apt-get the libraries that it links, which are named before they are \
         installed.",
        system.codename,
        project.shown(&folder)
    );
    Ok(Finding::Missing(Plan { text, install: Box::new(move |project| install_private(project, &system)) }))
}

fn install_private(project: &Project, system: &System) -> Result<Adapter> {
    let folder = project.cache.join("lavapipe");
    install_folder(&folder, STAMP, |partial| {
        let apt = PrivateApt::open(&partial.join("apt"), system, &format!("{}-backports", system.codename))?;
        let packages = apt.download(&[PACKAGE.to_owned()])?;
        let package = packages.first().context("apt-get downloaded nothing")?;
        let mut libraries = debian::dependencies(package)?;
        libraries.push(LOADER.to_owned());
        debian::install(&libraries)?;
        debian::unpack(
            package,
            partial,
            &["--wildcards", "./usr/lib/*/libvulkan_lvp.so", "./usr/share/vulkan/icd.d/lvp_*"],
        )?;
        apt.close()?;
        let missing = missing_libraries(&driver(partial)?)?;
        if !missing.is_empty() {
            bail!("the software Vulkan driver still lacks these libraries: {}", missing.join(", "));
        }
        Ok(())
    })?;
    Ok(Adapter::Software { icd: write_icd(&folder, &driver(&folder)?)? })
}

fn driver(folder: &Path) -> Result<PathBuf> {
    let library = folder.join("usr/lib");
    let entries = fs::read_dir(&library).with_context(|| format!("cannot read {}", library.display()))?;
    let drivers = entries.flatten().map(|entry| entry.path().join("libvulkan_lvp.so"));
    drivers.into_iter().find(|path| path.exists()).with_context(|| format!("no driver in {}", library.display()))
}

/// The libraries that the dynamic loader would not find for this one.
fn missing_libraries(driver: &Path) -> Result<Vec<String>> {
    let list = process::read(Command::new("ldd").arg(driver))?;
    let missing = list.lines().filter(|line| line.contains("not found"));
    Ok(missing.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Writes the file by which the Vulkan loader finds the driver. The package's own names the library without a folder,
/// which would find another Mesa; and a checkout may have been moved since the last time.
fn write_icd(folder: &Path, driver: &Path) -> Result<PathBuf> {
    let source = folder.join("usr/share/vulkan/icd.d");
    let entries = fs::read_dir(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let source = entries.flatten().map(|entry| entry.path()).next().context("the package has no ICD file")?;
    let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let mut icd: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", source.display()))?;
    let path = icd.pointer_mut("/ICD/library_path").context("the package's ICD file has no library_path")?;
    *path = Value::from(driver.to_str().context("the project lies under a path that is not UTF-8")?);

    let target = folder.join("lvp_icd.json");
    let text = format!("{icd:#}\n");
    if !fs::read_to_string(&target).is_ok_and(|found| found == text) {
        fs::write(&target, text).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(target)
}

fn inspect_system() -> Result<Finding<Adapter>> {
    if adapter::has_loader()
        && let Some(icd) = system_icd()
    {
        warn_of_old_mesa()?;
        return Ok(Finding::Ready(Adapter::Software { icd }));
    }
    let text = format!(
        "Software Vulkan (Mesa's lavapipe), as there is no GPU with a Vulkan driver: the system packages {PACKAGE} and \
         {LOADER} with what they need, by apt-get; about 60 MB of downloads where LLVM is not there yet."
    );
    let install = Box::new(|_: &Project| {
        debian::install(&[PACKAGE.to_owned(), LOADER.to_owned()])?;
        let icd = system_icd().with_context(|| format!("{PACKAGE} brought no lavapipe"))?;
        warn_of_old_mesa()?;
        Ok(Adapter::Software { icd })
    });
    Ok(Finding::Missing(Plan { text, install }))
}

fn system_icd() -> Option<PathBuf> {
    let entries = fs::read_dir("/usr/share/vulkan/icd.d").ok()?;
    entries.flatten().map(|entry| entry.path()).find(|path| adapter::file_name(path).starts_with("lvp_icd"))
}

fn warn_of_old_mesa() -> Result<()> {
    let version = process::read(Command::new("dpkg-query").args(["-W", "-f", "${Version}", PACKAGE]))?;
    if mesa_major(&version).is_none_or(|major| major < MESA_MAJOR_MIN) {
        println!(
            "setup: warning: this system's Mesa is {version}; software Vulkan of Mesa 22 stops long shader loops early, \
             and {MESA_MAJOR_MIN} is the first that was seen not to. A newer driver can be named in VK_DRIVER_FILES."
        );
    }
    Ok(())
}

fn mesa_major(version: &str) -> Option<u32> {
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    upstream.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_a_package_version() {
        assert_eq!(mesa_major("25.0.7-2~bpo12+1"), Some(25), "backports");
        assert_eq!(mesa_major("1:22.3.6-1+deb12u2"), Some(22), "an epoch is no version");
        assert_eq!(mesa_major("unknown"), None, "anything else is not guessed");
    }
}
