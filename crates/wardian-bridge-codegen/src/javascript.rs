//! The table for JavaScript.

use std::fmt::Write as _;

use crate::interface::{Interface, Style, Type, TypeDefinition};

/// Writes `js/src/interface.js`.
#[must_use]
pub fn javascript(interface: &Interface) -> String {
    let body = body(interface);
    format!(
        "// Written by `cargo run --package wardian-bridge-codegen` from the WIT: do not edit.\n\n\
         /** Tells this table from that of another version of the interface; the guest must have the same. */\n\
         export const INTERFACE = '{}';\n\n{body}",
        fingerprint(&body)
    )
}

/// FNV-1a in 64 bits, in hexadecimal: both sides compare it when they meet.
pub(crate) fn fingerprint(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

pub(crate) fn body(interface: &Interface) -> String {
    let mut text = String::from("/** Resources; the place of a name is its number. */\nexport const RESOURCES = [\n");
    // Writes into a string cannot fail.
    for resource in &interface.resources {
        let _ = writeln!(text, "  '{resource}',");
    }
    text.push_str("];\n\n/** Named types. */\nexport const TYPES = {\n");
    for (name, definition) in &interface.types {
        let (kind, parts) = match definition {
            TypeDefinition::Record(fields) => {
                let field = |(name, ty): &(String, Type)| format!("['{name}', {}]", expression(ty));
                ("record", fields.iter().map(field).collect::<Vec<_>>())
            }
            TypeDefinition::Enum(cases) => ("enum", cases.iter().map(|case| format!("'{case}'")).collect()),
            TypeDefinition::Flags(flags) => ("flags", flags.iter().map(|flag| format!("'{flag}'")).collect()),
            TypeDefinition::Variant(cases) => {
                let case = |(name, ty): &(String, Option<Type>)| match ty {
                    Some(ty) => format!("['{name}', {}]", expression(ty)),
                    None => format!("['{name}']"),
                };
                ("variant", cases.iter().map(case).collect())
            }
        };
        let _ = writeln!(text, "  '{name}': {{ kind: '{kind}', parts: [");
        for part in parts {
            let _ = writeln!(text, "    {part},");
        }
        text.push_str("  ] },\n");
    }
    text.push_str("};\n\n/** Records: the type of their values; they cross as the list of their entries. */\nexport const RECORDS = {\n");
    for (name, value) in &interface.records {
        let _ = writeln!(text, "  '{name}': {},", expression(value));
    }
    text.push_str("};\n\n/** Functions by name. */\nexport const FUNCTIONS = {\n");
    for function in &interface.functions {
        let style = match function.style() {
            Style::Send => "send",
            Style::Call => "call",
            Style::Promise => "promise",
            Style::Stream => "stream",
        };
        let parameters: Vec<String> =
            function.parameters.iter().map(|(name, ty)| format!("['{name}', {}]", expression(ty))).collect();
        let result = function.result.as_ref().map_or_else(|| "null".to_owned(), expression);
        let _ = writeln!(
            text,
            "  '{}': {{ number: {}, style: '{style}', parameters: [{}], result: {result} }},",
            function.name,
            function.number,
            parameters.join(", ")
        );
    }
    text.push_str("};\n");
    text
}

fn expression(ty: &Type) -> String {
    let part = |part: &Option<Box<Type>>| part.as_ref().map_or_else(|| "null".to_owned(), |part| expression(part));
    match ty {
        Type::Plain(name) => format!("'{name}'"),
        Type::Named(name) => format!("'{name}'"),
        Type::Option(ty) => format!("['option', {}]", expression(ty)),
        Type::List(ty) => format!("['list', {}]", expression(ty)),
        Type::Own(name) => format!("['own', '{name}']"),
        Type::Borrow(name) => format!("['borrow', '{name}']"),
        Type::Result(ok, error) => format!("['result', {}, {}]", part(ok), part(error)),
        Type::Future(ty) | Type::Stream(ty) => expression(ty),
    }
}
