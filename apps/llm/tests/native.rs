//! The program natively: its tokens against those of llama.cpp. `crates/wardian/tests/llm.rs` has the same in the
//! sandbox.

#![expect(clippy::panic, reason = "also what tests share may end them")]

use std::{env, ffi::OsString, path::Path};

use futures::executor::block_on;

fn run(arguments: &[&str]) {
    let advice = "run the tests by `cargo xtask test`, or set it to the file that `cargo xtask model` names";
    let model = env::var_os("WARDIAN_MODEL").unwrap_or_else(|| panic!("WARDIAN_MODEL is not set; {advice}"));
    assert!(Path::new(&model).is_file(), "WARDIAN_MODEL is {}, which is no file; {advice}", model.display());
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/smollm2-135m-q4_1.json");
    let mut line: Vec<OsString> = ["llm", "check", "--context", "256", "--model"].map(OsString::from).into();
    line.extend([model, "--reference".into(), reference.into()]);
    line.extend(arguments.iter().map(OsString::from));
    let outcome = block_on(wardian_llm::command(line.into_iter()));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// Each token, where nothing is rounded: of all 20 prompts the first ones, which is what their texts are cut into, too.
#[test]
fn exact_tokens_are_those_of_llama_cpp() {
    run(&["--exact", "--tokens", "4"]);
}

/// With activations of 8 bits the logits move by some tenths, here and in llama.cpp, and now and then another token wins.
#[test]
fn rounded_tokens_mostly_are() {
    run(&["--tokens", "8", "--prompts", "5", "--least", "0.8"]);
}
