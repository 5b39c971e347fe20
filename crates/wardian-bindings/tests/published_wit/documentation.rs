//! What the WIT says about itself: each item is documented, with its link into the specification and the deviations
//! from it, which `docs/deviations.md` collects.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use wit_parser::{Docs, Resolve, TypeDefKind, WorldItem};

/// How the line begins that links an item to the specification.
const LINK: &str = "Spec: <https://www.w3.org/TR/webgpu/#";

/// How a paragraph begins that says where an item leaves the specification; a number follows.
const DEVIATION: &str = "Deviation D";

/// Whether an item links to the specification itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Own,
    /// Fields and cases are found through the type that has them, and the package through its interface.
    Inherited,
}

/// Something that wants documentation.
#[derive(Debug)]
pub(crate) struct Item {
    name: String,
    docs: String,
    link: Link,
}

impl Item {
    fn new(name: String, docs: &Docs, link: Link) -> Self {
        Self { name, docs: docs.contents.clone().unwrap_or_default(), link }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let text = self.docs.lines().find(|line| !line.is_empty());
        if text.is_none_or(|line| line.starts_with(LINK) || line.starts_with(DEVIATION)) {
            faults.push("does not begin with a sentence of its own".to_owned());
        }
        let links: Vec<&str> = self.docs.lines().filter(|line| line.starts_with("Spec")).collect();
        match self.link {
            Link::Own => {
                if !matches!(links.as_slice(), [link] if is_link(link))
                    || self.docs.lines().last() != links.first().copied()
                {
                    faults.push(format!("has to end with one line `{LINK}…>`, but has {links:?}"));
                }
            }
            Link::Inherited if links.is_empty() => {}
            Link::Inherited => faults.push("needs no link: its type has one".to_owned()),
        }
        for paragraph in paragraphs(&self.docs).filter(|paragraph| paragraph.starts_with("Deviation")) {
            if deviation(paragraph).is_none() {
                faults.push(format!("a deviation begins with `{DEVIATION}12: `, but this with '{paragraph}'"));
            }
        }
        // In the middle of a paragraph a deviation would be overlooked.
        let lines = self.docs.lines().filter(|line| line.contains(DEVIATION)).count();
        if lines != paragraphs(&self.docs).filter(|paragraph| paragraph.starts_with(DEVIATION)).count() {
            faults.push("each deviation is a paragraph of its own".to_owned());
        }
        faults.into_iter().map(|fault| format!("{}: {fault}", self.name)).collect()
    }
}

/// Lists all that a package defines.
pub(crate) fn documented_items(resolve: &Resolve) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for (_, package) in &resolve.packages {
        items.push(Item::new(format!("package {}", package.name), &package.docs, Link::Inherited));
    }
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.clone().context("an interface with a name")?;
        items.push(Item::new(format!("interface {name}"), &interface.docs, Link::Own));
        for (name, id) in &interface.types {
            let definition = resolve.types.get(*id).context("a type of the interface")?;
            items.push(Item::new(name.clone(), &definition.docs, Link::Own));
            items.extend(parts(name, &definition.kind));
        }
        for function in interface.functions.values() {
            items.push(Item::new(function.name.clone(), &function.docs, Link::Own));
        }
    }
    for (_, world) in &resolve.worlds {
        items.push(Item::new(format!("world {}", world.name), &world.docs, Link::Own));
        for (key, item) in world.imports.iter().chain(&world.exports) {
            if let WorldItem::Interface { docs, .. } = item {
                let name = format!("world {}, {}", world.name, resolve.name_world_key(key));
                items.push(Item::new(name, docs, Link::Inherited));
            }
        }
    }
    Ok(items)
}

/// Lists the fields or cases of a type.
fn parts(name: &str, kind: &TypeDefKind) -> Vec<Item> {
    let part = |part: &str, docs: &Docs| Item::new(format!("{name}.{part}"), docs, Link::Inherited);
    match kind {
        TypeDefKind::Record(record) => record.fields.iter().map(|field| part(&field.name, &field.docs)).collect(),
        TypeDefKind::Variant(variant) => variant.cases.iter().map(|case| part(&case.name, &case.docs)).collect(),
        TypeDefKind::Enum(cases) => cases.cases.iter().map(|case| part(&case.name, &case.docs)).collect(),
        TypeDefKind::Flags(flags) => flags.flags.iter().map(|flag| part(&flag.name, &flag.docs)).collect(),
        TypeDefKind::Resource
        | TypeDefKind::Handle(_)
        | TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result(_)
        | TypeDefKind::List(_)
        | TypeDefKind::Map(..)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Future(_)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Type(_)
        | TypeDefKind::Unknown => Vec::new(),
    }
}

