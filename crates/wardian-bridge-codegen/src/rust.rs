//! The guest's side: decoding of records, and one arm for each function.

use std::fmt::Write as _;

use crate::interface::{Function, Interface, Style, Type, TypeDefinition};
use crate::javascript;

/// Writes what `wardian-bridge` includes: tables of objects, `Decode` and `Encode` for all types, and `dispatch`.
#[must_use]
pub fn rust(interface: &Interface) -> String {
    let mut text = String::new();
    let fingerprint = javascript::fingerprint(&javascript::body(interface));
    // Writes into a string cannot fail.
    let _ = writeln!(text, "/// The interface that this side was made from.");
    let _ = writeln!(text, "pub(crate) const INTERFACE: &str = \"{fingerprint}\";");
    objects(&mut text, interface);
    for (name, definition) in &interface.types {
        match definition {
            TypeDefinition::Record(fields) => record(&mut text, interface, name, fields),
            TypeDefinition::Enum(cases) => enumeration(&mut text, name, cases),
            TypeDefinition::Flags(_) => flags(&mut text, name),
            TypeDefinition::Variant(cases) => variant(&mut text, interface, name, cases),
        }
    }
    dispatch(&mut text, interface);
    text
}

fn objects(text: &mut String, interface: &Interface) {
    text.push_str("#[derive(Clone, Default)]\npub(crate) struct Objects {\n    pub(crate) next: u32,\n");
    for resource in &interface.resources {
        let (field, name) = (snake(resource), camel(resource));
        let _ = writeln!(text, "    {field}: Table<webgpu::{name}>,");
    }
    text.push_str("}\n\nimpl Objects {\n");
    text.push_str("    pub(crate) fn release(&mut self, resource: u16, handle: u32) -> Result<(), Fault> {\n");
    text.push_str("        match resource {\n");
    for (number, resource) in interface.resources.iter().enumerate() {
        let _ = writeln!(text, "            {number} => self.{}.release(handle),", snake(resource));
    }
    text.push_str("            _ => Err(Fault::UnknownResource(resource)),\n        }\n    }\n}\n");
    for resource in &interface.resources {
        let (field, name) = (snake(resource), camel(resource));
        let _ = writeln!(
            text,
            "impl Resource for webgpu::{name} {{\n    const NAME: &'static str = \"{resource}\";\n    \
             fn table(objects: &Objects) -> &Table<Self> {{ &objects.{field} }}\n    \
             fn table_mut(objects: &mut Objects) -> &mut Table<Self> {{ &mut objects.{field} }}\n}}\n\
             impl Encode for webgpu::{name} {{\n    fn encode(self, writer: &mut Writer, objects: &mut Objects) {{\n        \
             let handle = objects.adopt(self);\n        writer.u32(handle);\n    }}\n}}"
        );
    }
    for (record, value) in &interface.records {
        let _ = writeln!(
            text,
            "impl<'a> Decode<'a> for webgpu::{0} {{\n    \
             fn decode(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Self, Fault> {{\n        \
             let record = Self::new();\n        for _ in 0..reader.u32()? {{\n            \
             let key = String::decode(reader, objects)?;\n            \
             let value: {1} = Decode::decode(reader, objects)?;\n            record.add(&key, value);\n        }}\n        \
             Ok(record)\n    }}\n}}",
            camel(record),
            rust_type(interface, value)
        );
    }
}

fn record(text: &mut String, interface: &Interface, name: &str, fields: &[(String, Type)]) {
    let own = Type::Named(name.to_owned());
    let lifetime = if interface.any(&own, &|ty| matches!(ty, Type::Borrow(_))) { "<'a>" } else { "" };
    if is_given(interface, &own) {
        let _ = writeln!(
            text,
            "impl<'a> Decode<'a> for webgpu::{}{lifetime} {{\n    \
             fn decode(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Self, Fault> {{\n        Ok(Self {{",
            camel(name)
        );
        for (field, _) in fields {
            let _ = writeln!(text, "            {}: Decode::decode(reader, objects)?,", ident(field));
        }
        text.push_str("        })\n    }\n}\n");
    }
    if is_returned(interface, &own) {
        let _ = writeln!(
            text,
            "impl Encode for webgpu::{}{lifetime} {{\n    fn encode(self, writer: &mut Writer, objects: &mut Objects) {{",
            camel(name)
        );
        for (field, _) in fields {
            let _ = writeln!(text, "        self.{}.encode(writer, objects);", ident(field));
        }
        text.push_str("    }\n}\n");
    }
}

fn enumeration(text: &mut String, name: &str, cases: &[String]) {
    let name = camel(name);
    let _ = writeln!(
        text,
        "impl<'a> Decode<'a> for webgpu::{name} {{\n    \
         fn decode(reader: &mut Reader<'_>, _objects: &'a Objects) -> Result<Self, Fault> {{\n        \
         Ok(match reader.u8()? {{"
    );
    for (number, case) in cases.iter().enumerate() {
        let _ = writeln!(text, "            {number} => Self::{},", camel(case));
    }
    let _ = writeln!(
        text,
        "            other => return Err(Fault::UnknownCase(other)),\n        }})\n    }}\n}}\n\
         impl Encode for webgpu::{name} {{\n    fn encode(self, writer: &mut Writer, _objects: &mut Objects) {{\n        \
         writer.u8(match self {{"
    );
    for (number, case) in cases.iter().enumerate() {
        let _ = writeln!(text, "            Self::{} => {number},", camel(case));
    }
    text.push_str("        });\n    }\n}\n");
}

