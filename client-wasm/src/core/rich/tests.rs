use proptest::prelude::*;

use super::*;

fn piece(text: &str, block: Block) -> Piece {
    Piece { text: text.to_owned(), format: Format { block, ..Format::default() } }
}

/// The text of these lines; its last one has a line feed only where any has a block.
fn text(lines: &[(Block, &str)]) -> Vec<Piece> {
    let last = lines.len() - 1;
    let has_blocks = lines.iter().any(|(block, _)| *block != Block::Paragraph);
    let mut pieces = Vec::new();
    for (n, (block, words)) in lines.iter().enumerate() {
        pieces.push(piece(words, Block::Paragraph));
        if n < last || has_blocks {
            pieces.push(piece("\n", *block));
        }
    }
    pieces
}

fn units(pieces: &[Piece]) -> Vec<(u16, Block)> {
    let of = |piece: &Piece| {
        let block = piece.format.block;
        piece.text.encode_utf16().map(move |unit| (unit, block)).collect::<Vec<_>>()
    };
    pieces.iter().flat_map(of).collect()
}

/// What the document is after some steps.
fn applied(pieces: &[Piece], steps: &[Step]) -> Vec<Piece> {
    let mut all = units(pieces);
    for step in steps {
        match step {
            Step::Mark(..) => {}
            Step::Replace(at, delete, insert) => {
                let at = *at as usize;
                all.splice(at..at + *delete as usize, units(insert));
            }
            Step::Block(at, block) => {
                let at = *at as usize;
                assert_eq!(all[at].0, u16::from(b'\n'), "a block is for a line feed");
                all[at].1 = *block;
            }
        }
    }
    all.iter().map(|(unit, block)| piece(&String::from_utf16_lossy(&[*unit]), *block)).collect()
}

fn shown(pieces: &[Piece]) -> Vec<String> {
    let line = |line: &Line| {
        let words: String = line.pieces.iter().map(|piece| piece.text.as_str()).collect();
        format!("{}:{words}", line.block.id())
    };
    lines(pieces).iter().map(line).collect()
}

fn typed(pieces: &[Piece], at: (u32, u32), insert: &str) -> (Vec<String>, u32) {
    let insert = if insert.is_empty() { Vec::new() } else { vec![piece(insert, Block::Paragraph)] };
    let (steps, caret) = replace(&lines(pieces), at, insert);
    (shown(&applied(pieces, &steps)), caret)
}

#[test]
fn a_text_is_its_lines() {
    use Block::{Bullet, Heading1, Paragraph};
    assert_eq!(shown(&[]), [":"]);
    assert_eq!(shown(&[piece("a\n", Paragraph)]), [":a", ":"], "a plain line feed begins a line");
    let list = text(&[(Heading1, "T"), (Paragraph, "a"), (Bullet, "b")]);
    assert_eq!(shown(&list), ["h1:T", ":a", "bullet:b"], "that of a list ends one");
    let after = [piece("T", Paragraph), piece("\n", Heading1), piece("\n", Paragraph)];
    assert_eq!(shown(&after), ["h1:T", ":"], "and so does any beside one");
    let all = lines(&list);
    assert_eq!(all.iter().map(|line| line.at).collect::<Vec<_>>(), [0, 2, 4]);
    assert_eq!([0, 1, 2, 3, 5, 99].map(|at| line_at(&all, at)), [0, 0, 1, 1, 2, 2]);
}

#[test]
fn enter_goes_on_with_a_list_and_ends_a_heading() {
    use Block::{Bullet, Heading2, Paragraph};
    let list = text(&[(Bullet, "one")]);
    assert_eq!(typed(&list, (3, 3), "\n"), (vec!["bullet:one".into(), "bullet:".into()], 4));
    assert_eq!(typed(&list, (1, 1), "\n").0, ["bullet:o", "bullet:ne"]);
    let heading = text(&[(Heading2, "Head"), (Paragraph, "x")]);
    assert_eq!(typed(&heading, (4, 4), "\n").0, ["h2:Head", ":", ":x"]);
    assert_eq!(typed(&heading, (2, 2), "\n").0, ["h2:He", "h2:ad", ":x"]);
    assert_eq!(typed(&text(&[(Heading2, "Head")]), (4, 4), "\n").0, ["h2:Head", ":"]);
    // Joined lines are what the first was.
    assert_eq!(typed(&heading, (4, 5), "").0, ["h2:Headx"]);
    let two = text(&[(Heading2, "Head"), (Bullet, "x")]);
    assert_eq!(typed(&two, (4, 5), "").0, ["h2:Headx"]);
    assert_eq!(typed(&two, (1, 6), "").0, ["h2:H"]);
}

