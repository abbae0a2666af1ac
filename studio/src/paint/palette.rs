//! The few colours a picture is painted with, from its hour, its place, the colours named and the
//! pictures referred to.

use std::borrow::Borrow;

use image::RgbaImage;

use super::color::Rgb;
use super::words::{Air, Intent, Mood, Place, Time};
use crate::math::Rng;

/// The colours of one picture.
#[derive(Clone, Debug)]
pub(crate) struct Palette {
    /// From the top of the sky down to the horizon.
    pub(crate) sky: [Rgb; 4],
    /// Sun, moon or lamp itself.
    pub(crate) light: Rgb,
    /// Colour that the light spreads.
    pub(crate) glow: Rgb,
    /// Strength of that glow, 0 to 1.
    pub(crate) glow_strength: f32,
    /// Nearest, darkest ink.
    pub(crate) near: Rgb,
    /// The ground in this light.
    pub(crate) land: Rgb,
    /// A second colour of the ground: its shaded side.
    pub(crate) shade: Rgb,
    /// Colour of what should stand out.
    pub(crate) accent: Rgb,
    /// Windows, lamps, lanterns.
    pub(crate) lamp: Rgb,
    /// True if windows and lamps are lit.
    pub(crate) dim: bool,
}

struct Hour {
    sky: [u32; 4],
    light: u32,
    glow: u32,
    strength: f32,
    near: u32,
    ambient: f32,
}

#[rustfmt::skip]
fn hours(time: Time) -> &'static [Hour] {
    match time {
        Time::Dawn => &[
            Hour { sky: [0x1c3347, 0x4d6c7c, 0xd9a487, 0xf6d3a4], light: 0xfff1cf, glow: 0xffd79a, strength: 0.85, near: 0x0e1a22, ambient: 0.55 },
            Hour { sky: [0x34466b, 0x7f86a8, 0xe2a9a0, 0xfbd9b4], light: 0xfff3da, glow: 0xffcfa0, strength: 0.8, near: 0x1a1c30, ambient: 0.6 },
            Hour { sky: [0x27485a, 0x6f97a0, 0xe6c3a0, 0xffe3b8], light: 0xfff6dc, glow: 0xffe0a8, strength: 0.75, near: 0x10242a, ambient: 0.6 },
        ],
        Time::Day => &[
            Hour { sky: [0x3d7ca8, 0x74abc8, 0xb4d6df, 0xeef0e2], light: 0xfffbe9, glow: 0xfff0cc, strength: 0.5, near: 0x17313a, ambient: 0.95 },
            Hour { sky: [0x5a8fb8, 0x93bcd2, 0xcfe0dd, 0xf8ecd2], light: 0xfffaea, glow: 0xffeec2, strength: 0.5, near: 0x21343c, ambient: 0.95 },
            Hour { sky: [0x2f6f8f, 0x68a9b5, 0xb5d8cf, 0xf3efd8], light: 0xfffbe6, glow: 0xfff2c4, strength: 0.5, near: 0x102f34, ambient: 0.92 },
        ],
        Time::Sunset => &[
            Hour { sky: [0x2b2a4e, 0x7a4269, 0xe0705a, 0xfbc47c], light: 0xfff0c8, glow: 0xffb469, strength: 0.9, near: 0x1b1020, ambient: 0.5 },
            Hour { sky: [0x3f4c6d, 0x9a6f80, 0xeb9a6c, 0xffd590], light: 0xfff3d0, glow: 0xffc27a, strength: 0.85, near: 0x241722, ambient: 0.58 },
            Hour { sky: [0x5d2f49, 0xb04c4c, 0xee8650, 0xffd28a], light: 0xfff2cc, glow: 0xffb763, strength: 0.9, near: 0x260f1c, ambient: 0.52 },
        ],
        Time::Dusk => &[
            Hour { sky: [0x171a3a, 0x3a3868, 0x8b5f8c, 0xe3a19a], light: 0xfde6d2, glow: 0xf0a6a0, strength: 0.6, near: 0x0f0e22, ambient: 0.38 },
            Hour { sky: [0x16263f, 0x35567a, 0x7f8fa8, 0xe6b79e], light: 0xfff0dc, glow: 0xffc9a0, strength: 0.6, near: 0x0b1420, ambient: 0.4 },
        ],
        Time::Night => &[
            Hour { sky: [0x070d20, 0x12203f, 0x27406a, 0x4c6b8e], light: 0xf7f2dc, glow: 0xa9c4e8, strength: 0.55, near: 0x050913, ambient: 0.26 },
            Hour { sky: [0x0d0b24, 0x221d4a, 0x45356f, 0x7d5a8a], light: 0xfaf0dc, glow: 0xb9a8ea, strength: 0.55, near: 0x080718, ambient: 0.26 },
            Hour { sky: [0x04131c, 0x0c2a38, 0x1d4c58, 0x4a7f82], light: 0xf4f6e2, glow: 0xa6dcd8, strength: 0.55, near: 0x030b10, ambient: 0.26 },
        ],
    }
}

