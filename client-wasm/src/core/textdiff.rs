//! A person's edit of a plain text, read from its value before and after.
//!
//! Input methods, spell checkers and paste all change a text field in ways that no key event tells; comparing values
//! is the one reading that is right for all of them. A caret hint keeps the ambiguous cases ("aa" → "aaa") where the
//! person typed. Everything counts in UTF-16 code units, as the browser and the document do.

/// One replacement: at `at`, `delete` units go and `insert` comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Offset in UTF-16 code units.
    pub at: u32,
    /// Number of units that go.
    pub delete: u32,
    /// Text that comes in their place.
    pub insert: String,
}

fn is_low(u: u16) -> bool {
    (0xDC00..0xE000).contains(&u)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).expect("a text field holds less than 4 Gi units")
}

/// Length of a text in UTF-16 code units.
pub fn utf16_len(s: &str) -> u32 {
    count(s.encode_utf16().count())
}

/// The edit that makes `after` out of `before`; `caret` is the caret in `after`. `None` where they are equal.
pub fn diff(before: &str, after: &str, caret: Option<u32>) -> Option<Edit> {
    if before == after {
        return None;
    }
    let a: Vec<u16> = before.encode_utf16().collect();
    let b: Vec<u16> = after.encode_utf16().collect();
    let shorter = a.len().min(b.len());
    // The tail behind the caret is what the person did not touch, so it is matched first.
    let tail_most = caret.map_or(shorter, |c| shorter.min(b.len().saturating_sub(c as usize)));
    let mut tail = (0..tail_most).take_while(|i| a[a.len() - 1 - i] == b[b.len() - 1 - i]).count();
    let mut head = (0..shorter - tail).take_while(|i| a[*i] == b[*i]).count();
    // Without (or with a useless) caret the rest of the tail may match too.
    tail += (tail..shorter - head).take_while(|i| a[a.len() - 1 - i] == b[b.len() - 1 - i]).count();
    // Never cut a surrogate pair in two.
    if head > 0
        && (a.get(head).copied().is_some_and(is_low) || b.get(head).copied().is_some_and(is_low))
    {
        head -= 1;
    }
    if tail > 0 && is_low(a[a.len() - tail]) {
        tail -= 1;
    }
    let insert = String::from_utf16_lossy(&b[head..b.len() - tail]);
    Some(Edit { at: count(head), delete: count(a.len() - tail - head), insert })
}

/// Where an offset in a text stands after somebody else's edit of it.
pub fn moved(offset: u32, edit: &Edit) -> u32 {
    if offset <= edit.at {
        offset
    } else if offset >= edit.at + edit.delete {
        offset - edit.delete + utf16_len(&edit.insert)
    } else {
        edit.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn apply(text: &str, edit: &Edit) -> String {
        let units: Vec<u16> = text.encode_utf16().collect();
        let (at, end) = (edit.at as usize, (edit.at + edit.delete) as usize);
        let mut out = units[..at].to_vec();
        out.extend(edit.insert.encode_utf16());
        out.extend(&units[end..]);
        String::from_utf16(&out).expect("an edit never cuts a surrogate pair")
    }

    proptest! {
        #[test]
        fn an_edit_makes_the_new_text(a in "[ab😀é🦀]{0,12}", b in "[ab😀é🦀]{0,12}", caret in prop::option::of(0u32..14)) {
            match diff(&a, &b, caret) {
                Some(edit) => prop_assert_eq!(apply(&a, &edit), b),
                None => prop_assert_eq!(a, b),
            }
        }
    }

    #[test]
    fn the_caret_decides_where_a_repeated_letter_went() {
        let edit = diff("aaa", "aaaa", Some(2)).expect("they differ");
        assert_eq!(edit, Edit { at: 1, delete: 0, insert: "a".to_owned() });
        let edit = diff("aaa", "aaaa", Some(4)).expect("they differ");
        assert_eq!(edit.at, 3);
    }

    #[test]
    fn a_caret_follows_what_others_do_before_it() {
        let edit = Edit { at: 2, delete: 1, insert: "xyz".to_owned() };
        assert_eq!(moved(1, &edit), 1);
        assert_eq!(moved(5, &edit), 7);
        assert_eq!(moved(3, &edit), 5);
        assert_eq!(moved(2, &edit), 2);
    }
}
