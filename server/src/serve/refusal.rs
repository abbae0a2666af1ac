//! Refusals that no handler writes: for a connection for which there is no room, and for a head that is no request. The
//! HTTP library answers the latter by a status and nothing else; what goes out is a problem like any other.

use axum::http::StatusCode;
use gesso_protocol::problem::ErrorCode;

use crate::error::problem;

/// A whole answer after which the connection ends.
pub(super) fn answer(status: StatusCode, code: ErrorCode, detail: &str, more: &str) -> Vec<u8> {
    let mut body = problem(code, detail.to_owned(), Vec::new());
    body.status = status.as_u16();
    let body = serde_json::to_string(&body).unwrap_or_default();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\n{more}connection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Returns the answer that goes out in the place of `bytes`, where they are the library's own refusal and nothing else.
pub(super) fn instead_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let head = bytes.strip_prefix(b"HTTP/1.1 ")?.strip_suffix(b"\r\n\r\n")?;
    let head = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
    let says = |wanted: &str| head.split("\r\n").any(|line| line == wanted);
    if head.contains("\r\n\r\n") || !says("content-length: 0") || !says("connection: close") {
        return None;
    }
    let status = StatusCode::from_bytes(head.get(..3)?.as_bytes()).ok()?;
    let (code, detail) = match status.as_u16() {
        400 => (ErrorCode::BadRequest, "This is no request: its first lines cannot be read."),
        414 => (ErrorCode::TooLarge, "The address is too long."),
        431 => (ErrorCode::TooLarge, "The head of the request is too large."),
        _ => return None,
    };
    Some(answer(status, code, detail, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_refusals_are_replaced() {
        let bare = |status: &str| {
            format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\ndate: Thu\r\n\r\n"
            )
        };
        for (status, code) in [
            ("400 Bad Request", "bad_request"),
            ("431 Too Large", "too_large"),
            ("414 Long", "too_large"),
        ] {
            let told = String::from_utf8(instead_of(bare(status).as_bytes()).unwrap()).unwrap();
            assert!(told.starts_with(&format!("HTTP/1.1 {}", &status[..3])), "{told}");
            let (head, body) = told.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())));
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(
                (&body["code"], body["status"].to_string()),
                (&code.into(), status[..3].to_owned())
            );
        }
        for other in [
            bare("200 OK"),
            bare("400 Bad Request") + "x",
            bare("400 Bad Request").replace("length: 0", "length: 9"),
            bare("400 Bad Request").replace("connection: close\r\n", ""),
            "\u{82}".to_owned(),
            String::new(),
        ] {
            assert_eq!(instead_of(other.as_bytes()), None, "{other}");
        }
    }
}
