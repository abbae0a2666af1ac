//! A shared text as people see it, and where what they see stands in the Y.Text.
//!
//! Two things stand in a Y.Text that a plain text field does not show: an embed (a picture, a mention: whatever
//! another editor put there) counts one unit, and the carriage return of a line that ends as on Windows belongs to
//! the line feed after it. Both are skipped when places are told, so that what is written lands beside the letters it
//! was meant for, and stay where nobody touches them.

use std::borrow::Cow;

use yrs::types::Attrs;
use yrs::types::text::YChange;
use yrs::{Any, GetString as _, Out, ReadTxn, Text as _, TextRef, TransactionMut};

/// A text with every line end a line feed: CR LF and a lone CR become LF.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

pub(super) fn units(text: &str) -> u32 {
    text.chars().map(|c| c.len_utf16() as u32).sum()
}

/// The letters, or `None` for an embed, with their formats, in the order of a text that reads `plain`.
pub(super) fn stretches_of<'p, T: ReadTxn>(
    txn: &T,
    text: &TextRef,
    plain: &'p str,
) -> Vec<(Option<&'p str>, Option<Box<Attrs>>)> {
    let mut rest = plain;
    let pieces = text.diff(txn, YChange::identity).into_iter().map(|piece| {
        // An embed may be a string too: then it is no part of what the text reads.
        let letters = if let Out::Any(Any::String(letters)) = &piece.insert { letters } else { "" };
        let read = (!letters.is_empty() && rest.starts_with(letters)).then(|| {
            let (read, after) = rest.split_at(letters.len());
            rest = after;
            read
        });
        (read, piece.attributes)
    });
    pieces.collect()
}

/// Something in a Y.Text that is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hidden {
    /// Length of the text shown before it, in UTF-16 units.
    shown: u32,
    /// Where it stands in the Y.Text, in UTF-16 units.
    within: u32,
    /// True if it is the carriage return of the line feed that is shown after it; else an embed.
    is_return: bool,
}

/// See the module. Offsets count UTF-16 units, as in browsers and in Yjs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    text: String,
    len: u32,
    /// In the order in which they stand.
    hidden: Vec<Hidden>,
    /// Where a carriage return stands in the Y.Text that no line feed follows; it is shown as a line feed.
    lone_returns: Vec<u32>,
}

impl Shown {
    /// Reads a text.
    pub fn of<T: ReadTxn>(txn: &T, text: &TextRef) -> Self {
        let plain = text.get_string(txn);
        let len = units(&plain);
        if len == text.len(txn) && !plain.contains('\r') {
            return Self { text: plain, len, ..Self::default() };
        }
        let mut shown = Self { text: String::with_capacity(plain.len()), ..Self::default() };
        let (mut rest, mut within) = (plain.as_str(), 0);
        for (read, _) in stretches_of(txn, text, &plain) {
            if let Some(read) = read {
                rest = &rest[read.len()..];
                shown.read(read, rest, within);
                within += units(read);
            } else {
                shown.hidden.push(Hidden { shown: shown.len, within, is_return: false });
                within += 1;
            }
        }
        shown
    }

    fn read(&mut self, piece: &str, after: &str, mut within: u32) {
        let mut chars = piece.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '\r' {
                let next = chars.peek().copied().or_else(|| after.chars().next());
                if next == Some('\n') {
                    self.hidden.push(Hidden { shown: self.len, within, is_return: true });
                } else {
                    self.lone_returns.push(within);
                    self.text.push('\n');
                    self.len += 1;
                }
            } else {
                self.text.push(c);
                self.len += c.len_utf16() as u32;
            }
            within += c.len_utf16() as u32;
        }
    }

    /// Returns the text shown.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text shown.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// Where in the Y.Text something belongs that is put at an offset of what is shown: right after what stands before
    /// it, and at the end after everything.
    #[must_use]
    pub fn within(&self, shown: u32) -> u32 {
        let before = self.hidden.partition_point(|hidden| hidden.shown < shown);
        if shown >= self.len {
            return self.len + self.hidden.len() as u32;
        }
        shown + before as u32
    }

    /// Where an offset of the Y.Text is in what is shown.
    #[must_use]
    pub fn shown(&self, within: u32) -> u32 {
        let before = self.hidden.partition_point(|hidden| hidden.within < within);
        within.saturating_sub(before as u32).min(self.len)
    }

    /// True if a carriage return that is shown as a line end of its own would become one with a line feed.
    fn would_join(&self, at: u32, delete: u32, insert: &str) -> bool {
        let before = self.within(at).checked_sub(1);
        if before.is_none_or(|before| self.lone_returns.binary_search(&before).is_err()) {
            return false;
        }
        let after = at.saturating_add(delete);
        let mut place = 0;
        let next = self.text.chars().find(|c| {
            let here = place;
            place += c.len_utf16() as u32;
            here >= after
        });
        insert.chars().next().or(next) == Some('\n')
    }

    /// The stretches of the Y.Text, in order, that are what is shown from `at`, `count` units long. Embeds between stay.
    pub(super) fn stretches(&self, at: u32, count: u32) -> Vec<(u32, u32)> {
        let end = at.saturating_add(count).min(self.len);
        let mut found: Vec<(u32, u32)> = Vec::new();
        let mut add = |start: u32, len: u32| match found.last_mut() {
            Some((from, known)) if *from + *known == start => *known += len,
            _ => found.push((start, len)),
        };
        let mut from = 0;
        for (before, hidden) in self.hidden.iter().enumerate() {
            let (start, stop) = (from.max(at), hidden.shown.min(end));
            if start < stop {
                add(start + before as u32, stop - start);
            }
            from = hidden.shown;
            if hidden.is_return && (at..end).contains(&hidden.shown) {
                add(hidden.within, 1);
            }
        }
        let start = from.max(at);
        if start < end {
            add(start + self.hidden.len() as u32, end - start);
        }
        found
    }
}

