//! Prepares the machine: says what is missing, then installs it, into `.wardian/` and as named system packages.

mod adapter;
mod debian;
mod guest_target;
mod guest_toolchain;
mod lavapipe;

use std::{
    env,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail};

pub(crate) use self::{
    adapter::Adapter,
    guest_target::{GuestCompiler, TARGET as GUEST_TARGET},
};
use crate::{guests, mnist, model, project::Project};

/// Whether setup also tells what was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Full,
    Changes,
}

/// What setup found out about one part.
enum Finding<T> {
    Ready(T),
    Missing(Plan<T>),
}

/// How a missing part would be installed.
struct Plan<T> {
    /// What is installed, how much, and where, for the user to read before it starts.
    text: String,
    install: Install<T>,
}

type Install<T> = Box<dyn FnOnce(&Project) -> Result<T>>;

impl<T> Finding<T> {
    fn plan(&self) -> Option<&str> {
        match self {
            Self::Ready(_) => None,
            Self::Missing(plan) => Some(&plan.text),
        }
    }

    fn install(self, project: &Project) -> Result<T> {
        match self {
            Self::Ready(part) => Ok(part),
            Self::Missing(plan) => (plan.install)(project)
                .context("setup stopped; nothing is left half-installed, and `cargo xtask setup` starts over"),
        }
    }
}

/// A prepared machine.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) adapter: Adapter,
    pub(crate) guest: GuestCompiler,
}

impl Ready {
    /// Gives a command the environment in which Wardian's programs and tests run.
    pub(crate) fn apply<'c>(&self, project: &Project, command: &'c mut Command) -> &'c mut Command {
        command.env("WARDIAN_GUESTS", project.guests());
        command.env("WARDIAN_TRAIN_NATIVE", guests::native_program(project, guests::TRAIN));
        command.env(mnist::VARIABLE, mnist::folder(project));
        command.env(model::VARIABLE, model::file(project));
        // What the command keeps for its next start; tests are to leave the user's home alone.
        command.env("WARDIAN_CACHE_DIR", project.cache.join("cache"));
        if let Adapter::Software { icd } = &self.adapter {
            // Loaders before 1.3.207 read only the second name.
            command.env("VK_DRIVER_FILES", icd).env("VK_ICD_FILENAMES", icd);
            // A count that the user set for another purpose would slow the software adapter down.
            command.env_remove("LP_NUM_THREADS");
            // Mesa would keep its compiled shaders in the user's home.
            command.env("MESA_SHADER_CACHE_DIR", project.cache.join("mesa-cache"));
        }
        command
    }
}

/// Makes everything ready, or says why it cannot. Does nothing, in about a tenth of a second, where all is there.
pub(crate) fn prepare(project: &Project, report: Report) -> Result<Ready> {
    let started = Instant::now();
    fs::create_dir_all(&project.cache).with_context(|| format!("cannot make {}", project.cache.display()))?;
    let _lock = lock(project)?;

    let adapter = adapter::inspect(project)?;
    let guest = guest_target::inspect(project)?;
    let plans: Vec<&str> = [adapter.plan(), guest.plan()].into_iter().flatten().collect();
    let nothing_missing = plans.is_empty();
    if !nothing_missing {
        println!("setup: this machine lacks what follows; it is installed now.");
        for plan in plans {
            println!("  * {plan}");
        }
    }
    let ready = Ready { adapter: adapter.install(project)?, guest: guest.install(project)? };
    if report == Report::Full || !nothing_missing {
        println!("setup: GPU adapter: {}", ready.adapter.describe(project));
        println!("setup: guest compiler: {}", ready.guest.describe(project));
        println!("setup: ready after {:.1} s", started.elapsed().as_secs_f64());
    }
    Ok(ready)
}

/// Installs software Vulkan although the machine seemed to have an adapter, because none turned out to work.
pub(crate) fn fall_back_to_software(project: &Project, ready: Ready) -> Result<Ready> {
    let _lock = lock(project)?;
    let adapter = adapter::reject_system(project)?;
    if let Some(plan) = adapter.plan() {
        println!("setup: the Vulkan drivers of this machine open no GPU; it gets what follows.\n  * {plan}");
    }
    Ok(Ready { adapter: adapter.install(project)?, guest: ready.guest })
}

