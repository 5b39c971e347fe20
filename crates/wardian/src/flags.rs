//! The command line.

#[cfg(unix)]
pub(crate) mod serve;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::component::Trust;
use crate::exit;
use crate::log::Reader;
use crate::quota::{self, QuotaFlag};

const ABOUT: &str = "\
Runs GPU programs as sealed WebAssembly components.

A component sees nothing of the machine but what the command line gives it: folders by --dir, variables by --env, its \
arguments, and the GPU through wasi:webgpu. It never reaches the network.";

const EXAMPLES: &str = "\
Examples:
  wardian run hello.wasm                         Run a component
  wardian run --dir . photo.wasm in.png out.png  Let it use the files of this folder
  wardian compile photo.wasm                     Let it start in milliseconds from now on
  wardian serve hello-http.wasm                  Answer HTTP with a component
  wardian info                                   See the GPUs, or why there is none

`wardian help COMMAND` says more of a command.";

#[derive(Debug, Parser)]
#[command(
    name = "wardian",
    version,
    about = "Runs GPU programs as sealed WebAssembly components",
    long_about = ABOUT,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{}", exit::help()),
    max_term_width = 120
)]
pub(crate) struct Flags {
    #[command(flatten)]
    pub(crate) log: LogFlags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Logs")]
pub(crate) struct LogFlags {
    /// What to log, on standard error: a level, or TARGET=LEVEL, several with commas [default: RUST_LOG,
    /// else warnings; for `serve` also information, such as requests]
    #[arg(long, value_name = "FILTER", global = true)]
    pub(crate) log: Option<String>,
    /// How to log: as lines for people, or as one JSON object a line
    #[arg(long, value_name = "FORMAT", global = true, value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunFlags),
    #[cfg(unix)]
    Serve(Box<serve::ServeFlags>),
    #[cfg(unix)]
    #[command(name = serve::WORKER, hide = true)]
    Worker(serve::WorkerFlags),
    Compile(CompileFlags),
    Info(InfoFlags),
    Completions(CompletionsFlags),
}

impl Command {
    /// What is logged unless the user says otherwise: messages of the crates whose names start so. What a guest does
    /// wrong on its GPU, and doesn't ask for, is a warning.
    pub(crate) const fn log_filter(&self) -> &'static str {
        match self {
            #[cfg(unix)]
            Self::Serve(_) | Self::Worker(_) => "wardian=info",
            Self::Run(_) | Self::Compile(_) | Self::Info(_) | Self::Completions(_) => "wardian=warn",
        }
    }

    /// Who reads what it logs.
    pub(crate) const fn log_reader(&self) -> Reader {
        match self {
            #[cfg(unix)]
            Self::Worker(_) => Reader::Supervisor,
            #[cfg(unix)]
            Self::Serve(_) => Reader::User,
            Self::Run(_) | Self::Compile(_) | Self::Info(_) | Self::Completions(_) => Reader::User,
        }
    }
}

const RUN_EXAMPLES: &str = "\
Options of wardian stand before the component. All that follows the component goes to it, untouched.

Examples:
  wardian run hello.wasm --verbose               '--verbose' goes to the component
  wardian run --dir . photo.wasm in.png out.png  It may read and write the files of this folder
  wardian run --dir /data/maps::maps render.wasm The folder /data/maps, which it knows as 'maps'
  wardian run --env LANG --env SEED=7 scene.wasm Your LANG, and a SEED of 7
  wardian run --gpu-adapter 1 scene.wasm         Adapter 1 of `wardian info`, and no other
  wardian run --gpu-memory 2GiB --gpu-time 30s x.wasm  Something that you don't trust with all of the GPU
  wardian run --allow-precompiled photo.cwasm    What you made by `wardian compile`";