/// Replaces a stretch of a text, counted in the text shown of it: from `at`, `delete` UTF-16 units go and `insert`
/// comes. A stretch beyond its end is left out.
pub fn edit_text(txn: &mut TransactionMut<'_>, text: &TextRef, at: u32, delete: u32, insert: &str) {
    let insert = lines(insert);
    let mut shown = Shown::of(txn, text);
    let at = at.min(shown.len);
    if shown.would_join(at, delete, &insert) {
        tidy(txn, text);
        shown = Shown::of(txn, text);
    }
    remove(txn, text, &shown, (at, delete));
    if !insert.is_empty() {
        text.insert(txn, shown.within(at).min(text.len(txn)), &insert);
    }
}

/// Takes a stretch out of a text, and its carriage returns where there are any; answers what is shown then.
pub(super) fn delete_text(
    txn: &mut TransactionMut<'_>,
    text: &TextRef,
    at: u32,
    delete: u32,
) -> Shown {
    tidy(txn, text);
    let shown = Shown::of(txn, text);
    if delete == 0 {
        return shown;
    }
    remove(txn, text, &shown, (at, delete));
    Shown::of(txn, text)
}

/// Takes a stretch of what is `shown` out of a text; embeds in it stay.
fn remove(txn: &mut TransactionMut<'_>, text: &TextRef, shown: &Shown, (at, count): (u32, u32)) {
    for (start, len) in shown.stretches(at, count).into_iter().rev() {
        text.remove_range(txn, start, len);
    }
}

/// Makes `text` read `wanted` by replacing the one stretch that differs, so that what others type elsewhere
/// in it stays where it is, and every line end a line feed.
pub fn splice_text(txn: &mut TransactionMut<'_>, text: &TextRef, wanted: &str) {
    tidy(txn, text);
    let shown = Shown::of(txn, text);
    let wanted = lines(wanted);
    let current: Vec<char> = shown.text().chars().collect();
    let wanted: Vec<char> = wanted.chars().collect();
    let prefix = current.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
    let suffix = current[prefix..]
        .iter()
        .rev()
        .zip(wanted[prefix..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let units = |chars: &[char]| chars.iter().map(|c| c.len_utf16() as u32).sum::<u32>();
    let at = units(&current[..prefix]);
    let gone = units(&current[prefix..current.len() - suffix]);
    let new: String = wanted[prefix..wanted.len() - suffix].iter().collect();
    if gone > 0 || !new.is_empty() {
        edit_text(txn, text, at, gone, &new);
    }
}

/// Takes the carriage returns out of a text.
fn tidy(txn: &mut TransactionMut<'_>, text: &TextRef) {
    let shown = Shown::of(txn, text);
    let lone = shown.lone_returns.iter().map(|at| (*at, true));
    let paired = shown.hidden.iter().filter(|hidden| hidden.is_return);
    let mut returns: Vec<(u32, bool)> = lone.chain(paired.map(|h| (h.within, false))).collect();
    returns.sort_unstable();
    for (at, is_lone) in returns.into_iter().rev() {
        if is_lone {
            text.insert(txn, at + 1, "\n");
        }
        text.remove_range(txn, at, 1);
    }
}

#[cfg(test)]
mod tests;
