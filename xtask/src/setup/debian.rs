//! Debian's packages: a private apt state to take packages from other suites, and named system packages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::process;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A machine whose packages are Debian's, or a descendant's such as Ubuntu.
#[derive(Debug)]
pub(super) struct System {
    /// The distribution's own name for itself, such as `debian` or `ubuntu`.
    id: String,
    /// The release, such as `bookworm`; empty where the distribution does not tell.
    pub(super) codename: String,
}

impl System {
    pub(super) fn find() -> Option<Self> {
        process::find("dpkg").and(process::find("apt-get"))?;
        let release = fs::read_to_string("/etc/os-release").ok()?;
        let value = |key: &str| {
            let line = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.map(|value| value.trim_matches('"').to_owned())
        };
        Some(Self { id: value("ID")?, codename: value("VERSION_CODENAME").unwrap_or_default() })
    }

    pub(super) fn is_debian(&self) -> bool {
        self.id == "debian"
    }

    /// Bookworm's own Mesa computes wrongly; later releases have a Mesa that is right.
    pub(super) fn needs_backports(&self) -> bool {
        self.is_debian() && self.codename == "bookworm"
    }

    pub(super) fn architecture() -> Result<String> {
        let name = process::read(Command::new("dpkg").arg("--print-architecture"))?;
        Ok(name.trim().to_owned())
    }

    /// The mirror that the machine's own apt takes this release from. No network and no package lists are needed.
    fn mirror(&self) -> Result<String> {
        let uris = process::read(Command::new("apt-get").args(["update", "--print-uris"]))?;
        find_mirror(&uris, &self.codename).with_context(|| {
            format!("apt's sources have no mirror of Debian {}; add one and run this again", self.codename)
        })
    }
}

/// The first mirror that serves the release; where none does (testing, unstable), the first that serves no security suite.
fn find_mirror(uris: &str, codename: &str) -> Option<String> {
    let indexes = || {
        let uris = uris.lines().filter_map(|line| line.strip_prefix('\'')?.split('\'').next());
        uris.filter_map(|uri| uri.strip_suffix("/InRelease")?.rsplit_once("/dists/"))
    };
    let of_release = indexes().find(|(_, suite)| *suite == codename);
    let any = || indexes().find(|(site, _)| site.ends_with("/debian"));
    of_release.or_else(any).map(|(site, _)| site.to_owned())
}

/// An apt that knows one suite and keeps its lists and downloads in a folder of its own.
#[derive(Debug)]
pub(super) struct PrivateApt {
    folder: PathBuf,
}

impl PrivateApt {
    /// Makes the folder and reads the suite's package lists.
    pub(super) fn open(folder: &Path, system: &System, suite: &str) -> Result<Self> {
        let architecture = format!("Architectures: {}\n", System::architecture()?);
        Self::open_stanza(folder, system, suite, "deb", &architecture)
    }

    /// The same for source packages.
    pub(super) fn open_sources(folder: &Path, system: &System, suite: &str) -> Result<Self> {
        Self::open_stanza(folder, system, suite, "deb-src", "")
    }

    fn open_stanza(folder: &Path, system: &System, suite: &str, kind: &str, more: &str) -> Result<Self> {
        if !Path::new(KEYRING).exists() {
            bail!("{KEYRING} is missing, with which Debian's packages are checked; install debian-archive-keyring");
        }
        let apt = Self { folder: folder.to_path_buf() };
        for part in ["etc/parts", "lists/partial", "cache/archives/partial", "packages"] {
            fs::create_dir_all(folder.join(part)).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let source = format!(
            "Types: {kind}\nURIs: {}\nSuites: {suite}\nComponents: main\n{more}Signed-By: {KEYRING}\n",
            system.mirror()?
        );
        fs::write(folder.join("etc/parts/wardian.sources"), source).context("cannot write apt's source file")?;
        fs::write(folder.join("apt.conf"), apt.configuration()).context("cannot write apt's configuration")?;
        println!("setup: reading the package lists of Debian {suite}");
        process::read(apt.command().arg("update"))
            .with_context(|| format!("cannot read the package lists of Debian {suite}; is the network there?"))?;
        Ok(apt)
    }

    /// The packages and everything they depend on, as if nothing were installed.
    pub(super) fn closure(&self, packages: &[&str]) -> Result<Vec<String>> {
        let plan = process::read(self.command().args(["install", "--simulate"]).args(packages))?;
        let installed = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
        Ok(installed.map(str::to_owned).collect())
    }

    /// How much `download` would fetch.
    pub(super) fn download_bytes(&self, packages: &[String]) -> Result<u64> {
        let uris = process::read(self.command().args(["download", "--print-uris"]).args(packages))?;
        Ok(total_bytes(&uris))
    }

    /// Fetches the packages themselves, without what they depend on.
    pub(super) fn download(&self, packages: &[String]) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join("packages");
        process::read(self.command().current_dir(&folder).arg("download").args(packages))
            .context("cannot download packages of Debian; is the network there?")?;
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
        files.sort();
        Ok(files)
    }

