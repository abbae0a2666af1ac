//! Removal of everything that a picture's file tells about people, without touching a pixel: where and when it was
//! taken, with what, by whom. What is needed to show it right stays: colour profile, orientation, animation.

use bytes::Bytes;
use img_parts::jpeg::{Jpeg, JpegSegment};
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;

use crate::error::MediaError;

/// Upright, in EXIF's numbers.
const UPRIGHT: u8 = 1;

/// The same picture with nothing in its file but pixels and how to show them; the very same bytes where there was
/// nothing else. `orientation` is EXIF's, 1 to 8.
///
/// # Errors
/// [`MediaError::Damaged`] for a file that is broken or ends early.
pub(super) fn strip(bytes: Bytes, mime: &str, orientation: u8) -> Result<Bytes, MediaError> {
    let kept = match mime {
        "image/jpeg" => jpeg(&bytes, orientation)?,
        "image/png" => png(bytes.clone(), orientation)?,
        "image/webp" => webp(bytes.clone(), orientation)?,
        _ => return Ok(bytes),
    };
    Ok(if kept == bytes { bytes } else { kept })
}

/// A file that holds all its pixels and lacks only the mark of its end, with that mark; any other as it is.
pub(super) fn completed(bytes: Bytes, mime: &str) -> Bytes {
    let whole = match mime {
        "image/jpeg" if jpeg_end(&bytes).is_none() => completed_jpeg(&bytes),
        "image/png" => completed_png(&bytes),
        _ => None,
    };
    whole.map_or(bytes, Bytes::from)
}

fn completed_jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    const END: [u8; 2] = [0xff, 0xd9];
    let bytes = bytes.strip_suffix(&[0xff]).unwrap_or(bytes);
    let whole = [bytes, &END].concat();
    // A decoder makes up what lacks. It makes up something else of other bytes, where it reads them: only then.
    let pixels = |bytes: &[u8]| {
        let picture = crate::picture::decode(bytes, crate::limits::DecodeLimits::default()).ok()?;
        Some(blake3::hash(picture.as_raw()))
    };
    let as_is = pixels(&whole)?;
    let with_more = pixels(&[bytes, &[0xa5; 4096], &END].concat())?;
    (as_is == with_more).then_some(whole)
}

fn completed_png(bytes: &[u8]) -> Option<Vec<u8>> {
    const END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";
    let (mut at, mut has_pixels) = (8, false);
    loop {
        let head = bytes.get(at..at + 8);
        let name = head.map(|head| &head[4..]);
        let len = head.map_or(0, |h| u32::from_be_bytes([h[0], h[1], h[2], h[3]]) as usize);
        let end = at + 12 + len;
        if name == Some(b"IEND") && end <= bytes.len() {
            return None;
        }
        if end > bytes.len() || name.is_none() {
            let is_missing = has_pixels && name != Some(b"IDAT") && name != Some(b"fdAT");
            return is_missing.then(|| [&bytes[..at], END].concat());
        }
        has_pixels |= name == Some(b"IDAT");
        at = end;
    }
}

fn damaged(error: &img_parts::Error) -> MediaError {
    MediaError::Damaged(error.to_string())
}

/// An EXIF block (TIFF, little-endian) that says one thing.
fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0".to_vec();
    // Tag 0x0112, one SHORT, then no further directory.
    block.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

/// Where a JPEG ends, the end marker included; what follows is none of it. `None` where it never ends.
fn jpeg_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        // Between segments there may be fill bytes; in the coded pixels a marker is 0xff and not 0.
        at += bytes.get(at..)?.iter().position(|b| *b == 0xff)?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xd9 => return Some(at + 2),
            0xff => at += 1,
            0x00 | 0x01 | 0xd0..=0xd8 => at += 2,
            _ => {
                let len = u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]);
                at += 2 + usize::from(len.max(2));
            }
        }
    }
}

