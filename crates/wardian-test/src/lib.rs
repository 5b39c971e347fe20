//! Harness of the host's tests: runs one program of `wardian-test-programs` in a store of its own.
//!
//! The component is compiled once a process, and each program is run once, however many tests ask for its
//! [`Outcome`]. While a program runs, the host's own trace of guest calls is collected, so that a test can tell which
//! functions of the interface no program calls ([`coverage`]).

pub mod coverage;
mod harness;
mod outcome;

pub use harness::Harness;
pub use outcome::{End, Outcome};
