//! Makes both sides of the bridge protocol out of the WIT of `wasi:webgpu`.
//!
//! The interface is written down once, in `wit/`. [`Interface::read`] reads it; [`rust`] writes what the guest
//! `wardian-bridge` needs to decode calls, make them and encode the answers (its build script does that), and
//! [`javascript`] writes the table `js/src/interface.js`, which is checked in:
//!
//! ```no_run
//! let interface = wardian_bridge_codegen::Interface::read("wit/wasi-webgpu-0.3.0-rc.2".as_ref())?;
//! println!("{}", wardian_bridge_codegen::javascript(&interface));
//! # Ok::<(), anyhow::Error>(())
//! ```

#![expect(clippy::wildcard_enum_match_arm, reason = "what the protocol does not have is refused, whatever it is")]

mod interface;
mod javascript;
mod rust;

pub use interface::{Function, Interface, Style, Type, TypeDefinition};
pub use javascript::javascript;
pub use rust::rust;

/// Frames with lower numbers are the protocol's own.
pub const FIRST_FUNCTION: usize = 16;
