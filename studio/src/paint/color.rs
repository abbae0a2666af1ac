//! Colours, mixed where the eye sees them mixed: in `OKLab` (Björn Ottosson, 2020).

use crate::math::{cos, pow, sin};

/// An sRGB colour, each channel from 0 to 1 as encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rgb {
    pub(crate) r: f32,
    pub(crate) g: f32,
    pub(crate) b: f32,
}

/// The linear light of an encoded channel (IEC 61966-2-1).
pub(crate) fn linear(c: f32) -> f32 {
    if c <= 0.040_45 { c / 12.92 } else { pow((c + 0.055) / 1.055, 2.4) }
}

/// The encoded channel of linear light (IEC 61966-2-1).
pub(crate) fn encoded(c: f32) -> f32 {
    if c <= 0.003_130_8 { c.max(0.0) * 12.92 } else { 1.055 * pow(c, 1.0 / 2.4) - 0.055 }
}

impl Rgb {
    pub(crate) const WHITE: Self = Self::hex(0xff_ffff);

    /// From `0xrrggbb`.
    pub(crate) const fn hex(value: u32) -> Self {
        Self {
            r: ((value >> 16) & 255) as f32 / 255.0,
            g: ((value >> 8) & 255) as f32 / 255.0,
            b: (value & 255) as f32 / 255.0,
        }
    }

    /// As bytes, red first.
    pub(crate) fn bytes(self) -> [u8; 3] {
        [self.r, self.g, self.b].map(|c| (c.clamp(0.0, 1.0) * 255.0 + 0.5) as u8)
    }

    pub(crate) fn from_bytes([r, g, b]: [u8; 3]) -> Self {
        let [r, g, b] = [r, g, b].map(|c| f32::from(c) / 255.0);
        Self { r, g, b }
    }

    /// Lightness 0..1 and the two opponent axes.
    pub(crate) fn lab(self) -> [f32; 3] {
        let (r, g, b) = (linear(self.r), linear(self.g), linear(self.b));
        let l = libm::cbrtf(0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b);
        let m = libm::cbrtf(0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b);
        let s = libm::cbrtf(0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b);
        [
            0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
            1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        ]
    }

    pub(crate) fn from_lab([lightness, a, b]: [f32; 3]) -> Self {
        let l = lightness + 0.396_337_78 * a + 0.215_803_76 * b;
        let m = lightness - 0.105_561_346 * a - 0.063_854_17 * b;
        let s = lightness - 0.089_484_18 * a - 1.291_485_5 * b;
        let (l, m, s) = (l * l * l, m * m * m, s * s * s);
        let channel = |c: f32| encoded(c.clamp(0.0, 1.0)).clamp(0.0, 1.0);
        Self {
            r: channel(4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s),
            g: channel(-1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s),
            b: channel(-0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s),
        }
    }

    pub(crate) fn mix(self, other: Self, t: f32) -> Self {
        let (a, b) = (self.lab(), other.lab());
        Self::from_lab([
            a[0] + (b[0] - a[0]) * t,
            a[1] + (b[1] - a[1]) * t,
            a[2] + (b[2] - a[2]) * t,
        ])
    }

    pub(crate) fn lightness(self) -> f32 {
        self.lab()[0]
    }

    /// Lighter (or, below 0, darker) by so much of the whole range.
    pub(crate) fn lift(self, by: f32) -> Self {
        let [l, a, b] = self.lab();
        Self::from_lab([(l + by).clamp(0.0, 1.0), a, b])
    }

    pub(crate) fn with_lightness(self, l: f32) -> Self {
        let [_, a, b] = self.lab();
        Self::from_lab([l, a, b])
    }

    pub(crate) fn saturate(self, by: f32) -> Self {
        let [l, a, b] = self.lab();
        Self::from_lab([l, a * by, b * by])
    }

    /// The hue turned by degrees.
    pub(crate) fn turn(self, degrees: f32) -> Self {
        let [l, a, b] = self.lab();
        let angle = degrees.to_radians();
        Self::from_lab([l, a * cos(angle) - b * sin(angle), a * sin(angle) + b * cos(angle)])
    }

    /// Towards the hue of `other`, keeping its own lightness.
    pub(crate) fn tint(self, other: Self, t: f32) -> Self {
        let (a, b) = (self.lab(), other.lab());
        Self::from_lab([a[0], a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t])
    }
}
