//! Comparison of names and words in a search: the same on server and browser.

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;

/// Returns the form by which text is found: two texts that people take for the same fold to the same.
///
/// Case goes (`STRASSE` and `straße`, also where a letter has several small forms, as σ and ς), and so do accents
/// (`Müller`, composed or not, is found by `muller`), width and typographic variants (full width, ligatures) and what
/// is not seen (soft hyphens, zero-width characters). Marks that make another letter of a letter stay: those of kana
/// and of Indic scripts. Folding twice changes nothing more.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_control()) {
        return text.to_ascii_lowercase();
    }
    // Marks can be in the way of case folding and the other way round: decompose, fold, decompose what that made.
    text.nfkd()
        .default_case_fold()
        .nfkd()
        .filter(|c| !is_left_out(*c))
        .flat_map(plain_letter)
        .nfc()
        .collect()
}

/// True if `text` has all the words of `query`, or parts of words, as people see them.
#[must_use]
pub fn has_all_words(text: &str, query: &str) -> bool {
    let text = fold(text);
    fold(query).split_whitespace().all(|word| text.contains(word))
}

/// Accents, and what is not seen.
fn is_left_out(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
            | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}'
            // Cyrillic titlo and its like, Hebrew points, Arabic vowel signs and the bar that stretches a word.
            | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}' | '\u{5C2}' | '\u{5C4}'
            | '\u{5C5}' | '\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}'
            // Soft hyphen, zero width, directions, variation selectors, byte order mark.
            | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E01EF}'
    ) || (c.is_control() && !c.is_whitespace())
}

/// Letters that Unicode does not take apart and that people type without their stroke.
fn plain_letter(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ł' => ('l', None),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ŧ' => ('t', None),
        'ı' => ('i', None),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        // Kinds of quotation marks and hyphens that word processors write by themselves.
        '‘' | '’' | 'ʼ' => ('\'', None),
        '“' | '”' => ('"', None),
        '‐' | '‑' | '–' | '—' | '−' => ('-', None),
        c => (c, None),
    };
    std::iter::once(first).chain(second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_take_for_the_same_folds_to_the_same() {
        for (a, b) in [
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
            ("straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("Ｍüｌｌｅｒ ＡＢＣ１", "müller abc1"),
            ("Müller", "Mu\u{308}ller"),
            ("Müller", "muller"),
            ("ÅNGSTRÖM", "\u{212B}ngstro\u{308}m"),
            ("ﾀﾞﾝｽ", "ダンス"),
            ("ガラス", "カ\u{3099}ラス"),
            ("각", "\u{1100}\u{1161}\u{11A8}"),
            ("İstanbul", "istanbul"),
            ("ISPARTA", "ısparta"),
            ("ﬁnal ﬂight", "FINAL FLIGHT"),
            ("Łódź", "lodz"),
            ("Ørsted Æther œuvre", "orsted aether oeuvre"),
            ("Ёлка", "елка"),
            ("Việt Nam", "viet nam"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد", "محمد"),
            ("ᾳ", "ΑΙ"),
            ("ΐ", "\u{3b9}\u{308}\u{301}"),
            ("co\u{ad}op\u{200b}er", "cooper"),
            ("a\0b\u{7f}", "AB"),
            ("it’s — so", "it's - so"),
            ("half　width", "HALF width"),
            ("ꮳꮃꭹ", "ᏣᎳᎩ"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_another_letter_stays_another() {
        for (a, b) in
            [("か", "が"), ("कि", "कु"), ("가", "각"), ("ハ", "パ"), ("a", "b"), ("ก", "กำ")]
        {
            assert_ne!(fold(a), fold(b), "{a} {b}");
        }
        assert!(!has_all_words("각", "가"), "a syllable is not found by a part of it");
        assert!(has_all_words("Die Straße nach ΑΘΉΝΑ", "strasse αθηνα"));
        assert!(has_all_words("anything", "  "));
        assert!(!has_all_words("Die Straße", "strasse rom"));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_more(text in "\\PC{0,24}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            let (composed, taken_apart): (String, String) = (text.nfc().collect(), text.nfd().collect());
            prop_assert_eq!(fold(&composed), fold(&taken_apart));
        }
    }
}
