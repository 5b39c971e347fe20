//! The language model, run by the command in the sandbox: its tokens against those of llama.cpp, and what it says to
//! faulty input. `apps/llm/tests` has the same natively.

#![expect(clippy::print_stdout, reason = "a test says what it measured")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "also what tests share may end them")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A variable that `cargo xtask test` sets.
fn variable(name: &str) -> PathBuf {
    let advice = "run the tests by `cargo xtask test`, or set it as docs/development.md tells";
    let value = env::var_os(name).unwrap_or_else(|| panic!("{name} is not set; {advice}"));
    let path = PathBuf::from(value);
    // The command runs in another folder.
    path.canonicalize().unwrap_or_else(|error| panic!("{name} is {}: {error}; {advice}", path.display()))
}

/// A folder that the component may see.
struct Sandbox(TempDir);

impl Sandbox {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// With the model as `model.gguf` and the reference as `reference.json`.
    fn with_model() -> Self {
        let sandbox = Self::new();
        let model = variable("WARDIAN_MODEL");
        let here = sandbox.0.path().join("model.gguf");
        // The folder of temporary files may lie on another disk.
        if fs::hard_link(&model, &here).is_err() {
            fs::copy(&model, &here).unwrap();
        }
        let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps/llm/reference/smollm2-135m-q4_1.json");
        fs::copy(reference, sandbox.0.path().join("reference.json")).unwrap();
        sandbox
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
        command.current_dir(self.0.path()).args(["run", "--dir", "."]);
        command.arg(variable("WARDIAN_GUESTS").join("wardian_llm.wasm")).args(arguments).output().unwrap()
    }

    #[track_caller]
    fn run_well(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(output.status.success(), "{arguments:?} ended with {}: {stderr}\n{stdout}", output.status);
        print!("{stdout}{stderr}");
        stdout
    }

    #[track_caller]
    fn is_refused(&self, arguments: &[&str], why: &str) {
        let output = self.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?} is the program's own failure: {stderr}");
        assert!(stderr.contains(why), "{arguments:?} should say '{why}': {stderr}");
    }
}

#[test]
fn its_tokens_are_those_of_llama_cpp() {
    let sandbox = Sandbox::with_model();
    let check = ["check", "--exact", "--model", "model.gguf", "--reference", "reference.json", "--context", "256"];
    let stdout = sandbox.run_well(&[&check[..], &["--prompts", "2", "--tokens", "8"]].concat());
    assert!(stdout.contains("16 of 16 tokens equal, 0 ties, 0 wrong"), "all of them: {stdout}");
}

#[test]
fn it_talks() {
    let sandbox = Sandbox::with_model();
    let chat = ["chat", "--model", "model.gguf", "--context", "256", "--prompt", "Say hello.", "--tokens", "6"];
    let stdout = sandbox.run_well(&chat);
    assert!(stdout.trim().len() > 10, "it says something: {stdout}");
    let bold = [&chat[..], &["--temperature", "1.5", "--seed", "7"]].concat();
    assert_eq!(sandbox.run_well(&bold), sandbox.run_well(&bold), "the same seed, the same answer");
    sandbox.is_refused(&[&chat[..], &["--temperature=-1"]].concat(), "--temperature is -1; 0 to 100 is possible");
    sandbox.is_refused(
        &["complete", "--model", "model.gguf", "--context", "16", "--prompt", &"many words ".repeat(40)],
        "tokens do not fit: 16 of the context's 16 are left",
    );
    sandbox.is_refused(&["complete", "--model", "model.gguf", "--prompt", ""], "the prompt has no tokens");
    sandbox.is_refused(
        &["complete", "--model", "model.gguf", "--prompt", "x", "--context", "100000"],
        "the model has 1 to 8192",
    );
}

#[test]
fn a_file_that_is_no_model_is_refused() {
    let sandbox = Sandbox::with_model();
    let refused = |bytes: &[u8], why| {
        fs::write(sandbox.0.path().join("bad.gguf"), bytes).unwrap();
        sandbox.is_refused(&["complete", "--model", "bad.gguf", "--prompt", "x"], why);
    };
    refused(b"GGML, once upon a time", "not a GGUF file");
    refused(b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0", "of which at most");
    let whole = fs::read(sandbox.0.path().join("model.gguf")).unwrap();
    refused(&whole[..whole.len() / 2], "is it whole?");
    sandbox.is_refused(&["complete", "--model", "none.gguf", "--prompt", "x"], "cannot open the model none.gguf");
    sandbox.is_refused(&["complete", "--prompt", "x"], "--model");
}
