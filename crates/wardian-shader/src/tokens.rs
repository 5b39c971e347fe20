//! WGSL cut into tokens, in linear time: for what must be known of a source before the real compiler sees it.
//!
//! <https://www.w3.org/TR/WGSL/#tokens>

use std::ops::Range;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A keyword or an identifier. Characters beyond ASCII all count as letters: where one isn't, the compiler refuses.
    Word,
    Number,
    /// `(`, `[`, `{`, and the `<` of a template list.
    Open,
    /// `)`, `]`, `}`, and the `>` of a template list.
    Close,
    Dot,
    Comma,
    Colon,
    Semicolon,
    At,
    Operator,
    /// What no token of WGSL begins with.
    Unknown,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Where it starts, in bytes.
    pub(super) start: usize,
}

impl Token<'_> {
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start.saturating_add(self.text.len())
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }
}

/// All tokens of a source, without spaces and comments. A comment without an end ends them.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, rest: source, tokens: Vec::new(), pending: Vec::new(), depth: 0 };
    while lexer.step().is_some() {}
    lexer.tokens
}

/// The characters that end a line. <https://www.w3.org/TR/WGSL/#line-break>
pub(super) fn is_line_break(character: char) -> bool {
    matches!(character, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: char) -> bool {
    is_line_break(character) || matches!(character, ' ' | '\t' | '\u{200e}' | '\u{200f}')
}

fn begins_word(character: char) -> bool {
    character == '_' || character.is_ascii_alphabetic() || (!character.is_ascii() && !is_blank(character))
}

fn is_in_word(character: char) -> bool {
    begins_word(character) || character.is_ascii_digit()
}

struct Lexer<'a> {
    source: &'a str,
    rest: &'a str,
    tokens: Vec<Token<'a>>,
    /// Each `<` that may still turn out to begin a template list: its token, and how many brackets were open then.
    ///
    /// <https://www.w3.org/TR/WGSL/#template-list-discovery>
    pending: Vec<(usize, usize)>,
    /// How many `(` and `[` are open.
    depth: usize,
}

/// Operators of more than one character, the longer before the shorter.
const OPERATORS: &[&str] = &[
    "<<=", ">>=", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "->", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=",
    "|=", "^=",
];

