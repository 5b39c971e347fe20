//! What a trap looks like to the user.

use std::env;
use std::fmt::Write as _;

use wasmtime::{Trap, WasmBacktrace};

use crate::exit::{Exit, Failure};

/// As many calls as tell where it happened; RUST_BACKTRACE shows all that were kept.
const FRAMES_SHOWN: usize = 8;

pub(super) fn failure(error: &wasmtime::Error) -> Failure {
    let backtrace = error.downcast_ref::<WasmBacktrace>();
    let mut what = format!("the component trapped: {}", reason(error, backtrace.is_some()));
    if let Some(backtrace) = backtrace {
        let frames: Vec<_> =
            backtrace.frames().iter().map(|frame| (frame.module().name(), frame.func_name())).collect();
        let shown =
            if env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") { frames.len() } else { FRAMES_SHOWN };
        what.push_str(&calls(&frames, shown));
    }
    let failure = Failure::new(Exit::Trapped, what);
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => {
            failure.advise("a program ends so after a panic or an abort; what it said itself stands above")
        }
        Some(Trap::AsyncDeadlock) => failure.advise("it waits for something that nobody can bring about any more"),
        _ => failure,
    }
}

/// Why, without the calls, which [`calls`] shows.
fn reason(error: &wasmtime::Error, has_backtrace: bool) -> String {
    if let Some(trap) = error.downcast_ref::<Trap>() {
        let text = trap.to_string();
        return text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned();
    }
    let causes = error.chain().map(ToString::to_string);
    let is_backtrace = |cause: &String| has_backtrace && cause.starts_with("error while executing at wasm backtrace");
    let causes: Vec<_> = causes.filter(|cause| !is_backtrace(cause)).collect();
    causes.join(": ")
}

/// The innermost calls, one a line, by module and function.
fn calls(frames: &[(Option<&str>, Option<&str>)], shown: usize) -> String {
    let mut text = String::new();
    for (module, function) in frames.iter().take(shown) {
        let function = function.map_or("a function without a name", without_hash);
        let _ = match module {
            Some(module) => write!(text, "\n    in {function} ({module})"),
            None => write!(text, "\n    in {function}"),
        };
    }
    match frames.len().saturating_sub(shown) {
        0 => {}
        hidden => {
            let _ = write!(text, "\n    and {hidden} more; set RUST_BACKTRACE=1 to see them");
        }
    }
    text
}

/// Rust's compiler adds "::h" and 16 hexadecimal digits to the names of functions.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_cut_short() {
        let frames =
            [(Some("app.wasm"), Some("core::panicking::panic::h0123456789abcdef")), (None, None), (None, Some("main"))];
        let expected = [
            "",
            "    in core::panicking::panic (app.wasm)",
            "    in a function without a name",
            "    and 1 more; set RUST_BACKTRACE=1 to see them",
        ]
        .join("\n");
        assert_eq!(calls(&frames, 2), expected, "the innermost two");
        assert_eq!(calls(&frames[2..], 2), "\n    in main", "nothing is hidden");
    }

    #[test]
    fn only_hashes_are_taken_off_names() {
        assert_eq!(without_hash("a::h0123456789abcdef"), "a", "a hash");
        assert_eq!(without_hash("a::height"), "a::height", "a name");
    }
}
