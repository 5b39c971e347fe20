//! Runs the shader compiler where it can harm nobody: as a WebAssembly component, in a sandbox like the guest's own.
//!
//! naga is native code without limits on stack, memory or time, and the code that it compiles is hostile: 4 kB of it
//! are enough to abort a process, 600 bytes to fill all memory. So [`Compiler`] runs it (with all of `wardian-shader`)
//! as a component that is built together with this crate, imports nothing, and gets an instance of its own for each
//! source: [`STACK_BYTES_MAX`] of stack, [`MEMORY_BYTES_MAX`] of memory, [`TIME_MAX`]. What exceeds one of them is an
//! error about the source like any other.
//!
//! ```
//! use wardian_sealed::{Compiler, Request};
//!
//! let compiler = Compiler::new();
//! let source = "fn f() { let a = b; }";
//! let compiled = compiler.compile(&Request { source, ..Request::default() })?;
//! assert_eq!(compiled.remarks[0].position.place, 18);
//! # Ok::<(), wardian_sealed::Failure>(())
//! ```
//!
//! Wasmtime compiles the component to native code, which takes a second or two, when a source is first compiled; the
//! result can be kept in a folder ([`Compiler::with_cache`]), and is then there in milliseconds.

mod cache;
mod clock;
mod sandbox;
mod slots;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
pub use wardian_shader::{Compiled, EXTENSIONS, LANGUAGE_FEATURES, Position, Remark, Request, Severity, Stage};

use crate::sandbox::{Budget, Sandbox};

/// The component, as `build.rs` has built it.
const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/shader-compiler.wasm"));

/// What one source may use of the stack: some 600 bytes for each level of the deepest expressions.
pub const STACK_BYTES_MAX: usize = 8 << 20;
/// What one source may use of memory. The largest shaders that are known need a tenth.
pub const MEMORY_BYTES_MAX: usize = 256 << 20;
/// How long one source may take. The largest shaders that are known take a tenth of it.
pub const TIME_MAX: Duration = Duration::from_secs(2);

/// The compiler itself doesn't work, whatever the source is.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Wasmtime, or this machine, has no place for it.
    #[error("the sealed shader compiler cannot be started: {0}")]
    NotStarted(String),
    /// It does not keep to what it was built for.
    #[error("the sealed shader compiler answers what nobody asked: {0}")]
    Broken(String),
}

/// The sealed compiler. Clones share what it is made of. It is started when it is first needed.
#[derive(Clone, Debug)]
pub struct Compiler {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    cache: Option<PathBuf>,
    /// None until it is started. It guards the start, so that only one thread compiles the component.
    sandbox: Mutex<Option<Arc<Sandbox>>>,
}

impl Default for Compiler {
    /// The one that all of the process share that want no other. Nothing of it is kept in a file.
    fn default() -> Self {
        static SHARED: OnceLock<Compiler> = OnceLock::new();
        SHARED.get_or_init(Self::new).clone()
    }
}

impl Compiler {
    /// A compiler of its own, of which nothing is kept in a file.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Arc::new(Shared { cache: None, sandbox: Mutex::new(None) }) }
    }

    /// A compiler that is kept in this folder as native code, so that later processes start it in milliseconds. The
    /// folder is made when it is not there.
    ///
    /// Whoever can write into it can run code in this process. A folder or file that others than its owner may write
    /// is not used.
    #[must_use]
    pub fn with_cache(folder: impl Into<PathBuf>) -> Self {
        Self { shared: Arc::new(Shared { cache: Some(folder.into()), sandbox: Mutex::new(None) }) }
    }

    /// Starts it now, where the first source would. It blocks its thread.
    ///
    /// # Errors
    ///
    /// When it can't be started; a later call tries again.
    pub fn start(&self) -> Result<(), Failure> {
        self.sandbox().map(drop)
    }

    /// Compiles a source. It blocks its thread, and needs little of its stack.
    ///
    /// # Errors
    ///
    /// When the compiler doesn't work. All that is wrong with the source is among the remarks.
    pub fn compile(&self, request: &Request<'_>) -> Result<Compiled, Failure> {
        match wardian_shader::oversized(request.source) {
            Some(remark) => Ok(Compiled { module: None, remarks: vec![remark] }),
            None => self.sandbox()?.compile(request),
        }
    }

    fn sandbox(&self) -> Result<Arc<Sandbox>, Failure> {
        let mut sandbox = self.shared.sandbox.lock();
        if let Some(sandbox) = sandbox.as_ref() {
            return Ok(Arc::clone(sandbox));
        }
        let started = Sandbox::start(self.shared.cache.as_deref(), Budget::default());
        let started = Arc::new(started.map_err(|error| Failure::NotStarted(format!("{error:#}")))?);
        *sandbox = Some(Arc::clone(&started));
        Ok(started)
    }
}
