//! What a guest gets of the system: folders, variables, arguments, and standard input, output and error.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;

use wardian_serve::Printing;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

use crate::exit::{Exit, Failure};
use crate::flags::GuestFlags;

/// Where a guest's standard input and output are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Streams<'a> {
    /// The command's own.
    Inherited,
    /// Nothing to read, and all output among the logs.
    Logged(&'a Printing),
}

pub(crate) fn context(
    flags: &GuestFlags,
    component: &Path,
    arguments: &[OsString],
    streams: Streams<'_>,
) -> Result<WasiCtx, Failure> {
    let mut wasi = WasiCtx::builder();
    match streams {
        Streams::Inherited => wasi.inherit_stdio(),
        Streams::Logged(printing) => wasi.stdout(printing.stream("stdout")).stderr(printing.stream("stderr")),
    };
    // A program's first argument is its name, as a shell gives it.
    wasi.arg(component.file_name().unwrap_or_default().to_string_lossy());
    for argument in arguments {
        wasi.arg(text("the argument", argument)?);
    }
    for (name, value) in variables(flags)? {
        wasi.env(name, value);
    }
    for folder in &flags.dir {
        let (host, guest) = split(text("the folder", folder)?);
        open(&mut wasi, host, guest)?;
    }
    Ok(wasi.build())
}

pub(crate) fn text<'a>(what: &str, value: &'a OsStr) -> Result<&'a str, Failure> {
    value.to_str().ok_or_else(|| {
        let shown = value.to_string_lossy();
        Failure::new(Exit::Usage, format!("{what} '{shown}' is not Unicode, and components know nothing else"))
    })
}

/// The guest's variables.
pub(crate) fn variables(flags: &GuestFlags) -> Result<Vec<(String, String)>, Failure> {
    let set: Vec<(&str, String)> = flags.env.iter().map(|variable| variable_of(variable)).collect::<Result<_, _>>()?;
    let mut variables = Vec::new();
    if flags.inherit_env {
        // What is not Unicode can't be passed on, and of two values of a name the guest would take the first.
        let inherited =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        variables.extend(inherited.filter(|(name, _)| !set.iter().any(|(other, _)| other == name)));
    }
    variables.extend(set.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Ok(variables)
}

/// The folders that it gets, as the system knows them.
#[cfg(unix)]
pub(crate) fn folders(flags: &GuestFlags) -> Result<Vec<PathBuf>, Failure> {
    flags.dir.iter().map(|folder| Ok(PathBuf::from(split(text("the folder", folder)?).0))).collect()
}

fn variable_of(variable: &str) -> Result<(&str, String), Failure> {
    let refuse = |what: String| Failure::new(Exit::Usage, what);
    let (name, value) = match variable.split_once('=') {
        Some((name, value)) => (name, value.to_owned()),
        None => match env::var(variable) {
            Ok(value) => (variable, value),
            Err(error) => {
                return Err(refuse(format!(
                    "--env {variable} passes on a variable of yours, but there is none: {error}"
                ))
                .advise(format!("set it, or give the component a value: --env {variable}=VALUE")));
            }
        },
    };
    if name.is_empty() {
        return Err(refuse(format!("--env {variable} names no variable")).advise("write --env NAME=VALUE"));
    }
    Ok((name, value))
}

/// The folder here, and its name for the guest.
fn split(folder: &str) -> (&str, &str) {
    match folder.split_once("::") {
        Some((host, guest)) => (host, guest),
        None => (folder, folder),
    }
}

fn open(wasi: &mut WasiCtxBuilder, host: &str, guest: &str) -> Result<(), Failure> {
    let refuse = |what: String| Err(Failure::new(Exit::NotUsable, what));
    if host.is_empty() || guest.is_empty() {
        return Err(
            Failure::new(Exit::Usage, "--dir names no folder").advise("write --dir FOLDER or --dir HOST::GUEST")
        );
    }
    match fs::metadata(host) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => {
            let parent = Path::new(host).parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new(".")).display();
            return refuse(format!("--dir {host} is not a folder"))
                .map_err(|failure| failure.advise(format!("open the folder that the file is in: --dir {parent}")));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return refuse(format!("--dir {host}: there is no such folder"))
                .map_err(|failure| failure.advise("make it first, or name another one"));
        }
        Err(error) => return refuse(format!("--dir {host} cannot be opened: {error}")),
    }
    match wasi.preopened_dir(host, guest, FsPerms::ReadWrite) {
        Ok(_) => Ok(()),
        Err(error) => refuse(format!("--dir {host} cannot be opened: {error:#}"))
            .map_err(|failure| failure.advise("you need the permission to read and to search it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_keep_their_name_unless_they_get_another() {
        assert_eq!(split("."), (".", "."), "its own");
        assert_eq!(split("/data/maps::maps"), ("/data/maps", "maps"), "the guest's");
        assert_eq!(split(r"C:\maps"), (r"C:\maps", r"C:\maps"), "a drive is no separator");
    }

    #[test]
    fn variables_have_names() {
        assert_eq!(variable_of("A=b=c").ok(), Some(("A", "b=c".to_owned())), "only the first sign counts");
        assert_eq!(variable_of("A=").ok(), Some(("A", String::new())), "empty is a value");
        assert!(variable_of("=b").is_err(), "no name");
        assert!(variable_of("WARDIAN_TEST_NO_SUCH_VARIABLE").is_err(), "not set");
    }
}
