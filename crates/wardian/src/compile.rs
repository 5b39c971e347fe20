//! `wardian compile`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use crate::component;
use crate::engine;
use crate::exit::{Exit, Failure};
use crate::flags::CompileFlags;
use crate::stdout;

pub(crate) fn compile(flags: &CompileFlags) -> Result<ExitCode, Failure> {
    let output = match &flags.output {
        Some(output) => output.clone(),
        None => flags.component.with_extension("cwasm"),
    };
    check_output(&flags.component, &output)?;
    let code = component::precompile(&engine::engine()?, &flags.component)?;
    replace(&output, &code).map_err(|error| {
        Failure::new(Exit::NotUsable, format!("cannot write {}: {error}", output.display()))
            .advise("name a file in a folder that you may write to: `-o FILE`")
    })?;
    let output = output.display();
    stdout::write(format!("wrote {output}; run it by `wardian run --allow-precompiled {output}`\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Finds before the work what would make it useless.
fn check_output(component: &Path, output: &Path) -> Result<(), Failure> {
    let refuse = |what: String| Failure::new(Exit::NotUsable, what);
    if output.is_dir() {
        return Err(refuse(format!("cannot write {}: it is a folder", output.display()))
            .advise("name a file in it: `-o FOLDER/NAME.cwasm`"));
    }
    let same = match (component.canonicalize(), output.canonicalize()) {
        (Ok(component), Ok(output)) => component == output,
        _ => false,
    };
    if same {
        return Err(refuse(format!("{} is the component itself, and would be lost", output.display()))
            .advise("name another file by `-o FILE`"));
    }
    let folder = folder(output);
    if !folder.is_dir() {
        return Err(refuse(format!("cannot write {}: there is no folder {}", output.display(), folder.display()))
            .advise("make the folder first, or name another one"));
    }
    Ok(())
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file so that whoever opens it sees all of the old or all of the new: a process may have the old one mapped.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it has no file name"))?.to_string_lossy();
    let temporary = Temporary(folder(path).join(format!(".{name}.{}.new", process::id())));
    // Never through a link that somebody else put there.
    let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary.0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary.0, path)
}

/// A file that is gone in the end, whether it was renamed or not.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the renaming there is nothing to remove.
        let _ = fs::remove_file(&self.0);
    }
}