fn flags(text: &mut String, name: &str) {
    let name = camel(name);
    let _ = writeln!(
        text,
        "impl<'a> Decode<'a> for webgpu::{name} {{\n    \
         fn decode(reader: &mut Reader<'_>, _objects: &'a Objects) -> Result<Self, Fault> {{\n        \
         let bits = reader.u32()?;\n        \
         let known = bits.try_into().ok().and_then(Self::from_bits);\n        \
         known.ok_or(Fault::UnknownBits(bits))\n    }}\n}}\n\
         impl Encode for webgpu::{name} {{\n    fn encode(self, writer: &mut Writer, _objects: &mut Objects) {{\n        \
         writer.u32(u32::from(self.bits()));\n    }}\n}}"
    );
}

fn variant(text: &mut String, interface: &Interface, name: &str, cases: &[(String, Option<Type>)]) {
    let own = Type::Named(name.to_owned());
    let lifetime = if interface.any(&own, &|ty| matches!(ty, Type::Borrow(_))) { "<'a>" } else { "" };
    let name = camel(name);
    if is_given(interface, &own) {
        let _ = writeln!(
            text,
            "impl<'a> Decode<'a> for webgpu::{name}{lifetime} {{\n    \
             fn decode(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Self, Fault> {{\n        \
             Ok(match reader.u8()? {{"
        );
        for (number, (case, value)) in cases.iter().enumerate() {
            let value = value.as_ref().map_or("", |_| "(Decode::decode(reader, objects)?)");
            let _ = writeln!(text, "            {number} => Self::{}{value},", camel(case));
        }
        text.push_str("            other => return Err(Fault::UnknownCase(other)),\n        })\n    }\n}\n");
    }
    if is_returned(interface, &own) {
        let uses_objects = if cases.iter().any(|(_, value)| value.is_some()) { "objects" } else { "_objects" };
        let _ = writeln!(
            text,
            "impl Encode for webgpu::{name} {{\n    fn encode(self, writer: &mut Writer, {uses_objects}: &mut Objects) {{\n        \
             match self {{"
        );
        for (number, (case, value)) in cases.iter().enumerate() {
            let case = camel(case);
            let _ = match value {
                Some(_) => writeln!(
                    text,
                    "            Self::{case}(value) => {{\n                writer.u8({number});\n                \
                     value.encode(writer, objects);\n            }}"
                ),
                None => writeln!(text, "            Self::{case} => writer.u8({number}),"),
            };
        }
        text.push_str("        }\n    }\n}\n");
    }
}

fn is_given(interface: &Interface, ty: &Type) -> bool {
    let mut parameters = interface.functions.iter().flat_map(|function| &function.parameters);
    parameters.any(|(_, parameter)| interface.any(parameter, &|part| part == ty))
}

fn is_returned(interface: &Interface, ty: &Type) -> bool {
    let mut results = interface.functions.iter().filter_map(|function| function.result.as_ref());
    results.any(|result| interface.any(result, &|part| part == ty))
}

fn dispatch(text: &mut String, interface: &Interface) {
    text.push_str(
        "pub(crate) fn dispatch(bridge: &mut Bridge, call: Call, body: &mut Reader<'_>) -> Result<(), Fault> {\n    \
         match call.function {\n",
    );
    for function in &interface.functions {
        let _ = writeln!(text, "        {} => function_{}(bridge, call, body),", function.number, function.number);
    }
    text.push_str("        other => Err(Fault::UnknownFunction(other)),\n    }\n}\n");
    for function in &interface.functions {
        arm(text, interface, function);
    }
}