/// Holds a lock until it is dropped, so that two terminals do not install into one folder.
fn lock(project: &Project) -> Result<File> {
    let path = project.cache.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("setup: another xtask is setting up; waiting for it");
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    Ok(file)
}

/// Downloads the one file of a Debian source package whose name ends so, into a folder that is removed afterwards.
pub(crate) fn download_source(folder: &Path, package: &str, ending: &str) -> Result<PathBuf> {
    let Some(system) = debian::System::find().filter(debian::System::is_debian) else {
        bail!(
            "only Debian has this source package; set WARDIAN_CTS to a built suite, or install git and npm and let this \
             machine reach the suite's repository"
        );
    };
    remove(folder)?;
    debian::PrivateApt::open_sources(folder, &system, "bookworm")?.download_source(package, ending)
}

/// Makes `folder` whole or not at all: `fill` works in a folder beside it, which is renamed when it is done.
pub(crate) fn install_folder(folder: &Path, stamp: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let partial = folder.with_extension("partial");
    remove(&partial)?;
    fs::create_dir_all(&partial).with_context(|| format!("cannot make {}", partial.display()))?;
    let filled = fill(&partial).and_then(|()| {
        fs::write(partial.join("stamp"), stamp).context("cannot write the stamp")?;
        remove(folder)?;
        fs::rename(&partial, folder).with_context(|| format!("cannot rename into {}", folder.display()))
    });
    if filled.is_err() {
        remove(&partial)?;
    }
    filled
}

/// Whether `install_folder` has finished this folder with this stamp.
pub(crate) fn is_installed(folder: &Path, stamp: &str) -> bool {
    fs::read_to_string(folder.join("stamp")).is_ok_and(|found| found == stamp)
}

pub(crate) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Reads a variable that must be one of a few words; none where it is unset or empty.
fn choice(variable: &str, choices: &[&'static str]) -> Result<Option<&'static str>> {
    let Some(value) = env::var_os(variable).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let Some(choice) = choices.iter().find(|choice| value == **choice) else {
        bail!("{variable} is '{}', but must be one of: {}", value.to_string_lossy(), choices.join(", "));
    };
    Ok(Some(choice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        remove(&folder).expect("an old scratch folder can be removed");
        fs::create_dir_all(&folder).expect("a scratch folder can be made");
        folder
    }

    #[test]
    fn a_failed_install_leaves_nothing_and_keeps_what_was_there() {
        let scratch = scratch("failed-install");
        let folder = scratch.join("tool");
        install_folder(&folder, "1", |partial| Ok(fs::write(partial.join("file"), "old")?)).expect("installs");
        assert!(is_installed(&folder, "1"), "the stamp is written last");
        assert!(!is_installed(&folder, "2"), "another recipe's stamp does not count");

        let failed = install_folder(&folder, "2", |partial| {
            fs::write(partial.join("file"), "new")?;
            bail!("the network went away")
        });
        assert!(failed.is_err(), "the failure is handed on");
        assert_eq!(fs::read_to_string(folder.join("file")).expect("still there"), "old", "the old install stays");
        assert!(!folder.with_extension("partial").exists(), "the half-filled folder is gone");
        remove(&scratch).expect("the scratch folder can be removed");
    }

    #[test]
    fn what_an_interrupted_install_left_is_not_reused() {
        let scratch = scratch("interrupted-install");
        let folder = scratch.join("tool");
        let partial = folder.with_extension("partial");
        fs::create_dir_all(&partial).expect("a scratch folder can be made");
        fs::write(partial.join("left-over"), "half").expect("a file can be written");
        install_folder(&folder, "1", |_| Ok(())).expect("installs");
        assert!(!folder.join("left-over").exists(), "the install starts over");
        remove(&scratch).expect("the scratch folder can be removed");
    }
}
