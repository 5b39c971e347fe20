//! Serves HTTP with components that nobody trusts: `wardian serve`.
//!
//! A supervisor owns the sockets and speaks HTTP with clients. For each tenant it keeps one worker process, which holds
//! the tenant's component and its share of the GPU, and a spare one that is ready to take over. Requests go on to the
//! worker by HTTP over a Unix socket; bodies are streamed both ways. What a guest does wrong, with its GPU or its
//! driver, ends its own worker and nothing else: the supervisor kills it, and the spare goes on.
//!
//! ```text
//! clients ── HTTP ──► supervisor ── HTTP over a Unix socket ──► worker: component, store, GPU
//!                          └──────────────────────────────────► spare worker, warm
//! ```
//!
//! - [`Settings`] say what is served; [`config::Source`] reads them from a TOML file, and again when it changes.
//! - [`serve`] is the supervisor.
//! - [`work`] is the worker: the same executable, started again by the supervisor with [`Settings::worker`]'s command.
//!   Which component it loads, and what that gets of the system, the executable says by a [`Program`].
//!
//! Each worker listens on two Unix sockets that it finds as its standard input and output: one for requests of clients,
//! one for the supervisor itself, also by HTTP.
//! Systems without Unix sockets have [`State`] and [`linker`] alone.

#[cfg(unix)]
pub mod config;
#[cfg(unix)]
mod control;
mod failure;
#[cfg(unix)]
mod jail;
mod memory;
mod printing;
mod rate;
#[cfg(unix)]
mod settings;
mod state;
#[cfg(unix)]
mod supervisor;
#[cfg(unix)]
mod worker;

pub use failure::Failure;
#[cfg(unix)]
pub use jail::{Jail, JailPart, JailState, jail_parts};
pub use memory::Memory;
pub use printing::{Printed, Printing};
#[cfg(unix)]
pub use settings::{INSTANCE_REQUESTS, Limits, REQUESTS, Settings, Stamp, Tenant, Token, WorkerCommand};
pub use state::{State, linker};
#[cfg(unix)]
pub use supervisor::{Kinds, serve};
#[cfg(unix)]
pub use worker::{Program, work};

/// What logs call the lines that guests print.
const GUEST_LOG: &str = "wardian_serve::guest";
