//! Sends the bytes of assets: conditional requests and ranges (RFC 9110), and the headers that keep foreign content
//! from acting in this origin's name.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use gesso_protocol::values::file_ending;
use object_store::{GetOptions, GetRange};

use super::{AssetError, Assets};
use crate::db::assets::{AssetKey, AssetRow};

/// The content under a hash never changes, but who may see it does: caches of one's own only.
const IMMUTABLE: &str = "private, max-age=31536000, immutable";
/// Opened by itself a file gets an origin of its own, no scripts and nothing from elsewhere.
const SANDBOX: &str =
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox";

/// The part of an entity of `len` bytes that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From, to (excluded).
    Range(u64, u64),
    Unsatisfiable,
}

/// The single byte range of a request; a header that is not understood, or asks for several, is ignored (RFC 9110 §14.2).
fn part(headers: &HeaderMap, etag: &str, len: u64) -> Part {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let Some(range) = text(RANGE) else { return Part::Whole };
    if text(IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return Part::Whole;
    }
    let Some((from, to)) =
        range.trim().strip_prefix("bytes=").and_then(|r| r.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    // A number above what 64 bits hold is past any end.
    let number = |s: &str| s.parse::<u64>().unwrap_or(u64::MAX);
    match (from.trim(), to.trim()) {
        ("", last) if digits(last) => match number(last).min(len) {
            0 => Part::Unsatisfiable,
            count => Part::Range(len - count, len),
        },
        (first, last) if digits(first) && (last.is_empty() || digits(last)) => {
            let first = number(first);
            let end = if last.is_empty() { len } else { number(last).saturating_add(1).min(len) };
            if !last.is_empty() && number(last) < first {
                Part::Whole
            } else if first >= len {
                Part::Unsatisfiable
            } else {
                Part::Range(first, end)
            }
        }
        _ => Part::Whole,
    }
}

/// True if the asker has it already; `If-None-Match` compares weakly (RFC 9110 §13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| matches!(tag.trim(), "*") || tag.trim().trim_start_matches("W/") == etag)
}

/// The headers every answer with foreign content has.
pub(crate) fn guard(headers: &mut HeaderMap, etag: &str) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
}

/// Pictures (SVG is cleaned when it comes in), videos and sounds are shown where they are; models and all else are
/// saved.
fn shown(row: &AssetRow) -> bool {
    matches!(row.ty.as_str(), "image" | "svg" | "video" | "audio")
}

/// The name a saved file gets: its own with the ending of what it really is, or one made of its id.
fn file_name(row: &AssetRow) -> String {
    let ending = file_ending(&row.mime);
    let name = row.name.trim().trim_matches('.');
    if name.is_empty() {
        return format!("gesso-{}.{ending}", row.id.as_str().get(..12).unwrap_or("asset"));
    }
    let (stem, has) = name.rsplit_once('.').unwrap_or((name, ""));
    let same =
        has.eq_ignore_ascii_case(ending) || (ending == "jpg" && has.eq_ignore_ascii_case("jpeg"));
    if same {
        return name.to_owned();
    }
    // "view 2.5" is a name, not a file of type "5".
    let is_ending = (1..=5).contains(&has.len())
        && has.bytes().all(|b| b.is_ascii_alphanumeric())
        && !has.bytes().all(|b| b.is_ascii_digit());
    format!("{}.{ending}", if is_ending && !stem.is_empty() { stem } else { name })
}

/// `Content-Disposition` of an asset.
fn disposition(row: &AssetRow, download: bool) -> HeaderValue {
    let kind = if download || !shown(row) { "attachment" } else { "inline" };
    named(kind, &file_name(row))
}

/// `Content-Disposition` of a file that is to be saved.
pub(crate) fn attachment(name: &str) -> HeaderValue {
    named("attachment", name)
}

