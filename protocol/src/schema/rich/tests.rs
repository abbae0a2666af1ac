//! Formats as they are read and written, also beside what another editor left.

use yrs::{Doc, Transact as _};

use super::*;
use crate::doc as document;

fn bold() -> Format {
    Format { bold: true, ..Format::default() }
}

fn line(block: Block) -> Format {
    Format { block, ..Format::default() }
}

fn piece(text: &str, format: Format) -> Piece {
    Piece { text: text.to_owned(), format }
}

/// A document with a text in it.
fn doc() -> (Doc, TextRef) {
    let doc = document::open(7, "rich");
    let text = doc.get_or_insert_text("t");
    (doc, text)
}

fn mark(txn: &mut TransactionMut<'_>, text: &TextRef, range: (u32, u32), is_bold: bool) {
    let shown = Shown::of(txn, text);
    let value = if is_bold { Any::Bool(true) } else { Any::Null };
    format_text(txn, (text, &shown), range, "bold", &value);
}

#[test]
fn what_was_written_is_read() {
    let (doc, text) = doc();
    let mut txn = doc.transact_mut();
    let link = Format { link: Some("https://example.org".to_owned()), ..bold() };
    let written = [
        piece("Title", Format::default()),
        piece("\n", line(Block::Heading1)),
        piece("a ", Format::default()),
        piece("bold", bold()),
        piece(" 🦊 fox", link),
    ];
    replace_with_pieces(&mut txn, &text, (0, 0), &written);
    assert_eq!(read_pieces(&txn, &text), written);
    // What is put in has its own format, not that of what stands before it.
    replace_with_pieces(&mut txn, &text, (12, 1), &[piece("!\n", line(Block::Bullet))]);
    let read = read_pieces(&txn, &text);
    let read: Vec<(&str, bool, Block)> =
        read.iter().map(|p| (p.text.as_str(), p.format.bold, p.format.block)).collect();
    assert_eq!(
        read,
        [
            ("Title", false, Block::Paragraph),
            ("\n", false, Block::Heading1),
            ("a ", false, Block::Paragraph),
            ("bold", true, Block::Paragraph),
            ("!", false, Block::Paragraph),
            ("\n", false, Block::Bullet),
            ("🦊 fox", true, Block::Paragraph),
        ]
    );
}

#[test]
fn a_stretch_gets_a_format_and_loses_it() {
    let (doc, text) = doc();
    let mut txn = doc.transact_mut();
    text.insert(&mut txn, 0, "one two three");
    mark(&mut txn, &text, (4, 3), true);
    assert_eq!(read_pieces(&txn, &text)[1], piece("two", bold()));
    mark(&mut txn, &text, (0, 13), false);
    assert_eq!(read_pieces(&txn, &text), [piece("one two three", Format::default())]);
}

#[test]
fn embeds_and_carriage_returns_stay_out_of_the_count() {
    let (doc, text) = doc();
    let mut txn = doc.transact_mut();
    text.insert(&mut txn, 0, "ab\r\ncd");
    text.insert_embed(&mut txn, 1, Any::from("picture"));
    let read: String = read_pieces(&txn, &text).into_iter().map(|p| p.text).collect();
    assert_eq!(read, "ab\ncd");
    mark(&mut txn, &text, (1, 3), true);
    let read = read_pieces(&txn, &text);
    assert_eq!(read[1], piece("b\nc", bold()));
    replace_with_pieces(&mut txn, &text, (1, 3), &[piece("x", Format::default())]);
    let read = read_pieces(&txn, &text);
    assert_eq!(read, [piece("axd", Format::default())]);
    assert_eq!(text.len(&txn), 4, "the embed is there still");
}

#[test]
fn what_is_no_format_is_none() {
    let (doc, text) = doc();
    let mut txn = doc.transact_mut();
    let odd = [
        ("bold", Any::from("yes")),
        ("link", Any::from("javascript:alert(1)")),
        ("block", Any::from("h9")),
        ("background", Any::from(3.0)),
    ];
    let odd = odd.map(|(key, value)| (Arc::from(key), value));
    text.insert_with_attributes(&mut txn, 0, "x", odd.into());
    assert_eq!(read_pieces(&txn, &text), [piece("x", Format::default())]);
    assert!(is_link("HTTPS://a.b") && is_link("mailto:a@b") && !is_link("ftp://a"));
}
