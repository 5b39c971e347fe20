//! Just enough of Rust's syntax to tell code from comments and strings, and where functions begin and end.

/// A Rust file, and the same with the insides of comments and strings blanked.
#[derive(Debug)]
pub(super) struct Source {
    code: String,
    tests_from_line: Option<usize>,
}

/// A function with a body.
#[derive(Debug)]
pub(super) struct Function<'s> {
    pub(super) name: &'s str,
    /// The line of its `fn`, from 1.
    pub(super) line: usize,
    /// From its `fn` to its closing brace.
    pub(super) lines: usize,
    pub(super) in_tests: bool,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        let code = blank(text);
        let mut previous = "";
        let mut tests_from_line = None;
        for (index, line) in code.lines().enumerate() {
            if line.starts_with("mod tests") && previous == "#[cfg(test)]" {
                tests_from_line = Some(index);
                break;
            }
            if !line.trim().is_empty() && !line.starts_with("#![") && !line.starts_with("#[expect") {
                previous = line;
            }
        }
        Self { code, tests_from_line }
    }

    pub(super) fn lines_before_tests(&self) -> usize {
        // The line of the attribute above the module belongs to the tests.
        self.tests_from_line.map_or_else(|| self.code.lines().count(), |line| line.saturating_sub(1))
    }

    /// The lines, from 1, whose code has the word.
    pub(super) fn lines_with<'s>(&'s self, word: &'s str) -> impl Iterator<Item = usize> + 's {
        self.code.lines().enumerate().filter(move |(_, line)| line.contains(word)).map(|(index, _)| index + 1)
    }

    /// The method calls whose name ends so, outside of tests.
    pub(super) fn method_calls_ending_in<'s>(&'s self, end: &'s str) -> impl Iterator<Item = (usize, String)> + 's {
        let lines = self.code.lines().enumerate().take(self.tests_from_line.unwrap_or(usize::MAX));
        lines.flat_map(move |(index, line)| {
            let calls = line.split('(').filter_map(move |before| {
                let start = before.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
                let name = before.get(start..)?;
                (name.starts_with('.') && name.ends_with(end)).then(|| name.to_owned())
            });
            calls.map(move |name| (index + 1, name))
        })
    }

    pub(super) fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        let starts = self.code.match_indices("fn ").filter(|(start, _)| {
            let before = self.code.get(..*start).and_then(|text| text.chars().next_back());
            before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_')
        });
        starts.filter_map(|(start, _)| self.function(start))
    }

    fn function(&self, start: usize) -> Option<Function<'_>> {
        let rest = self.code.get(start..)?;
        let name = rest.get(3..)?.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
        let mut depth = 0_usize;
        let end = rest.char_indices().find_map(|(index, letter)| {
            match letter {
                // A declaration without a body.
                ';' if depth == 0 => return Some(None),
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (letter == '}' && depth == 0).then_some(Some(index))
        })??;
        let line = self.code.get(..start)?.matches('\n').count() + 1;
        let lines = rest.get(..end)?.matches('\n').count() + 1;
        (!name.is_empty()).then_some(Function {
            name,
            line,
            lines,
            in_tests: self.tests_from_line.is_some_and(|tests| line > tests),
        })
    }
}

/// Replaces what is inside comments, strings and characters by spaces, and keeps the lines.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(letter) = rest.chars().next() {
        let in_word = previous.is_alphanumeric() || previous == '_';
        match opaque(rest, in_word) {
            Some(length) => {
                let (inside, after) = rest.split_at(length);
                code.extend(inside.chars().map(|inner| if inner == '\n' { '\n' } else { ' ' }));
                rest = after;
                previous = ' ';
            }
            None => {
                code.push(letter);
                previous = letter;
                rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            }
        }
    }
    code
}

/// The length of the comment, string or character that starts here, if one does.
fn opaque(rest: &str, in_word: bool) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if rest.starts_with('"') {
        return Some(string(rest));
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    if in_word {
        return None;
    }
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix("cr")).or_else(|| rest.strip_prefix('r'))?;
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    raw.get(hashes..)?.starts_with('"').then_some(())?;
    let opening = rest.len() - raw.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    let inside = rest.get(opening..)?;
    Some(inside.find(&close).map_or(rest.len(), |end| opening + end + close.len()))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut index = 0;
    while let Some(here) = rest.get(index..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            index += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            index += 2;
            if depth == 0 {
                return index;
            }
        } else {
            index += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (index, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character, as opposed to a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.get(1..)?;
    if let Some(escape) = inside.strip_prefix('\\') {
        // The escaped letter may itself be a quote.
        let end = escape.char_indices().skip(1).find(|(_, letter)| *letter == '\'')?.0;
        return Some(2 + end + 1);
    }
    let letter = inside.chars().next()?;
    inside.get(letter.len_utf8()..)?.starts_with('\'').then_some(letter.len_utf8() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str) {
        assert_eq!(blank(text), code, "blanking of: {text}");
    }

    #[test]
    fn comments_strings_and_characters_are_blanked() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("a \" b", c)"#, "f(        , c)");
        check(r###"f(r#"a " b"#, c)"###, "f(          , c)");
        check(r"match c { '{' => 1, '\'' => 2 }", "match c {     => 1,      => 2 }");
        check("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)");
    }

    #[test]
    fn functions_have_their_lines() {
        let source =
            Source::new("trait T {\n    fn none(&self);\n    fn one() -> [u8; 2] {\n        if a { b }\n    }\n}\n");
        let found: Vec<_> = source.functions().map(|function| (function.name, function.line, function.lines)).collect();
        assert_eq!(found, [("one", 3, 3)], "a declaration has no body");
    }

    #[test]
    fn lines_before_tests_leave_the_tests_out() {
        let source = Source::new("fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n");
        assert_eq!(source.lines_before_tests(), 2, "the code and the empty line");
        assert_eq!(source.functions().map(|function| function.in_tests).collect::<Vec<_>>(), [false, true], "b alone");
    }
}
