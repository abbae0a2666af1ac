//! Style sheets of unknown origin: what leads elsewhere or runs is taken out, declaration by declaration, and the rest
//! stays letter by letter.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of the many kinds of tokens few are of interest"
)]

use cssparser::{Parser, SourcePosition, Token};

/// Greatest depth of blocks in blocks.
const DEPTH_MAX: usize = 16;

/// The sheet, or the declarations of an attribute, without what leads elsewhere.
pub(super) fn clean(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    statements(&mut Parser::new(sheet), &mut out, 0);
    out
}

/// True if a value leads nowhere.
pub(super) fn is_harmless(value: &str) -> bool {
    if !value.contains(['(', '\\', '@']) {
        return true;
    }
    let mut harm = Harm::default();
    inspect(&mut Parser::new(value), &mut harm, 0);
    !harm.is_bad
}

/// Findings in a statement.
#[derive(Default)]
struct Harm {
    is_bad: bool,
    /// True if its block is to go, whatever is in it.
    loads_fonts: bool,
    /// True if its first word was seen.
    is_begun: bool,
}

fn statements(parser: &mut Parser<'_>, out: &mut String, depth: usize) {
    let mut start = parser.position();
    let mut harm = Harm::default();
    loop {
        let before = parser.position();
        let token = match parser.next_including_whitespace_and_comments() {
            Ok(token) => token.clone(),
            Err(_) => {
                if !harm.is_bad {
                    out.push_str(parser.slice_from(start));
                }
                return;
            }
        };
        match token {
            Token::Semicolon => {
                if !harm.is_bad {
                    out.push_str(parser.slice_from(start));
                }
                (start, harm) = (parser.position(), Harm::default());
            }
            Token::CurlyBracketBlock => {
                block(parser, out, (start, before), &harm, depth);
                (start, harm) = (parser.position(), Harm::default());
            }
            token => see(parser, &token, &mut harm, depth),
        }
    }
}

/// A rule: its selector, or the words of an at-rule, and the block behind them.
fn block(
    parser: &mut Parser<'_>,
    out: &mut String,
    (start, before): (SourcePosition, SourcePosition),
    harm: &Harm,
    depth: usize,
) {
    let words = parser.slice(start..before).to_owned();
    let mut inside = String::new();
    let read = parser.parse_nested_block(|inner| {
        if depth < DEPTH_MAX {
            statements(inner, &mut inside, depth + 1);
        }
        while inner.next().is_ok() {}
        Ok::<_, cssparser::ParseError<()>>(())
    });
    if read.is_ok() && !harm.is_bad && !harm.loads_fonts && depth < DEPTH_MAX {
        out.push_str(&words);
        out.push('{');
        out.push_str(&inside);
        out.push('}');
    }
}

fn inspect(parser: &mut Parser<'_>, harm: &mut Harm, depth: usize) {
    while let Ok(token) = parser.next_including_whitespace_and_comments().cloned() {
        see(parser, &token, harm, depth);
    }
}

fn see(parser: &mut Parser<'_>, token: &Token<'_>, harm: &mut Harm, depth: usize) {
    let is_first = !harm.is_begun;
    harm.is_begun |=
        !matches!(token, Token::WhiteSpace(_) | Token::Comment(_) | Token::CDO | Token::CDC);
    match token {
        Token::UnquotedUrl(url) => harm.is_bad |= !is_local(url),
        Token::BadUrl(_) | Token::BadString(_) => harm.is_bad = true,
        Token::AtKeyword(name) => {
            harm.is_bad |= name.eq_ignore_ascii_case("import");
            harm.loads_fonts |= name.eq_ignore_ascii_case("font-face");
        }
        Token::Ident(name) if is_first => {
            harm.is_bad |=
                name.eq_ignore_ascii_case("-moz-binding") || name.eq_ignore_ascii_case("behavior");
        }
        Token::Function(_)
        | Token::ParenthesisBlock
        | Token::SquareBracketBlock
        | Token::CurlyBracketBlock => {
            if depth >= DEPTH_MAX {
                harm.is_bad = true;
                return;
            }
            let name = if let Token::Function(name) = token { &**name } else { "" };
            harm.is_bad |= ["src", "image-set", "-webkit-image-set", "expression"]
                .iter()
                .any(|bad| name.eq_ignore_ascii_case(bad));
            let takes_links =
                name.eq_ignore_ascii_case("url") || name.eq_ignore_ascii_case("image");
            let read = parser.parse_nested_block(|inner| {
                while let Ok(token) = inner.next_including_whitespace_and_comments().cloned() {
                    if let Token::QuotedString(link) = &token {
                        harm.is_bad |= takes_links && !is_local(link);
                    }
                    see(inner, &token, harm, depth + 1);
                }
                Ok::<_, cssparser::ParseError<()>>(())
            });
            harm.is_bad |= read.is_err();
        }
        _ => {}
    }
}

fn is_local(link: &str) -> bool {
    link.trim().starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leads_elsewhere_goes() {
        for (sheet, left) in [
            ("fill:#e11;background:url(x.png)", "fill:#e11;"),
            ("background:url(x.png);fill:#e11", "fill:#e11"),
            ("/* exported */ .a{fill:url(#g)}", "/* exported */ .a{fill:url(#g)}"),
            ("@import url(\"https://a/b;c\");.a{fill:#e11}", ".a{fill:#e11}"),
            ("@import 'a';\n@charset \"utf-8\";.a{fill:red}", "\n@charset \"utf-8\";.a{fill:red}"),
            ("@font-face{font-family:A;src:url(a.woff)}.a{fill:red}", ".a{fill:red}"),
            ("@media print{.a{fill:url(b);stroke:red}}.b{}", "@media print{.a{stroke:red}}.b{}"),
            (".a{fill:u\\72l(//evil/x);stroke:red}", ".a{stroke:red}"),
            (".a{fill:url( '#g' )}", ".a{fill:url( '#g' )}"),
            (".a{b:image-set('x.png' 1x);c:d}", ".a{c:d}"),
            (".a{-moz-binding:url(#x);c:d}", ".a{c:d}"),
            (".a{content:'url(x.png)'}", ".a{content:'url(x.png)'}"),
            (".a{font-family:'It\\'s; a {name}'}", ".a{font-family:'It\\'s; a {name}'}"),
            (".a{--x:url(//evil);fill:red}", ".a{fill:red}"),
            (".a{fill:red", ".a{fill:red}"),
            ("@im\\70ort 'evil';.a{}", ".a{}"),
            (".a{fill:url(x", ".a{}"),
            ("@supports (background:url(x)){.a{fill:red}}.b{}", ".b{}"),
        ] {
            let once = clean(sheet);
            assert_eq!(once, left);
            assert_eq!(clean(&once), once, "once is enough");
        }
        let deep = format!("{}{}", "a{".repeat(100_000), "(".repeat(100_000));
        assert!(clean(&deep).len() < 100);
        assert!(!is_harmless(&"(".repeat(1_000_000)));
    }

    #[test]
    fn values_are_harmless_or_not() {
        for fine in ["M0 0L9 9", "rotate(30)", "url(#a)", "url('#a') none", "a\\20 b", "data:x"] {
            assert!(is_harmless(fine), "{fine}");
        }
        for bad in ["url(a)", "url(\"a\")", "u\\72l(a)", "URL(//a)", "src('a')", "url(a"] {
            assert!(!is_harmless(bad), "{bad}");
        }
    }
}
