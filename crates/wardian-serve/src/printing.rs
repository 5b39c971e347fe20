//! What a guest prints: lines among the logs, so many that nobody else is disturbed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

use crate::rate::Rate;

/// How long a line may be; the rest of it is left out.
const LINE_BYTES_MAX: usize = 2048;
/// How many lines there may be at once, and how often one after that.
const LINES_AT_ONCE: u32 = 1000;
const LINE_EVERY: Duration = Duration::from_millis(10);

/// How much a tenant's guests may print, all together.
#[derive(Clone, Debug)]
pub struct Printing(
    /// Guarded for as long as it takes to count a line.
    Arc<Mutex<Allowance>>,
);

#[derive(Debug)]
struct Allowance {
    rate: Rate,
    /// Lines since the last that was logged.
    left_out: u64,
}

impl Printing {
    /// As much as a tenant has.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Allowance { rate: Rate::new(LINES_AT_ONCE, LINE_EVERY), left_out: 0 })))
    }

    /// A stream of a store, which the logs call so.
    #[must_use]
    pub fn stream(&self, name: &'static str) -> Printed {
        let lines = Lines { name, allowance: Arc::clone(&self.0), line: Vec::new() };
        Printed(Arc::new(Mutex::new(lines)))
    }
}

impl Default for Printing {
    fn default() -> Self {
        Self::new()
    }
}

/// A guest's standard output or error.
#[derive(Clone, Debug)]
pub struct Printed(
    /// Guarded for as long as it takes to log what was written at a time.
    Arc<Mutex<Lines>>,
);

#[derive(Debug)]
struct Lines {
    name: &'static str,
    allowance: Arc<Mutex<Allowance>>,
    /// What is not a whole line yet.
    line: Vec<u8>,
}

impl Lines {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            let free = LINE_BYTES_MAX.saturating_sub(self.line.len());
            self.line.extend(text.iter().take(free));
            if ends {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        let line = std::mem::take(&mut self.line);
        let left_out = {
            let mut allowance = self.allowance.lock();
            if allowance.rate.take(Instant::now()).is_err() {
                allowance.left_out = allowance.left_out.saturating_add(1);
                return;
            }
            std::mem::take(&mut allowance.left_out)
        };
        if left_out > 0 {
            tracing::warn!("the component prints too much: {left_out} lines are left out");
        }
        let text = String::from_utf8_lossy(&line);
        tracing::info!(target: crate::GUEST_LOG, "{}: {}", self.name, text.trim_end_matches('\r'));
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.end();
        }
    }
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Printed {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