impl<'a> Lexer<'a> {
    /// Takes one token, space or comment; none at the end.
    fn step(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        if is_blank(first) {
            self.skip(self.rest.find(|character| !is_blank(character)).unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("//") {
            self.skip(self.rest.find(is_line_break).unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.skip(block_comment(self.rest)?);
        } else if begins_word(first) {
            let length = self.rest.find(|character| !is_in_word(character)).unwrap_or(self.rest.len());
            self.take(Kind::Word, length);
        } else if first.is_ascii_digit() || (first == '.' && self.digit_follows()) {
            self.take(Kind::Number, number(self.rest));
        } else {
            self.punctuation(first);
        }
        Some(())
    }

    fn digit_follows(&self) -> bool {
        self.rest.chars().nth(1).is_some_and(|second| second.is_ascii_digit())
    }

    fn punctuation(&mut self, first: char) {
        let closes_template = first == '>' && self.pending.last().is_some_and(|(_, depth)| *depth == self.depth);
        if closes_template {
            if let Some(open) = self.pending.pop().and_then(|(index, _)| self.tokens.get_mut(index)) {
                open.kind = Kind::Open;
            }
            return self.take(Kind::Close, 1);
        }
        if let Some(operator) = OPERATORS.iter().find(|operator| self.rest.starts_with(**operator)) {
            if matches!(*operator, "&&" | "||") {
                self.give_up_templates();
            }
            return self.take(Kind::Operator, operator.len());
        }
        let kind = match first {
            '(' | '[' => {
                self.depth = self.depth.saturating_add(1);
                Kind::Open
            }
            ')' | ']' => {
                self.give_up_templates();
                self.depth = self.depth.saturating_sub(1);
                Kind::Close
            }
            '{' => Kind::Open,
            '}' => Kind::Close,
            '.' => Kind::Dot,
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            ';' => Kind::Semicolon,
            '@' => Kind::At,
            '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '!' | '~' | '=' | '>' => Kind::Operator,
            '<' => {
                if self.tokens.last().is_some_and(|token| token.kind == Kind::Word) {
                    self.pending.push((self.tokens.len(), self.depth));
                }
                Kind::Operator
            }
            _ => Kind::Unknown,
        };
        if matches!(first, ';' | ':' | '{' | '=') {
            self.pending.clear();
            self.depth = 0;
        }
        self.take(kind, first.len_utf8());
    }

    /// A template list can't reach beyond the brackets that it is in, nor hold `&&` or `||` outside of its own.
    fn give_up_templates(&mut self) {
        while self.pending.last().is_some_and(|(_, depth)| *depth >= self.depth) {
            self.pending.pop();
        }
    }

    fn take(&mut self, kind: Kind, length: usize) {
        let start = self.source.len().saturating_sub(self.rest.len());
        let Some((text, rest)) = self.rest.split_at_checked(length) else { return self.skip(self.rest.len()) };
        self.tokens.push(Token { kind, text, start });
        self.rest = rest;
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }
}

/// The length of the comment that this begins with, others nested in it; none where it has no end.
fn block_comment(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut characters = text.char_indices().peekable();
    while let Some((_, character)) = characters.next() {
        match (character, characters.peek()) {
            ('/', Some((_, '*'))) => depth = depth.saturating_add(1),
            ('*', Some((_, '/'))) => depth = depth.saturating_sub(1),
            _ => continue,
        }
        let (index, _) = characters.next()?;
        if depth == 0 {
            return index.checked_add(1);
        }
    }
    None
}

/// The length of the number that this begins with, whether or not its digits make sense.
fn number(text: &str) -> usize {
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let mut before = ' ';
    for (index, character) in text.char_indices() {
        let exponent = if hexadecimal { matches!(before, 'p' | 'P') } else { matches!(before, 'e' | 'E') };
        let goes_on =
            character.is_ascii_alphanumeric() || character == '.' || (exponent && matches!(character, '+' | '-'));
        if !goes_on {
            return index;
        }
        before = character;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let found: Vec<_> = tokens(source)
            .into_iter()
            .map(|token| match (token.kind == Kind::Open, token.kind == Kind::Close) {
                (true, _) if token.is("<") => "‹",
                (_, true) if token.is(">") => "›",
                (_, _) => token.text,
            })
            .collect();
        assert_eq!(found.join(" "), expected, "{source:?}");
    }

    #[test]
    fn words_and_numbers() {
        check("a_1 Δέλτα _", "a_1 Δέλτα _");
        check("1e+5+0x1e+5-0x1p-3f 1.5h .5 a.x", "1e+5 + 0x1e + 5 - 0x1p-3f 1.5h .5 a . x");
        check("1+1", "1 + 1");
    }

    #[test]
    fn comments_are_left_out() {
        check("a//b\nc /*d/*e*/f*/ g /*/ h */ i", "a c g i");
        check("a /* b /* c */ d", "a");
        check("a // b\u{2028} c", "a c");
        check("a /", "a /");
        check("/*", "");
    }

    #[test]
    fn template_lists_are_found() {
        check("array<vec2<f32>, 4>=1", "array ‹ vec2 ‹ f32 › , 4 › = 1");
        check("var<storage> x: array<array<u32, 2>>;", "var ‹ storage › x : array ‹ array ‹ u32 , 2 › › ;");
        check("a < b && c > d", "a < b && c > d");
        check("a<b>(c)", "a ‹ b › ( c )");
        check("if (a < b) { c > d; }", "if ( a < b ) { c > d ; }");
        check("a[b<c]>d", "a [ b < c ] > d");
        check("array<u32, (1>>2)>()", "array ‹ u32 , ( 1 >> 2 ) › ( )");
        check("a<=b<<c>=d>>e->f", "a <= b << c >= d >> e -> f");
        check("a /* b */ < c>", "a ‹ c ›");
    }

    #[test]
    fn odd_text() {
        check("\"#$`\\?'", "\" # $ ` \\ ? '");
        check("\0\u{1}", "\0 \u{1}");
        check("🦀", "🦀");
        check("))}]>", ") ) } ] >");
    }
}
