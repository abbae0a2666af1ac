//! MPEG sounds: frames of MP3 (ISO/IEC 11172-3, 13818-3) and of AAC (ADTS, ISO/IEC 13818-7), the tags in front of them,
//! and what an encoder wrote about the whole into the first frame.

/// Farthest place of a file's first frame, in bytes: a recording may begin within one, or behind padding.
const SEARCHED_BYTES: usize = 64 * 1024;

/// Returns the length of the tag (`ID3v2` or `APEv2`) that the bytes begin with, in bytes.
pub(super) fn tag(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"ID3") {
        let head = bytes.get(3..10)?;
        let is_tag = head[0] != 0xff && head[1] != 0xff && head[3..].iter().all(|b| *b < 0x80);
        let size = head[3..].iter().fold(0, |size, b| size << 7 | usize::from(*b));
        let footer = if head[2] & 0x10 != 0 { 10 } else { 0 };
        return is_tag.then_some(10 + size + footer);
    }
    if bytes.starts_with(b"APETAGEX") {
        let size = u32::from_le_bytes(bytes.get(12..16)?.try_into().ok()?);
        return Some(32 + size as usize);
    }
    None
}

/// A frame's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    /// Of the whole frame, in bytes.
    len: usize,
    /// Header fields that all frames of a sound share: of an MP3 its version and its sample rate in Hz.
    shared: (u8, u32),
    /// Where an encoder's own words would stand, in bytes from the frame's start.
    words: usize,
    /// Number of samples a channel.
    samples: u32,
}

fn mp3(bytes: &[u8]) -> Option<Frame> {
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
    let is_mono = head[3] >> 6 == 3;
    Some(Frame {
        len: (samples * rate * 1000 / sampling + u32::from(head[2] >> 1 & 1)) as usize,
        shared: (version, sampling),
        words: 4 + match (version == 3, is_mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        },
        samples: samples * 8,
    })
}

fn adts(bytes: &[u8]) -> Option<Frame> {
    let head: [u8; 7] = bytes.get(..7)?.try_into().ok()?;
    // Twelve bits of sync, layer 0, and one of the thirteen rates.
    if head[0] != 0xff || head[1] & 0xf6 != 0xf0 || (head[2] >> 2) & 15 > 12 {
        return None;
    }
    let len =
        usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
    let shared = (head[1], u32::from(head[2] >> 2));
    (len > 7).then_some(Frame { len, shared, words: len, samples: 1024 })
}

/// Returns the number of frames that follow each other, at most `most`, and true if they go on to the end of the
/// bytes.
fn chain(
    bytes: &[u8],
    mut at: usize,
    most: usize,
    frame: fn(&[u8]) -> Option<Frame>,
) -> (usize, bool) {
    let (mut count, mut shared) = (0, None);
    while count < most {
        let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
            return (count, true);
        };
        let Some(next) = frame(rest).filter(|next| shared.is_none_or(|s| s == next.shared)) else {
            return (count, false);
        };
        shared = Some(next.shared);
        at += next.len;
        count += 1;
    }
    (count, false)
}

fn first(bytes: &[u8], most: usize, frame: fn(&[u8]) -> Option<Frame>) -> Option<usize> {
    (0..bytes.len().min(SEARCHED_BYTES)).filter(|at| bytes[*at] == 0xff).find(|at| {
        let most = if *at == 0 { 2 } else { most };
        let (count, is_end) = chain(bytes, *at, most, frame);
        // One sync word is found in anything.
        count >= most || is_end && count >= 3
    })
}

/// Where the first of at least `count` frames of MP3 in a row begins, in bytes.
pub(super) fn first_frame(bytes: &[u8], count: usize) -> Option<usize> {
    first(bytes, count, mp3)
}

/// True if it is a stream of AAC frames.
pub(super) fn is_adts(bytes: &[u8]) -> bool {
    first(bytes, 6, adts).is_some_and(|at| chain(bytes, at, 3, adts).0 >= 2)
}

/// Returns the length of an MP3 by the word of its encoder (Xing, Info or VBRI), in seconds; `None` without such a
/// word.
pub(super) fn promised_s(bytes: &[u8]) -> Option<f64> {
    let bytes = bytes.get(tag(bytes).unwrap_or_default()..)?;
    let bytes = bytes.get(first_frame(bytes, 2)?..)?;
    let frame = mp3(bytes)?;
    let number = |at: usize| {
        Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).filter(|n| *n > 0)
    };
    let word = bytes.get(frame.words..frame.words + 4)?;
    let frames = if word == b"Xing" || word == b"Info" {
        let has_frames = number(frame.words + 4)? & 1 == 1;
        if has_frames { number(frame.words + 8)? } else { return None }
    } else if bytes.get(36..40)? == b"VBRI" {
        number(36 + 14)?
    } else {
        return None;
    };
    Some(f64::from(frames) * f64::from(frame.samples) / f64::from(frame.shared.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of MPEG 1 at 128 kbit/s and 44.1 kHz.
    fn frames(count: usize) -> Vec<u8> {
        let mut frame = vec![0_u8; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        frame.repeat(count)
    }

    #[test]
    fn frames_are_found_near_the_start_and_not_in_anything() {
        for front in [0, 1, 300, 30_000] {
            let bytes = [vec![0xa5; front], frames(8)].concat();
            assert_eq!(first_frame(&bytes, 4), Some(front));
        }
        assert_eq!(first_frame(&[vec![1; 50], frames(2), vec![1; 900]].concat(), 4), None);
        let mut noise = 1_u32;
        let noise: Vec<u8> = (0..200_000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            })
            .collect();
        assert_eq!((first_frame(&noise, 4), is_adts(&noise)), (None, false));
    }

    #[test]
    fn tags_say_how_long_they_are() {
        assert_eq!(tag(b"ID3\x04\0\0\0\0\x02\x01rest"), Some(10 + 257));
        assert_eq!(tag(b"ID3\x04\0\x10\0\0\0\x01"), Some(21));
        assert_eq!(tag(b"ID3\x04\0\0\xff\0\0\0"), None);
        assert_eq!(tag(b"fLaC"), None);
    }

    #[test]
    fn an_encoder_says_how_long_the_whole_is() {
        let mut bytes = frames(5);
        assert_eq!(promised_s(&bytes), None);
        bytes[36..40].copy_from_slice(b"Xing");
        bytes[40..48].copy_from_slice(&[0, 0, 0, 1, 0, 0, 3, 232]);
        assert!((promised_s(&bytes).unwrap() - 1000.0 * 1152.0 / 44_100.0).abs() < 1e-9);
        let tagged = [&b"ID3\x03\0\0\0\0\0\x04abcd"[..], &bytes].concat();
        assert_eq!(promised_s(&tagged), promised_s(&bytes));
    }
}
