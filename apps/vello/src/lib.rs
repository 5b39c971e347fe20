//! Draws an SVG with vello, headless: natively on plain `wgpu`, and in a sealed component on `wardian_wgpu`, from this
//! one source.

mod picture;
mod scene;

use std::error::Error;
use std::fs;

/// What goes wrong, in words.
pub type Failure = Box<dyn Error>;

/// The one line that differs between a native program and a component.
#[cfg(target_family = "wasm")]
fn instance() -> wgpu::Instance {
    wardian_wgpu::instance()
}

#[cfg(not(target_family = "wasm"))]
fn instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

/// What both command lines do: `DRAWING.svg PICTURE.png`.
///
/// # Errors
///
/// What went wrong, in words.
pub async fn command(arguments: impl Iterator<Item = String>) -> Result<(), Failure> {
    let arguments: Vec<_> = arguments.collect();
    let [source, target] = arguments.as_slice() else {
        return Err("say DRAWING.svg PICTURE.png: the drawing to read, and the picture to write".into());
    };
    let text = fs::read(source).map_err(|error| format!("cannot read {source}: {error}"))?;
    let tree = usvg::Tree::from_data(&text, &usvg::Options::default())
        .map_err(|error| format!("{source} is no SVG that can be drawn: {error}"))?;
    let (scene, left_out) = scene::of_tree(&tree);
    for (what, count) in &left_out {
        println!("left out, for want of a way to draw it here: {what}, {count} times");
    }
    let picture = picture::draw(&instance(), &scene, tree.size().width(), tree.size().height()).await?;
    picture.save(target).map_err(|error| format!("cannot write {target}: {error}"))?;
    println!("wrote {target}, {}x{}", picture.width(), picture.height());
    Ok(())
}

#[cfg(target_family = "wasm")]
mod entry {
    async fn run() -> Result<(), super::Failure> {
        super::command(std::env::args().skip(1)).await
    }

    wardian_wgpu::main!(run);
}
