//! The name of a file in a form (`multipart/form-data`), as browsers and programs write it.

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode;

/// The file's name by the field's `Content-Disposition`: `filename*` (RFC 5987) where it is there and can be read, else
/// `filename`, in which browsers write `"` and line ends as `%22`, `%0D` and `%0A` and nothing else.
pub(super) fn file_name(headers: &HeaderMap) -> Option<String> {
    let disposition = headers.get(header::CONTENT_DISPOSITION)?.as_bytes();
    let parameters = parameters(disposition);
    let of = |name: &str| parameters.iter().find(|(known, _)| known == name);
    let extended = of("filename*").and_then(|(_, value)| extended(value));
    extended.or_else(|| of("filename").map(|(_, value)| as_browsers_write(value)))
}

/// The parameters after the first `;`, names in lower case, values without quotes.
fn parameters(disposition: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let start = disposition.iter().position(|b| *b == b';').unwrap_or(disposition.len());
    let mut rest = &disposition[start..];
    while let Some(after) = rest.strip_prefix(b";") {
        let end = after.iter().position(|b| matches!(b, b'=' | b';')).unwrap_or(after.len());
        let name = String::from_utf8_lossy(after[..end].trim_ascii()).to_ascii_lowercase();
        let Some(value) = after[end..].strip_prefix(b"=") else {
            rest = &after[end..];
            continue;
        };
        let value = value.trim_ascii_start();
        let (value, left) = match value.strip_prefix(b"\"") {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
                (value[..end].trim_ascii().to_vec(), &value[end..])
            }
        };
        all.push((name, value));
        let next = left.iter().position(|b| *b == b';').unwrap_or(left.len());
        rest = &left[next..];
    }
    all
}

/// Splits a quoted value into the part before the closing quote and the part after it. Only a quote and a backslash are
/// written with a backslash in front: others put Windows paths there as they are.
fn unquoted(quoted: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(byte) = quoted.get(at) {
        match (byte, quoted.get(at + 1)) {
            (b'"', _) => return (value, &quoted[at + 1..]),
            (b'\\', Some(escaped @ (b'"' | b'\\'))) => {
                value.push(*escaped);
                at += 2;
            }
            _ => {
                value.push(*byte);
                at += 1;
            }
        }
    }
    (value, &[])
}

fn as_browsers_write(value: &[u8]) -> String {
    let mut name = text(value);
    for (written, meant) in
        [("%22", "\""), ("%0D", "\r"), ("%0d", "\r"), ("%0A", "\n"), ("%0a", "\n")]
    {
        name = name.replace(written, meant);
    }
    name
}

/// `charset'language'percent-encoded`; `None` where it is not that.
fn extended(value: &[u8]) -> Option<String> {
    let mut parts = value.splitn(3, |b| *b == b'\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode(encoded).collect();
    if charset.eq_ignore_ascii_case(b"utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case(b"iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}

/// UTF-8, or what old programs write instead.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn named(disposition: &[u8]) -> Option<String> {
        let value = HeaderValue::from_bytes(disposition).unwrap();
        file_name(&HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value)]))
    }

    #[test]
    fn names_are_read_as_browsers_and_programs_write_them() {
        for (written, name) in [
            (r#"form-data; name="file"; filename="photo.png""#, "photo.png"),
            (r#"form-data; name="file"; filename="a %22b%22.png""#, "a \"b\".png"),
            (r#"form-data; filename="a%0D%0Ab.png"; name="file""#, "a\r\nb.png"),
            (r#"form-data; name="file"; filename="100%25 %41.png""#, "100%25 %41.png"),
            (r#"form-data; name="file"; filename="a \"b\".png""#, "a \"b\".png"),
            (r#"form-data; name="file"; filename="C:\pictures\x.png""#, r"C:\pictures\x.png"),
            (r#"form-data; name="file"; filename="grüße 木.png""#, "grüße 木.png"),
            (r#"form-data; name="file"; filename="a; filename=b.png""#, "a; filename=b.png"),
            ("form-data; name=file; filename=plain.png", "plain.png"),
            ("form-data; name=file; FileName = plain.png ; x=y", "plain.png"),
            ("form-data; name=file; filename*=UTF-8''%e2%82%ac%20rates.png", "€ rates.png"),
            ("form-data; filename=\"EUR.png\"; filename*=utf-8'en'%E2%82%AC.png", "€.png"),
            ("form-data; filename*=utf-8'en'%E2%82%AC.png; filename=\"EUR.png\"", "€.png"),
            ("form-data; filename*=ISO-8859-1''gr%FC%DFe.png", "grüße.png"),
            ("form-data; filename=\"plain.png\"; filename*=UTF-8''%FF.png", "plain.png"),
            ("form-data; filename=\"plain.png\"; filename*=KOI8-R''%C1.png", "plain.png"),
            ("form-data; filename=\"unfinished", "unfinished"),
            ("form-data; filename=\"\"", ""),
        ] {
            assert_eq!(named(written.as_bytes()).as_deref(), Some(name), "{written}");
        }
        assert_eq!(named(b"form-data; filename=\"gr\xFC\xDFe.png\"").as_deref(), Some("grüße.png"));
        for none in ["form-data; name=\"file\"", "form-data", "form-data; filename", ""] {
            assert_eq!(named(none.as_bytes()), None, "{none}");
        }
    }
}