/// `Content-Disposition` with the name in both forms (RFC 6266).
fn named(kind: &str, name: &str) -> HeaderValue {
    use std::fmt::Write as _;
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' }
        })
        .collect();
    let mut encoded = String::new();
    for b in name.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(b));
        } else {
            write!(encoded, "%{b:02X}").expect("writing to a String cannot fail");
        }
    }
    HeaderValue::from_str(&format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

impl Assets {
    /// The answer to a request for an asset's bytes. `known_as`: its name to whoever asks, where it has another.
    ///
    /// # Errors
    /// `NotFound`, `Db`, `Store`.
    pub async fn respond(
        &self,
        key: &AssetKey,
        known_as: Option<String>,
        headers: &HeaderMap,
        download: bool,
    ) -> Result<Response<Body>, AssetError> {
        let mut row = self.row(key).await?;
        row.name = known_as.unwrap_or(row.name);
        let etag = format!("\"{}\"", row.id);
        let len = u64::try_from(row.bytes).unwrap_or_default();
        let mut response = Response::new(Body::empty());
        let out = response.headers_mut();
        guard(out, &etag);
        out.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if is_known(headers, &etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        let mut options = GetOptions::default();
        let (mut status, mut length) = (StatusCode::OK, len);
        match part(headers, &etag, len) {
            Part::Whole => {}
            Part::Range(from, to) => {
                status = StatusCode::PARTIAL_CONTENT;
                length = to - from;
                options.range = Some(GetRange::Bounded(from..to));
                out.insert(CONTENT_RANGE, ascii(&format!("bytes {from}-{}/{len}", to - 1)));
            }
            Part::Unsatisfiable => {
                out.remove(CACHE_CONTROL);
                out.insert(CONTENT_RANGE, ascii(&format!("bytes */{len}")));
                *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                return Ok(response);
            }
        }
        out.insert(CONTENT_TYPE, ascii(&row.mime));
        out.insert(CONTENT_LENGTH, HeaderValue::from(length));
        out.insert(CONTENT_DISPOSITION, disposition(&row, download));
        let content = self.0.blobs.open_blob(&row.id, options).await?;
        *response.status_mut() = status;
        *response.body_mut() = Body::from_stream(content.into_stream());
        Ok(response)
    }
}

/// The content of an asset, as it is read.
type Content = BoxStream<'static, Result<Bytes, object_store::Error>>;

impl Assets {
    /// The content of an asset, to be read bit by bit.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, `Db`, `Store`.
    pub async fn content(&self, key: &AssetKey) -> Result<Content, AssetError> {
        let row = self.row(key).await?;
        let content = self.0.blobs.open_blob(&row.id, GetOptions::default()).await?;
        Ok(content.into_stream())
    }
}

/// A header of text that is ASCII by construction.
fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str) -> Part {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(range).unwrap())]);
        part(&headers, "\"e\"", 1000)
    }

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        for (range, expected) in [
            ("bytes=0-0", Part::Range(0, 1)),
            ("bytes=0-", Part::Range(0, 1000)),
            ("bytes=500-2000", Part::Range(500, 1000)),
            ("bytes=-10", Part::Range(990, 1000)),
            ("bytes=-5000", Part::Range(0, 1000)),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=1000-", Part::Unsatisfiable),
            ("bytes=99999999999999999999-", Part::Unsatisfiable),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=-", Part::Whole),
            ("lines=0-1", Part::Whole),
        ] {
            assert_eq!(asked(range), expected, "{range}");
        }
    }

    fn row(name: &str, mime: &str, ty: &str) -> AssetRow {
        AssetRow {
            id: gesso_protocol::ids::AssetId::new("ab".repeat(32)),
            mime: mime.to_owned(),
            ty: ty.to_owned(),
            bytes: 1,
            width: None,
            height: None,
            duration_ms: None,
            name: name.to_owned(),
            origin: "{}".to_owned(),
            person: String::new(),
            created_at: 0,
        }
    }

    #[test]
    fn files_are_saved_under_a_sensible_name() {
        for (name, mime, expected) in [
            ("", "image/png", "gesso-abababababab.png"),
            ("photo.JPEG", "image/jpeg", "photo.JPEG"),
            ("page.html", "image/png", "page.png"),
            ("view 2.5", "image/png", "view 2.5.png"),
            ("dusk", "video/mp4", "dusk.mp4"),
        ] {
            assert_eq!(file_name(&row(name, mime, "image")), expected);
        }
        let header = disposition(&row("Dünen \"1\".png", "image/png", "image"), true);
        assert_eq!(
            header.to_str().unwrap(),
            "attachment; filename=\"D_nen _1_.png\"; filename*=UTF-8''D%C3%BCnen%20%221%22.png"
        );
        for (mime, ty, kind) in [
            ("image/svg+xml", "svg", "inline"),
            ("video/mp4", "video", "inline"),
            ("model/gltf-binary", "model3d", "attachment"),
        ] {
            let header = disposition(&row("a", mime, ty), false);
            assert!(header.to_str().unwrap().starts_with(kind), "{mime}");
        }
    }
}