#[test]
fn what_comes_whole_keeps_its_last_block() {
    use Block::{Bullet, Heading1, Paragraph};
    let list = || vec![piece("one\ntwo\n", Bullet)];
    let put = |pieces: &[Piece], at| {
        let (steps, caret) = replace(&lines(pieces), (at, at), list());
        (shown(&applied(pieces, &steps)), caret)
    };
    assert_eq!(put(&[], 0), (vec!["bullet:one".into(), "bullet:two".into()], 7));
    let text = text(&[(Heading1, "T"), (Paragraph, ""), (Paragraph, "end")]);
    assert_eq!(put(&text, 2).0, ["h1:T", "bullet:one", "bullet:two", ":end"]);
    assert_eq!(
        put(&text, 4).0,
        ["h1:T", ":", "bullet:eone", ":twond"],
        "not in the middle of a line"
    );
}

#[test]
fn a_node_is_named_and_found() {
    let named = [
        piece("see ", Block::Paragraph),
        mention("n1", "Fox"),
        piece(" or x@y @Mo", Block::Paragraph),
    ];
    let all = lines(&named);
    assert_eq!(sought(&all, 19), Some((16, "Mo".to_owned())));
    assert_eq!(sought(&all, 15), None, "an address is no mention");
    assert_eq!(sought(&all, 8), None, "it is named already");
    assert_eq!(sought(&lines(&[piece("@", Block::Paragraph)]), 1), Some((0, String::new())));
    assert_eq!(mention_before(&all, 8), Some((4, 8)));
    assert_eq!([7, 9].map(|at| mention_before(&all, at)), [None, None]);
    assert_eq!(format_at(&all, 8).mention, None, "it does not grow");
}

#[test]
fn lines_get_a_block_and_lose_it() {
    use Block::{Bullet, Ordered, Paragraph};
    let plain = text(&[(Paragraph, "a"), (Paragraph, "b")]);
    let set = |pieces: &[Piece], at, block| applied(pieces, &set_block(&lines(pieces), at, block));
    let listed = set(&plain, (0, 3), Bullet);
    assert_eq!(shown(&listed), ["bullet:a", "bullet:b"]);
    assert_eq!(shown(&set(&listed, (0, 0), Ordered)), ["ordered:a", "bullet:b"]);
    assert_eq!(shown(&set(&listed, (0, 3), Bullet)), [":a", ":b"], "again: it is taken away");
    assert_eq!(shown(&set(&[], (0, 0), Bullet)), ["bullet:"]);
}

#[test]
fn what_is_typed_looks_like_what_stands_before_it() {
    let bold = Format { bold: true, ..Format::default() };
    let link = Format { link: Some("https://a.b".to_owned()), ..Format::default() };
    let pieces = [
        Piece { text: "ab".to_owned(), format: bold.clone() },
        Piece { text: "cd".to_owned(), format: link.clone() },
        piece("\nef", Block::Paragraph),
    ];
    let all = lines(&pieces);
    assert_eq!(format_at(&all, 0), bold, "at the beginning of a line as what comes");
    assert_eq!(format_at(&all, 2), bold);
    assert_eq!(format_at(&all, 3), link);
    assert_eq!(format_at(&all, 4), Format::default(), "a link does not grow");
    assert_eq!(format_at(&all, 6), Format::default());
    assert!(common_format(&all, 0, 2).bold && !common_format(&all, 0, 3).bold);
}

proptest! {
    /// Any edit shows what it would in plain text, and its steps fit the text.
    #[test]
    fn an_edit_is_one_of_the_plain_text(
        given in prop::collection::vec((0usize..6, "[a-c]{0,3}"), 1..5),
        at in 0u32..12, delete in 0u32..6, insert in "[x\n]{0,3}", block in 0usize..6,
    ) {
        let given: Vec<(Block, &str)> = given.iter().map(|(b, w)| (Block::ALL[*b], w.as_str())).collect();
        let pieces = text(&given);
        let all = lines(&pieces);
        let end = all.last().unwrap().end();
        let at = at.min(end);
        let to = (at + delete).min(end);
        let words = |pieces: &[Piece]| shown(pieces).iter().map(|l| l.split_once(':').unwrap().1.to_owned()).collect::<Vec<_>>().join("\n");
        let mut plain: Vec<u16> = words(&pieces).encode_utf16().collect();
        plain.splice(at as usize..to as usize, insert.encode_utf16());
        let insert = if insert.is_empty() { Vec::new() } else { vec![piece(&insert, Block::Paragraph)] };
        let (steps, caret) = replace(&all, (at, to), insert);
        let after = applied(&pieces, &steps);
        prop_assert_eq!(words(&after), String::from_utf16_lossy(&plain));
        prop_assert!(caret as usize <= plain.len());
        let blocks = applied(&after, &set_block(&lines(&after), (at.min(caret), caret), Block::ALL[block]));
        prop_assert_eq!(words(&blocks), String::from_utf16_lossy(&plain), "a block changes no words");
    }
}