fn jpeg(bytes: &Bytes, orientation: u8) -> Result<Bytes, MediaError> {
    let end = jpeg_end(bytes)
        .ok_or_else(|| MediaError::Damaged("it ends before its last line".to_owned()))?;
    let mut jpeg = Jpeg::from_bytes(bytes.slice(..end)).map_err(|e| damaged(&e))?;
    let before = jpeg.segments().len();
    let segments = jpeg.segments_mut();
    segments.retain(|segment| {
        let starts = |what: &[u8]| segment.contents().starts_with(what);
        match segment.marker() {
            0xe0 => starts(b"JFIF\0"),
            0xe2 => starts(b"ICC_PROFILE\0"),
            // How the colours of CMYK and of some RGB files are coded.
            0xee => starts(b"Adobe"),
            // The other notes of programs, and comments.
            0xe1..=0xef | 0xfe => false,
            _ => true,
        }
    });
    if orientation != UPRIGHT {
        let after = usize::from(segments.first().is_some_and(|segment| segment.marker() == 0xe0));
        let block = [&b"Exif\0\0"[..], &exif(orientation)].concat();
        segments.insert(after, JpegSegment::new_with_contents(0xe1, block.into()));
    } else if segments.len() == before {
        // Written anew even a clean file would lose its fill bytes.
        return Ok(bytes.slice(..end));
    }
    Ok(jpeg.encoder().bytes())
}

fn png(bytes: Bytes, orientation: u8) -> Result<Bytes, MediaError> {
    const KEPT: [&[u8; 4]; 17] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
        b"cICP", b"bKGD", b"hIST", b"pHYs", b"acTL", b"fcTL", b"fdAT",
    ];
    let mut png = Png::from_bytes(bytes).map_err(|e| damaged(&e))?;
    let chunks = png.chunks_mut();
    chunks.retain(|chunk| KEPT.contains(&&chunk.kind()));
    let end = chunks.iter().position(|chunk| chunk.kind() == *b"IEND");
    let end = end.ok_or_else(|| MediaError::Damaged("it ends before its last line".to_owned()))?;
    chunks.truncate(end + 1);
    if orientation != UPRIGHT {
        let before = chunks.iter().position(|chunk| chunk.kind() == *b"IDAT").unwrap_or(end);
        chunks.insert(before, PngChunk::new(*b"eXIf", exif(orientation).into()));
    }
    Ok(png.encoder().bytes())
}

