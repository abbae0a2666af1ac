//! Tables for spreadsheets (RFC 4180).

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

/// True if whoever asks wants a table.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let mut accepts = headers.get_all(header::ACCEPT).iter();
    accepts.any(|value| value.to_str().is_ok_and(|kinds| kinds.contains("text/csv")))
}

/// A table with this head.
pub(super) fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    let mut text = format!("{}\r\n", head.join(","));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text += &cells.join(",");
        text += "\r\n";
    }
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
}

/// A cell. What a spreadsheet would take for a formula begins with an apostrophe, in full width too.
fn quoted(cell: &str) -> String {
    let formulas = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let guard = if cell.starts_with(formulas) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_run_nothing() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("\u{ff1d}1"), "\"'\u{ff1d}1\"");
        assert_eq!(quoted("plain"), "\"plain\"");
    }
}