/// Run a component
///
/// The component exports wasi:cli/run, of WASI 0.2 or 0.3, as every program for the target wasm32-wasip2 does. It
/// shares standard input, output and error with wardian, and its exit code is wardian's. Ctrl-C ends it. No GPU driver
/// is loaded unless it asks for one.
#[derive(Args, Debug)]
#[command(override_usage = "wardian run [OPTIONS] <COMPONENT> [ARGUMENTS]...", after_help = RUN_EXAMPLES)]
pub(crate) struct RunFlags {
    /// The component, and its arguments
    #[arg(value_name = "COMPONENT [ARGUMENTS]", required = true, trailing_var_arg = true)]
    pub(crate) component_and_arguments: Vec<OsString>,
    #[command(flatten)]
    pub(crate) guest: GuestFlags,
}

/// What a component gets.
#[derive(Args, Clone, Debug)]
pub(crate) struct GuestFlags {
    /// Open a folder to the component, to read and write, under its own name or under GUEST; may be repeated
    #[arg(long, value_name = "HOST[::GUEST]")]
    pub(crate) dir: Vec<OsString>,
    /// Set a variable for the component, or pass yours on; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Pass all your variables on; --env goes before
    #[arg(long)]
    pub(crate) inherit_env: bool,
    /// Run a file that `wardian compile` made. Such a file is native code that can do whatever you can: give your word
    /// only for one that you made yourself and that nobody else could change since
    #[arg(long)]
    pub(crate) allow_precompiled: bool,
    #[command(flatten)]
    pub(crate) gpu: GpuFlags,
}

impl GuestFlags {
    /// What the user vouches for.
    pub(crate) const fn trust(&self) -> Trust {
        if self.allow_precompiled { Trust::Precompiled } else { Trust::ComponentsOnly }
    }
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "GPU")]
pub(crate) struct GpuFlags {
    /// Look for adapters through this interface only; may be repeated [default: the system's native ones, so not gl]
    #[arg(long = "gpu-backend", value_name = "BACKEND", value_enum)]
    pub(crate) backends: Vec<GpuBackend>,
    /// Offer only this adapter, by its index in `wardian info` or by a part of its name
    #[arg(long = "gpu-adapter", value_name = "NAME-OR-INDEX")]
    pub(crate) adapter: Option<String>,
    /// Which adapter a component gets that doesn't say what it prefers
    #[arg(long = "gpu-preference", value_name = "PREFERENCE", value_enum)]
    pub(crate) preference: Option<GpuPreference>,
    /// At most so much memory of the GPU, such as 2GiB; more is WebGPU's out-of-memory error
    #[arg(long = "gpu-memory", value_name = "BYTES", value_parser = quota::bytes)]
    pub(crate) memory: Option<u64>,
    /// At most so much time on the GPU, such as 30s or 5m; then its devices are lost: `run` ends with 117, and
    /// `serve` replaces its worker
    #[arg(long = "gpu-time", value_name = "TIME", value_parser = quota::milliseconds)]
    pub(crate) time: Option<u64>,
    /// At most so much of something else, such as buffers=1000 or submission-time=5s; `wardian info --policy` lists them.
    /// May be repeated
    #[arg(long = "quota", value_name = "NAME=VALUE")]
    pub(crate) quotas: Vec<QuotaFlag>,
    /// Offer no adapter at all
    #[arg(long = "no-gpu", conflicts_with_all = ["backends", "adapter", "preference"])]
    pub(crate) none: bool,
}

/// The interfaces that the host can use on this system.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum GpuBackend {
    #[cfg(not(target_vendor = "apple"))]
    Vulkan,
    #[cfg(target_vendor = "apple")]
    Metal,
    #[cfg(target_os = "windows")]
    Dx12,
    #[cfg(not(target_vendor = "apple"))]
    Gl,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum GpuPreference {
    LowPower,
    HighPerformance,
}

const COMPILE_EXAMPLES: &str = "\
Examples:
  wardian compile photo.wasm                     Write photo.cwasm
  wardian compile photo.wasm -o fast.cwasm       Write fast.cwasm
  wardian run --allow-precompiled photo.cwasm    Run it

