//! The declarations of a module, and what each name in them refers to.
//!
//! It follows naga's parser in what counts as a reference, so that no reference escapes.

use std::collections::BTreeMap;
use std::ops::Range;

use super::tokens::{Kind, Token};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sort {
    /// `const` and `override`.
    Constant,
    /// `alias` and `struct`.
    Type,
    Function,
    Variable,
    /// `const_assert`, which has no name.
    Assertion,
}

/// A declaration in a module, its attributes included.
#[derive(Debug)]
pub(super) struct Declaration<'a, 't> {
    pub(super) sort: Sort,
    pub(super) tokens: &'t [Token<'a>],
    /// The token that is its name.
    name: Option<usize>,
}

impl<'a, 't> Declaration<'a, 't> {
    pub(super) fn name(&self) -> Option<&'t Token<'a>> {
        self.tokens.get(self.name?)
    }

    /// The declaration that these tokens are; none for directives, semicolons, and what is wrong.
    fn new(tokens: &'t [Token<'a>]) -> Option<Self> {
        let mut nesting = 0_usize;
        let mut sort = None;
        for (index, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Open => nesting = nesting.saturating_add(1),
                Kind::Close => nesting = nesting.saturating_sub(1),
                Kind::Word if nesting == 0 && !follows_at(tokens, index) => match sort {
                    Some(sort) => return Some(Self { sort, tokens, name: Some(index) }),
                    None => sort = Some(sort_of(token.text)?),
                },
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
            if sort == Some(Sort::Assertion) {
                break;
            }
        }
        Some(Self { sort: sort?, tokens, name: None })
    }
}

fn sort_of(keyword: &str) -> Option<Sort> {
    match keyword {
        "const" | "override" => Some(Sort::Constant),
        "alias" | "struct" => Some(Sort::Type),
        "fn" => Some(Sort::Function),
        "var" => Some(Sort::Variable),
        "const_assert" => Some(Sort::Assertion),
        _ => None,
    }
}

fn follows_at(tokens: &[Token<'_>], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| tokens.get(before));
    before.is_some_and(|token| token.kind == Kind::At)
}

/// The declarations of a module, in their order.
pub(super) fn declarations<'a, 't>(tokens: &'t [Token<'a>]) -> Vec<Declaration<'a, 't>> {
    let mut declarations = Vec::new();
    let (mut start, mut nesting) = (0_usize, 0_usize);
    for (index, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Open {
            nesting = nesting.saturating_add(1);
        } else if token.kind == Kind::Close {
            nesting = nesting.saturating_sub(1);
        }
        if nesting == 0 && (token.kind == Kind::Semicolon || token.is("}")) {
            let end = index.saturating_add(1);
            declarations.extend(tokens.get(start..end).and_then(Declaration::new));
            start = end;
        }
    }
    declarations.extend(tokens.get(start..).and_then(Declaration::new));
    declarations
}

/// What there is to know of a declaration, in the order of its tokens.
#[derive(Debug)]
pub(super) enum Step {
    /// A name stands for a declaration of the module.
    Global { at: usize, target: usize },
    /// A name stands for a constant inside of the function.
    Local { at: usize, slot: usize },
    /// A constant inside of the function begins.
    Begin,
    /// It ends, and its value was among these tokens.
    End { slot: usize, tokens: Range<usize> },
}

/// Visits all names in a declaration that mean something.
pub(super) fn walk<'a>(
    declaration: &Declaration<'a, '_>,
    globals: &BTreeMap<&'a str, usize>,
    visit: &mut impl FnMut(Step),
) {
    let mut walker = Walker {
        declaration,
        globals,
        locals: BTreeMap::new(),
        declared: Vec::new(),
        parameters: Vec::new(),
        braces: 0,
        brackets: 0,
        in_for: false,
        local: None,
        slots: 0,
        skip: 0,
    };
    for (index, token) in declaration.tokens.iter().enumerate() {
        if index >= walker.skip {
            walker.step(index, token, visit);
        }
    }
}

