//! What bytes are, by their content alone.

/// What kind of thing a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A raster picture.
    Image,
    /// Moving pictures.
    Video,
    /// Sound.
    Audio,
    /// A vector picture.
    Svg,
    /// A model in three dimensions.
    Model3d,
}

impl MediaKind {
    /// The data type's name on a canvas.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Svg => "svg",
            Self::Model3d => "model3d",
        }
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sniffed {
    /// MIME type.
    pub mime: &'static str,
    /// Kind.
    pub kind: MediaKind,
    /// Usual ending of a file name, without the dot.
    pub ext: &'static str,
}

const fn found(mime: &'static str, kind: MediaKind, ext: &'static str) -> Option<Sniffed> {
    Some(Sniffed { mime, kind, ext })
}

/// Recognizes the types that are stored here; anything else, HTML and scripts above all, is `None`.
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
    if at(0, b"RIFF") && at(8, b"WAVE") {
        return found("audio/wav", K::Audio, "wav");
    }
    // Two letters are too few to tell: the header's length and the planes must be right as well.
    if at(0, b"BM")
        && bytes.get(14).is_some_and(|n| matches!(n, 12 | 40 | 52 | 56 | 64 | 108 | 124))
        && at(15, &[0, 0, 0])
    {
        return found("image/bmp", K::Image, "bmp");
    }
    if at(4, b"ftyp") {
        return boxed(bytes);
    }
    if at(0, b"\x1a\x45\xdf\xa3") {
        let head = &bytes[..bytes.len().min(256)];
        let has = |what: &[u8]| head.windows(what.len()).any(|w| w == what);
        return if has(b"webm") {
            found("video/webm", K::Video, "webm")
        } else if has(b"matroska") {
            found("video/x-matroska", K::Video, "mkv")
        } else {
            None
        };
    }
    if at(0, b"OggS") {
        return found("audio/ogg", K::Audio, "ogg");
    }
    if at(0, b"fLaC") {
        return found("audio/flac", K::Audio, "flac");
    }
    if at(0, b"ID3") || mpeg_audio(bytes) {
        return found("audio/mpeg", K::Audio, "mp3");
    }
    if at(0, b"glTF") && at(4, &2_u32.to_le_bytes()) {
        return found("model/gltf-binary", K::Model3d, "glb");
    }
    if is_svg(bytes) { found("image/svg+xml", K::Svg, "svg") } else { None }
}

/// ISO base media (ISO/IEC 14496-12): the major brand, then the compatible ones.
fn boxed(bytes: &[u8]) -> Option<Sniffed> {
    use MediaKind as K;
    let size = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let brands = bytes.get(8..size.clamp(16, 256).min(bytes.len()))?;
    let mut list =
        brands.chunks_exact(4).enumerate().filter(|(i, _)| *i != 1).map(|(_, brand)| brand);
    let of = |brand: &[u8]| match brand {
        b"avif" | b"avis" => found("image/avif", K::Image, "avif"),
        b"M4A " | b"M4B " => found("audio/mp4", K::Audio, "m4a"),
        b"qt  " => found("video/quicktime", K::Video, "mov"),
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V "
        | b"dash" | b"MSNV" | b"3gp4" | b"3gp5" => found("video/mp4", K::Video, "mp4"),
        _ => None,
    };
    list.find_map(of)
}

/// Two MPEG audio frames in a row (ISO/IEC 11172-3), since one sync word is found in anything.
fn mpeg_audio(bytes: &[u8]) -> bool {
    let Some(first) = mpeg_frame(bytes) else { return false };
    bytes.get(first..).is_some_and(|rest| mpeg_frame(rest).is_some())
}

fn mpeg_frame(bytes: &[u8]) -> Option<usize> {
    const RATES_1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const RATES_2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let head: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    let (version, layer) = ((head[1] >> 3) & 3, (head[1] >> 1) & 3);
    if head[0] != 0xff || head[1] & 0xe0 != 0xe0 || version == 1 || layer != 1 {
        return None;
    }
    let rate = *if version == 3 { &RATES_1 } else { &RATES_2 }.get(usize::from(head[2] >> 4))?;
    let sampling = [44_100, 48_000, 32_000].get(usize::from((head[2] >> 2) & 3))?
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    if rate == 0 {
        return None;
    }
    let samples = if version == 3 { 144 } else { 72 };
    Some((samples * rate * 1000 / sampling + u32::from(head[2] >> 1 & 1)) as usize)
}

/// An XML document whose root element is `svg`: after a byte order mark, the declaration, comments
/// and the document type, nothing else may come first.
fn is_svg(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 * 1024)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.valid_up_to() + 4 > head.len() && e.valid_up_to() > 0 => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if rest.starts_with("<?xml") {
            rest.find("?>").map(|i| i + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map(|i| i + 3)
        } else if rest.starts_with("<!DOCTYPE svg")
            && !rest[..rest.find('>').unwrap_or(rest.len())].contains('[')
        {
            rest.find('>').map(|i| i + 1)
        } else {
            let name = rest.strip_prefix("<svg").or_else(|| rest.strip_prefix("<svg:svg"));
            return name.is_some_and(|after| after.starts_with([' ', '\n', '\r', '\t', '>', '/']));
        };
        let Some(end) = end else { return false };
        rest = rest[end..].trim_start();
    }
}

/// How long a WAV file of `len` bytes plays, in milliseconds, where its beginning (`bytes`) says so.
#[must_use]
pub fn wav_duration_ms(bytes: &[u8], len: u64) -> Option<u64> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
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
