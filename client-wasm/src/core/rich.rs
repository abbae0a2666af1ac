//! A formatted text as lines, and what an edit of it writes. Pure: the field draws it (`web/canvas/card/rich.rs`).
//!
//! A line's block stands on the line feed that ends it, as in Quill. Where any line has a block, a line feed at the end
//! of the text ends the last line; in plain texts it begins another one, as in any text field.

use gesso_protocol::schema::{Block, Format, Piece, mention_text, push_piece};
use yrs::Any;

use crate::core::textdiff::utf16_len;

/// A line, in order of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Where it begins, in UTF-16 units.
    pub at: u32,
    /// Its length without the line feed.
    pub len: u32,
    /// True if a line feed ends it.
    pub has_feed: bool,
    /// Block.
    pub block: Block,
    /// Its letters; none where it is empty.
    pub pieces: Vec<Piece>,
}

impl Line {
    /// Where it ends, before its line feed.
    pub fn end(&self) -> u32 {
        self.at + self.len
    }

    /// True if it looks the same, wherever it stands.
    pub fn looks_like(&self, other: &Self) -> bool {
        self.block == other.block && self.pieces == other.pieces
    }
}

/// The lines of a text; at least one.
pub fn lines(pieces: &[Piece]) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    for piece in pieces {
        for part in piece.text.split_inclusive('\n') {
            let letters = part.strip_suffix('\n');
            let Some(line) = lines.last_mut() else { continue };
            let text = letters.unwrap_or(part);
            if !text.is_empty() {
                line.len += utf16_len(text);
                let format = Format { block: Block::Paragraph, ..piece.format.clone() };
                push_piece(&mut line.pieces, text, format);
            }
            if letters.is_some() {
                (line.has_feed, line.block) = (true, piece.format.block);
                let at = line.end() + 1;
                lines.push(Line { at, ..Line::default() });
            }
        }
    }
    let has_blocks = lines.iter().any(|line| line.block != Block::Paragraph);
    if has_blocks && lines.last().is_some_and(|last| last.len == 0 && !last.has_feed) {
        lines.pop();
    }
    lines
}

/// The number of the line an offset is in.
pub fn line_at(lines: &[Line], offset: u32) -> usize {
    lines.partition_point(|line| line.at <= offset).saturating_sub(1)
}

/// The format of a letter that is typed at an offset: as what stands before it in its line, else as what comes.
pub fn format_at(lines: &[Line], offset: u32) -> Format {
    let Some(line) = lines.get(line_at(lines, offset)) else { return Format::default() };
    let mut at = line.at;
    for piece in &line.pieces {
        at += utf16_len(&piece.text);
        if offset <= at {
            // A link ends with its last letter, and what is typed into a mention is none.
            let is_end = offset == at;
            let link = piece.format.link.clone().filter(|_| !is_end);
            return Format { link, mention: None, ..piece.format.clone() };
        }
    }
    Format::default()
}

/// What all letters of a stretch have in common; of an empty one what is typed there has.
pub fn common_format(lines: &[Line], from: u32, to: u32) -> Format {
    if from == to {
        return format_at(lines, from);
    }
    let mut common: Option<Format> = None;
    for line in lines {
        let mut at = line.at;
        for piece in &line.pieces {
            let end = at + utf16_len(&piece.text);
            if at < to && from < end {
                let format = &piece.format;
                common = Some(match common {
                    None => format.clone(),
                    Some(both) => Format {
                        bold: both.bold && format.bold,
                        italic: both.italic && format.italic,
                        strike: both.strike && format.strike,
                        background: both
                            .background
                            .filter(|b| Some(b) == format.background.as_ref()),
                        link: both.link.filter(|l| Some(l) == format.link.as_ref()),
                        mention: None,
                        block: both.block,
                    },
                });
            }
            at = end;
        }
    }
    common.unwrap_or_default()
}

/// One change of a text, in the order of a list of them: each counts in what those before it left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Replaces a stretch: where, how much goes, what comes.
    Replace(u32, u32, Vec<Piece>),
    /// Gives the line feed at an offset a block.
    Block(u32, Block),
    /// Gives a stretch, by its place and length, a mark or takes it away.
    Mark(u32, u32, Mark),
}