fn arm(text: &mut String, interface: &Interface, function: &Function) {
    let style = function.style();
    let call_parameter = if style == Style::Send { "_call" } else { "call" };
    let _ = writeln!(
        text,
        "/// {}\nfn function_{}(bridge: &mut Bridge, {call_parameter}: Call, body: &mut Reader<'_>) -> Result<(), Fault> {{",
        function.name, function.number
    );
    let borrows = function.parameters.iter().any(|(_, ty)| interface.any(ty, &|ty| matches!(ty, Type::Borrow(_))));
    let expression = expression(interface, function);
    if style == Style::Promise && borrows {
        // What is lent must live as long as the call does: the call keeps a copy of the tables.
        text.push_str(
            "    let objects = std::rc::Rc::clone(&bridge.objects);\n    let bytes = body.rest();\n    \
             bridge.start(call, async move {\n        let objects = &*objects;\n        \
             let body = &mut Reader::new(&bytes);\n",
        );
        let mut arguments = String::new();
        this_and_parameters(&mut arguments, interface, function, "");
        text.push_str(&arguments.replace("    let", "        let"));
        let _ = writeln!(text, "        body.end()?;\n        Ok({expression}.await)\n    }});\n    Ok(())\n}}");
        return;
    }
    if function.this.is_some() || !function.parameters.is_empty() {
        text.push_str("    let objects = &*bridge.objects;\n");
    }
    if style == Style::Send && function.result.is_some() {
        text.push_str("    let result = body.u32()?;\n");
    }
    let shared = if style == Style::Promise && function.is_async { "shared" } else { "" };
    this_and_parameters(text, interface, function, shared);
    text.push_str("    body.end()?;\n");
    let _ = match (style, &function.result) {
        (Style::Send, None) => writeln!(text, "    {expression};\n    Ok(())\n}}"),
        (Style::Send, Some(_)) => {
            writeln!(text, "    let made = {expression};\n    bridge.keep(result, made)\n}}")
        }
        (Style::Promise, None) if function.is_async => writeln!(
            text,
            "    bridge.start(call, async move {{\n        {expression}.await;\n        Ok(())\n    }});\n    Ok(())\n}}"
        ),
        (Style::Call, _) => {
            writeln!(text, "    let answer = {expression};\n    bridge.answer(call, answer);\n    Ok(())\n}}")
        }
        (Style::Promise, _) if function.is_async => {
            writeln!(text, "    bridge.start(call, async move {{ Ok({expression}.await) }});\n    Ok(())\n}}")
        }
        (Style::Promise, _) => writeln!(
            text,
            "    let later = {expression};\n    bridge.start(call, async move {{ Ok(later.await) }});\n    Ok(())\n}}"
        ),
        (Style::Stream, _) => {
            writeln!(text, "    let reader = {expression};\n    bridge.subscribe(call, reader);\n    Ok(())\n}}")
        }
    };
}

fn this_and_parameters(text: &mut String, interface: &Interface, function: &Function, shared: &str) {
    if let Some(this) = &function.this {
        let name = camel(this);
        let _ = if shared.is_empty() {
            writeln!(text, "    let this: &webgpu::{name} = Decode::decode(body, objects)?;")
        } else {
            writeln!(text, "    let this: std::rc::Rc<webgpu::{name}> = objects.shared(body.u32()?)?;")
        };
    }
    for (name, ty) in &function.parameters {
        let ty = rust_type(interface, ty);
        let _ = writeln!(text, "    let {}: {ty} = Decode::decode(body, objects)?;", ident(name));
    }
}

/// The call itself, with the parameters as `wit-bindgen` wants them.
fn expression(interface: &Interface, function: &Function) -> String {
    let arguments: Vec<String> =
        function.parameters.iter().map(|(name, ty)| argument(interface, &ident(name), ty, function.is_async)).collect();
    let arguments = arguments.join(", ");
    let caller = function.this.as_ref().map_or("webgpu::", |_| "this.");
    format!("{caller}{}({arguments})", ident(&function.method))
}

/// Synchronous calls borrow what has lists, strings or lent resources inside; asynchronous ones take everything.
fn argument(interface: &Interface, name: &str, ty: &Type, is_async: bool) -> String {
    let owned = interface.any(ty, &|part| matches!(part, Type::Own(_)));
    let plain_borrow = |ty: &Type| matches!(ty, Type::Borrow(_));
    if is_async || owned || plain_borrow(ty) || matches!(ty, Type::Option(inner) if plain_borrow(inner)) {
        return name.to_owned();
    }
    let by_reference = |part: &Type| matches!(part, Type::List(_) | Type::Borrow(_) | Type::Plain("string"));
    if !interface.any(ty, &by_reference) {
        return name.to_owned();
    }
    match ty {
        Type::Option(inner) if matches!(**inner, Type::List(_) | Type::Plain("string")) => format!("{name}.as_deref()"),
        Type::Option(_) => format!("{name}.as_ref()"),
        _ => format!("&{name}"),
    }
}

fn rust_type(interface: &Interface, ty: &Type) -> String {
    match ty {
        Type::Plain("string") => "String".to_owned(),
        Type::Plain("s32") => "i32".to_owned(),
        Type::Plain(name) => (*name).to_owned(),
        Type::Named(name) => {
            let lends = interface.any(ty, &|part| matches!(part, Type::Borrow(_)));
            format!("webgpu::{}{}", camel(name), if lends { "<'_>" } else { "" })
        }
        Type::Option(ty) => format!("Option<{}>", rust_type(interface, ty)),
        Type::List(ty) => format!("Vec<{}>", rust_type(interface, ty)),
        Type::Own(name) => format!("webgpu::{}", camel(name)),
        Type::Borrow(name) => format!("&webgpu::{}", camel(name)),
        Type::Result(..) | Type::Future(_) | Type::Stream(_) => "_".to_owned(),
    }
}

/// `gpu-extent3-d` as `GpuExtent3D`, the way `wit-bindgen` does it.
fn camel(name: &str) -> String {
    let mut text = String::new();
    for word in name.split('-') {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.extend(letters);
    }
    text
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// A name that may be a word of Rust.
fn ident(name: &str) -> String {
    match name {
        "type" => "type_".to_owned(),
        name => snake(name),
    }
}