fn webp(bytes: Bytes, orientation: u8) -> Result<Bytes, MediaError> {
    const KEPT: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
    const EXIF_FLAG: u8 = 0b1000;
    const XMP_FLAG: u8 = 0b100;
    let mut webp = WebP::from_bytes(bytes).map_err(|e| damaged(&e))?;
    let chunks = webp.chunks_mut();
    chunks.retain(|chunk| KEPT.contains(&&chunk.id()));
    // Only the extended form can hold anything but pixels, and so an orientation.
    let is_turned = orientation != UPRIGHT;
    if let Some(RiffContent::Data(head)) =
        chunks.first_mut().filter(|chunk| chunk.id() == *b"VP8X").map(RiffChunk::content_mut)
    {
        let mut flags = head.to_vec();
        if let Some(first) = flags.first_mut() {
            *first = *first & !(EXIF_FLAG | XMP_FLAG) | if is_turned { EXIF_FLAG } else { 0 };
        }
        *head = flags.into();
        if is_turned {
            chunks.push(RiffChunk::new(*b"EXIF", RiffContent::Data(exif(orientation).into())));
        }
    }
    Ok(webp.encoder().bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeLimits, decode, dimensions};
    use image::{DynamicImage, ImageFormat, RgbaImage};

    const SECRET: &[u8] = b"GPSLatitude 52.5";

    fn plain(format: ImageFormat) -> Vec<u8> {
        let picture =
            RgbaImage::from_fn(40, 20, |x, y| image::Rgba([x as u8 * 6, y as u8, 9, 255]));
        let mut out = std::io::Cursor::new(Vec::new());
        DynamicImage::ImageRgba8(picture).into_rgb8().write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    fn has(bytes: &[u8], what: &[u8]) -> bool {
        bytes.windows(what.len()).any(|w| w == what)
    }

    /// A block as a phone writes it: turned, and with where it was.
    fn telling() -> Vec<u8> {
        [exif(6), SECRET.to_vec()].concat()
    }

    /// The same picture as a phone and an editor would leave it.
    fn marked(mime: &str) -> Vec<u8> {
        match mime {
            "image/jpeg" => {
                let mut jpeg = Jpeg::from_bytes(plain(ImageFormat::Jpeg).into()).unwrap();
                let add = |marker, head: &[u8], body: &[u8]| {
                    JpegSegment::new_with_contents(marker, [head, body].concat().into())
                };
                let segments = jpeg.segments_mut();
                segments.insert(1, add(0xe1, b"Exif\0\0", &telling()));
                segments.insert(2, add(0xe1, b"http://ns.adobe.com/xap/1.0/\0", SECRET));
                segments.insert(3, add(0xe2, b"ICC_PROFILE\0", b"\x01\x01profile"));
                segments.insert(4, add(0xed, b"Photoshop 3.0\0", SECRET));
                segments.insert(5, add(0xfe, b"", SECRET));
                let mut bytes = jpeg.encoder().bytes().to_vec();
                bytes.extend(SECRET);
                bytes
            }
            "image/png" => {
                let mut png = Png::from_bytes(plain(ImageFormat::Png).into()).unwrap();
                let text = [b"XML:com.adobe.xmp\0\0\0\0\0", SECRET].concat();
                png.chunks_mut().insert(1, PngChunk::new(*b"iTXt", text.into()));
                png.chunks_mut().insert(1, PngChunk::new(*b"eXIf", telling().into()));
                let mut bytes = png.encoder().bytes().to_vec();
                bytes.extend(SECRET);
                bytes
            }
            _ => {
                let mut webp = WebP::from_bytes(plain(ImageFormat::WebP).into()).unwrap();
                let chunk = |id, body: Vec<u8>| RiffChunk::new(id, RiffContent::Data(body.into()));
                webp.chunks_mut()
                    .insert(0, chunk(*b"VP8X", vec![0b1100, 0, 0, 0, 39, 0, 0, 19, 0, 0]));
                webp.chunks_mut().push(chunk(*b"EXIF", telling()));
                webp.chunks_mut().push(chunk(*b"XMP ", SECRET.to_vec()));
                webp.encoder().bytes().to_vec()
            }
        }
    }

    #[test]
    fn places_go_and_pixels_profile_and_orientation_stay() {
        for mime in ["image/jpeg", "image/png", "image/webp"] {
            let before = marked(mime);
            assert_eq!(dimensions(&before), Ok((20, 40)), "{mime}: the orientation is read");
            let after = strip(before.clone().into(), mime, 6).unwrap();
            assert!(has(&before, SECRET) && !has(&after, SECRET), "{mime}");
            assert_eq!(dimensions(&after), Ok((20, 40)), "{mime}");
            let pixels = |bytes: &[u8]| decode(bytes, DecodeLimits::default()).unwrap();
            assert_eq!(pixels(&before), pixels(&after), "{mime}");
            assert_eq!(has(&after, b"ICC_PROFILE"), mime == "image/jpeg");
            assert_eq!(strip(after.clone(), mime, 6).unwrap(), after, "{mime}: once is enough");
        }
    }

    #[test]
    fn a_clean_file_stays_as_it_is() {
        for (format, mime) in [
            (ImageFormat::Jpeg, "image/jpeg"),
            (ImageFormat::Png, "image/png"),
            (ImageFormat::WebP, "image/webp"),
            (ImageFormat::Bmp, "image/bmp"),
        ] {
            let bytes = Bytes::from(plain(format));
            assert_eq!(strip(bytes.clone(), mime, 1).unwrap(), bytes, "{mime}");
        }
    }

    #[test]
    fn a_file_that_lacks_only_the_mark_of_its_end_gets_it() {
        let noise = |x: u32, y: u32| image::Rgb([(x * y * 7 % 251) as u8, x as u8 * 3, y as u8]);
        let picture = DynamicImage::ImageRgb8(image::RgbImage::from_fn(67, 45, noise));
        for (format, mime, ends) in [
            (ImageFormat::Jpeg, "image/jpeg", &[1, 2][..]),
            (ImageFormat::Png, "image/png", &[1, 4, 9, 12][..]),
        ] {
            let mut out = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut out, format).unwrap();
            let whole = Bytes::from(out.into_inner());
            assert_eq!(completed(whole.clone(), mime), whole);
            for end in ends {
                let cut = whole.slice(..whole.len() - end);
                assert_eq!(completed(cut, mime), whole, "{mime} without {end} bytes");
            }
            for end in [whole.len() / 3, 60] {
                let cut = whole.slice(..whole.len() - end);
                assert_eq!(completed(cut.clone(), mime), cut, "{mime} without {end} bytes");
            }
        }
    }

    #[test]
    fn a_file_that_ends_early_is_refused() {
        for (format, mime) in [(ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png")] {
            let mut bytes = plain(format);
            bytes.truncate(bytes.len() - 20);
            assert!(strip(bytes.into(), mime, 1).is_err(), "{mime}");
        }
    }
}
