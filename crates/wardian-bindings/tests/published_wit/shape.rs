//! What a WIT package is, apart from documentation and from the order in which it names things: its shape.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use wit_parser::{
    Function, FunctionKind, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldItem, WorldKey,
};

/// Every item of a package, by a name that tells where it stands. The lines of an item are what must be the same, in
/// this order: the fields of a record and the cases of an enum are lines of their own.
pub(crate) type Shape = BTreeMap<String, Vec<String>>;

/// Describes the one package that was parsed.
pub(crate) fn shape(resolve: &Resolve) -> Result<Shape> {
    let mut shape = Shape::new();
    for (_, package) in &resolve.packages {
        shape.insert(format!("package {}", package.name), Vec::new());
    }
    for (id, interface) in &resolve.interfaces {
        let name = interface_name(resolve, id)?;
        shape.insert(format!("interface {name}"), Vec::new());
        for (type_name, type_id) in &interface.types {
            shape.insert(format!("{name}, type {type_name}"), type_lines(resolve, *type_id)?);
        }
        for function in interface.functions.values() {
            shape.insert(format!("{name}, {}", function.name), function_lines(resolve, function)?);
        }
    }
    for (_, world) in &resolve.worlds {
        let name = &world.name;
        shape.insert(format!("world {name}"), Vec::new());
        for (direction, items) in [("imports", &world.imports), ("exports", &world.exports)] {
            for (key, item) in items {
                let key = match key {
                    WorldKey::Name(key) => key.clone(),
                    WorldKey::Interface(id) => interface_name(resolve, *id)?,
                };
                let lines = match item {
                    WorldItem::Interface { .. } => vec!["interface".to_owned()],
                    WorldItem::Function(function) => function_lines(resolve, function)?,
                    WorldItem::Type { id, .. } => type_lines(resolve, *id)?,
                };
                shape.insert(format!("world {name} {direction} {key}"), lines);
            }
        }
    }
    Ok(shape)
}

/// Lists what one shape has and the other has not, a paragraph an item.
pub(crate) fn differences(ours: &Shape, published: &Shape) -> Vec<String> {
    let names: BTreeSet<&String> = ours.keys().chain(published.keys()).collect();
    names.into_iter().filter_map(|name| difference(name, ours.get(name), published.get(name))).collect()
}

fn difference(name: &str, ours: Option<&Vec<String>>, published: Option<&Vec<String>>) -> Option<String> {
    let (ours, published) = match (ours, published) {
        (None, None) => return None,
        (Some(_), None) => return Some(format!("{name}: only ours has it")),
        (None, Some(_)) => return Some(format!("{name}: only the published WIT has it")),
        (Some(ours), Some(published)) => (ours, published),
    };
    if ours == published {
        return None;
    }
    let mut text = format!("{name}:");
    for index in 0..ours.len().max(published.len()) {
        let (ours, published) = (ours.get(index), published.get(index));
        if ours != published {
            for (sign, line) in [("-", ours), ("+", published)] {
                if let Some(line) = line {
                    text.push_str(&format!("\n    {sign} {line}"));
                }
            }
        }
    }
    Some(text)
}

fn type_lines(resolve: &Resolve, id: TypeId) -> Result<Vec<String>> {
    let definition = resolve.types.get(id).context("a type of the interface")?;
    let mut lines = vec![definition.kind.as_str().to_owned()];
    match &definition.kind {
        TypeDefKind::Record(record) => {
            for field in &record.fields {
                lines.push(format!("{}: {}", field.name, type_text(resolve, &field.ty)?));
            }
        }
        TypeDefKind::Variant(variant) => {
            for case in &variant.cases {
                let payload = case.ty.as_ref().map(|payload| type_text(resolve, payload)).transpose()?;
                lines.push(payload.map_or_else(|| case.name.clone(), |payload| format!("{}({payload})", case.name)));
            }
        }
        TypeDefKind::Enum(cases) => lines.extend(cases.cases.iter().map(|case| case.name.clone())),
        TypeDefKind::Flags(flags) => lines.extend(flags.flags.iter().map(|flag| flag.name.clone())),
        TypeDefKind::Resource => {}
        // `type name = …;` and what `use` brings in.
        other @ (TypeDefKind::Handle(_)
        | TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result(_)
        | TypeDefKind::List(_)
        | TypeDefKind::Map(..)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Future(_)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Type(_)
        | TypeDefKind::Unknown) => lines.push(format!("= {}", kind_text(resolve, other)?)),
    }
    Ok(lines)
}