/// Lists what is wrong in the documentation of all these items.
pub(crate) fn faults(items: &[Item]) -> Vec<String> {
    items.iter().flat_map(Item::faults).collect()
}

/// The numbers of the deviations that the WIT states.
pub(crate) fn deviations_of_wit(items: &[Item]) -> BTreeSet<usize> {
    items.iter().flat_map(|item| paragraphs(&item.docs).filter_map(deviation)).collect()
}

/// The numbers of the sections of the page of deviations, in the order of the page.
pub(crate) fn deviations_of_page(page: &str) -> Vec<usize> {
    page.lines().filter_map(|line| number(line.strip_prefix("## D")?)).collect()
}

fn paragraphs(docs: &str) -> impl Iterator<Item = &str> {
    docs.split("\n\n")
}

/// The number of the deviation that a paragraph states.
fn deviation(paragraph: &str) -> Option<usize> {
    number(paragraph.strip_prefix(DEVIATION)?)
}

/// The number that a text begins with, up to a colon.
fn number(text: &str) -> Option<usize> {
    text.split_once(": ")?.0.parse().ok()
}

fn is_link(line: &str) -> bool {
    let anchor = line.strip_prefix(LINK).and_then(|rest| rest.strip_suffix('>'));
    anchor.is_some_and(|anchor| !anchor.is_empty() && anchor.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents one record with one field; the only fault has this part, or there is none.
    #[track_caller]
    fn check(record: &str, field: &str, fault: Option<&str>) {
        let comment = |text: &str| text.lines().map(|line| format!("/// {line}\n")).collect::<String>();
        let good = comment("An interface.\n\nSpec: <https://www.w3.org/TR/webgpu/#intro>");
        let text = format!(
            "/// A package.\npackage test:gpu;\n{good}interface api {{\n{}record r {{\n{}f: u32 }} }}",
            comment(record),
            comment(field)
        );
        let resolve = crate::parse("test", &text).expect("parses");
        let found = faults(&documented_items(&resolve).expect("has items"));
        match (fault, found.as_slice()) {
            (None, []) => {}
            (Some(part), [only]) => assert!(only.contains(part), "'{part}' in '{only}'"),
            (_, other) => panic!("{fault:?} was expected, but found {other:#?}"),
        }
    }

    const LINKED: &str = "A record.\n\nSpec: <https://www.w3.org/TR/webgpu/#gpubuffer>";

    #[test]
    fn a_sentence_and_a_link_will_do() {
        check(LINKED, "A field.", None);
        check("A record.\n\nDeviation D7: it is.\n\nSpec: <https://www.w3.org/TR/webgpu/#a-b>", "A field.", None);
    }

    #[test]
    fn a_field_without_documentation_is_found() {
        check(LINKED, "", Some("r.f: does not begin with a sentence"));
    }

    #[test]
    fn a_link_alone_is_no_documentation() {
        check("Spec: <https://www.w3.org/TR/webgpu/#gpubuffer>", "A field.", Some("r: does not begin with a sentence"));
    }

    #[test]
    fn a_missing_link_is_found() {
        check("A record.", "A field.", Some("r: has to end with one line"));
    }

    #[test]
    fn a_link_without_an_anchor_is_found() {
        check("A record.\n\nSpec: <https://www.w3.org/TR/webgpu/#>", "A field.", Some("r: has to end with one line"));
        check("A record.\n\nSpec: <https://www.w3.org/TR/webgpu/>", "A field.", Some("r: has to end with one line"));
    }

    #[test]
    fn a_link_before_the_end_is_found() {
        check(&format!("{LINKED}\n\nMore."), "A field.", Some("r: has to end with one line"));
    }

    #[test]
    fn a_deviation_without_a_number_is_found() {
        check(LINKED, "A field.\n\nDeviation: it is.", Some("r.f: a deviation begins with"));
        check(LINKED, "A field.\n\nDeviation Dx: it is.", Some("r.f: a deviation begins with"));
    }

    #[test]
    fn a_deviation_inside_a_paragraph_is_found() {
        check(LINKED, "A field.\nDeviation D7: it is.", Some("r.f: each deviation is a paragraph"));
    }

    #[test]
    fn the_sections_of_the_page_are_its_headings() {
        let page = "# Deviations\n\n## D1: one\n\nD2: no heading\n\n### D3: below\n\n## Others\n\n## D12: twelve\n";
        assert_eq!(deviations_of_page(page), [1, 12], "headings with a number");
    }
}
