//! The text of an SVG before its root element: how it is encoded, and what its document type declares.

use std::borrow::Cow;

/// Most of a file that is looked at for its root, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// Longest value of an entity, in bytes.
const ENTITY_BYTES_MAX: usize = 4096;
/// Most entities of a file.
const ENTITIES_MAX: usize = 200;
/// Most text that all entities of a file may add up to, in bytes.
const EXPANDED_BYTES_MAX: usize = 1024 * 1024;

/// The text of bytes: UTF-8, UTF-16 by its mark, or Latin where that is declared. `None` for anything else.
pub(super) fn decoded(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let pairs = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> =
            bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        Some(Cow::Owned(without_encoding(String::from_utf16(&units).ok()?)))
    };
    if bytes.starts_with(&[0xff, 0xfe]) {
        return pairs(u16::from_le_bytes);
    }
    if bytes.starts_with(&[0xfe, 0xff]) {
        return pairs(u16::from_be_bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Cow::Borrowed(text.trim_start_matches('\u{feff}')));
    }
    let declared = bytes.get(..bytes.len().min(200))?.to_ascii_lowercase();
    let declares = |name: &str| declared.windows(name.len()).any(|at| at == name.as_bytes());
    if bytes.starts_with(b"<?xml") && (declares("iso-8859-1") || declares("windows-1252")) {
        return Some(Cow::Owned(without_encoding(bytes.iter().map(|b| char::from(*b)).collect())));
    }
    None
}

/// The text without its XML declaration, whose encoding is not its own any more.
fn without_encoding(text: String) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let end = text.strip_prefix("<?xml").and_then(|_| text.find("?>"));
    text[end.map_or(0, |end| end + 2)..].to_owned()
}

/// The text before a root element.
struct Prolog<'a> {
    /// Declarations of the document type, without the brackets; empty where it declares nothing.
    subset: &'a str,
    /// From the root element's name on.
    root: &'a str,
}

/// Passes what may stand before a root element: the declaration, instructions, comments and one document type of SVG.
fn prolog(text: &str) -> Option<Prolog<'_>> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    let mut subset = "";
    loop {
        let end = if rest.starts_with("<?") {
            rest.find("?>").map(|i| i + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map(|i| i + 3)
        } else if let Some(doctype) = rest.strip_prefix("<!DOCTYPE") {
            let name = doctype.trim_start().split(|c: char| c.is_whitespace() || "[>".contains(c));
            if !name.clone().next().is_some_and(|name| name == "svg" || name.ends_with(":svg")) {
                return None;
            }
            let (end, inner) = doctype_end(rest)?;
            subset = inner;
            Some(end)
        } else {
            return Some(Prolog { subset, root: rest.strip_prefix('<')? });
        };
        rest = rest[end?..].trim_start();
    }
}

/// Where a document type ends, and what stands between its brackets.
fn doctype_end(text: &str) -> Option<(usize, &str)> {
    let (mut at, mut open, mut inner) = (2, None, "");
    loop {
        let rest = text.get(at..)?;
        let next = rest.find(['"', '\'', '[', ']', '>', '<'])?;
        let here = at + next;
        at = match &text[here..=here] {
            quote @ ("\"" | "'") => here + 1 + text[here + 1..].find(quote)? + 1,
            "[" if open.is_none() => {
                open = Some(here + 1);
                here + 1
            }
            "]" => {
                inner = &text[open?..here];
                open = None;
                here + 1
            }
            ">" if open.is_none() => return Some((here + 1, inner)),
            "<" if text[here..].starts_with("<!--") => here + text[here..].find("-->")? + 3,
            _ => here + 1,
        };
    }
}

/// An XML document whose root element is `svg`, by its beginning.
pub(super) fn is_svg(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    // The last letter of a beginning may be cut.
    let text = (0..4.min(head.len().max(1))).find_map(|cut| decoded(&head[..head.len() - cut]));
    let Some(text) = text else { return false };
    let Some(Prolog { root, .. }) = prolog(&text) else { return false };
    let name = root.split([' ', '\n', '\r', '\t', '>', '/']).next().unwrap_or_default();
    // Nothing but the name was seen where no end of it is there.
    name.len() < root.len()
        && (name == "svg"
            || name.strip_suffix(":svg").is_some_and(|prefix| {
                !prefix.is_empty()
                    && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
            }))
}

/// Most attributes of an element: readers compare each with all before it.
const ATTRIBUTES_MAX: usize = 250;
/// Greatest depth of elements in each other that is parsed at all; cleaning allows fewer.
const DEPTH_MAX: usize = 1_000;

/// Why the elements of a text cannot be taken, told before it is parsed; `None` where there is no reason.
pub(super) fn harm_of_elements(text: &str) -> Option<&'static str> {
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((start, end)) = skipped.iter().find(|(start, _)| rest.starts_with(start)) {
            let until = rest[start.len()..].find(end)?;
            rest = &rest[start.len() + until + end.len()..];
            continue;
        }
        let is_end = rest.starts_with("</");
        let (mut quote, mut values, mut end) = (None, 0, rest.len());
        for (at, byte) in rest.bytes().enumerate() {
            match (quote, byte) {
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'>') => {
                    end = at + 1;
                    break;
                }
                (Some(open), byte) if open == byte => {
                    quote = None;
                    values += 1;
                }
                _ => {}
            }
        }
        let (tag, after) = rest.split_at(end);
        if values > ATTRIBUTES_MAX && !tag.starts_with("<!") {
            return Some("an element has too many attributes; export it as plain SVG");
        }
        if is_end {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with("<!") && !tag.ends_with("/>") {
            depth += 1;
        }
        if depth > DEPTH_MAX {
            return Some("it is nested too deep; flatten its groups");
        }
        rest = after;
    }
    None
}