The result is native code for this machine, and for this version of wardian. Keep the component: others need it, and \
so do you after an update.";

/// Compile a component ahead of time
///
/// `wardian run` compiles a component each time, which takes most of a second for a large one. A component that was
/// compiled ahead of time starts in two milliseconds.
#[derive(Args, Debug)]
#[command(after_help = COMPILE_EXAMPLES)]
pub(crate) struct CompileFlags {
    /// The component
    #[arg(value_name = "COMPONENT")]
    pub(crate) component: PathBuf,
    /// Where to write the result [default: the component's name with .cwasm, beside it]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

const INFO_EXAMPLES: &str = r#"Examples:
  wardian info                                   The adapters, one after the other
  wardian info --features --limits               And all that they can do
  wardian info --json                            All of it for programs
  wardian info --policy                          What a component may have at once, if you say nothing
  wardian info --log wgpu_hal=debug              And what the drivers say while they are loaded

Without any adapter the exit code is 113. The JSON is one object:
  {"wardian": VERSION, "wasmtime": VERSION,
   "adapters": [{"index": 0, "name": TEXT, "backend": "vulkan", "device_type": "discrete-gpu",
                 "driver": TEXT, "driver_info": TEXT, "vendor": NUMBER, "device": NUMBER,
                 "features": [NAME, …], "limits": {NAME: NUMBER, …}}, …],
   "problems": [{"problem": TEXT, "advice": TEXT}, …]}
A device_type is discrete-gpu, integrated-gpu, virtual-gpu, cpu (software) or other."#;

/// Show the GPUs that components can use, or why there is none
///
/// Lists the adapters that this system's drivers offer, with their features and limits by WebGPU's names. Where there
/// is no adapter, or only software beside a GPU, it looks for the cause and says what to install.
#[derive(Args, Debug)]
#[command(after_help = INFO_EXAMPLES)]
pub(crate) struct InfoFlags {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Show what `wardian run` with the same options lets a component have, and look for no adapter
    #[arg(long, conflicts_with_all = ["features", "limits", "backends"])]
    pub(crate) policy: bool,
    /// Show what of a jail this system has for the workers of `wardian serve`, and what is missing
    #[cfg(unix)]
    #[arg(long, conflicts_with_all = ["features", "limits", "backends", "policy"])]
    pub(crate) jail: bool,
    /// At most so much of something, as `wardian run` has it; may be repeated
    #[arg(long = "quota", value_name = "NAME=VALUE", requires = "policy")]
    pub(crate) quotas: Vec<QuotaFlag>,
    /// List each adapter's features
    #[arg(long)]
    pub(crate) features: bool,
    /// List each adapter's limits
    #[arg(long)]
    pub(crate) limits: bool,
    /// Look for adapters through this interface only; may be repeated [default: the system's native ones, so not gl]
    #[arg(long = "gpu-backend", value_name = "BACKEND", value_enum)]
    pub(crate) backends: Vec<GpuBackend>,
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  wardian completions bash > ~/.local/share/bash-completion/completions/wardian
  wardian completions fish > ~/.config/fish/completions/wardian.fish
  wardian completions zsh > \"${fpath[1]}/_wardian\"
  wardian completions powershell >> $PROFILE";

/// Print the script by which a shell completes this command
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsFlags {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_are_consistent() {
        Flags::command().debug_assert();
    }

    #[test]
    fn what_follows_the_component_is_the_components() {
        let flags =
            Flags::try_parse_from(["wardian", "run", "--dir", ".", "a.wasm", "--dir", "x", "--", "--help", "-v"]);
        let Command::Run(run) = flags.expect("a valid command line").command else {
            panic!("expected `run`");
        };
        assert_eq!(run.guest.dir, ["."], "wardian's options end at the component");
        assert_eq!(run.component_and_arguments, ["a.wasm", "--dir", "x", "--", "--help", "-v"], "nothing is eaten");
    }
}
