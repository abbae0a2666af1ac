//! JPEG files whose header tells of more pixels than their data can be.

use bytes::Bytes;
use img_parts::jpeg::Jpeg;

use crate::error::MediaError;

/// Least bits of a block of 8 × 8 values: a code for its mean and one for the end of the rest (ITU-T T.81, annex F); in a
/// progressive file, where further scans may leave it out, the former alone (annex G).
const BLOCK_BITS: u64 = 2;
const PROGRESSIVE_BLOCK_BITS: u64 = 1;
/// Markers: the frame of a file with Huffman codes, sequential or progressive, and the beginning of coded data.
const SEQUENTIAL: [u8; 2] = [0xc0, 0xc1];
const PROGRESSIVE: u8 = 0xc2;
const SCAN: u8 = 0xda;

/// Refuses what has too little data for its pixels, before memory is taken for them. Damage that only a decoder finds, and
/// files that it will refuse, are left to it.
///
/// # Errors
/// [`MediaError::Damaged`].
pub(super) fn check(bytes: &Bytes) -> Result<(), MediaError> {
    let Ok(jpeg) = Jpeg::from_bytes(bytes.clone()) else { return Ok(()) };
    let segments = jpeg.segments();
    let frame = segments.iter().find_map(|segment| {
        let bits = match segment.marker() {
            marker if SEQUENTIAL.contains(&marker) => BLOCK_BITS,
            PROGRESSIVE => PROGRESSIVE_BLOCK_BITS,
            _ => return None,
        };
        Some((bits, blocks(segment.contents())?))
    });
    let Some((bits, blocks)) = frame else { return Ok(()) };
    let coded = segments.iter().filter(|segment| segment.marker() == SCAN);
    let coded: usize = coded.map(|segment| segment.len_with_entropy() - segment.len()).sum();
    if (coded as u64).saturating_mul(8) < blocks.saturating_mul(bits) {
        let why = "it says that it has more pixels than there are in it";
        return Err(MediaError::Damaged(why.to_owned()));
    }
    Ok(())
}

/// Number of blocks of a frame, from its header: precision, height, width, then for each component its id, the factors by
/// which it is sampled, and a table. A height of zero is told later in the file.
fn blocks(header: &[u8]) -> Option<u64> {
    let number =
        |at: usize| Some(u64::from(u16::from_be_bytes([*header.get(at)?, *header.get(at + 1)?])));
    let (height, width) = (number(1)?, number(3)?);
    let components = header.get(6..)?.chunks_exact(3).take(usize::from(*header.get(5)?));
    let factors: Vec<(u64, u64)> =
        components.map(|part| (u64::from(part[1] >> 4), u64::from(part[1] & 15))).collect();
    let (most_x, most_y) = (factors.iter().map(|f| f.0).max()?, factors.iter().map(|f| f.1).max()?);
    if most_x == 0 || most_y == 0 {
        return None;
    }
    let of = |(x, y): &(u64, u64)| {
        let (width, height) = ((width * x).div_ceil(most_x), (height * y).div_ceil(most_y));
        width.div_ceil(8) * height.div_ceil(8)
    };
    Some(factors.iter().map(of).sum())
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{ExtendedColorType, ImageEncoder as _};

    use super::*;

    /// A picture of one colour, which takes the least data that an encoder makes of it.
    fn plain(width: u16, height: u16) -> Vec<u8> {
        let pixels = vec![0; usize::from(width) * usize::from(height) * 3];
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, 1)
            .write_image(&pixels, width.into(), height.into(), ExtendedColorType::Rgb8)
            .unwrap();
        file
    }

    /// The file with another size in its header.
    fn claiming(file: &[u8], width: u16, height: u16) -> Bytes {
        let mut file = file.to_vec();
        let at = file.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        file[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
        file[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
        file.into()
    }

    #[test]
    fn a_header_that_lies_is_found_and_the_plainest_true_one_is_not() {
        for (width, height) in [(1, 1), (8, 8), (17, 3), (640, 480), (3000, 2000)] {
            let file = plain(width, height);
            assert_eq!(check(&file.clone().into()), Ok(()), "{width} × {height}");
            let lie = claiming(&file, 16_000, 12_000);
            assert!(matches!(check(&lie), Err(MediaError::Damaged(_))), "{width} × {height}");
        }
        // What is no JPEG, or ends early, is for others to say.
        for other in [&b""[..], b"\xff\xd8", b"\xff\xd8\xff\xc0\0\x0b\x08\0", b"GIF89a"] {
            assert_eq!(check(&Bytes::copy_from_slice(other)), Ok(()));
        }
    }
}
