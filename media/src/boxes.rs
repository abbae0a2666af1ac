//! ISO base media and `QuickTime` files (ISO/IEC 14496-12) by the boxes they are made of: brands are many and new ones
//! come, so they decide only which of the family a file is.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::kind::{MediaKind, Sniffed, found};

/// Boxes that may stand at the top of a file before its description.
const TOP: [&[u8; 4]; 17] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid",
    b"meta", b"pdin", b"sidx", b"ssix", b"prft", b"emsg", b"mfra",
];
/// Most boxes at the top of a file that are looked at.
const BOXES_MAX: usize = 100_000;

/// A box at the top of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Top {
    /// Name.
    pub(super) name: [u8; 4],
    /// Where it begins, in bytes.
    pub(super) at: u64,
    /// Where its content begins, in bytes.
    pub(super) content: u64,
    /// Where it says that it ends, in bytes; `None` where it goes on to the end of the file.
    pub(super) end: Option<u64>,
}

/// The box whose head is the beginning of `head`.
fn top(head: &[u8], at: u64) -> Option<Top> {
    let size = u32::from_be_bytes(head.get(..4)?.try_into().ok()?);
    let name: [u8; 4] = head.get(4..8)?.try_into().ok()?;
    let (content, size) = match size {
        0 => (8, None),
        1 => (16, Some(u64::from_be_bytes(head.get(8..16)?.try_into().ok()?))),
        size => (8, Some(u64::from(size))),
    };
    if size.is_some_and(|size| size < content) {
        return None;
    }
    let end = size.map(|size| at.saturating_add(size));
    Some(Top { name, at, content: at + content, end })
}

/// Returns the type of a file of the family by its beginning; `None` for what is none or is nothing that is opened
/// here.
pub(super) fn sniff(bytes: &[u8]) -> Option<Sniffed> {
    let first = top(bytes, 0)?;
    if !TOP.contains(&&first.name) || is_text(bytes, &first) {
        return None;
    }
    let (mut brands, mut is_picture): (&[u8], bool) = (&[], false);
    let mut next = Some(first);
    while let Some(here) = next.filter(|here| TOP.contains(&&here.name)) {
        let content = bytes.get(here.content as usize..).unwrap_or_default();
        let len = here.end.and_then(|end| usize::try_from(end - here.content).ok());
        match &here.name {
            b"ftyp" => {
                brands = &content[..len.unwrap_or(content.len()).min(content.len()).min(256)]
            }
            b"meta" => is_picture = true,
            b"moov" | b"moof" | b"mdat" => break,
            _ => {}
        }
        next = here.end.and_then(|end| {
            Some((usize::try_from(end).ok()?, end))
                .and_then(|(from, end)| top(bytes.get(from..)?, end))
        });
    }
    of_brands(brands, is_picture, bytes)
}

/// True if four letters stand where the length of a first box would: that is a text, unless it is media of that length.
fn is_text(bytes: &[u8], first: &Top) -> bool {
    bytes[..4].iter().all(|b| b.is_ascii_graphic() || *b == b' ') && first.name != *b"mdat"
}

