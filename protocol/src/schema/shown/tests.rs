use proptest::prelude::*;
use yrs::{Doc, Map as _, MapPrelim, MapRef, TextPrelim, Transact as _, WriteTxn as _};

use super::*;

/// One unit of a text as tests write it.
#[derive(Clone, Debug)]
enum Unit {
    Words(&'static str),
    Bold(&'static str),
    Embed,
    StringEmbed,
    TypeEmbed,
}

fn unit() -> impl Strategy<Value = Unit> {
    prop_oneof![
        5 => prop::sample::select(vec!["a", "b", "\r\n", "\r", "\n", "😀", "é"]).prop_map(Unit::Words),
        2 => prop::sample::select(vec!["c", "\r\n", "\n", "🦊"]).prop_map(Unit::Bold),
        1 => Just(Unit::Embed),
        1 => Just(Unit::StringEmbed),
        1 => Just(Unit::TypeEmbed),
    ]
}

fn text(doc: &Doc, units: &[Unit]) -> TextRef {
    let mut txn = doc.transact_mut();
    let root = txn.get_or_insert_map("nodes");
    let text = root.insert(&mut txn, "t", TextPrelim::new(""));
    for unit in units {
        let at = text.len(&txn);
        match unit {
            Unit::Words(words) => {
                text.insert_with_attributes(&mut txn, at, words, Default::default())
            }
            Unit::Bold(words) => {
                let bold = [("bold".into(), true.into())].into();
                text.insert_with_attributes(&mut txn, at, words, bold);
            }
            Unit::Embed => drop(text.insert_embed(&mut txn, at, Any::from(vec![Any::from(1)]))),
            Unit::StringEmbed => drop(text.insert_embed(&mut txn, at, Any::from("zz"))),
            Unit::TypeEmbed => {
                let _: MapRef = text.insert_embed(&mut txn, at, MapPrelim::default());
            }
        }
    }
    text
}

fn embeds(doc: &Doc, text: &TextRef) -> usize {
    let txn = doc.transact();
    let shown = Shown::of(&txn, text);
    shown.hidden.iter().filter(|hidden| !hidden.is_return).count()
}

#[test]
fn what_is_written_lands_beside_its_letters() {
    let a_embed_b = [Unit::Words("a"), Unit::Embed, Unit::Words("b")];
    for (units, wanted) in [
        (&a_embed_b[..], "abZ"),
        (&a_embed_b[..], "Zab"),
        (&a_embed_b[..], "aZb"),
        (&a_embed_b[..], "a"),
        (&a_embed_b[..], "b"),
        (&a_embed_b[..], ""),
        (&[Unit::TypeEmbed, Unit::Words("ab")][..], "abZ"),
        (&[Unit::Words("ab"), Unit::StringEmbed][..], "abZ"),
        (&[Unit::Words("one\r\ntwo\r\n"), Unit::Bold("three")][..], "one\ntwo\nthree!"),
        (&[Unit::Words("a\rb")][..], "a\nbZ"),
        (&[Unit::Words("same\r\nwords")][..], "same\nwords"),
        (&[Unit::Words("ab")][..], "a\r\nb\rc"),
    ] {
        let doc = crate::doc::open(1, "test");
        let text = text(&doc, units);
        let before = embeds(&doc, &text);
        splice_text(&mut doc.transact_mut(), &text, wanted);
        assert_eq!(text.get_string(&doc.transact()), lines(wanted), "{units:?}");
        assert_eq!(embeds(&doc, &text), before, "embeds stay: {units:?}");
    }
}

proptest! {
    #[test]
    fn any_text_can_be_made_any_other(
        units in prop::collection::vec(unit(), 0..12), wanted in "[ab😀é\r\n]{0,8}"
    ) {
        let doc = crate::doc::open(1, "test");
        let text = text(&doc, &units);
        let before = embeds(&doc, &text);
        splice_text(&mut doc.transact_mut(), &text, &wanted);
        prop_assert_eq!(text.get_string(&doc.transact()), lines(&wanted));
        prop_assert_eq!(embeds(&doc, &text), before);
    }

    /// A stretch of what is shown is replaced by exactly what came, and every place is found again.
    #[test]
    fn an_edit_does_to_the_text_what_it_does_to_what_is_shown(
        units in prop::collection::vec(unit(), 0..12), at in 0u32..14, delete in 0u32..14, insert in "[ab😀]{0,3}"
    ) {
        let doc = crate::doc::open(1, "test");
        let text = text(&doc, &units);
        let shown = Shown::of(&doc.transact(), &text);
        let plain = text.get_string(&doc.transact());
        prop_assert_eq!(shown.text(), lines(&plain));
        prop_assert_eq!(shown.len, super::units(shown.text()));
        for place in 0..=shown.len {
            prop_assert_eq!(shown.shown(shown.within(place)), place);
        }
        let letters: Vec<char> = shown.text().chars().collect();
        let (at, delete) = (at.min(letters.len() as u32), delete);
        let end = (at + delete).min(letters.len() as u32) as usize;
        let count = |letters: &[char]| letters.iter().map(|c| c.len_utf16() as u32).sum::<u32>();
        let (head, gone) = (&letters[..at as usize], &letters[at as usize..end]);
        let wanted: String =
            head.iter().copied().chain(insert.chars()).chain(letters[end..].iter().copied()).collect();
        edit_text(&mut doc.transact_mut(), &text, count(head), count(gone), &insert);
        let now = Shown::of(&doc.transact(), &text).into_text();
        prop_assert_eq!(now, wanted);
    }
}
