//! Names, descriptions and notes of people and canvases: one limit at every door, counted in characters (Unicode scalar
//! values) of what is kept, and one way to keep a text within it.

use crate::problem::{ErrorCode, Refusal};
use crate::schema::lines;

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// The longest name of a person, in characters.
pub const PERSON_CHARS_MAX: usize = 60;
/// The longest description, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 5_000;
/// The name of a canvas that got none.
pub const UNTITLED: &str = "Untitled";
/// End of a copy's name.
const COPY: &str = " (copy)";

/// A name as it is kept: one line, without space around it.
///
/// # Errors
/// `bad_request` when nothing of it can be seen, or more than [`NAME_CHARS_MAX`] characters are left.
pub fn name(text: &str) -> Result<String, Refusal> {
    seen(text, NAME_CHARS_MAX)
}

/// A person's name as it is kept, likewise.
///
/// # Errors
/// `bad_request` when nothing of it can be seen, or more than [`PERSON_CHARS_MAX`] characters are left.
pub fn person(text: &str) -> Result<String, Refusal> {
    // Marks that turn the direction of letters make one name read as another.
    let text: String = text.chars().filter(|c| !turns_direction(*c)).collect();
    seen(&text, PERSON_CHARS_MAX)
}

/// True for marks that turn the direction of what follows them: `photo\u{202e}gnp.exe` reads as a picture.
pub fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn seen(text: &str, chars_max: usize) -> Result<String, Refusal> {
    let name = one_line(text);
    if name.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        return Err(Refusal::new(ErrorCode::BadRequest, "A name cannot be empty."));
    }
    within(name, "name", chars_max)
}

/// Characters that show nothing by themselves: those of Unicode's property `Default_Ignorable_Code_Point` (16.0) and the
/// empty Braille cell.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A description as it is kept: line ends are line feeds, no space around it. It may be empty.
///
/// # Errors
/// `bad_request` when it has more than [`DESCRIPTION_CHARS_MAX`] characters.
pub fn description(text: &str) -> Result<String, Refusal> {
    within(printable(text), "description", DESCRIPTION_CHARS_MAX)
}

/// A note to a decision as it is kept, likewise.
///
/// # Errors
/// `bad_request` when it has more than [`DESCRIPTION_CHARS_MAX`] characters.
pub fn note(text: &str) -> Result<String, Refusal> {
    within(printable(text), "note", DESCRIPTION_CHARS_MAX)
}

/// The name of a copy, with the end of a long name left out.
#[must_use]
pub fn copy_of(name: &str) -> String {
    let kept = shortened(name, NAME_CHARS_MAX - COPY.chars().count());
    format!("{}{COPY}", if kept.is_empty() { UNTITLED } else { &kept })
}

/// A name that a foreign writer may have made: what is above `chars_max` is left out.
#[must_use]
pub fn shortened(name: &str, chars_max: usize) -> String {
    cut(&one_line(name), chars_max)
}

/// Likewise for a text of several lines.
#[must_use]
pub fn shortened_text(text: &str, chars_max: usize) -> String {
    cut(&printable(text), chars_max)
}

fn within(text: String, what: &str, chars_max: usize) -> Result<String, Refusal> {
    if text.chars().count() > chars_max {
        let detail = format!("A {what} has at most {chars_max} characters.");
        return Err(Refusal::new(ErrorCode::BadRequest, detail));
    }
    Ok(text)
}

fn cut(text: &str, chars_max: usize) -> String {
    let kept: String = text.chars().take(chars_max).collect();
    kept.trim_end().to_owned()
}

fn one_line(text: &str) -> String {
    // Unicode's own line and paragraph ends are no control characters.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let text: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    text.trim().to_owned()
}

fn printable(text: &str) -> String {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let text: String = lines(text).chars().map(|c| if is_odd(c) { ' ' } else { c }).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_counted_in_characters_of_what_is_kept() {
        assert_eq!(name("  Two\r\nlines\0 ").unwrap(), "Two  lines");
        for one in ["a", "é", "漢", "🦊"] {
            let longest = one.repeat(NAME_CHARS_MAX);
            assert_eq!(name(&format!(" {longest}\n")).unwrap(), longest);
            assert_eq!(name(&format!("{longest}{one}")).unwrap_err().code, ErrorCode::BadRequest);
            let copy = copy_of(&longest);
            assert_eq!(name(&copy).unwrap(), copy);
            assert_eq!(copy.chars().count(), NAME_CHARS_MAX);
            assert!(copy.ends_with(" (copy)"));
            assert_eq!(shortened(&format!("{longest} more"), NAME_CHARS_MAX), longest);
        }
        for nothing in
            ["", " \u{0} ", "\u{200b}", "\u{2028}\u{2029}", "\u{3164} \u{fe0f}", "\u{2800}"]
        {
            assert!(name(nothing).is_err() && person(nothing).is_err(), "{nothing:?}");
        }
        assert_eq!(name("One\u{2028}two").unwrap(), "One two");
        assert_eq!(person(" Ada\nB. ").unwrap(), "Ada B.");
        assert_eq!(name("❤\u{fe0f}").unwrap(), "❤\u{fe0f}");
        assert!(person(&"a".repeat(PERSON_CHARS_MAX + 1)).is_err());
        assert_eq!(copy_of("Fox"), "Fox (copy)");
        assert_eq!(copy_of(" "), "Untitled (copy)");
    }

    #[test]
    fn a_description_keeps_its_lines() {
        assert_eq!(description(" one\r\ntwo\rthree ").unwrap(), "one\ntwo\nthree");
        assert_eq!(description("").unwrap(), "");
        assert!(description(&"x".repeat(DESCRIPTION_CHARS_MAX + 1)).is_err());
    }
}