fn of_brands(brands: &[u8], is_picture: bool, bytes: &[u8]) -> Option<Sniffed> {
    use MediaKind as K;
    let mut list = brands.chunks_exact(4).enumerate().filter(|(i, _)| *i != 1).map(|(_, b)| b);
    let has = |names: &[&[u8; 4]]| {
        brands.chunks_exact(4).any(|brand| names.iter().any(|name| brand == *name))
    };
    let major: &[u8] = list.next().unwrap_or_default();
    const AV1: [&[u8; 4]; 2] = [b"avif", b"avis"];
    const HEVC: [&[u8; 4]; 8] =
        [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"];
    const ANY: [&[u8; 4]; 4] = [b"mif1", b"mif2", b"msf1", b"miaf"];
    let is_major = |names: &[&[u8; 4]]| names.iter().any(|name| major == *name);
    if is_major(&AV1)
        || is_major(&HEVC)
        || is_major(&ANY)
        || is_picture && (has(&AV1) || has(&HEVC) || has(&ANY))
    {
        let within = |name: &[u8; 4]| bytes.windows(4).any(|window| window == name);
        let is_av1 = has(&AV1) && !is_major(&HEVC) || !has(&HEVC) && within(b"av01");
        return if is_av1 {
            found("image/avif", K::Image, "avif")
        } else {
            found("image/heic", K::Image, "heic")
        };
    }
    match major {
        // JPEG 2000, JPEG XL and a camera's raw pictures are of the family and are not opened here.
        b"jp2 " | b"jpx " | b"jpm " | b"jxl " | b"crx " => None,
        b"M4A " | b"M4B " | b"M4P " | b"F4A " | b"F4B " => found("audio/mp4", K::Audio, "m4a"),
        // Files older than brands are QuickTime's.
        b"qt  " | b"" => found("video/quicktime", K::Video, "mov"),
        _ => found("video/mp4", K::Video, "mp4"),
    }
}

/// The boxes at the top of a file, in their order, as far as they are boxes.
///
/// # Errors
/// Those of reading.
pub(super) fn tops(path: &Path) -> std::io::Result<Vec<Top>> {
    let len = std::fs::metadata(path)?.len();
    let mut file = BufReader::new(File::open(path)?);
    let (mut all, mut at) = (Vec::new(), 0);
    while at + 8 <= len && all.len() < BOXES_MAX {
        let mut head = Vec::with_capacity(16);
        file.seek(SeekFrom::Start(at))?;
        file.by_ref().take(16).read_to_end(&mut head)?;
        let Some(here) = top(&head, at) else { break };
        all.push(here);
        at = here.end.unwrap_or(len);
    }
    Ok(all)
}

/// True if media that a file promises lies behind its end: `Some` tells whether it comes in fragments.
///
/// # Errors
/// Those of reading.
pub(super) fn lacks_media(path: &Path) -> std::io::Result<Option<bool>> {
    let len = std::fs::metadata(path)?.len();
    let all = tops(path)?;
    let in_fragments = all.iter().any(|top| top.name == *b"moof");
    let lacks = all.last().is_some_and(|last| {
        matches!(&last.name, b"mdat" | b"moof") && last.end.is_some_and(|end| end > len)
    });
    Ok(lacks.then_some(in_fragments))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes(), &name[..], content].concat()
    }

    #[test]
    fn files_are_known_by_their_boxes() {
        let ftyp = |brands: &[&[u8; 4]]| {
            let rest: Vec<u8> =
                brands[1..].iter().flat_map(|brand| brand.iter().copied()).collect();
            boxed(b"ftyp", &[&brands[0][..], &[0; 4], &rest].concat())
        };
        let (moov, mdat) = (boxed(b"moov", &[0; 40]), boxed(b"mdat", &[7; 90]));
        for (parts, mime) in [
            (vec![boxed(b"free", &[0; 12]), boxed(b"wide", &[]), mdat.clone()], "video/quicktime"),
            (vec![boxed(b"skip", &[0; 99]), moov.clone()], "video/quicktime"),
            (vec![moov.clone()], "video/quicktime"),
            (vec![mdat.clone()], "video/quicktime"),
            (vec![boxed(b"free", &[0; 8]), ftyp(&[b"qt  "])], "video/quicktime"),
            (vec![ftyp(&[b"XAVC", b"mp42"]), moov.clone()], "video/mp4"),
            (vec![ftyp(&[b"zzzz"]), moov.clone()], "video/mp4"),
            (vec![ftyp(&[b"3gp6"]), moov.clone()], "video/mp4"),
            (vec![ftyp(&[b"M4B ", b"isom"])], "audio/mp4"),
            (vec![ftyp(&[b"heic", b"mif1"])], "image/heic"),
            (vec![ftyp(&[b"mif1", b"heic"])], "image/heic"),
            (vec![ftyp(&[b"mif1", b"avif", b"miaf"])], "image/avif"),
            (vec![ftyp(&[b"avis", b"msf1"])], "image/avif"),
            (vec![ftyp(&[b"mif1"]), boxed(b"meta", b"....av01....")], "image/avif"),
        ] {
            let bytes = parts.concat();
            assert_eq!(sniff(&bytes).map(|found| found.mime), Some(mime), "{mime}");
        }
        for (what, bytes) in [
            ("JPEG 2000", ftyp(&[b"jp2 "])),
            ("raw", ftyp(&[b"crx ", b"isom"])),
            ("text", b"this is free text".to_vec()),
            ("text", b"    skip to the end".to_vec()),
            ("another box", boxed(b"abcd", &[0; 30])),
            ("an impossible length", b"\0\0\0\x04free".to_vec()),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(sniff(&bytes), None, "{what}");
        }
    }
}
