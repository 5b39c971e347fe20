//! Bounds on nesting and chains: what the compilers behind walk recursively, on a stack that ends.

use super::Refusal;
use super::tokens::{Kind, Token};

/// Brackets in brackets, of any kind. naga stops at 200 levels, and needs about one a bracket.
const NESTING_MAX: usize = 180;
/// Blocks in blocks, where each `else if` is in the one before. Drivers may stop at 1023, and Metal's does at 256.
const BLOCKS_MAX: usize = 240;
/// Operators, accesses and calls in one another. Each takes naga some 600 bytes of stack.
const EXPRESSION_DEPTH_MAX: usize = 4096;
/// Elements of a constructor, and arguments of a function. <https://www.w3.org/TR/WGSL/#limits> wants 2047.
const ELEMENTS_MAX: usize = 32_767;
/// Members of a structure, of which WGSL wants 1023.
const MEMBERS_MAX: usize = 16_383;
/// Cases of a switch, of which WGSL wants 1023.
const CASES_MAX: usize = 16_383;

/// Checks the tokens in one pass.
pub(super) fn check(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let mut levels = Levels::default();
    let mut previous = None;
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index.saturating_add(1));
        levels.step(previous, token, next).map_err(|excess| excess.at(token))?;
        previous = Some(token);
    }
    Ok(())
}

struct Excess {
    what: &'static str,
    limit: usize,
}

impl Excess {
    fn check(value: usize, limit: usize, what: &'static str) -> Result<(), Self> {
        if value > limit { Err(Self { what, limit }) } else { Ok(()) }
    }

    fn at(self, token: &Token<'_>) -> Refusal {
        Refusal::new(format!("{}: this host takes at most {}", self.what, self.limit), token.range())
    }
}

/// The open brackets, outside first; the first level is the module.
#[derive(Default)]
struct Levels {
    outer: Vec<Level>,
    level: Level,
    /// Of all outer levels.
    depth: usize,
    blocks: usize,
}

/// What is in one pair of brackets.
#[derive(Default)]
struct Level {
    is_block: bool,
    /// Of the expression that is being read: how many binary operators it has, and its deepest operand's depth.
    binary: usize,
    deepest: usize,
    /// Of the operand that is being read: the operators before it, and the depth of the rest.
    prefixes: usize,
    operand: usize,
    /// The depth of the deepest expression that has been read.
    done: usize,
    commas: usize,
    cases: usize,
    else_ifs: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.binary.saturating_add(self.deepest.max(self.operand_depth()))
    }

    fn operand_depth(&self) -> usize {
        self.prefixes.saturating_add(self.operand)
    }

    fn binary(&mut self) {
        self.binary = self.binary.saturating_add(1);
        self.deepest = self.deepest.max(self.operand_depth());
        (self.prefixes, self.operand) = (0, 0);
    }

    fn end_expression(&mut self) {
        self.done = self.done.max(self.depth());
        (self.binary, self.deepest, self.prefixes, self.operand) = (0, 0, 0, 0);
    }
}

impl Levels {
    fn step(
        &mut self,
        previous: Option<&Token<'_>>,
        token: &Token<'_>,
        next: Option<&Token<'_>>,
    ) -> Result<(), Excess> {
        match token.kind {
            Kind::Open => self.open(token)?,
            Kind::Close => self.close(next),
            Kind::Dot => self.level.operand = self.level.operand.saturating_add(1),
            Kind::Operator if ends_operand(previous) => self.level.binary(),
            Kind::Operator => self.level.prefixes = self.level.prefixes.saturating_add(1),
            Kind::Comma => {
                self.level.end_expression();
                self.level.commas = self.level.commas.saturating_add(1);
                let (limit, what) = match self.level.is_block {
                    true => (MEMBERS_MAX, "too many members or values in a list"),
                    false => (ELEMENTS_MAX, "too many elements in a list"),
                };
                Excess::check(self.level.commas, limit, what)?;
            }
            Kind::Semicolon => {
                self.level.end_expression();
                (self.level.done, self.level.commas) = (0, 0);
            }
            Kind::Word => self.word(token, next)?,
            Kind::Number | Kind::Colon | Kind::At | Kind::Unknown => {}
        }
        let depth = self.depth.saturating_add(self.level.depth());
        Excess::check(depth, EXPRESSION_DEPTH_MAX, "an expression is nested or chained too deeply")
    }