struct Walker<'a, 't, 'g> {
    declaration: &'g Declaration<'a, 't>,
    globals: &'g BTreeMap<&'a str, usize>,
    /// What each name stands for in the function, the innermost last: a constant's slot, or none.
    locals: BTreeMap<&'a str, Vec<Option<usize>>>,
    /// The names in `locals` in order, with the number of braces that they live in.
    declared: Vec<(&'a str, usize)>,
    /// Parameters, which their own types don't see.
    parameters: Vec<&'a str>,
    braces: usize,
    /// Brackets other than braces.
    brackets: usize,
    /// Between `for` and its block.
    in_for: bool,
    local: Option<Local<'a>>,
    slots: usize,
    /// The first token that is of interest again.
    skip: usize,
}

/// A `let`, `const` or `var` in a function that has not come to its end.
struct Local<'a> {
    is_constant: bool,
    brackets: usize,
    name: Option<&'a str>,
    start: usize,
}

impl<'a> Walker<'a, '_, '_> {
    fn step(&mut self, index: usize, token: &Token<'a>, visit: &mut impl FnMut(Step)) {
        match token.kind {
            Kind::Word => self.word(index, token, visit),
            Kind::Open if token.is("{") => {
                self.in_for = false;
                self.braces = self.braces.saturating_add(1);
                for parameter in std::mem::take(&mut self.parameters) {
                    self.declare(parameter, None);
                }
            }
            Kind::Close if token.is("}") => {
                self.braces = self.braces.saturating_sub(1);
                while let Some((name, _)) = self.declared.pop_if(|(_, braces)| *braces > self.braces) {
                    self.locals.get_mut(name).and_then(Vec::pop);
                }
            }
            Kind::Open => self.brackets = self.brackets.saturating_add(1),
            Kind::Close => self.brackets = self.brackets.saturating_sub(1),
            Kind::Semicolon => self.end_local(index, visit),
            Kind::Number | Kind::Dot | Kind::Comma | Kind::Colon | Kind::At | Kind::Operator | Kind::Unknown => {}
        }
    }

    fn word(&mut self, index: usize, token: &Token<'a>, visit: &mut impl FnMut(Step)) {
        let tokens = self.declaration.tokens;
        let before = index.checked_sub(1).and_then(|before| tokens.get(before));
        let before_colon = tokens.get(index.saturating_add(1)).is_some_and(|next| next.kind == Kind::Colon);
        let follows = |kind| before.is_some_and(|token| token.kind == kind);
        if follows(Kind::At) {
            return self.attribute(index, token);
        }
        if follows(Kind::Dot) || self.declaration.name == Some(index) {
            return;
        }
        match (self.declaration.sort, self.braces, self.brackets) {
            // The name of a member.
            (Sort::Type, 1, 0) if before_colon => return,
            (Sort::Function, 0, 1) if before_colon => return self.parameters.push(token.text),
            (Sort::Function, 1.., _) => match token.text {
                "let" | "const" | "var" => {
                    let is_constant = token.is("const");
                    self.local = Some(Local { is_constant, brackets: self.brackets, name: None, start: index });
                    return;
                }
                "for" => self.in_for = true,
                _ => {}
            },
            _ => {}
        }
        let brackets = self.brackets;
        if let Some(local) = self.local.as_mut().filter(|local| local.name.is_none() && local.brackets == brackets) {
            local.name = Some(token.text);
            if local.is_constant {
                visit(Step::Begin);
            }
            return;
        }
        let step = match self.locals.get(token.text).and_then(|slots| slots.last()) {
            Some(Some(slot)) => Step::Local { at: index, slot: *slot },
            Some(None) => return,
            None => match self.globals.get(token.text) {
                Some(target) => Step::Global { at: index, target: *target },
                None => return,
            },
        };
        visit(step);
    }

    /// The words in some attributes are no references.
    fn attribute(&mut self, index: usize, token: &Token<'a>) {
        if matches!(token.text, "builtin" | "interpolate" | "diagnostic") {
            let mut rest = self.declaration.tokens.iter().skip(index);
            let length = rest.position(|token| token.is(")") || token.is("{") || token.is(";"));
            self.skip = index.saturating_add(length.unwrap_or(0));
        }
    }

    /// From its end on, a declaration's name is known.
    fn end_local(&mut self, index: usize, visit: &mut impl FnMut(Step)) {
        let Some(Local { is_constant, name: Some(name), start, .. }) = self.local.take() else { return };
        let slot = is_constant.then(|| {
            let slot = self.slots;
            self.slots = self.slots.saturating_add(1);
            visit(Step::End { slot, tokens: start..index });
            slot
        });
        self.declare(name, slot);
    }

