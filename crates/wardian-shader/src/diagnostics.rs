//! Diagnostic filters: where one may stand, and how bad something is where they hold.
//!
//! naga knows some of them, and only for whole functions, so it is shown none.

use std::ops::Range;

use super::tokens::{Kind, Token};
use super::{Notice, Refusal, Severity};

/// Diagnostic directives and attributes of one source.
const DIAGNOSTICS_MAX: usize = 1024;
/// Unknown rules of one source that are warned of.
const WARNINGS_MAX: usize = 32;

/// <https://www.w3.org/TR/WGSL/#filterable-triggering-rules>
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rule {
    Derivative,
    Subgroup,
}

/// The filters of a source.
#[derive(Debug, Default)]
pub(super) struct Filters(Vec<Filter>);

#[derive(Clone, Debug)]
struct Filter {
    /// None where it is unknown, or a tool's.
    rule: Option<Rule>,
    /// None where it is off.
    severity: Option<Severity>,
    /// Where it holds, in bytes.
    range: Range<usize>,
}

impl Filters {
    /// How bad it is to break a rule at a place; none where that is not to be told.
    pub(super) fn severity(&self, rule: Rule, at: usize) -> Option<Severity> {
        let holding = self.0.iter().filter(|filter| filter.rule == Some(rule) && filter.range.contains(&at));
        // They are in one another, so the last that begins is the innermost.
        let innermost = holding.max_by_key(|filter| filter.range.start);
        innermost.map_or(Some(Severity::Error), |filter| filter.severity)
    }
}

/// Looks at all filters. They go into `blanks`, since naga is to see none.
pub(super) fn check(
    tokens: &[Token<'_>],
    blanks: &mut Vec<Range<usize>>,
    notices: &mut Vec<Notice>,
) -> Result<Filters, Refusal> {
    let is_there = tokens.iter().any(|token| token.is("diagnostic"));
    if !is_there {
        return Ok(Filters::default());
    }
    let mut reader = Reader { tokens, partners: partners(tokens), blanks, notices, filters: Vec::new() };
    let rest = reader.directives()?;
    reader.attributes(rest)?;
    Ok(Filters(reader.filters))
}

/// For each opening bracket, where it is closed.
fn partners(tokens: &[Token<'_>]) -> Vec<usize> {
    let mut partners = vec![tokens.len(); tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Open {
            open.push(index);
        } else if token.kind == Kind::Close
            && let Some(partner) = open.pop().and_then(|start| partners.get_mut(start))
        {
            *partner = index;
        }
    }
    partners
}

struct Reader<'a, 't> {
    tokens: &'t [Token<'a>],
    partners: Vec<usize>,
    blanks: &'t mut Vec<Range<usize>>,
    notices: &'t mut Vec<Notice>,
    filters: Vec<Filter>,
}

/// A filter without its place, with the name of its rule.
struct Control<'a> {
    rule: &'a str,
    filter: Filter,
    /// How many tokens it has, from `diagnostic` to the closing bracket.
    length: usize,
}