    fn word(&mut self, token: &Token<'_>, next: Option<&Token<'_>>) -> Result<(), Excess> {
        match token.text {
            "else" if next.is_some_and(|next| next.is("if")) => {
                self.level.else_ifs = self.level.else_ifs.saturating_add(1);
                let depth = self.blocks.saturating_add(self.level.else_ifs);
                Excess::check(depth, BLOCKS_MAX, "blocks and `else if`s are nested or chained too deeply")
            }
            "case" | "default" => {
                self.level.cases = self.level.cases.saturating_add(1);
                Excess::check(self.level.cases, CASES_MAX, "too many cases in a switch")
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, token: &Token<'_>) -> Result<(), Excess> {
        let is_block = token.is("{");
        let mut inner = Level { is_block, ..Level::default() };
        std::mem::swap(&mut inner, &mut self.level);
        let outer = inner;
        self.depth = self.depth.saturating_add(outer.depth());
        if is_block {
            self.blocks = self.blocks.saturating_add(outer.else_ifs).saturating_add(1);
        }
        self.outer.push(outer);
        Excess::check(self.blocks, BLOCKS_MAX, "blocks and `else if`s are nested or chained too deeply")?;
        Excess::check(self.outer.len(), NESTING_MAX, "brackets are nested too deeply")
    }

    /// Brackets that don't match are for naga to refuse; here each closes whatever is open.
    fn close(&mut self, next: Option<&Token<'_>>) {
        let Some(outer) = self.outer.pop() else { return };
        self.level.end_expression();
        let inner = std::mem::replace(&mut self.level, outer);
        let level = &mut self.level;
        self.depth = self.depth.saturating_sub(level.depth());
        if inner.is_block {
            self.blocks = self.blocks.saturating_sub(level.else_ifs).saturating_sub(1);
            level.end_expression();
            level.done = 0;
            if next.is_none_or(|next| !next.is("else")) {
                level.else_ifs = 0;
            }
        } else {
            level.operand = level.operand.max(inner.done).saturating_add(1);
        }
    }
}

/// Whether an operator after this token stands between two operands. After a keyword it doesn't, which makes no
/// difference here: it counts as one level either way.
fn ends_operand(previous: Option<&Token<'_>>) -> bool {
    previous.is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Number | Kind::Close))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn accepts(source: &str) {
        let outcome = check(&tokens(source)).map_err(|refusal| refusal.text);
        assert_eq!(outcome, Ok(()), "{}", &source[..source.len().min(60)]);
    }

    fn refuses(source: &str, why: &str) {
        let refusal = check(&tokens(source)).expect_err(&source[..source.len().min(60)]);
        assert!(refusal.text.contains(why), "{}", refusal.text);
    }

    fn body(code: &str) -> String {
        format!("fn f() {{ {code} }}")
    }

    #[test]
    fn chains_are_bounded() {
        for operator in ["!", "~", "*&", "- ", "-1*"] {
            refuses(&body(&format!("let a = {}1;", operator.repeat(5000))), "deeply");
        }
        for tail in [" + o", " && o == 1", ".xyzw", "[0]", " < o", "()"] {
            refuses(&body(&format!("let a = o{};", tail.repeat(5000))), "deeply");
            accepts(&body(&format!("let a = o{};", tail.repeat(2000))));
        }
        accepts(&body(&"a = b + c * d;".repeat(20_000)));
        accepts(&format!("const a = array({});", "1 + 2 * 3, ".repeat(30_000)));
        accepts(&body(&format!("let a = {}1;", "a[i].x * b[i].y + ".repeat(2000))));
        // A chain in a chain: neither is too long alone.
        let chain = " + 1".repeat(3000);
        refuses(&body(&format!("let a = f(1{chain}){chain};")), "deeply");
        refuses(&body(&format!("let a = 1{chain} + f(1{chain});")), "deeply");
        accepts(&body(&format!("let a = f(1{chain}, 1{chain});")));
    }

    #[test]
    fn nesting_is_bounded() {
        for (open, close) in [("(", ")"), ("{", "}"), ("[", "]"), ("vec4f(", ")"), ("loop {", "}"), ("array<", ">")] {
            refuses(&body(&format!("let a = {}1{};", open.repeat(5000), close.repeat(5000))), "deeply");
            accepts(&body(&format!("let a = {}1{};", open.repeat(100), close.repeat(100))));
        }
        accepts(&")".repeat(5000));
    }

    #[test]
    fn else_ifs_are_bounded() {
        let chain = |length| format!("if a {{}} {}", "else if b { c = 1; } ".repeat(length));
        refuses(&body(&chain(6000)), "deeply");
        accepts(&body(&chain(200).repeat(100)));
        let nested = format!("if a {{}} {} else if b {{ {} }}", "else if b {}".repeat(150), chain(150));
        refuses(&body(&nested), "deeply");
    }

    #[test]
    fn lists_are_bounded() {
        refuses(&format!("const a = array({});", "1,".repeat(40_000)), "elements");
        refuses(&format!("struct S {{ {} }}", "a: u32,".repeat(20_000)), "members");
        refuses(&body(&format!("switch a {{ {} }}", "case 1 {}".repeat(20_000))), "cases");
        refuses(&body(&format!("switch a {{ case {} {{}} }}", "1,".repeat(20_000))), "values");
        accepts(&body(&"f(1, 2, 3);".repeat(20_000)));
    }
}