/// The ground of a place in plain daylight, and its shaded side.
fn ground(place: Place, intent: &Intent) -> (Rgb, Rgb) {
    let autumn = intent.has(Mood::Autumn);
    let pair = match place {
        Place::Dunes => (0xf0c58e, 0x7a4535),
        Place::Snow => (0xf2f6f8, 0x9db4c8),
        Place::Forest if autumn => (0xc47a3a, 0x4f2a24),
        Place::Field | Place::Garden if autumn => (0xd9a552, 0x6b4427),
        Place::Field => (0xb9b86a, 0x4c6a45),
        Place::Garden => (0x86b377, 0x2e5e48),
        Place::Forest => (0x5d8a68, 0x1f4338),
        Place::Mountains => (0x8c97a0, 0x3a4858),
        Place::Island => (0xe3cf9c, 0x4a7a5c),
        Place::City | Place::Street => (0x8a8797, 0x3a3654),
        Place::Room => (0xcbb9a4, 0x6f5d52),
        Place::River => (0x8aa56c, 0x35564a),
        Place::Underwater => (0x2f8fa0, 0x0d3a52),
        Place::Sea | Place::Coast | Place::Sky | Place::Space | Place::Studio | Place::Abstract => {
            (0x76808a, 0x2c3a46)
        }
    };
    (Rgb::hex(pair.0), Rgb::hex(pair.1))
}

impl Palette {
    /// Chooses the colours.
    pub(crate) fn choose(
        intent: &Intent,
        place: Place,
        time: Time,
        references: &[Rgb],
        rng: &Rng,
    ) -> Self {
        let mut rng = rng.fork("palette");
        let list = hours(time);
        let hour = &list[rng.below(list.len())];
        let (land, shade) = ground(place, intent);
        let ambient = Rgb::hex(hour.near);
        let sky = hour.sky.map(Rgb::hex);
        let lit = |c: Rgb| ambient.mix(c, hour.ambient).tint(sky[2], 0.22);
        const ACCENTS: [u32; 6] = [0xd9553f, 0xe9a23b, 0xe07a5f, 0x3f8f8a, 0xc8486b, 0xf0b15a];
        let mut palette = Self {
            sky,
            light: Rgb::hex(hour.light),
            glow: Rgb::hex(hour.glow),
            glow_strength: hour.strength,
            near: Rgb::hex(hour.near),
            land: lit(land),
            shade: lit(shade).mix(Rgb::hex(hour.near), 0.15),
            accent: Rgb::hex(ACCENTS[rng.below(ACCENTS.len())]),
            lamp: Rgb::hex(0xffd58a),
            dim: !matches!(time, Time::Day),
        };
        palette.weather(intent);
        palette.name_colors(&intent.colors);
        palette.mood(intent);
        // A little of the words and the seed in every picture, too little to leave the family.
        let drift = rng.bell() * 9.0;
        palette.each(|c| c.turn(drift));
        palette.refer(references);
        palette
    }

    /// Changes every colour but that of lamps.
    pub(crate) fn each(&mut self, change: impl Fn(Rgb) -> Rgb) {
        for c in self.sky.iter_mut().chain([
            &mut self.light,
            &mut self.glow,
            &mut self.near,
            &mut self.land,
            &mut self.shade,
            &mut self.accent,
        ]) {
            *c = change(*c);
        }
    }

    fn weather(&mut self, intent: &Intent) {
        if intent.air(Air::Storm) || intent.air(Air::Rain) {
            let strength = if intent.air(Air::Storm) { 0.75 } else { 0.45 };
            let heavy = [0x171f29, 0x303d48, 0x566570, 0x93a09f].map(Rgb::hex);
            for (c, h) in self.sky.iter_mut().zip(heavy) {
                *c = c.mix(h, strength);
            }
            self.glow_strength *= 0.6;
            self.land = self.land.saturate(0.7).lift(-0.06);
            self.dim = true;
        }
        if intent.air(Air::Fog) {
            let veil = self.sky[3].mix(self.sky[2], 0.5).saturate(0.6);
            for (c, t) in self.sky.iter_mut().zip([0.45, 0.55, 0.6, 0.3]) {
                *c = c.mix(veil, t);
            }
            self.near = self.near.mix(veil, 0.18);
            self.land = self.land.mix(veil, 0.3);
        }
    }