impl<'a> Reader<'a, '_> {
    fn at(&self, index: usize) -> Option<&Token<'a>> {
        self.tokens.get(index)
    }

    fn is(&self, index: usize, text: &str) -> bool {
        self.at(index).is_some_and(|token| token.is(text))
    }

    /// The directives, and where they end.
    fn directives(&mut self) -> Result<usize, Refusal> {
        let mut index = 0;
        let mut known: Vec<(&str, Option<Severity>)> = Vec::new();
        while self.at(index).is_some_and(|token| matches!(token.text, "enable" | "requires" | "diagnostic")) {
            let rest = self.tokens.get(index..).unwrap_or_default();
            let Some(length) = rest.iter().position(|token| token.kind == Kind::Semicolon) else { break };
            let next = index.saturating_add(length).saturating_add(1);
            if self.is(index, "diagnostic")
                && let Some(Control { rule, filter, length }) = self.control(index)?
                && index.saturating_add(length).saturating_add(1) == next
            {
                if known.iter().any(|(other, severity)| *other == rule && *severity != filter.severity) {
                    return Err(self.refusal(index, "two filters of the module say different things of one rule"));
                }
                known.push((rule, filter.severity));
                self.keep(index..next, Filter { range: 0..usize::MAX, ..filter });
            }
            index = next;
        }
        Ok(index)
    }

    /// All attributes from a token on. An `@` is nothing else in WGSL.
    fn attributes(&mut self, start: usize) -> Result<(), Refusal> {
        let (mut braces, mut is_function, mut index) = (0_usize, false, start);
        while let Some(token) = self.at(index) {
            match token.text {
                "{" => braces = braces.saturating_add(1),
                "}" => braces = braces.saturating_sub(1),
                _ => {}
            }
            if braces == 0 {
                is_function = token.is("fn") || is_function && !matches!(token.text, "}" | ";");
            }
            let is_run = token.kind == Kind::At;
            index = if is_run { self.run(index, braces, is_function)? } else { index.saturating_add(1) };
        }
        Ok(())
    }

    /// Attributes that follow each other, and where they end.
    fn run(&mut self, start: usize, braces: usize, is_function: bool) -> Result<usize, Refusal> {
        let mut index = start;
        let mut controls: Vec<(usize, Control<'a>)> = Vec::new();
        while self.at(index).is_some_and(|token| token.kind == Kind::At) {
            let name = index.saturating_add(1);
            if self.is(name, "diagnostic")
                && let Some(control) = self.control(name)?
            {
                let end = name.saturating_add(control.length);
                if controls.iter().any(|(_, other)| other.rule == control.rule) {
                    return Err(self.refusal(name, "two filters at one place are about one rule"));
                }
                controls.push((index, control));
                index = end;
                continue;
            }
            index = name.saturating_add(1);
            if self.is(index, "(") {
                index = self.partners.get(index).copied().unwrap_or(index).saturating_add(1);
            }
        }
        if controls.is_empty() {
            return Ok(index);
        }
        let Some(end) = self.end_of(index, braces, is_function) else {
            let text = "a diagnostic filter stands before a function, a block, or a statement with blocks";
            return Err(self.refusal(start, text));
        };
        let begin = self.at(start).map_or(0, |token| token.start);
        for (at, control) in controls {
            let whole = at..at.saturating_add(1).saturating_add(control.length);
            self.keep(whole, Filter { range: begin..end, ..control.filter });
        }
        Ok(index)
    }

    /// Where what these tokens begin ends, in bytes; none where it is nothing that a filter can be before.
    fn end_of(&self, index: usize, braces: usize, is_function: bool) -> Option<usize> {
        let first = self.at(index)?;
        let fits = match first.text {
            "{" => braces > 0 || is_function,
            "fn" => braces == 0,
            "if" | "switch" | "loop" | "for" | "while" => braces > 0,
            _ => false,
        };
        if !fits {
            return None;
        }
        let mut end = self.end_of_block(index)?;
        while first.is("if") && self.is(end.saturating_add(1), "else") {
            end = self.end_of_block(end.saturating_add(1))?;
        }
        Some(self.at(end).map_or(usize::MAX, |token| token.start))
    }

    /// The brace that closes the next block.
    fn end_of_block(&self, mut index: usize) -> Option<usize> {
        loop {
            let token = self.at(index)?;
            let partner = self.partners.get(index).copied()?;
            if token.is("{") {
                return Some(partner);
            }
            index = if token.kind == Kind::Open { partner } else { index }.saturating_add(1);
        }
    }

    /// The filter that begins at a token; none where it is written wrongly, which naga then tells.
    fn control(&mut self, start: usize) -> Result<Option<Control<'a>>, Refusal> {
        let tokens = self.tokens;
        let rest = tokens.get(start..).unwrap_or_default();
        let [_, open, severity, comma, rule, rest @ ..] = rest else { return Ok(None) };
        let kinds = [open.kind, severity.kind, comma.kind, rule.kind];
        if kinds != [Kind::Open, Kind::Word, Kind::Comma, Kind::Word] || !open.is("(") {
            return Ok(None);
        }
        let of_tool = match rest {
            [dot, name, ..] if dot.kind == Kind::Dot && name.kind == Kind::Word => 2,
            _ => 0,
        };
        let rest = rest.get(of_tool..).unwrap_or_default();
        let closing = match rest {
            [comma, close, ..] if comma.kind == Kind::Comma && close.is(")") => 2,
            [close, ..] if close.is(")") => 1,
            _ => return Ok(None),
        };
        let severity = match severity.text {
            "error" => Some(Severity::Error),
            "warning" => Some(Severity::Warning),
            "info" => Some(Severity::Info),
            "off" => None,
            _ => return Ok(None),
        };
        if self.filters.len() >= DIAGNOSTICS_MAX {
            let text = format!("the code has more than the {DIAGNOSTICS_MAX} diagnostic filters that this host takes");
            return Err(self.refusal(start, &text));
        }
        let known = match rule.text {
            _ if of_tool > 0 => None,
            "derivative_uniformity" => Some(Rule::Derivative),
            "subgroup_uniformity" => Some(Rule::Subgroup),
            _ => {
                self.warn_of(rule);
                None
            }
        };
        let filter = Filter { rule: known, severity, range: 0..0 };
        // A tool's rules are told apart by their second name, whatever the first is.
        let name =
            if of_tool > 0 { tokens.get(start.saturating_add(6)).map_or("", |name| name.text) } else { rule.text };
        Ok(Some(Control { rule: name, filter, length: of_tool.saturating_add(closing).saturating_add(5) }))
    }

    fn warn_of(&mut self, rule: &Token<'_>) {
        if self.notices.len() < WARNINGS_MAX {
            let refusal = Refusal::new(format!("there is no diagnostic rule named `{}`", rule.text), rule.range());
            self.notices.push(Notice { severity: Severity::Warning, refusal });
        }
    }

    fn keep(&mut self, tokens: Range<usize>, filter: Filter) {
        self.blanks.extend(self.tokens.get(tokens).unwrap_or_default().iter().map(Token::range));
        self.filters.push(filter);
    }

    fn refusal(&self, index: usize, text: &str) -> Refusal {
        Refusal { text: text.to_owned(), range: self.at(index).map(Token::range) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn check_all(source: &str) -> Result<(Filters, usize), String> {
        let (mut blanks, mut notices) = (Vec::new(), Vec::new());
        let filters = check(&tokens(source), &mut blanks, &mut notices).map_err(|refusal| refusal.text)?;
        Ok((filters, notices.len()))
    }

    /// The severities at each `x`.
    fn at_each_x(source: &str, expected: &[Option<Severity>]) {
        let (filters, _) = check_all(source).expect(source);
        let places = source.match_indices('x').map(|(at, _)| filters.severity(Rule::Derivative, at));
        assert_eq!(places.collect::<Vec<_>>(), expected, "{source}");
    }

    #[test]
    fn the_innermost_filter_holds() {
        let (error, warning, info) = (Some(Severity::Error), Some(Severity::Warning), Some(Severity::Info));
        at_each_x("fn f() { x; }", &[error]);
        at_each_x("diagnostic(off, derivative_uniformity); fn f() { x; }", &[None]);
        at_each_x("@diagnostic(info, derivative_uniformity) fn f() { x; } fn g() { x; }", &[info, error]);
        at_each_x(
            "diagnostic(off,derivative_uniformity); fn f() { x; @diagnostic(warning, derivative_uniformity) if x { x; } \
             else if x { x; } else { x; } x; }",
            &[None, warning, warning, warning, warning, warning, None],
        );
        at_each_x(
            "fn f() { if x @diagnostic(off, derivative_uniformity) { x; @diagnostic(info, derivative_uniformity) \
             for (;x;) { x; } } x; }",
            &[error, None, info, info, error],
        );
        at_each_x("fn f() @diagnostic(off, derivative_uniformity) { x; } fn g() { x; }", &[None, error]);
        at_each_x("@diagnostic(off, subgroup_uniformity) fn f() { x; }", &[error]);
    }

    #[test]
    fn filters_have_their_places() {
        for code in [
            "D var<private> x : u32;",
            "D const x = 0;",
            "struct S { D x : u32 }",
            "struct S D { x : u32 }",
            "fn fooD() { }",
            "fn foo() { D var x = 0; }",
            "fn foo() { if true { } D else { } }",
            "fn foo() { switch 0 { D default { } } }",
            "fn foo() { loop { D continuing { break if true; } } }",
            "fn foo() { for D (;;) { } }",
            "D D fn f() {}",
            "fn f() { D D {} }",
        ] {
            for rule in ["derivative_uniformity", "subgroup_uniformity", "unknown"] {
                let code = code.replace('D', &format!(" @diagnostic(off, {rule}) "));
                assert!(check_all(&code).is_err(), "{code}");
            }
        }
        for code in
            ["fn f() { switch 0 D { case 0 D {} default D {} } }", "D @must_use fn f() {}", "@must_use D fn f() {}"]
        {
            let code = code.replace('D', " @diagnostic(off, derivative_uniformity) @diagnostic(off, a.b) ");
            assert!(check_all(&code).is_ok(), "{code}");
        }
    }

    #[test]
    fn filters_of_a_module_agree() {
        let both = |first, second| {
            format!("diagnostic({first}, subgroup_uniformity); diagnostic({second}, subgroup_uniformity,);")
        };
        assert!(check_all(&both("off", "off")).is_ok(), "twice the same");
        assert!(check_all(&both("off", "info")).is_err(), "different");
    }

    #[test]
    fn unknown_rules_are_warned_of() {
        for (code, expected) in [("diagnostic(off, nonsense);", 1), ("diagnostic(off, a.nonsense);", 0)] {
            assert_eq!(check_all(code).expect(code).1, expected, "{code}");
        }
        assert!(check_all(&"diagnostic(off, a.b);".repeat(DIAGNOSTICS_MAX + 1)).is_err(), "too many");
    }
}