/// One property of letters, as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Bold or not.
    Bold(bool),
    /// Italic or not.
    Italic(bool),
    /// Struck through or not.
    Strike(bool),
    /// The colour behind them.
    Background(Option<String>),
    /// The address they lead to.
    Link(Option<String>),
}

impl Mark {
    /// The attribute of the shared text, and its value.
    pub fn attribute(&self) -> (&'static str, Any) {
        let flag = |is_set: bool| if is_set { Any::Bool(true) } else { Any::Null };
        let text = |text: &Option<String>| text.as_deref().map_or(Any::Null, Any::from);
        match self {
            Self::Bold(is_set) => ("bold", flag(*is_set)),
            Self::Italic(is_set) => ("italic", flag(*is_set)),
            Self::Strike(is_set) => ("strike", flag(*is_set)),
            Self::Background(color) => ("background", text(color)),
            Self::Link(address) => ("link", text(address)),
        }
    }

    /// The same format with this mark.
    pub fn on(&self, format: &Format) -> Format {
        let mut format = format.clone();
        match self {
            Self::Bold(is_set) => format.bold = *is_set,
            Self::Italic(is_set) => format.italic = *is_set,
            Self::Strike(is_set) => format.strike = *is_set,
            Self::Background(color) => format.background.clone_from(color),
            Self::Link(address) => format.link.clone_from(address),
        }
        format
    }
}

/// The longest text after an `@` that still looks for a node, in characters.
const SOUGHT_CHARS_MAX: usize = 40;

/// A node that somebody is about to name at an offset: where the `@` stands, and what was typed after it.
pub fn sought(lines: &[Line], offset: u32) -> Option<(u32, String)> {
    let line = lines.get(line_at(lines, offset))?;
    let before = plain(lines, (line.at, offset));
    let (rest, typed) = before.rsplit_once('@')?;
    let begins = rest.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    let at = line.at + utf16_len(rest);
    let is_named = piece_at(lines, at + 1).is_some_and(|(_, piece)| piece.format.mention.is_some());
    (begins && !is_named && typed.chars().count() <= SOUGHT_CHARS_MAX)
        .then(|| (at, typed.to_owned()))
}

/// The piece that the letter before an offset is of, and where it begins.
fn piece_at(lines: &[Line], offset: u32) -> Option<(u32, &Piece)> {
    let line = lines.get(line_at(lines, offset))?;
    let mut at = line.at;
    line.pieces.iter().find_map(|piece| {
        let start = at;
        at += utf16_len(&piece.text);
        (start < offset && offset <= at).then_some((start, piece))
    })
}

/// The mention that ends at an offset: it goes as one letter does.
pub fn mention_before(lines: &[Line], offset: u32) -> Option<(u32, u32)> {
    let (start, piece) = piece_at(lines, offset)?;
    let is_end = start + utf16_len(&piece.text) == offset;
    (is_end && piece.format.mention.is_some()).then_some((start, offset))
}

/// What a text writes where it names a node.
pub fn mention(id: &str, title: &str) -> Piece {
    let format = Format { mention: Some(id.to_owned()), ..Format::default() };
    Piece { text: mention_text(title), format }
}

/// The letters around an offset that lead to one address; an empty stretch where there are none.
pub fn link_around(lines: &[Line], offset: u32) -> (u32, u32) {
    let Some(line) = lines.get(line_at(lines, offset)) else { return (offset, offset) };
    let mut at = line.at;
    let mut found: Option<(u32, u32, &str)> = None;
    for piece in &line.pieces {
        let end = at + utf16_len(&piece.text);
        let link = piece.format.link.as_deref();
        found = match (found, link) {
            (Some((from, to, last)), Some(link)) if link == last && to == at => {
                Some((from, end, link))
            }
            (Some((from, to, _)), _) if from <= offset && offset <= to => return (from, to),
            (_, Some(link)) => Some((at, end, link)),
            (_, None) => None,
        };
        at = end;
    }
    match found {
        Some((from, to, _)) if from <= offset && offset <= to => (from, to),
        _ => (offset, offset),
    }
}

