//! The WIT in `wit/` is our own text and the proposal's types: what it defines is what the published crate defines,
//! each item is documented, and each place where it leaves the WebGPU specification stands in `docs/deviations.md`.

mod documentation;
mod published;
mod shape;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use wit_parser::Resolve;

use crate::{
    documentation::{deviations_of_page, deviations_of_wit, documented_items, faults},
    shape::{differences, shape},
};

/// The version of the interface that both sides are compared in.
const PACKAGE: &str = "wasi-webgpu-0.3.0-rc.2";

/// The published crate that carries the proposal's WIT of that version.
const PUBLISHED: published::Crate = published::Crate { name: "wasi-webgpu-wasmtime", version: "0.5.0" };

#[test]
fn our_types_are_the_published_ones() -> Result<()> {
    let ours = shape_of(PACKAGE, &ours()?)?;
    let path = format!("wit/deps/{PACKAGE}/package.wit");
    let text = PUBLISHED.read(&path)?;
    let published = shape_of(&format!("{PUBLISHED}: {path}"), &text)?;
    // An empty package would be equal to another one.
    for (kind, count) in [("resource", 33), ("record", 62), ("enum", 34), ("flags", 5), ("variant", 12), ("func", 229)]
    {
        let is_of_kind = |lines: &&Vec<String>| lines.first().is_some_and(|line| head(line).ends_with(kind));
        let found = published.values().filter(is_of_kind).count();
        ensure!(found == count, "the published WIT was expected to have {count} of '{kind}', but has {found}");
    }
    let differences = differences(&ours, &published);
    ensure!(
        differences.is_empty(),
        "{} differences between wit/{PACKAGE} and the WIT of {PUBLISHED}; guests built against the proposal would not \
         run. `-` is ours, `+` is published:\n{}",
        differences.len(),
        differences.join("\n")
    );
    Ok(())
}

#[test]
fn every_item_is_documented() -> Result<()> {
    let resolve = parse(PACKAGE, &ours()?)?;
    let items = documented_items(&resolve)?;
    ensure!(items.len() > 900, "expected all fields and cases among the items, but found {} in all", items.len());
    let faults = faults(&items);
    ensure!(faults.is_empty(), "{} faults in the documentation of wit/{PACKAGE}:\n{}", faults.len(), faults.join("\n"));
    Ok(())
}

#[test]
fn the_page_of_deviations_has_those_of_the_wit() -> Result<()> {
    let resolve = parse(PACKAGE, &ours()?)?;
    let wit = deviations_of_wit(&documented_items(&resolve)?);
    let page = deviations_of_page(&read("docs/deviations.md")?);
    let numbered: Vec<usize> = (1..=page.len()).collect();
    ensure!(page == numbered, "the sections of docs/deviations.md are numbered from 1 on, but are {page:?}");
    let wit: Vec<usize> = wit.into_iter().collect();
    ensure!(wit == page, "deviations in the WIT: {wit:?}\nsections in docs/deviations.md: {page:?}");
    Ok(())
}

/// The kind of an item, out of its first line.
fn head(line: &str) -> &str {
    line.split_once(',').map_or(line, |(head, _)| head)
}

fn ours() -> Result<String> {
    read(&format!("wit/{PACKAGE}/package.wit"))
}

/// Reads a file of the project.
fn read(path: &str) -> Result<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))
}

fn parse(origin: &str, text: &str) -> Result<Resolve> {
    // What is gated behind a feature is a part of the interface, too.
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    resolve.push_str(origin, text).with_context(|| format!("cannot parse {origin}"))?;
    Ok(resolve)
}

fn shape_of(origin: &str, text: &str) -> Result<shape::Shape> {
    shape(&parse(origin, text)?)
}
