//! Running other programs, with errors that show the command line.

use std::{
    env,
    fmt::Write as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};

/// Runs a command that talks to the user itself; any exit but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a command that talks to the user itself.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("cannot start `{}`", line(command)))
}

/// Runs a command quietly and returns what it wrote to standard output; its complaints become the error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}:\n{}", line(command), output.status, complaint.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote something else than UTF-8", line(command)))
}

/// Whether a command can be started and succeeds; what it writes is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Where a program lies that can be started by its name.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// Puts what a command starts into a group of processes, which `kill_group` ends as a whole.
#[cfg(unix)]
pub(crate) fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Where there are no groups, a process is ended by itself.
#[cfg(not(unix))]
pub(crate) fn own_group(_command: &mut Command) {}

/// Ends what `own_group` has grouped, whatever it does.
#[cfg(unix)]
pub(crate) fn kill_group(child: &mut Child) {
    succeeds(Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]));
}

/// Ends the process.
#[cfg(not(unix))]
pub(crate) fn kill_group(child: &mut Child) {
    // It has ended by itself already when this fails.
    let _ = child.kill();
}

/// The command as a line that a user can paste into a shell.
pub(crate) fn line(command: &Command) -> String {
    let mut line = String::new();
    for word in [command.get_program()].into_iter().chain(command.get_args()) {
        let word = word.to_string_lossy();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,+@%".contains(&byte);
        let space = if line.is_empty() { "" } else { " " };
        // A write into a string cannot fail.
        let _ = if !word.is_empty() && word.bytes().all(plain) {
            write!(line, "{space}{word}")
        } else {
            write!(line, "{space}'{}'", word.replace('\'', r"'\''"))
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_pasted() {
        let mut command = Command::new("cargo");
        command.args(["test", "a b", "it's", "", "--x=1"]);
        assert_eq!(line(&command), r"cargo test 'a b' 'it'\''s' '' --x=1", "quoting for a shell");
    }

    #[test]
    fn a_failing_command_tells_its_complaint() {
        let error = read(Command::new("cargo").arg("no-such-command-of-cargo")).expect_err("no such command");
        let text = error.to_string();
        assert!(text.contains("`cargo no-such-command-of-cargo` ended with"), "names the command: {text}");
        assert!(text.contains("no such command"), "tells what it complained about: {text}");
    }
}