/// What gives the letters of a stretch a mark, without the line feeds between them.
pub fn set_mark(lines: &[Line], (from, to): (u32, u32), mark: &Mark) -> Vec<Step> {
    let part = |line: &Line| {
        let (start, end) = (line.at.max(from), line.end().min(to));
        (start < end).then(|| Step::Mark(start, end - start, mark.clone()))
    };
    lines.iter().filter_map(part).collect()
}

/// What typing or pasting writes: a stretch is replaced; lines go on in the block of the one they are put into, and a
/// heading ends with its line. Answers where the caret is then.
pub fn replace(lines: &[Line], (from, to): (u32, u32), mut insert: Vec<Piece>) -> (Vec<Step>, u32) {
    let (first, last) = (line_at(lines, from), line_at(lines, to));
    let block = lines.get(first).map_or(Block::Paragraph, |line| line.block);
    let is_line_end = lines.get(last).is_none_or(|line| to >= line.end());
    // What comes whole, as a list does, is the line that it is put into the end of.
    let whole = last_block(&mut insert);
    let mut added = 0;
    for piece in &mut insert {
        let feeds = piece.text.matches('\n').count();
        if feeds > 0 && piece.format.block == Block::Paragraph {
            piece.format.block = block;
        }
        added += feeds;
    }
    let count: u32 = insert.iter().map(|piece| utf16_len(&piece.text)).sum();
    let mut steps = Vec::new();
    if to > from || count > 0 {
        steps.push(Step::Replace(from, to - from, insert));
    }
    // The line feed behind the stretch ends the last line of what came.
    if let Some(line) = lines.get(last).filter(|line| line.has_feed) {
        let feed = line.end() - (to - from) + count;
        let is_after_heading = added > 0 && block.is_heading() && is_line_end;
        let wanted = match whole.filter(|_| is_line_end) {
            Some(whole) => whole,
            None if is_after_heading => Block::Paragraph,
            None if first != last && added == 0 => block,
            None => line.block,
        };
        if line.block != wanted {
            steps.push(Step::Block(feed, wanted));
        }
    } else if let Some(block) = whole {
        steps.push(Step::Replace(from + count, 0, vec![line_feed(block)]));
    }
    let shown = lines.len() - (last - first) + added;
    (ended(lines, steps, shown), from + count)
}

/// What ends a line of this block.
fn line_feed(block: Block) -> Piece {
    Piece { text: "\n".to_owned(), format: Format { block, ..Format::default() } }
}

/// Takes the line feed at the end of pieces away where it has a block, and answers that.
fn last_block(pieces: &mut [Piece]) -> Option<Block> {
    let last = pieces.last_mut()?;
    let block = Some(last.format.block).filter(|block| *block != Block::Paragraph)?;
    let rest = last.text.strip_suffix('\n')?;
    last.text.truncate(rest.len());
    Some(block)
}

/// What gives all lines of a stretch a block, or takes it away where all of them have it.
pub fn set_block(lines: &[Line], (from, to): (u32, u32), block: Block) -> Vec<Step> {
    let touched = lines.get(line_at(lines, from)..=line_at(lines, to)).unwrap_or_default();
    let has_all = touched.iter().all(|line| line.block == block);
    let block = if has_all { Block::Paragraph } else { block };
    let step = |line: &Line| {
        if line.has_feed {
            return Step::Block(line.end(), block);
        }
        Step::Replace(line.end(), 0, vec![line_feed(block)])
    };
    let steps = touched.iter().filter(|line| line.block != block).map(step).collect();
    ended(lines, steps, lines.len())
}

