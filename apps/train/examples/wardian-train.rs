//! The same on this machine's GPU, without a sandbox.

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    match futures::executor::block_on(wardian_train::command()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(target_family = "wasm")]
fn main() {}