/// Why the entities that a text declares cannot be taken; `None` where they are harmless: short plain text, such as the
/// name of a namespace, that does not grow when it is put in.
pub(super) fn harm_of_entities(text: &str) -> Option<&'static str> {
    const NESTED: &str = "it declares entities that hold more than text; export it as plain SVG";
    const LOADED: &str = "it declares entities from elsewhere; export it as plain SVG";
    let subset = match prolog(text) {
        Some(prolog) => prolog.subset,
        None if text.contains("<!ENTITY") => return Some(NESTED),
        None => "",
    };
    // One that stands elsewhere is no declaration, and no reason to go on.
    if text.matches("<!ENTITY").count() != subset.matches("<!ENTITY").count() {
        return Some(NESTED);
    }
    if subset.matches("<!ENTITY").count() > ENTITIES_MAX {
        return Some("it declares too many entities; export it as plain SVG");
    }
    let mut expanded = 0_usize;
    for declared in subset.split("<!ENTITY").skip(1) {
        let declared = declared.trim_start();
        let Some((name, rest)) = declared.split_once(char::is_whitespace) else {
            return Some(NESTED);
        };
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        if name == "%" || quote.is_none() {
            return Some(LOADED);
        }
        let Some(value) = quote.and_then(|quote| rest[1..].split(quote).next()) else {
            return Some(NESTED);
        };
        if value.len() > ENTITY_BYTES_MAX || value.contains(['<', '&', '%']) {
            return Some(NESTED);
        }
        let uses = text.matches(&format!("&{name};")).count();
        expanded = expanded.saturating_add(uses.saturating_mul(value.len()));
    }
    (expanded > EXPANDED_BYTES_MAX)
        .then_some("its entities make it too large; export it as plain SVG")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_found_behind_everything_that_may_come_first() {
        for text in [
            "<svg>",
            "<svg\n/>",
            "<ns0:svg xmlns:ns0='http://www.w3.org/2000/svg'/>",
            "<?xml version='1.0'?><?xml-stylesheet href='a.css'?><svg/>",
            "<!DOCTYPE svg [ ]><svg/>",
            "<!DOCTYPE svg PUBLIC \"a>b\" 'c' [ <!-- ]> --> <!ENTITY a \"]>\"> ] ><svg/>",
            "\u{feff} <!-- <html> --><svg/>",
        ] {
            assert!(is_svg(text.as_bytes()), "{text}");
            let wide: Vec<u8> = format!("\u{feff}{}", text.trim_start_matches('\u{feff}'))
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            assert!(is_svg(&wide), "{text}");
        }
        assert!(is_svg(b"<?xml version='1.0' encoding='ISO-8859-1'?><!-- \xfc --><svg/>"));
        for text in [
            "<svg",
            "<svgx>",
            "<html><svg/></html>",
            "<!DOCTYPE html><svg/>",
            "<!DOCTYPE svg [ <svg/>",
            "",
            "text <svg>",
        ] {
            assert!(!is_svg(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn elements_are_bounded_before_they_are_parsed() {
        let with = |count: usize| {
            let attributes: String = (0..count).map(|n| format!(" a{n}='>\"'")).collect();
            format!("<svg><!-- <g {attributes} --><path{attributes}/><![CDATA[<<<]]></svg>")
        };
        assert_eq!(harm_of_elements(&with(ATTRIBUTES_MAX)), None);
        assert!(harm_of_elements(&with(ATTRIBUTES_MAX + 1)).is_some());
        let deep = |depth: usize| "<g xmlns:a='u'>".repeat(depth) + &"</g>".repeat(depth);
        assert_eq!(harm_of_elements(&deep(DEPTH_MAX).repeat(3)), None);
        assert!(harm_of_elements(&deep(DEPTH_MAX + 1)).is_some());
        for broken in ["<", "<a b='", "<!--", "</", "<a", "\u{fe}<é '"] {
            assert_eq!(harm_of_elements(broken), None);
        }
    }

    #[test]
    fn entities_are_harmless_where_they_are_short_and_plain() {
        let of = |subset: &str, body: &str| {
            harm_of_entities(&format!("<!DOCTYPE svg [{subset}]><svg>{body}</svg>"))
        };
        assert_eq!(of("", ""), None);
        assert_eq!(
            of("<!ENTITY ns \"http://www.w3.org/2000/svg\"> <!ENTITY st 'fill:red;'>", "&ns;"),
            None
        );
        for (subset, body) in [
            ("<!ENTITY a 'b'><!ENTITY c '&a;&a;'>", "&c;"),
            ("<!ENTITY a '<script/>'>", ""),
            ("<!ENTITY % p 'x'>", ""),
            ("<!ENTITY a SYSTEM 'file:///etc/passwd'>", "&a;"),
            ("<!ENTITY a", ""),
        ] {
            assert!(of(subset, body).is_some(), "{subset}");
        }
        let long = format!("<!ENTITY a '{}'>", "x".repeat(4000));
        assert_eq!(of(&long, &"&a;".repeat(100)), None);
        assert!(of(&long, &"&a;".repeat(1000)).is_some());
    }
}