    /// Fetches the one file of a source package whose name ends so.
    pub(super) fn download_source(&self, package: &str, ending: &str) -> Result<PathBuf> {
        let uris = process::read(self.command().args(["source", "--print-uris", package]))
            .with_context(|| format!("Debian has no source package {package} any more"))?;
        let files = uris.lines().filter_map(|line| {
            let (uri, rest) = line.strip_prefix('\'')?.split_once('\'')?;
            let mut words = rest.split_whitespace();
            Some((uri, words.next()?, words.next()?, words.next()?))
        });
        let (uri, name, bytes, hash) = files
            .into_iter()
            .find(|(_, name, _, _)| name.ends_with(ending))
            .with_context(|| format!("{package} has no file {ending}"))?;
        let path = self.folder.join("packages").join(name);
        println!("setup: downloading {name} ({})", megabytes(bytes.parse().unwrap_or(0)));
        let mut helper = Command::new("/usr/lib/apt/apt-helper");
        helper.arg("-c").arg(self.folder.join("apt.conf")).args(["download-file", uri]).arg(&path).arg(hash);
        process::read(&mut helper).with_context(|| format!("cannot download {name}; is the network there?"))?;
        Ok(path)
    }

    /// Removes the lists and the downloads.
    pub(super) fn close(self) -> Result<()> {
        super::remove(&self.folder)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive");
        command.arg("-q=2").arg("-c").arg(self.folder.join("apt.conf"));
        command
    }

    /// Points apt to the folder for everything it reads and writes. What else is configured, a proxy for one, stays.
    fn configuration(&self) -> String {
        let folder = self.folder.display();
        format!(
            r#"Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{folder}/etc/parts";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "{folder}/lists";
// With an empty status file nothing counts as installed.
Dir::State::status "/dev/null";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
// Else apt-get update succeeds without a network.
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Dpkg::Use-Pty "false";
"#
        )
    }
}

/// The sum of the sizes in what `apt-get --print-uris` prints: 'URI' NAME BYTES HASH.
fn total_bytes(uris: &str) -> u64 {
    let sizes = uris.lines().filter(|line| line.starts_with('\'')).filter_map(|line| line.split(' ').nth(2));
    sizes.filter_map(|size| size.parse::<u64>().ok()).sum()
}

/// Bytes as a user reads them.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

/// What a package file depends on, by the first name of each alternative; Python is left out, which only scripts need.
pub(super) fn dependencies(package: &Path) -> Result<Vec<String>> {
    let field = process::read(Command::new("dpkg-deb").arg("--field").arg(package).arg("Depends"))?;
    Ok(parse_dependencies(&field))
}

fn parse_dependencies(field: &str) -> Vec<String> {
    let names = field.split(',').filter_map(|clause| clause.split([' ', ':', '|', '(']).find(|word| !word.is_empty()));
    names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty() && !name.starts_with("python")).collect()
}

/// Unpacks a package file into a folder, with options and patterns for `tar`.
pub(super) fn unpack(package: &Path, folder: &Path, options: &[&str]) -> Result<()> {
    let mut reader = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start dpkg-deb")?;
    let archive = reader.stdout.take().context("dpkg-deb has no output")?;
    let unpacked = process::run(
        Command::new("tar").arg("-x").arg("--no-same-owner").arg("-C").arg(folder).args(options).stdin(archive),
    );
    let read = reader.wait().context("dpkg-deb cannot be waited for")?;
    unpacked.with_context(|| format!("cannot unpack {}", package.display()))?;
    if !read.success() {
        bail!("cannot read {}: dpkg-deb ended with {read}", package.display());
    }
    Ok(())
}

