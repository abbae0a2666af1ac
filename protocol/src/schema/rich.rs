//! The formats of a shared text (R-DOC-33): read as pieces, written over stretches. Everything is counted in the text
//! shown of it, in UTF-16 units, as [`Shown`] does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use yrs::types::{Attrs, Delta};
use yrs::{Any, GetString as _, Map as _, ReadTxn, Text as _, TextRef, TransactionMut};

use super::read::{read_edge, read_node};
use super::shared::text_of;
use super::shown::{Shown, delete_text, stretches_of, units};

/// The format of a whole line, kept on the line feed that ends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Block {
    /// None.
    #[default]
    Paragraph,
    /// The largest heading.
    Heading1,
    /// A heading.
    Heading2,
    /// The smallest heading.
    Heading3,
    /// An entry of a list with dots.
    Bullet,
    /// An entry of a numbered list.
    Ordered,
}

impl Block {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Paragraph,
        Self::Heading1,
        Self::Heading2,
        Self::Heading3,
        Self::Bullet,
        Self::Ordered,
    ];

    /// The value of the attribute `block`; `""` for a paragraph, which has none.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Paragraph => "",
            Self::Heading1 => "h1",
            Self::Heading2 => "h2",
            Self::Heading3 => "h3",
            Self::Bullet => "bullet",
            Self::Ordered => "ordered",
        }
    }

    /// The block of that value; what is not known is a paragraph.
    #[must_use]
    pub fn of_id(id: &str) -> Self {
        Self::ALL.into_iter().find(|block| block.id() == id).unwrap_or_default()
    }

    /// True for what ends with the line: the next one is a paragraph.
    #[must_use]
    pub const fn is_heading(self) -> bool {
        matches!(self, Self::Heading1 | Self::Heading2 | Self::Heading3)
    }
}

/// The format of letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Struck through.
    pub strike: bool,
    /// The colour behind them, `#rrggbb[aa]` or a name of the palette.
    pub background: Option<String>,
    /// An address they lead to: `http`, `https` or `mailto`.
    pub link: Option<String>,
    /// The node that they name.
    pub mention: Option<String>,
    /// The block, where they end a line.
    pub block: Block,
}

/// True for an address that a text may lead to.
#[must_use]
pub fn is_link(address: &str) -> bool {
    let lower = address.trim_start().to_ascii_lowercase();
    ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme))
}

impl Format {
    fn read(attributes: Option<&Attrs>) -> Self {
        let Some(attributes) = attributes else { return Self::default() };
        let flag = |key: &str| matches!(attributes.get(key), Some(Any::Bool(true)));
        let text = |key: &str| match attributes.get(key) {
            Some(Any::String(text)) => Some(text.to_string()),
            _ => None,
        };
        Self {
            bold: flag("bold"),
            italic: flag("italic"),
            strike: flag("strike"),
            background: text("background"),
            link: text("link").filter(|link| is_link(link)),
            mention: text("mention"),
            block: Block::of_id(&text("block").unwrap_or_default()),
        }
    }

    /// The attributes of letters, or of a line feed, in this format.
    fn attributes(&self, is_line_feed: bool) -> Attrs {
        let mut attributes = Attrs::new();
        let mut put = |key: &str, value: Any| attributes.insert(Arc::from(key), value);
        if is_line_feed {
            if self.block != Block::Paragraph {
                put("block", Any::from(self.block.id()));
            }
            return attributes;
        }
        for (key, is_set) in [("bold", self.bold), ("italic", self.italic), ("strike", self.strike)]
        {
            if is_set {
                put(key, Any::Bool(true));
            }
        }
        let texts =
            [("background", &self.background), ("link", &self.link), ("mention", &self.mention)];
        for (key, value) in texts {
            if let Some(value) = value {
                put(key, Any::from(value.as_str()));
            }
        }
        attributes
    }
}

/// A stretch of text in one format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Text, its line ends line feeds.
    pub text: String,
    /// Format.
    pub format: Format,
}

/// The pieces of a text, in order; together they read as what is shown of it.
pub fn read_pieces<T: ReadTxn>(txn: &T, text: &TextRef) -> Vec<Piece> {
    let shown = Shown::of(txn, text);
    let mut rest = shown.text();
    let (mut within, mut at) = (0, 0);
    let mut pieces: Vec<Piece> = Vec::new();
    for (read, attributes) in stretches_of(txn, text, &text.get_string(txn)) {
        within += read.map_or(1, units);
        let end = shown.shown(within);
        let (read, after) = split_units(rest, end.saturating_sub(at));
        (rest, at) = (after, end.max(at));
        if read.is_empty() {
            continue;
        }
        let format = Format::read(attributes.as_deref());
        push_piece(&mut pieces, read, format);
    }
    pieces
}

/// Adds letters to the last piece where they look the same, else as one of their own.
pub fn push_piece(pieces: &mut Vec<Piece>, text: &str, format: Format) {
    match pieces.last_mut() {
        Some(last) if last.format == format => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), format }),
    }
}

