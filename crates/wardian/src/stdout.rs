//! What the command itself says on standard output.

use std::io::{self, ErrorKind, Write};

use crate::exit::{Exit, Failure};

/// Writes all of it. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn write(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Internal, format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
