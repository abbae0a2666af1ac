//! Colours as they are meant: pictures that say in which colours they are (an ICC profile, or what PNG says of its own)
//! are brought to sRGB, as a browser shows them.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "colour spaces of pictures are grey or RGB; all others are of other devices"
)]

use image::{ImageFormat, RgbaImage};
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace,
    Layout, MatrixCoefficients, ToneReprCurve, TransferCharacteristics, TransformOptions, XyY,
};

/// Pixels that are converted at once.
const PIXELS_AT_ONCE: usize = 16 * 1024;
/// The gamma with which PNG stands for the curve of sRGB, in 1/100,000.
const GAMMA_SRGB: u32 = 45_455;
/// sRGB's white, red, green and blue, in 1/100,000.
const PRIMARIES_SRGB: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];

/// The colours of a picture; `None` where they are sRGB or nothing is said of them that can be used.
pub(super) fn profile(
    bytes: &[u8],
    format: ImageFormat,
    icc: Option<&[u8]>,
) -> Option<ColorProfile> {
    let own = if format == ImageFormat::Png { png(bytes) } else { Own::default() };
    if let Some(cicp) = own.cicp {
        let mut profile = ColorProfile::new_srgb();
        let is_usable = !is_srgb(&cicp) && profile.update_rgb_colorimetry_from_cicp(cicp);
        return is_usable.then_some(profile);
    }
    if let Some(icc) = icc {
        return ColorProfile::new_from_slice(icc).ok();
    }
    if own.is_srgb { None } else { of_gamma(own.gamma?, own.primaries) }
}

fn is_srgb(cicp: &CicpProfile) -> bool {
    cicp.color_primaries == CicpColorPrimaries::Bt709
        && cicp.transfer_characteristics == TransferCharacteristics::Srgb
}

/// Brings pixels to sRGB where they are anything else; a profile that does not fit them changes nothing.
pub(super) fn to_srgb(picture: &mut RgbaImage, profile: &ColorProfile) {
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    match profile.color_space {
        DataColorSpace::Rgb => {
            let made = profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgba, options);
            let Ok(transform) = made else { return };
            let mut before = vec![0; PIXELS_AT_ONCE * 4];
            for pixels in picture.chunks_mut(PIXELS_AT_ONCE * 4) {
                let before = &mut before[..pixels.len()];
                before.copy_from_slice(pixels);
                if transform.transform(before, pixels).is_err() {
                    pixels.copy_from_slice(before);
                }
            }
        }
        DataColorSpace::Gray => {
            let made = profile.create_transform_8bit(Layout::Gray, &srgb, Layout::Rgb, options);
            let greys: Vec<u8> = (0..=255).collect();
            let mut table = vec![0; 256 * 3];
            let Ok(transform) = made else { return };
            if transform.transform(&greys, &mut table).is_err() {
                return;
            }
            for pixel in picture.pixels_mut() {
                // A profile for grey beside coloured pixels is a mistake.
                if pixel[0] == pixel[1] && pixel[1] == pixel[2] {
                    let at = usize::from(pixel[0]) * 3;
                    pixel.0[..3].copy_from_slice(&table[at..at + 3]);
                }
            }
        }
        // Pixels of four inks have become RGB by the time they get here, as in most browsers.
        _ => {}
    }
}

/// Colour space that a PNG declares beside a profile.
#[derive(Default)]
struct Own {
    cicp: Option<CicpProfile>,
    is_srgb: bool,
    /// In 1/100,000.
    gamma: Option<u32>,
    /// White, red, green and blue, x and y of each, in 1/100,000.
    primaries: Option<[u32; 8]>,
}

fn png(bytes: &[u8]) -> Own {
    let mut own = Own::default();
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(body) = bytes.get(at + 8..).and_then(|rest| rest.get(..len)) else { break };
        let number = |from: usize| {
            body.get(from * 4..from * 4 + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes)
        };
        match &head[4..] {
            b"IDAT" | b"IEND" => break,
            b"cICP" => own.cicp = cicp(body),
            b"sRGB" => own.is_srgb = true,
            b"gAMA" => own.gamma = number(0).filter(|gamma| *gamma > 0),
            b"cHRM" => {
                let all: Option<Vec<u32>> = (0..8).map(number).collect();
                own.primaries = all.and_then(|all| all.try_into().ok());
            }
            _ => {}
        }
        at += 12 + len;
    }
    own
}

fn cicp(body: &[u8]) -> Option<CicpProfile> {
    let [primaries, transfer, matrix, is_full] = <[u8; 4]>::try_from(body).ok()?;
    let profile = CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(primaries).ok()?,
        transfer_characteristics: TransferCharacteristics::try_from(transfer).ok()?,
        matrix_coefficients: MatrixCoefficients::try_from(matrix).ok()?,
        full_range: is_full == 1,
    };
    // A PNG holds red, green and blue; anything else is a mistake.
    (matrix == 0).then_some(profile)
}

fn of_gamma(gamma: u32, primaries: Option<[u32; 8]>) -> Option<ColorProfile> {
    let near = |a: u32, b: u32| a.abs_diff(b) <= 300;
    let primaries = primaries
        .filter(|all| !all.iter().zip(PRIMARIES_SRGB).all(|(own, srgb)| near(*own, srgb)))
        // Values of no use, as some programs write.
        .filter(|all| all.iter().all(|n| *n < 120_000) && all[1] > 0 && all[3] > 0 && all[5] > 0);
    let is_usual = near(gamma, GAMMA_SRGB);
    if primaries.is_none() && is_usual {
        return None;
    }
    let mut profile = ColorProfile::new_srgb();
    if let Some(all) = primaries {
        let part = |n: usize| Chromaticity { x: all[n] as f32 / 1e5, y: all[n + 1] as f32 / 1e5 };
        let white = XyY { x: f64::from(all[0]) / 1e5, y: f64::from(all[1]) / 1e5, yb: 1.0 };
        let primaries = ColorPrimaries { red: part(2), green: part(4), blue: part(6) };
        profile.update_rgb_colorimetry(white, primaries);
    }
    profile.cicp = None;
    if !is_usual {
        let curve = ToneReprCurve::Parametric(vec![1e5 / gamma as f32]);
        profile.red_trc = Some(curve.clone());
        profile.green_trc = Some(curve.clone());
        profile.blue_trc = Some(curve);
    }
    Some(profile)
}
