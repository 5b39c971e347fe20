//! How a component is started, and what it says at its end.

use std::fmt::Display;
use std::io::{self, Write};

/// Makes an async function the component's entry point: `wasi:cli/run@0.3.0`.
///
/// The function takes nothing (arguments are in [`std::env::args`]) and returns a `Result<(), E>` with
/// `E: Display`. An error is printed to standard error, and the run counts as failed.
#[macro_export]
macro_rules! main {
    ($run:path) => {
        #[doc(hidden)]
        struct WardianGuestEntry;

        impl $crate::bindings::exports::wasi::cli::run::Guest for WardianGuestEntry {
            async fn run() -> ::core::result::Result<(), ()> {
                $crate::conclude($run().await)
            }
        }

        #[cfg(target_family = "wasm")]
        $crate::bindings::export!(WardianGuestEntry with_types_in $crate::bindings);

        // Nothing starts the program elsewhere; this keeps it from looking unused there.
        #[cfg(not(target_family = "wasm"))]
        const _: fn(WardianGuestEntry) = |WardianGuestEntry| {
            drop(<WardianGuestEntry as $crate::bindings::exports::wasi::cli::run::Guest>::run());
        };
    };
}

/// Prints an error as `error: …` and turns it into what `wasi:cli/run` returns; [`main!`](crate::main) calls it.
///
/// # Errors
///
/// When `outcome` is one: there is nothing left to say, so it is empty.
#[expect(clippy::result_unit_err, reason = "it is what `wasi:cli/run` returns")]
pub fn conclude<E: Display>(outcome: Result<(), E>) -> Result<(), ()> {
    // Without a place to print to there is nobody to tell, and the result still says that the run failed.
    drop(io::stdout().flush());
    outcome.map_err(|error| {
        drop(writeln!(io::stderr(), "error: {error}"));
    })
}
