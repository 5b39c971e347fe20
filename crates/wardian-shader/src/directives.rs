//! Extensions, attributes and built-in values: only what WebGPU has, and of that only what the device has.
//!
//! naga knows much beyond WebGPU (rays, meshes, native integers), which a sealed program must not reach; and it knows
//! less than WebGPU: where it would refuse a name that means nothing to it, the name is blanked out.

use std::ops::Range;

use super::Refusal;
use super::tokens::{Kind, Token};

/// The optional parts of WGSL that are understood on every device.
///
/// <https://www.w3.org/TR/WGSL/#language-extensions-sec>
pub const LANGUAGE_FEATURES: &[&str] = &[
    "immediate_address_space",
    "packed_4x8_integer_dot_product",
    "pointer_composite_access",
    "readonly_and_readwrite_storage_textures",
    "subgroup_id",
];

/// WGSL's extensions, with WebGPU's name of the feature that each one needs.
///
/// <https://www.w3.org/TR/WGSL/#enable-extensions-sec>
pub const EXTENSIONS: &[(&str, &str)] = &[
    ("clip_distances", "clip-distances"),
    ("dual_source_blending", "dual-source-blending"),
    ("f16", "shader-f16"),
    ("primitive_index", "primitive-index"),
    ("subgroups", "subgroups"),
];

/// What naga's directives don't know, although it understands what they stand for.
const UNKNOWN_TO_NAGA: &[&str] = &["immediate_address_space", "subgroup_id", "subgroups"];

/// <https://www.w3.org/TR/WGSL/#attributes>
const ATTRIBUTES: &[&str] = &[
    "align",
    "binding",
    "blend_src",
    "builtin",
    "compute",
    "diagnostic",
    "fragment",
    "group",
    "id",
    "interpolate",
    "invariant",
    "location",
    "must_use",
    "size",
    "vertex",
    "workgroup_size",
];

/// <https://www.w3.org/TR/WGSL/#builtin-inputs-outputs>
const BUILTINS: &[&str] = &[
    "clip_distances",
    "frag_depth",
    "front_facing",
    "global_invocation_id",
    "instance_index",
    "local_invocation_id",
    "local_invocation_index",
    "num_workgroups",
    "position",
    "primitive_index",
    "sample_index",
    "sample_mask",
    "vertex_index",
    "workgroup_id",
];

const SUBGROUP_BUILTINS: &[&str] = &["num_subgroups", "subgroup_id", "subgroup_invocation_id", "subgroup_size"];

/// What the directives come to.
#[derive(Debug, Default)]
pub(super) struct Gated {
    /// What naga must not see.
    pub(super) blanks: Vec<Range<usize>>,
    /// Whether `enable subgroups` is there.
    pub(super) subgroups: bool,
}

/// Checks directives and attributes against the extensions that the device has.
pub(super) fn check(tokens: &[Token<'_>], extensions: &[&str]) -> Result<Gated, Refusal> {
    let mut gate = Gate { extensions, gated: Gated::default() };
    let mut rest = tokens;
    while let Some(length) = directive_length(rest) {
        let (directive, others) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        gate.directive(directive)?;
        rest = others;
    }
    gate.attributes(rest)?;
    Ok(gate.gated)
}

/// How many tokens the directive has that these begin with; none where they begin with something else.
fn directive_length(tokens: &[Token<'_>]) -> Option<usize> {
    let first = tokens.first()?;
    if !matches!(first.text, "enable" | "requires" | "diagnostic") {
        return None;
    }
    let end = tokens.iter().position(|token| token.kind == Kind::Semicolon)?;
    end.checked_add(1)
}

struct Gate<'a> {
    extensions: &'a [&'a str],
    gated: Gated,
}

