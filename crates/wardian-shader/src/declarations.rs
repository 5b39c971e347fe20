//! Bounds on what grows when declarations refer to each other.
//!
//! `const b = array(a, a);` doubles a value, a structure with two members of another doubles a type, a function that
//! calls another twice doubles the code that a driver makes of it. A line each, and thirty lines are a billion. So each
//! declaration is weighed with all that it refers to, before the compiler unfolds it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Refusal;
use super::count::{self, Known};
use super::scopes::{self, Declaration, Sort, Step};
use super::tokens::{Kind, Token};

/// Declarations in a module.
const DECLARATIONS_MAX: usize = 16_384;
/// What the time of drivers' compilers is about proportional to: the squares of the functions' tokens, for it grows
/// faster than the code; one took minutes for 80,000 tokens. A function alone can have 46,340. Constants inside of
/// functions don't count, since no driver sees them.
const EFFORT_MAX: u64 = 1 << 31;
/// Elements of constants that others refer to, one for each time: naga makes a copy a reference.
const COPIED_ELEMENTS_MAX: u64 = 1 << 19;
/// Members and elements of a type, with those of the types that it is made of.
const TYPE_MEMBERS_MAX: u64 = 1 << 16;
/// Types in types. <https://www.w3.org/TR/WGSL/#limits> wants 15.
const TYPE_DEPTH_MAX: u64 = 255;
/// Array elements of a value made by `T()`. naga may write each one out.
const ZERO_ELEMENTS_MAX: u64 = 1 << 20;
/// Tokens of a function, with those of the functions that it calls: drivers make one function of all of them.
const INLINED_TOKENS_MAX: u64 = 1 << 20;
/// Functions that call functions.
const CALL_DEPTH_MAX: u64 = 255;
/// Parameters of a function, as <https://www.w3.org/TR/WGSL/#limits> has it.
const PARAMETERS_MAX: usize = 255;

/// Weighs all declarations of a module.
pub(super) fn check(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let declarations = scopes::declarations(tokens);
    if let Some(beyond) = declarations.get(DECLARATIONS_MAX) {
        return Err(refusal(beyond, &format!("the code has more than {DECLARATIONS_MAX} declarations")));
    }
    check_effort(&declarations)?;
    let names = declarations.iter().enumerate();
    let globals: BTreeMap<_, _> =
        names.filter_map(|(index, declaration)| Some((declaration.name()?.text, index))).collect();
    let mut weights = vec![Weight::default(); declarations.len()];
    let mut copied = 0;
    for index in in_order(&declarations, &globals)? {
        let Some(declaration) = declarations.get(index) else { continue };
        let weight = Scale::weigh(declaration, &globals, &weights, &mut copied)?;
        if let Some(slot) = weights.get_mut(index) {
            *slot = weight;
        }
    }
    Ok(())
}

