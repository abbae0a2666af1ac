//! People whom a comment mentions: who may be meant where an `@` is typed, and whom a text names.

use gesso_protocol::fold::{fold, has_all_words};

use super::textdiff::utf16_len;

/// Most people that are offered at once.
const OFFERED_MAX: usize = 6;

/// Somebody who may be mentioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their colour.
    pub color: String,
}

/// A name that is being typed after an `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Where the `@` is, in bytes.
    at: usize,
    /// Where the caret is, in bytes.
    caret: usize,
    /// What was typed between them.
    pub name: String,
}

/// The byte at an offset in UTF-16 units.
fn byte_at(text: &str, units: u32) -> usize {
    let mut left = usize::try_from(units).unwrap_or(usize::MAX);
    for (at, c) in text.char_indices() {
        if left < c.len_utf16() {
            return at;
        }
        left -= c.len_utf16();
    }
    text.len()
}

/// True if a name may begin after this text: an `@` inside of a word is that of an address.
fn is_start(before: &str) -> bool {
    !before.chars().next_back().is_some_and(char::is_alphanumeric)
}

/// The name that is being typed where the caret is, an offset in UTF-16 units.
pub fn typed(text: &str, caret: u32) -> Option<Typed> {
    let caret = byte_at(text, caret);
    let before = &text[..caret];
    let at = before.rfind('@').filter(|at| is_start(&before[..*at]))?;
    let name = before[at + 1..].to_owned();
    (!name.starts_with(char::is_whitespace)).then_some(Typed { at, caret, name })
}

/// Those whose names begin with what was typed, then those who have its only word in their name; nobody once a name is
/// whole.
pub fn offered(people: &[Person], typed: &str) -> Vec<Person> {
    let is_whole = typed.ends_with(char::is_whitespace)
        && people.iter().any(|person| person.name == typed.trim_end());
    if is_whole {
        return Vec::new();
    }
    let begins = |person: &&Person| fold(&person.name).starts_with(&fold(typed));
    // What follows a name in a sentence is no further word of another's.
    let is_word = !typed.contains(char::is_whitespace);
    let has_word = |person: &&Person| is_word && has_all_words(&person.name, typed);
    let fits = people.iter().filter(|person| begins(person) || has_word(person));
    let (mut first, rest): (Vec<&Person>, Vec<&Person>) = fits.partition(begins);
    first.extend(rest);
    first.into_iter().take(OFFERED_MAX).cloned().collect()
}

/// The text with a person's name in the place of what was typed, and where the caret is then, in UTF-16 units.
pub fn named(text: &str, typed: &Typed, person: &Person) -> (String, u32) {
    let before = format!("{}@{} ", &text[..typed.at], person.name);
    let rest = text[typed.caret..].trim_start_matches(' ');
    (format!("{before}{rest}"), utf16_len(&before))
}

/// Ids of the people whom a text names; of several with one name the first.
pub fn mentioned(text: &str, people: &[Person]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for (at, _) in text.match_indices('@').filter(|(at, _)| is_start(&text[..*at])) {
        let rest = &text[at + 1..];
        let is_named = |person: &&Person| {
            let after = rest.strip_prefix(person.name.as_str()).filter(|_| !person.name.is_empty());
            after.is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        };
        // The last of equal ones wins, so the first of them comes last.
        let longest = people.iter().rev().filter(is_named).max_by_key(|person| person.name.len());
        if let Some(person) = longest.filter(|person| !ids.contains(&person.id)) {
            ids.push(person.id.clone());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<Person> {
        let person = |id: &str, name: &str| Person {
            id: id.to_owned(),
            name: name.to_owned(),
            color: String::new(),
        };
        vec![
            person("1", "Ben"),
            person("2", "Ben Ito"),
            person("3", "Zoë"),
            person("4", "Ada Ben-Ami"),
            person("5", "Ben"),
        ]
    }

    fn ids(found: &[Person]) -> Vec<&str> {
        found.iter().map(|person| person.id.as_str()).collect()
    }

    #[test]
    fn a_name_is_typed_after_an_at_sign_that_begins_a_word() {
        let name = |text: &str, caret: u32| typed(text, caret).map(|typed| typed.name);
        assert_eq!(name("@", 1), Some(String::new()));
        assert_eq!(name("look, @be", 9), Some("be".to_owned()));
        assert_eq!(name("look, @be", 7), Some(String::new()));
        assert_eq!(name("look, @be", 5), None);
        assert_eq!(name("me@example", 10), None);
        assert_eq!(name("at @ noon", 9), None);
        assert_eq!(name("🦊 @z", 5), Some("z".to_owned()));
    }

    #[test]
    fn those_are_offered_whose_names_fit_until_one_is_whole() {
        let people = people();
        assert_eq!(ids(&offered(&people, "be")), ["1", "2", "5", "4"]);
        assert_eq!(ids(&offered(&people, "zoe")), ["3"]);
        assert_eq!(ids(&offered(&people, "Ben I")), ["2"]);
        assert_eq!(ids(&offered(&people, "Ben Ito ")), Vec::<&str>::new());
        assert_eq!(ids(&offered(&people, "ben ")), ["2"]);
        assert_eq!(ids(&offered(&people, "Ben ")), Vec::<&str>::new());
        assert_eq!(ids(&offered(&people, "Ada Ben-Ami a")), Vec::<&str>::new());
        assert_eq!(offered(&people, "").len(), 5);
    }

    #[test]
    fn a_chosen_name_stands_where_it_was_typed() {
        let people = people();
        let begun = typed("🦊 @be look", 6).expect("a name is typed");
        assert_eq!(named("🦊 @be look", &begun, &people[1]), ("🦊 @Ben Ito look".to_owned(), 12));
    }

    #[test]
    fn a_text_mentions_whom_it_names_whole() {
        let mentioned = |text: &str| mentioned(text, &people());
        assert_eq!(mentioned("@Ben Ito and @Zoë, look"), ["2", "3"]);
        assert_eq!(mentioned("@Ben, @Ben"), ["1"]);
        assert_eq!(mentioned("@Benedikt a@Ben @ben"), Vec::<String>::new());
    }
}