/// The same steps, and one that puts a line feed to the end or takes it away where what they make needs it: so many
/// lines are shown then.
fn ended(lines: &[Line], mut steps: Vec<Step>, shown: usize) -> Vec<Step> {
    let mut len = lines.last().map_or(0, |last| last.end() + u32::from(last.has_feed));
    let mut feeds: Vec<(u32, Block)> =
        lines.iter().filter(|line| line.has_feed).map(|line| (line.end(), line.block)).collect();
    for step in &steps {
        match step {
            Step::Mark(..) => {}
            Step::Block(at, block) => {
                feeds.iter_mut().filter(|feed| feed.0 == *at).for_each(|feed| feed.1 = *block);
            }
            Step::Replace(at, delete, insert) => {
                feeds.retain(|feed| feed.0 < *at || feed.0 >= at + delete);
                let added: u32 = insert.iter().map(|piece| utf16_len(&piece.text)).sum();
                for feed in feeds.iter_mut().filter(|feed| feed.0 >= *at) {
                    feed.0 = feed.0 - delete + added;
                }
                let mut place = *at;
                for piece in insert {
                    for unit in piece.text.encode_utf16() {
                        if unit == u16::from(b'\n') {
                            feeds.push((place, piece.format.block));
                        }
                        place += 1;
                    }
                }
                len = len - delete + added;
            }
        }
    }
    let has_blocks = feeds.iter().any(|feed| feed.1 != Block::Paragraph);
    let needed = shown.saturating_sub(1) + usize::from(has_blocks);
    if feeds.len() < needed {
        steps.push(Step::Replace(len, 0, vec![line_feed(Block::Paragraph)]));
    } else if feeds.len() > needed {
        steps.push(Step::Replace(len - 1, 1, Vec::new()));
    }
    steps
}

/// A stretch as HTML, for other programs.
pub fn to_html(lines: &[Line], (from, to): (u32, u32)) -> String {
    let mut html = String::new();
    let mut list = "";
    for line in lines.iter().filter(|line| line.at <= to && from <= line.end()) {
        let (wanted, tag) = match line.block {
            Block::Paragraph => ("", "p"),
            Block::Heading1 => ("", "h1"),
            Block::Heading2 => ("", "h2"),
            Block::Heading3 => ("", "h3"),
            Block::Bullet => ("ul", "li"),
            Block::Ordered => ("ol", "li"),
        };
        if list != wanted {
            html.push_str(&closing(list));
            if !wanted.is_empty() {
                html.push_str(&format!("<{wanted}>"));
            }
            list = wanted;
        }
        html.push_str(&format!("<{tag}>"));
        let mut at = line.at;
        for piece in &line.pieces {
            let units: Vec<u16> = piece.text.encode_utf16().collect();
            let cut = |offset: u32| (offset.saturating_sub(at) as usize).min(units.len());
            let text = String::from_utf16_lossy(&units[cut(from)..cut(to.max(from))]);
            at += utf16_len(&piece.text);
            if !text.is_empty() {
                html.push_str(&marked_up(&text, &piece.format));
            }
        }
        html.push_str(&format!("</{tag}>"));
    }
    html.push_str(&closing(list));
    html
}

fn closing(list: &str) -> String {
    if list.is_empty() { String::new() } else { format!("</{list}>") }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn marked_up(text: &str, format: &Format) -> String {
    let mut html = escaped(text);
    for (tag, is_set) in [("b", format.bold), ("i", format.italic), ("s", format.strike)] {
        if is_set {
            html = format!("<{tag}>{html}</{tag}>");
        }
    }
    if let Some(color) = &format.background {
        html = format!("<span style=\"background:{}\">{html}</span>", escaped(color));
    }
    if let Some(link) = &format.link {
        html = format!("<a href=\"{}\">{html}</a>", escaped(link));
    }
    html
}

/// The letters of a stretch.
pub fn plain(lines: &[Line], (from, to): (u32, u32)) -> String {
    let text = |line: &Line| {
        let words: String = line.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let units: Vec<u16> = words.encode_utf16().collect();
        let cut = |offset: u32| (offset.saturating_sub(line.at) as usize).min(units.len());
        String::from_utf16_lossy(&units[cut(from)..cut(to.max(from))])
    };
    let touched = lines.iter().filter(|line| line.at <= to && from <= line.end());
    touched.map(text).collect::<Vec<_>>().join("\n")
}

/// The block that signs at the beginning of a line ask for, once a space follows them.
pub fn asked_block(signs: &str) -> Option<Block> {
    match signs {
        "#" => Some(Block::Heading1),
        "##" => Some(Block::Heading2),
        "###" => Some(Block::Heading3),
        "-" | "*" => Some(Block::Bullet),
        "1." | "1)" => Some(Block::Ordered),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