    fn name_colors(&mut self, colors: &[Rgb]) {
        let Some(first) = colors.first() else { return };
        let second = colors.get(1).copied().unwrap_or(*first);
        let [l, a, b] = first.lab();
        if a * a + b * b < 0.0009 {
            // Black, white and greys: they decide how light and how grey, not which hue.
            for c in &mut self.sky {
                *c = c.saturate(0.35).lift((l - 0.55) * 0.25);
            }
        } else {
            for c in &mut self.sky {
                *c = c.tint(*first, 0.62);
            }
        }
        self.shade = self.shade.tint(*first, 0.45);
        self.near = self.near.tint(*first, 0.3);
        self.land = self.land.tint(second, 0.5);
        self.accent = colors.get(2).copied().unwrap_or(second);
        if colors.len() > 1 {
            self.sky[3] = self.sky[3].tint(second, 0.6);
            self.glow = self.glow.tint(second, 0.6);
        }
    }

    fn mood(&mut self, intent: &Intent) {
        if intent.has(Mood::Warm) {
            self.glow_strength = (self.glow_strength + 0.12).min(1.0);
            self.glow = self.glow.mix(Rgb::hex(0xffc983), 0.4);
            self.lamp = Rgb::hex(0xffc86e);
        }
        if intent.has(Mood::Cold) {
            self.each(|c| c.tint(Rgb::hex(0x6f9fc4), 0.4));
        }
        if intent.has(Mood::Neon) {
            self.sky = [0x0d0a2a, 0x2b1055, 0x8a1f8f, 0xff5fa8].map(Rgb::hex);
            self.accent = Rgb::hex(0x2fe6e0);
            self.lamp = Rgb::hex(0xff7ad0);
            self.glow = Rgb::hex(0xff5fb0);
            self.glow_strength = 0.9;
            self.near = Rgb::hex(0x0b0620);
            self.shade = self.shade.tint(Rgb::hex(0x4a20a0), 0.8);
            self.land = self.land.tint(Rgb::hex(0x8040d0), 0.7);
            self.dim = true;
        }
        if intent.has(Mood::Pastel) {
            self.each(|c| c.saturate(0.8).lift((0.86 - c.lightness()) * 0.45));
        }
        if intent.has(Mood::Dark) {
            self.each(|c| c.lift(-0.09));
        }
        if intent.has(Mood::Bright) {
            self.each(|c| c.saturate(1.28).lift(0.02));
        }
        if intent.has(Mood::Calm) && !intent.has(Mood::Bright) {
            self.each(|c| c.saturate(0.94));
        }
    }

    /// Leans every colour on the reference colour of about its own lightness.
    fn refer(&mut self, references: &[Rgb]) {
        if references.is_empty() {
            return;
        }
        self.each(|c| {
            let [l, a, b] = c.lab();
            let (mut total, mut sum) = (0.0, [0.0; 3]);
            for r in references {
                let lab = r.lab();
                let distance = (lab[0] - l) * (lab[0] - l);
                let weight = 1.0 / (0.01 + distance);
                total += weight;
                for (s, v) in sum.iter_mut().zip(lab) {
                    *s += weight * v;
                }
            }
            let near = sum.map(|s| s / total);
            Rgb::from_lab([
                l + (near[0] - l) * 0.35,
                a + (near[1] - a) * 0.8,
                b + (near[2] - b) * 0.8,
            ])
        });
        let strongest = references.iter().copied().fold(references[0], |best, c| {
            let chroma = |c: Rgb| c.lab()[1].abs() + c.lab()[2].abs();
            if chroma(c) > chroma(best) { c } else { best }
        });
        self.accent = self.accent.mix(strongest, 0.7);
    }
}

/// Colours and horizon of reference pictures, as the painter takes them up.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// Their main colours, most frequent first.
    pub(crate) colors: Vec<Rgb>,
    /// Mean of all their pixels, `OKLab`.
    pub(crate) mean: [f32; 3],
    /// Where the greatest change of brightness from one row to the next is, 0 (top) to 1.
    pub(crate) horizon: f32,
}