fn function_lines(resolve: &Resolve, function: &Function) -> Result<Vec<String>> {
    let kind = match function.kind {
        FunctionKind::Freestanding => "func".to_owned(),
        FunctionKind::AsyncFreestanding => "async func".to_owned(),
        FunctionKind::Method(resource) => format!("func, method of {}", name_of(resolve, resource)?),
        FunctionKind::AsyncMethod(resource) => format!("async func, method of {}", name_of(resolve, resource)?),
        FunctionKind::Static(resource) => format!("func, static of {}", name_of(resolve, resource)?),
        FunctionKind::AsyncStatic(resource) => format!("async func, static of {}", name_of(resolve, resource)?),
        FunctionKind::Constructor(resource) => format!("func, constructor of {}", name_of(resolve, resource)?),
    };
    let mut lines = vec![kind];
    for parameter in &function.params {
        lines.push(format!("({}: {})", parameter.name, type_text(resolve, &parameter.ty)?));
    }
    lines.push(match &function.result {
        Some(result) => format!("-> {}", type_text(resolve, result)?),
        None => "-> nothing".to_owned(),
    });
    Ok(lines)
}

/// A type as it is used: by its name where it has one.
fn type_text(resolve: &Resolve, used: &Type) -> Result<String> {
    Ok(match used {
        Type::Bool => "bool".to_owned(),
        Type::U8 => "u8".to_owned(),
        Type::U16 => "u16".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::S8 => "s8".to_owned(),
        Type::S16 => "s16".to_owned(),
        Type::S32 => "s32".to_owned(),
        Type::S64 => "s64".to_owned(),
        Type::F32 => "f32".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::Char => "char".to_owned(),
        Type::String => "string".to_owned(),
        Type::ErrorContext => "error-context".to_owned(),
        Type::Id(id) => {
            let definition = resolve.types.get(*id).context("a type that is used")?;
            if definition.name.is_some() { name_of(resolve, *id)? } else { kind_text(resolve, &definition.kind)? }
        }
    })
}

fn kind_text(resolve: &Resolve, kind: &TypeDefKind) -> Result<String> {
    let text = |used: &Type| type_text(resolve, used);
    let text_or_nothing = |used: &Option<Type>| used.as_ref().map_or_else(|| Ok("_".to_owned()), text);
    Ok(match kind {
        TypeDefKind::Handle(Handle::Own(resource)) => name_of(resolve, *resource)?,
        TypeDefKind::Handle(Handle::Borrow(resource)) => format!("borrow<{}>", name_of(resolve, *resource)?),
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", tuple.types.iter().map(text).collect::<Result<Vec<_>>>()?.join(", "))
        }
        TypeDefKind::Option(inner) => format!("option<{}>", text(inner)?),
        TypeDefKind::Result(result) => {
            format!("result<{}, {}>", text_or_nothing(&result.ok)?, text_or_nothing(&result.err)?)
        }
        TypeDefKind::List(inner) => format!("list<{}>", text(inner)?),
        TypeDefKind::FixedLengthList(inner, length) => format!("list<{}, {length}>", text(inner)?),
        TypeDefKind::Map(key, value) => format!("map<{}, {}>", text(key)?, text(value)?),
        TypeDefKind::Future(inner) => format!("future<{}>", text_or_nothing(inner)?),
        TypeDefKind::Stream(inner) => format!("stream<{}>", text_or_nothing(inner)?),
        TypeDefKind::Type(inner) => text(inner)?,
        TypeDefKind::Record(_)
        | TypeDefKind::Resource
        | TypeDefKind::Flags(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Unknown => bail!("a {} without a name", kind.as_str()),
    })
}