    fn declare(&mut self, name: &'a str, slot: Option<usize>) {
        let braces = self.braces.saturating_add(usize::from(self.in_for));
        self.locals.entry(name).or_default().push(slot);
        self.declared.push((name, braces));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    /// The references of the last declaration, each by what precedes it: `g` is global, `l` is local.
    fn check(source: &str, expected: &str) {
        let tokens = tokens(source);
        let declarations = declarations(&tokens);
        let names = declarations.iter().enumerate();
        let globals = names
            .filter_map(|(index, declaration)| Some((declaration.name()?.text, index)))
            .collect::<BTreeMap<_, _>>();
        let last = declarations.last().expect("a declaration");
        let mut found = Vec::new();
        walk(last, &globals, &mut |step| match step {
            Step::Global { at, .. } => found.push(format!("{}@{}", last.tokens[at].text, last.tokens[at].start)),
            Step::Local { at, slot } => found.push(format!("{}#{slot}", last.tokens[at].text)),
            Step::Begin | Step::End { .. } => {}
        });
        let found: Vec<_> = found.into_iter().map(|name| name.split('@').next().expect("a name").to_owned()).collect();
        assert_eq!(found.join(" "), expected, "{source:?}");
    }

    const GLOBALS: &str = "const a = 1; const b = 2; struct S { x: u32 } alias T = u32; var<private> v: u32; fn g() {}";

    fn in_function(code: &str, expected: &str) {
        check(&format!("{GLOBALS} fn last() {{ {code} }}"), expected);
    }

    #[test]
    fn declarations_are_told_apart() {
        let tokens = tokens(
            "enable f16; const a: i32 = 1; @id(2) override b; @compute @workgroup_size(4) fn f() { ; }
            var<storage, read_write> v: array<u32, 4>; struct S { a: u32 }; alias T = u32; const_assert(a == 1); ;",
        );
        let found: Vec<_> = declarations(&tokens)
            .iter()
            .map(|declaration| (declaration.sort, declaration.name().map(|token| token.text.to_owned())))
            .collect();
        let expected = [
            (Sort::Constant, Some("a")),
            (Sort::Constant, Some("b")),
            (Sort::Function, Some("f")),
            (Sort::Variable, Some("v")),
            (Sort::Type, Some("S")),
            (Sort::Type, Some("T")),
            (Sort::Assertion, None),
        ];
        assert_eq!(found, expected.map(|(sort, name)| (sort, name.map(str::to_owned))), "declarations");
    }

    #[test]
    fn references_of_declarations() {
        check("const a = 1; const b: i32 = a + a;", "a a");
        check("const a = 1; @workgroup_size(a) fn f(a: u32, b: array<T, a>) {}", "a a");
        check("alias T = u32; struct S { T: T, @size(16) x: array<T, 4> }", "T T");
        check("const a = 1; fn f(@builtin(a) x: u32, @location(a) @interpolate(a) y: u32) {}", "a");
        check("const a = 1; const_assert a == a;", "a a");
        check("const a = 1; const_assert(a == a);", "a a");
        check("const read = 1; var<storage, read> v: u32;", "read");
    }

    #[test]
    fn locals_hide_globals_from_their_end_to_the_end_of_their_block() {
        in_function("a = b;", "a b");
        in_function("let a = a; a = b;", "a b");
        in_function("{ let a = 1; b = a; } a = 2;", "b a");
        in_function("{ { let a = 1; } a = 2; } a = 3;", "a a");
        in_function("const a = a; x = a; const c = a + b;", "a a#0 a#0 b");
        in_function("const a = 1; { const a = b; a; } a;", "b a#1 a#0");
        in_function("for (var a = a; a < 3; a += 1) { b; let b = a; } a; b;", "a b a b");
        in_function("var<function> a: T = b; a;", "T b");
        in_function("x.a.b = S(1).x; g();", "S g");
        in_function("if a == 1 { let a = 1; } else if a == 2 { a; }", "a a a");
    }

    #[test]
    fn parameters_hide_globals_in_the_body_only() {
        check("const a = 1; alias T = u32; fn f(a: array<T, a>) -> array<T, a> { a; let b = T(a); }", "T a T a T");
    }
}
