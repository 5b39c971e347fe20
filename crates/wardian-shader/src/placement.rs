//! Attributes of declarations: which of them may stand before what. naga passes over those that say nothing there.

use super::Refusal;
use super::scopes::{self, Sort};
use super::tokens::{Kind, Token};

/// Checks the attributes before each declaration of a module.
///
/// <https://www.w3.org/TR/WGSL/#attributes>
pub(super) fn check(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    for declaration in scopes::declarations(tokens) {
        let names = attributes(declaration.tokens);
        let keyword = keyword(declaration.tokens).unwrap_or_default();
        for name in &names {
            if !fits(name.text, declaration.sort, keyword) {
                let text = format!("the attribute `{}` can't be before `{keyword}`", name.text);
                return Err(Refusal::new(text, name.range()));
            }
        }
        let size = names.iter().find(|name| name.is("workgroup_size"));
        if let Some(size) = size.filter(|_| !names.iter().any(|name| name.is("compute"))) {
            return Err(Refusal::new("only a compute shader has a `workgroup_size`", size.range()));
        }
    }
    Ok(())
}

fn fits(name: &str, sort: Sort, keyword: &str) -> bool {
    match sort {
        Sort::Function => {
            matches!(name, "compute" | "diagnostic" | "fragment" | "must_use" | "vertex" | "workgroup_size")
        }
        Sort::Variable => matches!(name, "binding" | "group"),
        Sort::Constant => keyword == "override" && name == "id",
        Sort::Type | Sort::Assertion => false,
    }
}

/// The names of the attributes that a declaration begins with.
fn attributes<'a, 't>(tokens: &'t [Token<'a>]) -> Vec<&'t Token<'a>> {
    let mut names = Vec::new();
    let mut rest = tokens;
    while let [at, name, others @ ..] = rest {
        if at.kind != Kind::At {
            break;
        }
        names.push(name);
        rest = others.get(arguments(others)..).unwrap_or_default();
    }
    names
}

/// The word that says what is declared.
fn keyword<'a>(tokens: &[Token<'a>]) -> Option<&'a str> {
    let mut rest = tokens;
    while let [at, _, others @ ..] = rest {
        if at.kind != Kind::At {
            break;
        }
        rest = others.get(arguments(others)..).unwrap_or_default();
    }
    rest.first().map(|token| token.text)
}

/// How many tokens the arguments have that these begin with, brackets included.
fn arguments(tokens: &[Token<'_>]) -> usize {
    if !tokens.first().is_some_and(|token| token.is("(")) {
        return 0;
    }
    let mut depth = 0_usize;
    let end = tokens.iter().position(|token| {
        match token.kind {
            Kind::Open => depth = depth.saturating_add(1),
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word
            | Kind::Number
            | Kind::Dot
            | Kind::Comma
            | Kind::Colon
            | Kind::Semicolon
            | Kind::At
            | Kind::Operator
            | Kind::Unknown => {}
        }
        depth == 0
    });
    end.map_or(tokens.len(), |end| end.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[test]
    fn attributes_where_they_belong() {
        let code = "@id(1) override a: u32; @group(0) @binding(f(1)) var<storage> b: u32; \
                    @compute @workgroup_size((1)) fn c(@builtin(a) d: u32) {} struct S { @size(4) a: u32 } \
                    @must_use fn e() -> @location(0) u32 {} @fragment @diagnostic(off, a.b) fn g() {}";
        assert!(check(&tokens(code)).is_ok(), "{code}");
    }

    #[test]
    fn attributes_where_they_do_not() {
        for code in [
            "@workgroup_size(1) fn f() {}",
            "@vertex @workgroup_size(1) fn f() {}",
            "@workgroup_size(1) const a = 4;",
            "@compute var<private> a: u32;",
            "@group(0) @workgroup_size(1) @binding(0) var<storage> a: u32;",
            "@id(1) const a = 1;",
            "@id(1) fn f() {}",
            "@vertex struct S { a: u32 }",
            "@must_use alias A = u32;",
            "@diagnostic(off, a.b) const_assert true;",
        ] {
            assert!(check(&tokens(code)).is_err(), "{code}");
        }
    }
}
