//! Bytes of unknown origin.

use gesso_media::{
    DecodeLimits, MediaError, MediaKind, decode, dimensions, encode_png, sniff, thumbnail,
    wav_duration_ms,
};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use proptest::prelude::*;

fn picture(w: u32, h: u32) -> RgbaImage {
    RgbaImage::from_fn(w, h, |x, y| Rgba([(x * 3) as u8, (y * 5) as u8, 128, 255]))
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgba8(picture(40, 30));
    let image = if format == ImageFormat::Jpeg {
        DynamicImage::ImageRgb8(image.into_rgb8())
    } else {
        image
    };
    image.write_to(&mut out, format).expect("encodes");
    out.into_inner()
}

#[test]
fn every_raster_type_is_recognized_measured_and_decoded() {
    for (format, mime) in [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::WebP, "image/webp"),
        (ImageFormat::Gif, "image/gif"),
        (ImageFormat::Bmp, "image/bmp"),
    ] {
        let bytes = encoded(format);
        let found = sniff(&bytes).expect(mime);
        assert_eq!((found.mime, found.kind), (mime, MediaKind::Image));
        assert_eq!(dimensions(&bytes).expect(mime), (40, 30));
        assert_eq!(decode(&bytes, DecodeLimits::default()).expect(mime).dimensions(), (40, 30));
        for cut in 0..bytes.len().min(400) {
            drop((sniff(&bytes[..cut]), decode(&bytes[..cut], DecodeLimits::default())));
        }
    }
}

#[test]
fn other_media_are_recognized_by_content() {
    let mp4 = |brand: &[u8]| [&[0, 0, 0, 20][..], b"ftyp", brand, &[0; 4], brand].concat();
    let mut mp3 = vec![0_u8; 417 * 2 + 4];
    for at in [0, 417] {
        mp3[at..at + 4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
    }
    for (bytes, mime) in [
        (mp4(b"isom"), "video/mp4"),
        (mp4(b"qt  "), "video/quicktime"),
        (mp4(b"M4A "), "audio/mp4"),
        (mp4(b"avif"), "image/avif"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm".to_vec(), "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska".to_vec(), "video/x-matroska"),
        (b"OggS\0\x02".to_vec(), "audio/ogg"),
        (b"fLaC\0\0\0\x22".to_vec(), "audio/flac"),
        (b"ID3\x04\0\0\0\0\0\0".to_vec(), "audio/mpeg"),
        (mp3, "audio/mpeg"),
        (b"RIFF\0\0\0\0WAVEfmt ".to_vec(), "audio/wav"),
        (b"glTF\x02\0\0\0\x0c\0\0\0".to_vec(), "model/gltf-binary"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "image/svg+xml"),
        (
            "\u{feff}<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE svg PUBLIC 'x'>\n<svg></svg>"
                .as_bytes()
                .to_vec(),
            "image/svg+xml",
        ),
    ] {
        assert_eq!(sniff(&bytes).map(|s| s.mime), Some(mime));
    }
}

#[test]
fn pages_scripts_and_the_unknown_are_refused() {
    for bytes in [
        &b"<!DOCTYPE html><html><svg></svg></html>"[..],
        b"<html>",
        b"<script>alert(1)</script>",
        b"#!/bin/sh\n",
        b"<svgfoo>",
        b"<!-- <svg> -->",
        b"BM this is a text",
        b"\xff\xfb plain noise",
        b"",
        b"PK\x03\x04",
        b"%PDF-1.7",
    ] {
        assert_eq!(sniff(bytes), None, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn problems_are_said_in_sentences() {
    let limits = DecodeLimits { side_max_px: 32, pixels_max: 5_000_000 };
    assert_eq!(decode(b"", limits).unwrap_err().to_string(), "This file is empty.");
    let large = decode(&encoded(ImageFormat::Png), limits).unwrap_err();
    assert_eq!(
        large.to_string(),
        "This picture is 40 × 30 px; the limit is 32 px a side and 5 megapixels."
    );
    assert!(matches!(decode(b"hello", limits), Err(MediaError::Unsupported)));
}

/// A PNG header that promises 30000 × 30000 pixels and holds none.
fn bomb() -> Vec<u8> {
    let mut bytes = encoded(ImageFormat::Png);
    bytes[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&30_000_u32.to_be_bytes());
    // The header's checksum (PNG, annex D).
    let mut crc = u32::MAX;
    for b in &bytes[12..29] {
        crc ^= u32::from(*b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

#[test]
fn a_bomb_is_refused_by_its_size() {
    let error = decode(&bomb(), DecodeLimits::default()).unwrap_err();
    assert!(matches!(error, MediaError::TooLarge { width: 30_000, height: 30_000, .. }), "{error}");
    assert!(thumbnail(&bomb(), 200).is_err());
}

#[test]
fn a_photo_is_turned_upright() {
    let jpeg = encoded(ImageFormat::Jpeg);
    // Orientation 6: the camera was turned, show it 90 degrees clockwise.
    let exif = b"\xff\xe1\x00\x22Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let turned = [&jpeg[..2], &exif[..], &jpeg[2..]].concat();
    assert_eq!(dimensions(&turned).unwrap(), (30, 40));
    let upright = decode(&turned, DecodeLimits::default()).unwrap();
    assert_eq!(upright.dimensions(), (30, 40));
    let plain = decode(&jpeg, DecodeLimits::default()).unwrap();
    assert_eq!(upright.get_pixel(29, 0), plain.get_pixel(0, 0));
}

#[test]
fn png_round_trips_with_and_without_transparency() {
    let mut image = picture(33, 21);
    assert_eq!(decode(&encode_png(&image).unwrap(), DecodeLimits::default()).unwrap(), image);
    image.put_pixel(3, 3, Rgba([9, 8, 7, 100]));
    assert_eq!(decode(&encode_png(&image).unwrap(), DecodeLimits::default()).unwrap(), image);
}

#[test]
fn thumbnails_keep_the_shape_and_never_enlarge() {
    let bytes = encode_png(&picture(400, 200)).unwrap();
    let (small, mime) = thumbnail(&bytes, 100).unwrap();
    assert_eq!((dimensions(&small).unwrap(), mime), ((100, 50), "image/jpeg"));
    assert_eq!(dimensions(&thumbnail(&bytes, 4000).unwrap().0).unwrap(), (400, 200));
    let mut clear = picture(50, 50);
    clear.put_pixel(0, 0, Rgba([0, 0, 0, 0]));
    assert_eq!(thumbnail(&encode_png(&clear).unwrap(), 20).unwrap().1, "image/webp");
}

#[test]
fn a_wav_says_how_long_it_plays() {
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend(8000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend([2, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend(24_000_u32.to_le_bytes());
    wav.extend(vec![0; 24_000]);
    assert_eq!(wav_duration_ms(&wav, wav.len() as u64), Some(1500));
    assert_eq!(wav_duration_ms(&wav[..40], 40), None);
    assert_eq!(wav_duration_ms(b"RIFF", 4), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in 0_usize..16) {
        const HEADS: [&[u8]; 16] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"RIFF\0\0\0\0WAVEfmt ", b"BM", b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3", b"OggS", b"ID3", b"\xff\xfb\x90\0", b"glTF\x02\0\0\0", b"<svg ", b"<?xml", b"<!DOCTYPE svg"];
        let all = [HEADS[kind], &bytes].concat();
        let limits = DecodeLimits { side_max_px: 4000, pixels_max: 4_000_000 };
        drop((sniff(&all), dimensions(&all), decode(&all, limits), wav_duration_ms(&all, all.len() as u64)));
    }
}