/// Cuts a text after so many UTF-16 units; a letter that would be cut in two goes to the first.
fn split_units(text: &str, count: u32) -> (&str, &str) {
    let mut before = 0;
    let cut = text.char_indices().find(|(_, c)| {
        let is_after = before >= count;
        before += c.len_utf16() as u32;
        is_after
    });
    text.split_at(cut.map_or(text.len(), |(at, _)| at))
}

/// Replaces a stretch by pieces in formats of their own; in one pass, however many there are.
pub fn replace_with_pieces(
    txn: &mut TransactionMut<'_>,
    text: &TextRef,
    (at, delete): (u32, u32),
    pieces: &[Piece],
) {
    let shown = delete_text(txn, text, at, delete);
    let within = shown.within(at).min(text.len(txn));
    let mut delta: Vec<Delta<Any>> = Vec::new();
    if within > 0 {
        delta.push(Delta::Retain(within, None));
    }
    for piece in pieces {
        for part in piece.text.split_inclusive('\n') {
            let (letters, feed) = part.strip_suffix('\n').map_or((part, ""), |rest| (rest, "\n"));
            for (part, is_line_feed) in [(letters, false), (feed, true)] {
                if !part.is_empty() {
                    let attributes = Box::new(piece.format.attributes(is_line_feed));
                    delta.push(Delta::Inserted(Any::from(part), Some(attributes)));
                }
            }
        }
    }
    text.apply_delta(txn, delta);
}

/// Gives a stretch of what is `shown` of a text a value of one attribute; [`Any::Null`] takes it away.
pub fn format_text(
    txn: &mut TransactionMut<'_>,
    (text, shown): (&TextRef, &Shown),
    (at, count): (u32, u32),
    key: &str,
    value: &Any,
) {
    for (start, len) in shown.stretches(at, count) {
        text.format(txn, start, len, [(Arc::from(key), value.clone())].into());
    }
}

/// Most mentions that are renamed at once: a short title that becomes a long one makes texts no longer than this.
const RENAMED_MAX: usize = 1_000;

/// What a text writes where it names a node.
#[must_use]
pub fn mention_text(title: &str) -> String {
    format!("@{}", title.replace('\n', " "))
}

/// Has the texts that nodes are connected to name them by the titles they have now (R-DOC-33). At most
/// [`RENAMED_MAX`] mentions are written.
pub fn follow_titles(txn: &mut TransactionMut<'_>, nodes: &BTreeSet<String>) {
    let titles: BTreeMap<String, String> = nodes
        .iter()
        .filter_map(|id| Some((id.clone(), mention_text(read_node(txn, id)?.shown_title()))))
        .collect();
    let edges = txn.get_map("edges").map(|edges| edges.keys(txn).map(str::to_owned).collect());
    let edges: Vec<String> = edges.unwrap_or_default();
    let edges = edges.iter().filter_map(|key| read_edge(txn, key));
    let targets: BTreeSet<String> = edges
        .filter(|edge| titles.contains_key(&edge.from_node))
        .map(|edge| edge.to_node)
        .collect();
    let mut left = RENAMED_MAX;
    for target in targets {
        if let Some(text) = text_of(txn, &target, "text") {
            rename_mentions(txn, &text, &titles, &mut left);
        }
    }
}

/// In one pass over the text, however many there are.
fn rename_mentions(
    txn: &mut TransactionMut<'_>,
    text: &TextRef,
    titles: &BTreeMap<String, String>,
    left: &mut usize,
) {
    let plain = text.get_string(txn);
    let mut stretches = stretches_of(txn, text, &plain)
        .into_iter()
        .map(|(read, attributes)| {
            let mention = Format::read(attributes.as_deref()).mention;
            // Lines stay lines.
            let is_named = read.is_some_and(|read| !read.contains('\n'));
            (read, mention.filter(|_| is_named), attributes)
        })
        .peekable();
    let mut delta: Vec<Delta<Any>> = Vec::new();
    let mut kept = 0;
    while let Some((read, mention, attributes)) = stretches.next() {
        let len = read.map_or(1, units);
        let title = mention.as_ref().and_then(|id| titles.get(id)).filter(|_| *left > 0);
        let (Some(read), Some(title)) = (read, title) else {
            kept += len;
            continue;
        };
        // Formats within it divide it.
        let (mut all, mut whole) = (len, read.to_owned());
        while let Some((Some(more), _, _)) = stretches.next_if(|(_, next, _)| *next == mention) {
            all += units(more);
            whole.push_str(more);
        }
        if whole == *title {
            kept += all;
            continue;
        }
        *left -= 1;
        if kept > 0 {
            delta.push(Delta::Retain(kept, None));
        }
        delta.push(Delta::Inserted(Any::from(title.as_str()), attributes));
        delta.push(Delta::Deleted(all));
        kept = 0;
    }
    if !delta.is_empty() {
        text.apply_delta(txn, delta);
    }
}

#[cfg(test)]
mod tests;