fn refusal(declaration: &Declaration<'_, '_>, text: &str) -> Refusal {
    let token = declaration.name().or_else(|| declaration.tokens.first());
    Refusal { text: text.to_owned(), range: token.map(Token::range) }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn check_effort(declarations: &[Declaration<'_, '_>]) -> Result<(), Refusal> {
    let mut effort = 0_u64;
    for declaration in declarations.iter().filter(|declaration| declaration.sort == Sort::Function) {
        let length = number(left_tokens(declaration.tokens));
        effort = effort.saturating_add(length.saturating_mul(length));
        if effort > EFFORT_MAX {
            let text = "the functions are too long: the squares of the numbers of their tokens, constants left out, \
                        can sum up to 2^31";
            return Err(refusal(declaration, text));
        }
    }
    Ok(())
}

/// How many tokens of a function are outside of its constants.
fn left_tokens(tokens: &[Token<'_>]) -> usize {
    let mut is_constant = false;
    let left = tokens.iter().filter(|token| {
        is_constant |= matches!(token.text, "const" | "const_assert");
        let is_left = !is_constant;
        is_constant &= token.kind != Kind::Semicolon;
        is_left
    });
    left.count()
}

/// The declarations, each after those that it refers to.
fn in_order<'a>(
    declarations: &[Declaration<'a, '_>],
    globals: &BTreeMap<&'a str, usize>,
) -> Result<Vec<usize>, Refusal> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let targets = |declaration: &Declaration<'a, '_>| {
        let mut targets = Vec::new();
        scopes::walk(declaration, globals, &mut |step| {
            if let Step::Global { target, .. } = step {
                targets.push(target);
            }
        });
        targets.into_iter()
    };
    let mut states = vec![State::New; declarations.len()];
    let mut order = Vec::with_capacity(declarations.len());
    for root in 0..declarations.len() {
        let mut path = Vec::new();
        let mut next = Some(root);
        loop {
            if let Some((index, state)) = next.and_then(|index| Some((index, states.get_mut(index)?))) {
                let declaration = declarations.get(index);
                match (*state, declaration) {
                    (State::New, Some(declaration)) => {
                        *state = State::Open;
                        path.push((index, targets(declaration)));
                    }
                    (State::Open, Some(declaration)) => {
                        return Err(refusal(
                            declaration,
                            "the declaration refers to itself, at once or through others",
                        ));
                    }
                    (State::Done, _) | (_, None) => {}
                }
            }
            let Some((index, targets)) = path.last_mut() else { break };
            next = targets.next();
            if next.is_none() {
                order.push(*index);
                states.get_mut(*index).into_iter().for_each(|state| *state = State::Done);
                path.pop();
            }
        }
    }
    Ok(order)
}

/// What a declaration amounts to, with all that it refers to.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    sort: Option<Sort>,
    /// How deep it goes in declarations of its sort.
    depth: u64,
    /// A constant's elements; a type's members; a function's tokens.
    size: u64,
    /// A constant's value, where it is a number that can be told.
    value: Option<u64>,
    /// A type's array elements: how long the lists are that a zero value is written out with.
    elements: u64,
}

/// A constant that is being weighed.
#[derive(Debug, Default)]
struct Constant {
    /// Elements of what it refers to, all together and at most.
    sum: u64,
    widest: u64,
    /// Whether it makes a value of a type of the module.
    constructs: bool,
}

impl Constant {
    fn add(&mut self, size: u64) {
        self.sum = self.sum.saturating_add(size);
        self.widest = self.widest.max(size);
    }

    /// How many elements the value has at most. Without a constructor it is a part of what it refers to, or small.
    fn size(&self, tokens: &[Token<'_>]) -> u64 {
        if self.constructs || tokens.iter().any(|token| token.is("array")) {
            let commas = tokens.iter().filter(|token| token.kind == Kind::Comma).count();
            self.sum.saturating_add(number(commas)).saturating_add(1)
        } else {
            self.widest.max(1)
        }
    }
}

/// Weighs one declaration.
struct Scale<'a, 't, 'w> {
    declaration: &'w Declaration<'a, 't>,
    weights: &'w [Weight],
    /// Elements that the whole module copies.
    copied: &'w mut u64,
    weight: Weight,
    constant: Constant,
    /// The constants inside of the function.
    locals: Vec<Weight>,
    known: Known,
    /// Array elements of the types that are named, by where.
    elements: BTreeMap<usize, u64>,
}

