//! Techniques of `wgpu`'s examples, headless: each computes numbers or draws a small picture, natively and in a
//! component, from this one source. The tests compare the two.

#![expect(clippy::print_stdout, reason = "a program on the command line talks to its user")]

mod compute;
mod draw;
mod gpu;
mod output;
#[cfg(target_family = "wasm")]
mod probe;

use std::error::Error;

pub use gpu::Gpu;
pub use output::Output;

/// What an example fails with.
pub type Failure = Box<dyn Error>;

/// One example.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What the command line calls it.
    pub name: &'static str,
    /// What it shows, in a few words.
    pub shows: &'static str,
    run: fn(&Gpu) -> Result<Output, Failure>,
}

impl Example {
    /// Runs it on a device.
    ///
    /// # Errors
    ///
    /// What went wrong, in words.
    pub fn run(&self, gpu: &Gpu) -> Result<Output, Failure> {
        (self.run)(gpu)
    }
}

macro_rules! examples {
    ($($part:ident::$name:ident: $shows:literal,)*) => {
        /// All examples.
        pub const EXAMPLES: &[Example] = &[$(
            Example { name: stringify!($name), shows: $shows, run: $part::$name::run },
        )*];
    };
}

examples! {
    compute::collatz: "numbers in, numbers out, through a storage buffer",
    compute::repeated: "one pipeline over many submissions, with buffers mapped for writing and for reading",
    compute::workgroups: "a sum by workgroups with shared memory, as large as a buffer says (indirect)",
    compute::immediates: "numbers that go into a pass without a buffer",
    compute::transfers: "all ways of bytes into buffers: mapped at creation, staged, copied, cleared",
    compute::errors: "error scopes, nested; the handler of errors that no scope caught; a lost device",
    compute::timestamps: "when passes began and ended, by the GPU's clock",
    compute::mandelbrot: "a picture computed into a storage texture",
    draw::triangle: "one triangle, without any buffer",
    draw::cube: "a textured cube with vertices, indices, a uniform and a depth buffer",
    draw::boids: "birds that a compute shader moves and instances draw",
    draw::mipmap: "mip levels drawn one from the other, and a floor that samples them",
    draw::msaa_lines: "lines with four samples a pixel, from a render bundle",
    draw::shadow: "objects that throw shadows: a depth texture with a comparing sampler",
    draw::stencil: "a triangle cut out of another by the stencil buffer",
    draw::sky: "a cube texture around the camera",
    draw::targets: "three targets in one pass, constants of a pipeline, a scissor and a blend constant",
    draw::indirect: "draws that a buffer says, one and many, and whether anything of them was visible",
    draw::layers: "texels copied between buffers, textures, layers and slices",
}

/// The example of this name.
///
/// # Errors
///
/// A list of all names.
pub fn find(name: &str) -> Result<&'static Example, Failure> {
    let found = EXAMPLES.iter().find(|example| example.name == name);
    found.ok_or_else(|| format!("there is no example '{name}'; they are:\n{}", list()).into())
}

fn list() -> String {
    let mut list = String::new();
    for Example { name, shows, .. } in EXAMPLES {
        list.push_str(&format!("  {name:<12} {shows}\n"));
    }
    list
}

/// What both command lines do: `NAME [PICTURE.png]`, or `all`.
///
/// # Errors
///
/// What went wrong, in words.
pub async fn command(arguments: impl Iterator<Item = String>) -> Result<(), Failure> {
    let arguments: Vec<_> = arguments.collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["all"] => {
            for example in EXAMPLES {
                let output = example.run(&Gpu::open().await?)?;
                println!("{} {}", example.name, output.encode());
            }
            Ok(())
        }
        [name] => {
            let output = find(name)?.run(&Gpu::open().await?)?;
            println!("{output}");
            Ok(())
        }
        [name, path] => {
            let output = find(name)?.run(&Gpu::open().await?)?;
            output.save(path)?;
            println!("wrote {path}");
            Ok(())
        }
        _ => Err(format!("say NAME, NAME PICTURE.png, or all; the names are:\n{}", list()).into()),
    }
}

#[cfg(target_family = "wasm")]
mod entry {
    async fn run() -> Result<(), super::Failure> {
        // For the tests of this package.
        if std::env::args().nth(1).as_deref() == Some("probe") {
            return super::probe::run().await;
        }
        super::command(std::env::args().skip(1)).await
    }

    wardian_wgpu::main!(run);
}
