//! Words of English texts: how a text is split into them, and which words another one may be a form of.

/// The words of a text that is in lower case already; `inner` are the marks that may stand within one.
pub(crate) fn split<'t>(text: &'t str, inner: &'static [char]) -> impl Iterator<Item = &'t str> {
    text.split(move |c: char| !c.is_alphanumeric() && !inner.contains(&c))
        .filter(|word| !word.is_empty())
}

/// Yields a word and then the words that it may be the plural or the possessive of.
pub(crate) fn singulars(word: &str) -> impl Iterator<Item = String> + '_ {
    forms(word, &[("s", ""), ("es", ""), ("ies", "y"), ("'s", "")])
}

/// Usual English endings, and what takes their place in the word as a dictionary has it.
const ENDINGS: &[(&str, &str)] = &[
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("'s", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ish", ""),
    ("y", ""),
    ("ves", "f"),
    ("en", ""),
];

/// Yields a word and then the words that it may be an inflection of. The forms are to be looked up: most are no
/// words.
pub(crate) fn stems(word: &str) -> impl Iterator<Item = String> + '_ {
    forms(word, ENDINGS)
}

fn forms<'w>(word: &'w str, endings: &'static [(&str, &str)]) -> impl Iterator<Item = String> + 'w {
    let without = move |(ending, instead): &(&str, &str)| {
        let stem = word.strip_suffix(ending).filter(|stem| stem.len() > 1)?;
        Some(format!("{stem}{instead}"))
    };
    std::iter::once(word.to_owned()).chain(endings.iter().filter_map(without))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_at_every_mark_but_the_inner_ones() {
        assert_eq!(
            split("a cat's, b&w — lo-fi!", &[]).collect::<Vec<_>>(),
            ["a", "cat", "s", "b", "w", "lo", "fi"]
        );
        assert_eq!(split("a cat's b&w", &['\'', '&']).collect::<Vec<_>>(), ["a", "cat's", "b&w"]);
    }

    #[test]
    fn forms_begin_with_the_word_itself() {
        assert_eq!(singulars("boxes").collect::<Vec<_>>(), ["boxes", "boxe", "box"]);
        assert_eq!(singulars("berries").last().as_deref(), Some("berry"));
        assert!(stems("sailing").any(|stem| stem == "sail"));
        assert!(stems("leaves").any(|stem| stem == "leaf"));
        assert_eq!(stems("as").collect::<Vec<_>>(), ["as"]);
    }
}