impl<'a, 't, 'w> Scale<'a, 't, 'w> {
    fn weigh(
        declaration: &'w Declaration<'a, 't>,
        globals: &BTreeMap<&'a str, usize>,
        weights: &'w [Weight],
        copied: &'w mut u64,
    ) -> Result<Weight, Refusal> {
        let mut scale = Scale {
            declaration,
            weights,
            copied,
            weight: Weight { sort: Some(declaration.sort), ..Weight::default() },
            constant: Constant::default(),
            locals: Vec::new(),
            known: BTreeMap::new(),
            elements: BTreeMap::new(),
        };
        scopes::walk(declaration, globals, &mut |step| scale.step(step));
        let elements = scale.zeroes()?;
        let weight = &mut scale.weight;
        match declaration.sort {
            // A constant that is made of others repeats them; the uses of one that is part of another don't.
            Sort::Constant => {
                weight.size = scale.constant.size(declaration.tokens);
                let value = declaration.tokens.split(|token| token.is("=") || token.is(";")).nth(1);
                weight.value = value.and_then(|tokens| count::value(tokens, &scale.known));
                if weight.size > scale.constant.widest && scale.constant.widest > 1 {
                    let size = weight.size;
                    scale.copy(size);
                }
            }
            Sort::Type => {
                weight.elements = elements;
                weight.size = weight.size.saturating_add(1);
            }
            Sort::Function => weight.size = weight.size.saturating_add(number(declaration.tokens.len())),
            Sort::Variable | Sort::Assertion => {}
        }
        scale.check()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Global { at, target } => {
                if let Some(target) = self.weights.get(target).copied() {
                    self.refer(at, target);
                }
            }
            Step::Local { at, slot } => {
                if let Some(local) = self.locals.get(slot).copied() {
                    self.refer(at, local);
                }
            }
            Step::Begin => self.constant = Constant::default(),
            Step::End { slot, tokens } => self.end_local(slot, tokens),
        }
    }

    fn end_local(&mut self, slot: usize, tokens: Range<usize>) {
        let tokens = self.declaration.tokens.get(tokens).unwrap_or_default();
        let value = tokens.split(|token| token.is("=")).nth(1).and_then(|tokens| count::value(tokens, &self.known));
        let size = self.constant.size(tokens);
        if slot == self.locals.len() {
            self.locals.push(Weight { sort: Some(Sort::Constant), size, value, ..Weight::default() });
        }
    }

    fn refer(&mut self, at: usize, target: Weight) {
        let tokens = self.declaration.tokens;
        let start = tokens.get(at).map_or(0, |token| token.start);
        let is_call = tokens.get(at.saturating_add(1)).is_some_and(|next| next.is("("));
        let same_sort = target.sort == self.weight.sort;
        if same_sort {
            self.weight.depth = self.weight.depth.max(target.depth.saturating_add(1));
        }
        match target.sort {
            Some(Sort::Constant) => {
                self.constant.add(target.size);
                self.known.extend(target.value.map(|value| (start, value)));
                if self.declaration.sort != Sort::Constant {
                    self.copy(target.size);
                }
            }
            Some(Sort::Type) => {
                self.constant.constructs |= is_call;
                self.elements.insert(start, target.elements);
                if same_sort {
                    self.weight.size = self.weight.size.saturating_add(target.size);
                }
            }
            Some(Sort::Function) if same_sort => self.weight.size = self.weight.size.saturating_add(target.size),
            Some(Sort::Function | Sort::Variable | Sort::Assertion) | None => {}
        }
    }

    fn copy(&mut self, elements: u64) {
        // What is one element isn't worth counting.
        *self.copied = self.copied.saturating_add(elements.saturating_sub(1));
    }

    /// The array elements of all types that are spelled out here, together, unless a zero value has too many.
    fn zeroes(&self) -> Result<u64, Refusal> {
        let tokens = self.declaration.tokens;
        // Each open template list: whether it is an array's, its last comma, and the elements in it.
        let mut lists = vec![(false, None, 0_u64)];
        for (index, token) in tokens.iter().enumerate() {
            let mut elements = self.elements.get(&token.start).copied().unwrap_or(0);
            if token.kind == Kind::Open && token.is("<") {
                let is_array =
                    index.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|t| t.is("array"));
                lists.push((is_array, None, 0));
            } else if token.kind == Kind::Close && token.is(">") && lists.len() > 1 {
                let (is_array, comma, inner) = lists.pop().unwrap_or_default();
                let count = comma.filter(|_| is_array).and_then(|comma| tokens.get(comma..index));
                let count = count.map_or(0, |count| count::value(count, &self.known).unwrap_or(u64::MAX));
                elements = inner.saturating_add(count);
            }
            let rest = tokens.get(index.saturating_add(1)..).unwrap_or_default();
            let is_zero = matches!(rest, [open, close, ..] if open.is("(") && close.is(")"));
            if is_zero && elements > ZERO_ELEMENTS_MAX {
                let text = "the zero value of an array with too many elements, or with a number of them that this \
                            host can't tell";
                return Err(Refusal::new(text, token.range()));
            }
            if let Some((_, comma, sum)) = lists.last_mut() {
                *sum = sum.saturating_add(elements);
                if token.kind == Kind::Comma {
                    *comma = Some(index.saturating_add(1));
                }
            }
        }
        Ok(lists.into_iter().fold(0, |all, (_, _, elements)| all.saturating_add(elements)))
    }

    fn check(self) -> Result<Weight, Refusal> {
        let Weight { sort, depth, size, .. } = self.weight;
        let (size_max, depth_max) = match sort {
            Some(Sort::Type) => (TYPE_MEMBERS_MAX, TYPE_DEPTH_MAX),
            Some(Sort::Function) => (INLINED_TOKENS_MAX, CALL_DEPTH_MAX),
            Some(Sort::Constant | Sort::Variable | Sort::Assertion) | None => (u64::MAX, u64::MAX),
        };
        let unit = if sort == Some(Sort::Type) { "members" } else { "tokens" };
        if size > size_max {
            let text = format!("with all that it uses it has {size} {unit}: this host takes at most {size_max}");
            return Err(refusal(self.declaration, &text));
        }
        if depth > depth_max {
            let text =
                format!("it uses others more than {depth_max} levels deep, which is the most that this host takes");
            return Err(refusal(self.declaration, &text));
        }
        if *self.copied > COPIED_ELEMENTS_MAX {
            let text = format!(
                "the constants that are used have too many elements: up to here {}, one for each time, and this host \
                 takes at most {COPIED_ELEMENTS_MAX}",
                self.copied
            );
            return Err(refusal(self.declaration, &text));
        }
        self.check_parameters()?;
        Ok(self.weight)
    }

    fn check_parameters(&self) -> Result<(), Refusal> {
        if self.declaration.sort != Sort::Function {
            return Ok(());
        }
        let header = self.declaration.tokens.iter().take_while(|token| !token.is("{"));
        let parameters = header.filter(|token| token.kind == Kind::Colon).count();
        if parameters > PARAMETERS_MAX {
            let text = format!("the function has {parameters} parameters, more than {PARAMETERS_MAX}");
            return Err(refusal(self.declaration, &text));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn accepts(source: &str) {
        let outcome = check(&tokens(source)).map_err(|refusal| refusal.text);
        assert_eq!(outcome, Ok(()), "{}", &source[..source.len().min(80)]);
    }

    fn refuses(source: &str, why: &str) {
        let refusal = check(&tokens(source)).expect_err(&source[..source.len().min(80)]);
        assert!(refusal.text.contains(why), "{}", refusal.text);
    }

    /// A first declaration and 30 more, each made of its number and the number before.
    fn tower(first: &str, next: impl Fn(u32, u32) -> String) -> String {
        (1..=30).map(|level| next(level, level - 1)).fold(first.to_owned(), |code, line| code + &line)
    }

    #[test]
    fn values_that_double() {
        let arrays = tower("const a0 = array(1, 1);", |n, m| format!("const a{n} = array(a{m}, a{m});"));
        refuses(&arrays, "elements");
        // Later ones first, which changes nothing.
        refuses(&arrays.split_inclusive(';').rev().collect::<String>(), "elements");
        refuses(&format!("fn f() {{ {arrays} var x = a30; }}"), "elements");
        refuses(
            &tower("struct S { a: T } alias A = S; const a0 = 1;", |n, m| format!("const a{n} = A(a{m}, a{m});")),
            "elements",
        );
        refuses(
            &format!("const a = array({}); fn f() {{ {} }}", "1,".repeat(10_000), "b = a[i];".repeat(1000)),
            "elements",
        );
        accepts(&format!("const a = array({}); fn f() {{ {} }}", "1,".repeat(256), "b = a[i];".repeat(1000)));
        // Numbers stay numbers.
        accepts(&tower("const a0 = 1;", |n, m| format!("const a{n} = a{m} * a{m} + vec4(a{m}).x;")));
        accepts(&format!("fn f() {{ {} }}", tower("let a0 = 1;", |n, m| format!("let a{n} = a{m} * a{m} * a{m};"))));
    }

    #[test]
    fn hidden_names_do_not_hide_a_tower() {
        let hidden = |n: u32, m: u32| format!("const a{n} = array(a{m}, a{m}); {{ let a{n} = 1; }}");
        refuses(&format!("fn f() {{ {} x = a30; }}", tower("const a0 = array(1, 1);", hidden)), "elements");
    }

    #[test]
    fn types_that_double_or_nest() {
        refuses(&tower("struct S0 { a: u32 }", |n, m| format!("struct S{n} {{ a: S{m}, b: S{m} }}")), "members");
        let chain = |length| (1..length).map(|n| format!("alias t{n} = array<t{}, 1>;", n - 1)).collect::<String>();
        refuses(&format!("alias t0 = u32; {}", chain(300)), "deep");
        accepts(&format!("alias t0 = u32; {}", chain(200)));
    }

    #[test]
    fn calls_that_double_or_nest() {
        refuses(&tower("fn f0() { x = 1; }", |n, m| format!("fn f{n}() {{ f{m}(); f{m}(); }}")), "tokens");
        let chain = |length| (1..length).map(|n| format!("fn f{n}() {{ f{}(); }}", n - 1)).collect::<String>();
        refuses(&format!("fn f0() {{}} {}", chain(300)), "deep");
        accepts(&format!("fn f0() {{}} {}", chain(200)));
        let parameters = (0..300).map(|n| format!("a{n}: u32,")).collect::<String>();
        refuses(&format!("fn f({parameters}) {{}}"), "parameters");
    }

    #[test]
    fn long_modules() {
        refuses(&"const_assert true;".repeat(20_000), "declarations");
        refuses(&format!("fn f() {{ {} }}", "x += 1;".repeat(20_000)), "long");
        accepts(&format!("fn f() {{ {} }}", "x += 1;".repeat(10_000)));
        accepts(&(0..5000).map(|n| format!("fn f{n}() {{ x = f(1, 2, 3); }}")).collect::<String>());
        accepts(&format!("fn f() {{ {} }}", "{ const x = 1 + 2; const_assert x == 3; }".repeat(10_000)));
        refuses(&format!("fn f() {{ {} }}", "const x = 1; x += x + x + x;".repeat(10_000)), "long");
        accepts(&(0..8000).map(|n| format!("const c{n} = c{} + 1;", n - 1)).collect::<String>());
    }

    #[test]
    fn cycles_are_refused() {
        refuses("const a = b; const b = a;", "itself");
        refuses("fn f() { f(); }", "itself");
        accepts("fn f() { let g = 1; } fn g() { let f = 1; f(); }");
    }

    #[test]
    fn zero_values_are_small() {
        for code in [
            "const a = -array<u32, 400000000>();",
            "const n = 20000; alias A = array<u32, n * n>; fn f() { let x = !A(); }",
            "struct S { a: array<u32, 400000000> } fn f() { let x = S(); }",
            "fn f() { const n = 4 * 1000000; let x = array<array<u32, 4>, n>(); }",
            "const a = array<u32, max(1, 400000000)>();",
        ] {
            refuses(code, "zero value");
        }
        accepts("const n = 16u; fn f() { const m = n * n; let x = array<array<vec4<f32>, m>, 256u / n>(); }");
        accepts("struct S { a: array<u32, 400000000> } var<storage> s: S; fn f() { x = s.a[1]; vec4f(); }");
        accepts("override n = 4; var<workgroup> a: array<u32, n * n>;");
    }
}