/// Studies up to 4,096 pixels of each picture.
pub(crate) fn study<P: Borrow<RgbaImage>>(references: &[P]) -> Option<Reference> {
    let mut samples: Vec<[f32; 3]> = Vec::new();
    let mut horizon = Vec::new();
    for picture in references {
        let picture = picture.borrow();
        let (w, h) = picture.dimensions();
        if w == 0 || h == 0 {
            continue;
        }
        let mut rows = [(0.0_f32, 0_u32); 64];
        for gy in 0..64_u32 {
            for gx in 0..64_u32 {
                let pixel = picture.get_pixel((gx * w + w / 2) / 64 % w, (gy * h + h / 2) / 64 % h);
                if pixel[3] < 128 {
                    continue;
                }
                let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(|c| f32::from(c) / 255.0);
                let lab = Rgb { r, g, b }.lab();
                rows[gy as usize].0 += lab[0];
                rows[gy as usize].1 += 1;
                samples.push(lab);
            }
        }
        let mean = |i: usize| rows[i].0 / rows[i].1.max(1) as f32;
        let step = |i: usize| (mean(i - 1) + mean(i) - mean(i + 2) - mean(i + 3)).abs();
        let best = (10..54).fold(32, |best, i| if step(i) > step(best) { i } else { best });
        horizon.push(best as f32 / 64.0);
    }
    if samples.is_empty() {
        return None;
    }
    let count = samples.len() as f32;
    let mean = samples.iter().fold([0.0; 3], |m: [f32; 3], s| {
        [m[0] + s[0] / count, m[1] + s[1] / count, m[2] + s[2] / count]
    });
    let horizon = horizon.iter().sum::<f32>() / horizon.len().max(1) as f32;
    Some(Reference { colors: clusters(&samples, 6), mean, horizon })
}

/// Mean and spread of a picture's colours, `OKLab`, from up to 4,096 pixels.
pub(super) fn statistics(picture: &RgbaImage) -> [[f32; 3]; 2] {
    let (w, h) = picture.dimensions();
    let (mut sum, mut squares) = ([0.0_f32; 3], [0.0_f32; 3]);
    for i in 0..4096_u32 {
        let (gx, gy) = (i % 64, i / 64);
        let p = picture.get_pixel((gx * w + w / 2) / 64 % w, (gy * h + h / 2) / 64 % h);
        let lab = Rgb::from_bytes([p[0], p[1], p[2]]).lab();
        for c in 0..3 {
            sum[c] += lab[c] / 4096.0;
            squares[c] += lab[c] * lab[c] / 4096.0;
        }
    }
    let spread = std::array::from_fn(|c| libm::sqrtf((squares[c] - sum[c] * sum[c]).max(0.0)));
    [sum, spread]
}

/// Lloyd's k-means with farthest-point starts, so that it needs no chance.
pub(super) fn clusters(samples: &[[f32; 3]], count: usize) -> Vec<Rgb> {
    let distance =
        |a: &[f32; 3], b: &[f32; 3]| (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum::<f32>();
    let Some(middle) = samples.get(samples.len() / 2) else { return vec![Rgb::WHITE] };
    let mut centres = vec![*middle];
    while centres.len() < count {
        let gap = |s: &[f32; 3]| centres.iter().map(|c| distance(s, c)).fold(f32::MAX, f32::min);
        let far =
            samples.iter().fold(samples[0], |best, s| if gap(s) > gap(&best) { *s } else { best });
        if gap(&far) < 1e-4 {
            break;
        }
        centres.push(far);
    }
    let mut sizes = vec![0_usize; centres.len()];
    for _ in 0..8 {
        let mut sums = vec![[0.0_f32; 3]; centres.len()];
        sizes.fill(0);
        for s in samples {
            let nearest = (0..centres.len()).fold(0, |best, i| {
                if distance(s, &centres[i]) < distance(s, &centres[best]) { i } else { best }
            });
            sizes[nearest] += 1;
            for (sum, v) in sums[nearest].iter_mut().zip(s) {
                *sum += v;
            }
        }
        for ((centre, sum), size) in centres.iter_mut().zip(&sums).zip(&sizes) {
            if *size > 0 {
                *centre = sum.map(|v| v / *size as f32);
            }
        }
    }
    let mut order: Vec<usize> = (0..centres.len()).filter(|i| sizes[*i] > 0).collect();
    order.sort_by_key(|i| std::cmp::Reverse(sizes[*i]));
    order.into_iter().map(|i| Rgb::from_lab(centres[i])).collect()
}
