//! Types of files, by their content alone.

use crate::kind::{MediaKind, Sniffed, found};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::boxes;
use crate::mpeg;
use crate::svg_text;

/// Length of the beginning of a file that decides its type, in bytes.
const HEAD_BYTES: u64 = 64 * 1024;
/// Most tags in front of a sound that are passed over.
const TAGS_MAX: usize = 8;

/// Recognizes the types that are stored here; anything else, HTML and scripts above all, is `None`. What lies behind a
/// tag longer than `bytes` is taken for MP3, until [`sniff_file`] looks behind it.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<Sniffed> {
    use MediaKind as K;
    let at = |from: usize, what: &[u8]| bytes.get(from..from + what.len()) == Some(what);
    if at(0, b"\x89PNG\r\n\x1a\n") {
        return found("image/png", K::Image, "png");
    }
    if at(0, b"\xff\xd8\xff") {
        return found("image/jpeg", K::Image, "jpg");
    }
    if at(0, b"GIF87a") || at(0, b"GIF89a") {
        return found("image/gif", K::Image, "gif");
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return found("image/webp", K::Image, "webp");
    }
    // Two letters are too few to tell: the header's length and the planes must be right as well.
    if at(0, b"BM")
        && bytes.get(14).is_some_and(|n| matches!(n, 12 | 40 | 52 | 56 | 64 | 108 | 124))
        && at(15, &[0, 0, 0])
    {
        return found("image/bmp", K::Image, "bmp");
    }
    if let Some(boxed) = boxes::sniff(bytes) {
        return Some(boxed);
    }
    if at(0, b"\x1a\x45\xdf\xa3") {
        return ebml(bytes);
    }
    if at(0, b"glTF") && at(4, &2_u32.to_le_bytes()) {
        return found("model/gltf-binary", K::Model3d, "glb");
    }
    if svg_text::is_svg(bytes) {
        return found("image/svg+xml", K::Svg, "svg");
    }
    sound(bytes)
}

/// The same of a file, looking behind whatever is longer than its beginning.
///
/// # Errors
/// Those of reading.
pub fn sniff_file(path: &Path) -> std::io::Result<Option<Sniffed>> {
    let mut file = File::open(path)?;
    let mut from = 0_u64;
    for _ in 0..TAGS_MAX {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let behind = mpeg::tag(&head).filter(|tag| *tag >= head.len());
        let Some(tag) = behind else {
            return Ok(if from == 0 { sniff(&head) } else { sound(&head) });
        };
        from += tag as u64;
    }
    Ok(None)
}

/// Sounds, behind whatever tags stand in front of them.
fn sound(bytes: &[u8]) -> Option<Sniffed> {
    use MediaKind as K;
    const MP3: Option<Sniffed> = found("audio/mpeg", MediaKind::Audio, "mp3");
    let mut rest = bytes;
    let mut tagged = false;
    for _ in 0..TAGS_MAX {
        let Some(tag) = mpeg::tag(rest) else { break };
        tagged = true;
        let Some(behind) = rest.get(tag..).filter(|behind| !behind.is_empty()) else {
            return MP3;
        };
        rest = behind;
    }
    let starts = |what: &[u8]| rest.starts_with(what);
    if matches!(rest.get(..4), Some(b"RIFF" | b"RF64" | b"BW64"))
        && rest.get(8..12) == Some(b"WAVE")
    {
        return found("audio/wav", K::Audio, "wav");
    }
    if starts(b"OggS") {
        return found("audio/ogg", K::Audio, "ogg");
    }
    if starts(b"fLaC") {
        return found("audio/flac", K::Audio, "flac");
    }
    if mpeg::is_adts(rest) {
        return found("audio/aac", K::Audio, "aac");
    }
    // A tag says that it is a sound; without one more than a few frames have to be seen.
    if mpeg::first_frame(rest, if tagged { 2 } else { 4 }).is_some() { MP3 } else { None }
}

/// Matroska and `WebM` (RFC 8794 and 9559): by the `DocType` of the header's own elements.
fn ebml(bytes: &[u8]) -> Option<Sniffed> {
    let mut at = 4;
    let len = crate::ebml::size(bytes, &mut at)?;
    let header = bytes.get(at..)?;
    let header = &header[..header.len().min(usize::try_from(len?).unwrap_or(usize::MAX))];
    let mut at = 0;
    while at < header.len() {
        let id = crate::ebml::id(header, &mut at)?;
        let len = usize::try_from(crate::ebml::size(header, &mut at)??).ok()?;
        let value = header.get(at..at.checked_add(len)?)?;
        if id == 0x4282 {
            let name = value.split(|b| *b == 0).next().unwrap_or_default();
            return match name {
                b"webm" => found("video/webm", MediaKind::Video, "webm"),
                b"matroska" => found("video/x-matroska", MediaKind::Video, "mkv"),
                _ => None,
            };
        }
        at += len;
    }
    None
}

/// Returns the length of a WAV file of `len` bytes, in milliseconds, where its beginning (`bytes`) says so.
#[must_use]
pub fn wav_duration_ms(bytes: &[u8], len: u64) -> Option<u64> {
    if !matches!(bytes.get(..4)?, b"RIFF" | b"RF64" | b"BW64") || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let number =
        |at: usize| Some(u64::from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)));
    let (mut at, mut rate) = (12_usize, 0_u64);
    loop {
        let (name, size) = (bytes.get(at..at + 4)?, number(at + 4)?);
        if name == b"fmt " {
            rate = number(at + 16)?;
        } else if name == b"data" {
            let present = len.saturating_sub(at as u64 + 8);
            return (rate > 0).then(|| size.min(present) * 1000 / rate);
        }
        at = at.checked_add(8 + size as usize + (size % 2) as usize)?;
    }
}
