//! The sockets that the supervisor gave to its worker as standard input and output.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixListener;

pub(super) struct Sockets {
    pub(super) requests: UnixListener,
    pub(super) control: UnixListener,
}

impl Sockets {
    /// Takes them, and leaves nothing in their place: what is printed must not get there.
    pub(super) fn take() -> io::Result<Self> {
        let sockets = Self { requests: listener(io::stdin().as_fd())?, control: listener(io::stdout().as_fd())? };
        let nothing = File::options().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nothing)?;
        rustix::stdio::dup2_stdout(&nothing)?;
        Ok(sockets)
    }
}

fn listener(fd: BorrowedFd<'_>) -> io::Result<UnixListener> {
    let listener = UnixListener::from(fd.try_clone_to_owned()?);
    // Fails unless it is one.
    listener.local_addr()?;
    Ok(listener)
}