impl Gate<'_> {
    fn directive(&mut self, directive: &[Token<'_>]) -> Result<(), Refusal> {
        let Some((keyword, arguments)) = directive.split_first() else { return Ok(()) };
        if keyword.is("diagnostic") {
            return Ok(());
        }
        let is_enable = keyword.is("enable");
        for name in arguments.iter().filter(|token| token.kind == Kind::Word) {
            if is_enable {
                self.extension(name)?;
            } else if !LANGUAGE_FEATURES.contains(&name.text) {
                let text = format!("this host has no language feature named `{}`", name.text);
                return Err(Refusal::new(text, name.range()));
            }
        }
        self.blank_names(directive);
        Ok(())
    }

    fn extension(&mut self, name: &Token<'_>) -> Result<(), Refusal> {
        let Some((_, feature)) = EXTENSIONS.iter().find(|(extension, _)| name.is(extension)) else {
            return Err(Refusal::new(format!("there is no extension named `{}`", name.text), name.range()));
        };
        if !self.extensions.contains(&name.text) {
            let text = format!("the extension `{}` needs a device with the feature `{feature}`", name.text);
            return Err(Refusal::new(text, name.range()));
        }
        self.gated.subgroups |= name.is("subgroups");
        Ok(())
    }

    /// Blanks the names that naga doesn't know, and the commas that would have nothing to separate then.
    fn blank_names(&mut self, directive: &[Token<'_>]) {
        let names = || directive.iter().skip(1).filter(|token| token.kind == Kind::Word);
        // What isn't a list of names and commas is for naga to refuse, as it stands.
        let is_list = directive.iter().skip(1).enumerate().all(|(index, token)| match token.kind {
            Kind::Word => index % 2 == 0,
            Kind::Comma => index % 2 == 1,
            Kind::Semicolon => index > 0,
            Kind::Number
            | Kind::Open
            | Kind::Close
            | Kind::Dot
            | Kind::Colon
            | Kind::At
            | Kind::Operator
            | Kind::Unknown => false,
        });
        if !is_list || !names().any(|name| UNKNOWN_TO_NAGA.contains(&name.text)) {
            return;
        }
        let last_kept = names().rfind(|name| !UNKNOWN_TO_NAGA.contains(&name.text)).map(|name| name.start);
        let Some(last_kept) = last_kept else {
            return self.gated.blanks.extend(directive.iter().map(Token::range));
        };
        // A comma stays where it directly follows a name that does and isn't the last.
        let mut keep_comma = false;
        for token in directive.iter().skip(1) {
            let keep = if token.kind == Kind::Comma { keep_comma } else { !UNKNOWN_TO_NAGA.contains(&token.text) };
            keep_comma = keep && token.kind == Kind::Word && token.start != last_kept;
            if !keep {
                self.gated.blanks.push(token.range());
            }
        }
    }

    /// Looks at all attributes. An `@` is nothing else in WGSL.
    fn attributes(&self, mut rest: &[Token<'_>]) -> Result<(), Refusal> {
        while let Some((first, others)) = rest.split_first() {
            if first.kind == Kind::At {
                self.attribute(others)?;
            }
            rest = others;
        }
        Ok(())
    }

    /// Looks at the attribute that these tokens begin with.
    fn attribute(&self, tokens: &[Token<'_>]) -> Result<(), Refusal> {
        let [name, arguments @ ..] = tokens else { return Ok(()) };
        if name.kind == Kind::Word && !ATTRIBUTES.contains(&name.text) {
            return Err(Refusal::new(format!("there is no attribute named `{}`", name.text), name.range()));
        }
        match (name.text, arguments) {
            ("builtin", [open, value, ..]) if open.is("(") && value.kind == Kind::Word => self.builtin(value),
            _ => Ok(()),
        }
    }

    fn builtin(&self, value: &Token<'_>) -> Result<(), Refusal> {
        if SUBGROUP_BUILTINS.contains(&value.text) && !self.gated.subgroups {
            let text = format!("the built-in value `{}` needs the directive `enable subgroups;`", value.text);
            return Err(Refusal::new(text, value.range()));
        }
        if !BUILTINS.contains(&value.text) && !SUBGROUP_BUILTINS.contains(&value.text) {
            return Err(Refusal::new(format!("there is no built-in value named `{}`", value.text), value.range()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::blanked;
    use super::super::tokens::tokens;
    use super::*;

    /// What naga sees of a source, or what is refused.
    fn check_all(source: &str, extensions: &[&str]) -> Result<String, String> {
        let code = check(&tokens(source), extensions).map(|gated| blanked(source, gated.blanks));
        code.map_err(|refusal| source[refusal.range.expect("a place")].to_owned())
    }

    fn accepts(source: &str, expected: &str) {
        let all: Vec<_> = EXTENSIONS.iter().map(|(extension, _)| *extension).collect();
        assert_eq!(check_all(source, &all), Ok(expected.to_owned()), "{source:?}");
    }

    fn refuses(source: &str, extensions: &[&str], what: &str) {
        assert_eq!(check_all(source, extensions), Err(what.to_owned()), "{source:?}");
    }

    #[test]
    fn extensions_want_their_feature() {
        for (extension, _) in EXTENSIONS {
            refuses(&format!("enable {extension};"), &[], extension);
        }
        refuses("enable f16, subgroups;", &["subgroups"], "f16");
        refuses("/* a */ enable f16;", &[], "f16");
        refuses("enable f16; enable subgroups;", &["f16"], "subgroups");
        refuses("enable wgpu_ray_query;", &["f16"], "wgpu_ray_query");
        refuses("requires nonsense;", &[], "nonsense");
    }

    #[test]
    fn names_unknown_to_naga_are_blanked() {
        accepts("enable subgroups; fn f() {}", "                  fn f() {}");
        accepts("enable f16, subgroups;", "enable f16           ;");
        accepts("enable subgroups, f16;", "enable            f16;");
        accepts("enable f16,subgroups,clip_distances,;", "enable f16,          clip_distances ;");
        accepts("enable subgroups,f16 /* x */, subgroups;", "enable           f16 /* x */           ;");
        accepts("enable /* x */ subgroups // y\n ;", "       /* x */           // y\n  ");
        accepts("requires immediate_address_space;", "                                 ");
        accepts("requires subgroup_id, pointer_composite_access;", "requires              pointer_composite_access;");
        // For naga to refuse.
        accepts("enable subgroups f16;", "enable subgroups f16;");
        accepts("enable , subgroups;", "enable , subgroups;");
        accepts("fn f() {} enable subgroups;", "fn f() {} enable subgroups;");
        accepts("enable subgroups", "enable subgroups");
    }

    #[test]
    fn attributes_and_builtins_are_those_of_webgpu() {
        refuses("@early_depth_test(force) @fragment fn f() {}", &[], "early_depth_test");
        refuses("fn f(@builtin(view_index) i: u32) {}", &[], "view_index");
        refuses("fn f(@builtin(subgroup_size) i: u32) {}", &["subgroups"], "subgroup_size");
        let code = "@vertex fn f(@builtin(vertex_index) i: u32, @location(0) view_index: u32) {}";
        accepts(code, code);
        refuses("enable subgroups;@a", &["subgroups"], "a");
    }
}