/// Installs those of the named system packages that are missing.
pub(super) fn install(packages: &[String]) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let Some(prefix) = root_prefix() else {
        bail!(
            "these system packages are missing, and installing them needs root: run this, then `cargo xtask setup`\n  \
             sudo apt-get update && sudo apt-get install --no-install-recommends {names}"
        );
    };
    let apt = |arguments: &[&str]| {
        let words = [prefix, &["env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q=2"]].concat();
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or("env"));
        command.args(words).args(["-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=false"]).args(arguments);
        command
    };
    let with_names = |arguments: &[&'static str]| -> Vec<String> {
        arguments.iter().map(|&word| word.to_owned()).chain(missing.iter().cloned()).collect()
    };
    let install = with_names(&["install", "--yes", "--no-install-recommends"]);
    let install: Vec<&str> = install.iter().map(String::as_str).collect();
    let sizes = [install.as_slice(), &["--print-uris"]].concat();
    let mut listed = process::read(&mut apt(&sizes));
    if listed.is_err() {
        println!("setup: apt-get update, as apt has no list of these packages: {names}");
        process::read(&mut apt(&["update"]))?;
        listed = process::read(&mut apt(&sizes));
    }
    println!("setup: apt-get installs ({} of downloads): {names}", megabytes(total_bytes(&listed?)));
    if process::read(&mut apt(&install)).is_err() {
        // Lists that are older than the mirror name packages that are gone.
        process::read(&mut apt(&["update"]))?;
        process::read(&mut apt(&install)).context("cannot install system packages")?;
    }
    Ok(())
}

fn missing(packages: &[String]) -> Result<Vec<String>> {
    // dpkg-query fails when it knows one of the packages not at all, and still prints the others.
    let output = Command::new("dpkg-query")
        .args(["-W", "-f", "${Package} ${db:Status-Status}\n"])
        .args(packages)
        .output()
        .context("cannot start dpkg-query")?;
    let known = String::from_utf8_lossy(&output.stdout).into_owned();
    let installed = |name: &String| known.lines().any(|line| line.strip_suffix(" installed") == Some(name));
    let mut missing: Vec<String> = packages.iter().filter(|name| !installed(name)).cloned().collect();
    missing.sort();
    missing.dedup();
    Ok(missing)
}

/// What to put before a command that needs root; none where root is out of reach.
fn root_prefix() -> Option<&'static [&'static str]> {
    const SUDO: &[&str] = &["sudo", "-n"];
    let user = process::read(Command::new("id").arg("-u")).unwrap_or_default();
    if user.trim() == "0" {
        return Some(&[]);
    }
    process::succeeds(Command::new("sudo").args(["-n", "true"])).then_some(SUDO)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URIS: &str = "'http://mirror.test/debian-security/dists/bookworm-security/InRelease' a 0 \n\
                        'http://tools.test/apt/dists/stable/InRelease' b 0 \n\
                        'http://mirror.test/debian/dists/bookworm/InRelease' c 0 \n\
                        'http://mirror.test/debian/dists/bookworm/main/binary-amd64/Packages.xz' d 0 \n";

    #[test]
    fn the_mirror_is_the_one_that_serves_the_release() {
        assert_eq!(find_mirror(URIS, "bookworm").as_deref(), Some("http://mirror.test/debian"), "by its suite");
        assert_eq!(find_mirror(URIS, "forky").as_deref(), Some("http://mirror.test/debian"), "by its folder");
        assert_eq!(find_mirror("", "bookworm"), None, "no sources, no mirror");
    }

    #[test]
    fn sizes_are_summed() {
        let uris =
            "'http://m.test/a.deb' a.deb 1500000 SHA256:0\nnoise 7 7\n'http://m.test/b.deb' b.deb 600000 SHA256:1\n";
        assert_eq!(total_bytes(uris), 2_100_000, "only lines that start with a quote count");
        assert_eq!(megabytes(2_100_000), "3 MB", "rounded up");
    }

    #[test]
    fn dependencies_are_plain_names() {
        let field = "libvulkan1, python3:any | python3-minimal:any, libc6 (>= 2.34), libxcb1 (>= 1.9.2)\n";
        assert_eq!(parse_dependencies(field), ["libvulkan1", "libc6", "libxcb1"], "without versions and Python");
    }
}