/// The name of a type, with that of its interface before it: another interface may have one of the same name.
fn name_of(resolve: &Resolve, id: TypeId) -> Result<String> {
    let definition = resolve.types.get(id).context("a type with a name")?;
    let name = definition.name.as_deref().context("a name")?;
    Ok(match definition.owner {
        TypeOwner::Interface(interface) => format!("{}.{name}", interface_name(resolve, interface)?),
        TypeOwner::World(_) | TypeOwner::None => name.to_owned(),
    })
}

fn interface_name(resolve: &Resolve, id: InterfaceId) -> Result<String> {
    let interface = resolve.interfaces.get(id).context("an interface")?;
    Ok(interface.name.clone().unwrap_or_else(|| "inline".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "
        package test:gpu@1.0.0;
        interface api {
            type size = u64;
            record extent { width: u32, height: option<u32> }
            enum format { red, green, blue }
            flags usage { copy, draw }
            variant error { lost, other(string) }
            resource buffer {
                constructor();
                read: async func(offset: size, length: option<size>) -> result<list<u8>, error>;
                label: func() -> string;
            }
            resource queue {
                submit: func(buffers: list<borrow<buffer>>, format: format);
                lost: func() -> future<error>;
            }
            open: func() -> queue;
        }
        interface spare { record extent { width: u64 } }
        world imports { import api; }
    ";

    /// Compares the base with a changed copy of it; the difference is one, and has these parts.
    #[track_caller]
    fn check(from: &str, to: &str, parts: &[&str]) {
        assert_eq!(BASE.matches(from).count(), 1, "'{from}' stands once in the base");
        let differences = compare(&BASE.replace(from, to));
        let [difference] = differences.as_slice() else { panic!("one difference, but: {differences:#?}") };
        for part in parts {
            assert!(difference.contains(part), "'{part}' in:\n{difference}");
        }
    }

    #[track_caller]
    fn compare(published: &str) -> Vec<String> {
        let shape = |text: &str| shape(&crate::parse("test", text).expect("parses")).expect("has a shape");
        differences(&shape(BASE), &shape(published))
    }

    #[test]
    fn a_package_is_equal_to_itself() {
        assert_eq!(compare(BASE), [""; 0], "the same text");
    }

    #[test]
    fn documentation_and_the_order_of_items_do_not_count() {
        let moved = BASE.replace("open: func() -> queue;", "");
        let moved = moved.replace("type size = u64;", "open: func() -> queue;\n/// Bytes.\ntype size = u64;");
        let label = "label: func() -> string;";
        let moved = moved.replace(label, "").replace("constructor();", &format!("{label} constructor();"));
        assert_ne!(moved, BASE, "something moved");
        assert_eq!(compare(&moved), [""; 0], "only moved and documented");
    }

    #[test]
    fn a_changed_type_of_a_field_is_found() {
        check("height: option<u32>", "height: u32", &["api, type extent", "- height: option<u32>", "+ height: u32"]);
    }

    #[test]
    fn fields_in_another_order_are_found() {
        check("width: u32, height: option<u32>", "height: option<u32>, width: u32", &["type extent", "- width: u32"]);
    }

    #[test]
    fn a_renamed_field_is_found() {
        check("width: u32", "breadth: u32", &["- width: u32", "+ breadth: u32"]);
    }

    #[test]
    fn cases_of_an_enum_in_another_order_are_found() {
        check("red, green", "green, red", &["api, type format", "- red", "+ green"]);
    }

    #[test]
    fn a_further_case_of_an_enum_is_found() {
        check("green, blue", "green, blue, alpha", &["api, type format:\n    + alpha"]);
    }

    #[test]
    fn flags_in_another_order_are_found() {
        check("copy, draw", "draw, copy", &["api, type usage", "- copy", "+ draw"]);
    }

    #[test]
    fn a_changed_payload_of_a_variant_is_found() {
        check("other(string)", "other(u32)", &["- other(string)", "+ other(u32)"]);
    }

    #[test]
    fn another_kind_of_type_is_found() {
        check("enum format { red, green, blue }", "flags format { red, green, blue }", &["- enum", "+ flags"]);
    }

    #[test]
    fn a_changed_alias_is_found() {
        check("type size = u64", "type size = u32", &["api, type size", "- = u64", "+ = u32"]);
    }

    #[test]
    fn an_alias_in_place_of_its_type_is_found() {
        check("offset: size", "offset: u64", &["- (offset: api.size)", "+ (offset: u64)"]);
    }

    #[test]
    fn a_missing_function_is_found() {
        check("label: func() -> string;", "", &["api, [method]buffer.label: only ours has it"]);
    }

    #[test]
    fn a_further_function_is_found() {
        check(
            "constructor();",
            "constructor(); free: func();",
            &["api, [method]buffer.free: only the published WIT has it"],
        );
    }

    #[test]
    fn a_synchronous_function_is_no_asynchronous_one() {
        check("read: async func", "read: func", &["[method]buffer.read", "- async func, method", "+ func, method"]);
    }

    #[test]
    fn a_method_is_no_static_function() {
        let differences = compare(&BASE.replace("lost: func()", "lost: static func()"));
        assert_eq!(
            differences,
            ["api, [method]queue.lost: only ours has it", "api, [static]queue.lost: only the published WIT has it"],
            "they have other names in a component"
        );
    }

    #[test]
    fn a_renamed_parameter_is_found() {
        check("length: option<size>", "size: option<size>", &["- (length: option<api.size>)", "+ (size:"]);
    }

    #[test]
    fn parameters_in_another_order_are_found() {
        check(
            "buffers: list<borrow<buffer>>, format: format",
            "format: format, buffers: list<borrow<buffer>>",
            &["[method]queue.submit", "- (buffers: list<borrow<api.buffer>>)"],
        );
    }

    #[test]
    fn an_owned_handle_is_no_borrowed_one() {
        check(
            "list<borrow<buffer>>",
            "list<buffer>",
            &["- (buffers: list<borrow<api.buffer>>)", "+ (buffers: list<api.buffer>)"],
        );
    }

    #[test]
    fn a_changed_result_is_found() {
        check(
            "-> result<list<u8>, error>",
            "-> result<list<u8>>",
            &["- -> result<list<u8>, api.error>", "+ -> result<list<u8>, _>"],
        );
    }

    #[test]
    fn a_missing_result_is_found() {
        check("open: func() -> queue", "open: func()", &["api, open", "- -> api.queue", "+ -> nothing"]);
    }

    #[test]
    fn a_future_is_no_stream() {
        check("future<error>", "stream<error>", &["- -> future<api.error>", "+ -> stream<api.error>"]);
    }

    #[test]
    fn another_version_is_found() {
        let differences = compare(&BASE.replace("1.0.0", "1.0.1"));
        assert_eq!(
            differences,
            ["package test:gpu@1.0.0: only ours has it", "package test:gpu@1.0.1: only the published WIT has it"],
            "a difference that guests would meet when they are linked"
        );
    }

    #[test]
    fn changed_imports_of_a_world_are_found() {
        check(
            "import api;",
            "import api; import spare;",
            &["world imports imports spare: only the published WIT has it"],
        );
    }

    #[test]
    fn an_export_is_no_import() {
        let differences = compare(&BASE.replace("import api;", "export api;"));
        assert_eq!(differences.len(), 2, "it went and it came: {differences:#?}");
    }

    #[test]
    fn a_gated_item_counts() {
        check(
            "open: func() -> queue;",
            "open: func() -> queue; @unstable(feature = more) close: func();",
            &["api, close: only the published WIT has it"],
        );
    }
}
