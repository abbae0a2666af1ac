//! The last pass over the pixels: tone of mood and style, vignette, grain.

use image::RgbaImage;
use tiny_skia::Pixmap;

use super::color::Rgb;
use super::palette::Reference;
use super::words::{Intent, Mood, Style, Time};
use crate::math::{Rng, lerp, mix64, smoothstep};
use gesso_media::{Control, WorkError};

/// Points a side of the table colours are graded by.
const GRID: usize = 17;

/// Changes to the colours of the finished picture.
pub(super) struct Grade {
    saturation: f32,
    contrast: f32,
    /// Towards which colour, how much, in shadows and in lights.
    split: Option<(Rgb, Rgb, f32)>,
    lift: f32,
    /// Colours to keep away from.
    avoid: Vec<Rgb>,
    /// The colour named for the whole picture, and how far everything leans on it.
    tint: Option<(Rgb, f32)>,
    /// Mean and spread of colours to give up, and those to take on.
    transfer: Option<([[f32; 3]; 2], [[f32; 3]; 2])>,
    /// The hour a repainted picture moves to.
    hour: Option<Time>,
    /// Added in `OKLab`: what brings the picture's mean towards that of the references.
    shift: [f32; 3],
}

impl Grade {
    pub(super) fn of(intent: &Intent, shift: [f32; 3]) -> Self {
        let chroma = |c: &&Rgb| {
            let [_, a, b] = c.lab();
            libm::hypotf(a, b) > 0.03
        };
        let mut grade = Self {
            saturation: 1.04,
            contrast: 1.03,
            split: None,
            lift: 0.0,
            avoid: intent.without.colors.clone(),
            tint: intent.colors.iter().find(chroma).map(|c| (*c, 0.34)),
            transfer: None,
            hour: None,
            shift,
        };
        if intent.has(Mood::Mono) {
            grade.saturation = 0.0;
            grade.contrast = 1.16;
            if let Some(color) = intent.colors.first() {
                grade.split = Some((color.lift(-0.2), color.lift(0.25), 0.7));
            }
        }
        if intent.has(Mood::Vintage) {
            grade.saturation *= 0.66;
            grade.contrast = 0.93;
            grade.lift = 0.03;
            grade.split = Some((Rgb::hex(0x3a3f4a), Rgb::hex(0xf2d9a8), 0.42));
        }
        if intent.style(Style::Film) {
            grade.saturation *= 0.92;
            grade.contrast *= 1.06;
            grade.split = grade.split.or(Some((Rgb::hex(0x1f4a54), Rgb::hex(0xf4c99a), 0.22)));
        }
        if intent.style(Style::Poster) {
            grade.contrast *= 1.12;
            grade.saturation *= 1.12;
        }
        if intent.has(Mood::Dramatic) {
            grade.contrast *= 1.12;
        }
        grade
    }

    /// For a picture that repaints references: the first gives the forms, the others colours.
    pub(super) fn repainting(
        mut self,
        intent: &Intent,
        colors: Option<[[[f32; 3]; 2]; 2]>,
    ) -> Self {
        self.transfer = colors.map(|[from, to]| (from, to));
        self.hour = intent.time;
        if let Some((_, share)) = &mut self.tint {
            *share = 0.5;
        }
        if intent.has(Mood::Warm) || intent.has(Mood::Autumn) {
            self.tint = self.tint.or(Some((Rgb::hex(0xf0a04b), 0.3)));
        }
        if intent.has(Mood::Cold) {
            self.tint = self.tint.or(Some((Rgb::hex(0x6fa8dc), 0.35)));
        }
        if intent.has(Mood::Bright) {
            self.saturation *= 1.3;
        }
        if intent.has(Mood::Pastel) {
            self.saturation *= 0.85;
            self.lift += 0.22;
        }
        if intent.has(Mood::Dark) {
            self.lift -= 0.18;
        }
        self
    }

    /// Light of another hour on a picture.
    fn relit(&self, [l, a, b]: [f32; 3]) -> [f32; 3] {
        match self.hour {
            None | Some(Time::Day) => [l, a, b],
            Some(Time::Night) => [l * 0.56, a * 0.6 - 0.012, b * 0.55 - 0.055],
            Some(Time::Dusk) => [l * 0.76, a * 0.8 + 0.015, b * 0.75 - 0.035],
            Some(Time::Sunset) => [l * 0.92, a + 0.03 * (0.3 + l), b * 0.9 + 0.05 * (l - 0.25)],
            Some(Time::Dawn) => [l * 0.95 + 0.03, a * 0.9 + 0.016, b * 0.85 + 0.03 * (l - 0.4)],
        }
    }

    /// Away from the colours that are not wanted.
    fn avoided(&self, mut lab: [f32; 3]) -> [f32; 3] {
        for color in &self.avoid {
            let [l, a, b] = color.lab();
            let strength = libm::hypotf(a, b);
            if strength < 0.03 {
                let near = smoothstep(0.35, 0.05, (lab[0] - l).abs());
                lab[0] += if l > 0.7 { -0.22 } else { 0.22 } * near;
                continue;
            }
            let own = libm::hypotf(lab[1], lab[2]).max(1e-4);
            let along = (lab[1] * a + lab[2] * b) / (own * strength);
            let keep = 1.0 - 0.94 * smoothstep(0.45, 0.8, along);
            (lab[1], lab[2]) = (lab[1] * keep, lab[2] * keep);
        }
        lab
    }

    fn apply(&self, c: Rgb) -> Rgb {
        let mut lab = c.lab();
        if let Some(([from, spread], [to, wanted])) = self.transfer {
            for i in 0..3 {
                let scale = (wanted[i] / spread[i].max(0.01)).clamp(0.4, 2.2);
                lab[i] = lerp(lab[i], (lab[i] - from[i]) * scale + to[i], 0.75);
            }
        }
        let [l, a, b] = self.relit(lab);
        let mut l = (l - 0.5) * self.contrast + 0.5 + self.lift * (1.0 - l);
        let (mut a, mut b) = (a * self.saturation, b * self.saturation);
        if let Some((dark, bright, amount)) = self.split {
            let tone = dark.mix(bright, l.clamp(0.0, 1.0)).lab();
            a += (tone[1] - a * 0.4) * amount;
            b += (tone[2] - b * 0.4) * amount;
        }
        l += self.shift[0];
        (a, b) = (a + self.shift[1], b + self.shift[2]);
        if let Some((color, share)) = self.tint {
            let [_, ta, tb] = color.lab();
            let share = share * (1.0 - (l - 0.55).abs());
            (a, b) = (lerp(a, ta, share), lerp(b, tb, share));
        }
        let [l, a, b] = self.avoided([l, a, b]);
        Rgb::from_lab([l.clamp(0.0, 1.0), a, b])
    }

    pub(super) fn table(&self) -> Vec<[f32; 3]> {
        let step = |i: usize| i as f32 / (GRID - 1) as f32;
        let mut table = Vec::with_capacity(GRID * GRID * GRID);
        for b in 0..GRID {
            for g in 0..GRID {
                for r in 0..GRID {
                    let c = self.apply(Rgb { r: step(r), g: step(g), b: step(b) });
                    table.push([c.r * 255.0, c.g * 255.0, c.b * 255.0]);
                }
            }
        }
        table
    }
}

/// Looks a colour up between the points of the table.
pub(super) fn graded(table: &[[f32; 3]], pixel: [u8; 3]) -> [f32; 3] {
    let scale = (GRID - 1) as f32 / 255.0;
    let at = pixel.map(|c| f32::from(c) * scale);
    let low = at.map(|v| (v as usize).min(GRID - 2));
    let part = [at[0] - low[0] as f32, at[1] - low[1] as f32, at[2] - low[2] as f32];
    let base = low[0] + GRID * (low[1] + GRID * low[2]);
    let mut out = [0.0; 3];
    for corner in 0..8_usize {
        let (dr, dg, db) = (corner & 1, (corner >> 1) & 1, corner >> 2);
        let side = |d: usize, t: f32| if d == 1 { t } else { 1.0 - t };
        let weight = side(dr, part[0]) * side(dg, part[1]) * side(db, part[2]);
        let value = table[base + dr + GRID * (dg + GRID * db)];
        for c in 0..3 {
            out[c] += value[c] * weight;
        }
    }
    out
}

/// Returns the shift, in `OKLab`, of the painted mean towards that of the references: at a full `weight` half of the
/// way in lightness and 0.7 of it in colour, at most 0.16 each.
pub(super) fn shift(sheet: &Pixmap, reference: Option<&Reference>, weight: f32) -> [f32; 3] {
    let Some(reference) = reference else { return [0.0; 3] };
    let (mut sum, mut count) = ([0.0_f32; 3], 0.0_f32);
    let step = (sheet.pixels().len() / 4096).max(1);
    for p in sheet.pixels().iter().step_by(step) {
        let lab = Rgb {
            r: f32::from(p.red()) / 255.0,
            g: f32::from(p.green()) / 255.0,
            b: f32::from(p.blue()) / 255.0,
        }
        .lab();
        for (s, v) in sum.iter_mut().zip(lab) {
            *s += v;
        }
        count += 1.0;
    }
    let toward = |i: usize, share: f32| {
        ((reference.mean[i] - sum[i] / count) * share * weight).clamp(-0.16, 0.16)
    };
    [toward(0, 0.5), toward(1, 0.7), toward(2, 0.7)]
}

/// Turns the painted sheet into the picture that is handed out.
pub(super) fn finish(
    mut sheet: Pixmap,
    intent: &Intent,
    notes: FinishNotes,
    grade: &Grade,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (w, h) = (sheet.width(), sheet.height());
    if intent.style(Style::Line) {
        lines(&mut sheet, notes.paper, control)?;
    }
    let table = grade.table();
    let seed = rng.fork("grain").bits();
    let own = matches!(intent.styles.first(), None | Some(Style::Illustration));
    let film = intent.style(Style::Film);
    let grain = match (own, film || (own && intent.has(Mood::Vintage))) {
        (_, true) => 7.5,
        (true, false) => 3.4,
        (false, false) => 0.0,
    };
    let vignette = if own || film { notes.vignette } else { 0.0 };
    // Grain keeps its size on the sheet of a given resolution and gets coarser on large ones.
    let cell = (w.max(h) / 1400).max(1);
    let mut out = vec![0_u8; w as usize * h as usize * 4];
    for y in 0..h {
        if y % 64 == 0 {
            control.at(0.86 + 0.13 * y as f32 / h as f32)?;
        }
        let fy = (y as f32 + 0.5) / h as f32 * 2.0 - 1.0;
        for x in 0..w {
            let i = (y * w + x) as usize * 4;
            let px = &sheet.data()[i..i + 3];
            let c = graded(&table, [px[0], px[1], px[2]]);
            let fx = (x as f32 + 0.5) / w as f32 * 2.0 - 1.0;
            let shade = 1.0 - vignette * smoothstep(0.55, 1.9, fx * fx + fy * fy);
            let n = mix64(seed ^ (u64::from(x / cell) << 32 | u64::from(y / cell)));
            let speck = (((n & 0xffff) + (n >> 16 & 0xffff)) as f32 / 65_535.0 - 1.0) * grain;
            for k in 0..3 {
                out[i + k] = (c[k] * shade + speck + 0.5).clamp(0.0, 255.0) as u8;
            }
            out[i + 3] = 255;
        }
    }
    RgbaImage::from_raw(w, h, out)
        .ok_or_else(|| WorkError::Internal("the picture's buffer has the wrong length".to_owned()))
}

/// Contours and light hatching on paper.
fn lines(sheet: &mut Pixmap, paper: Rgb, control: &Control<'_>) -> Result<(), WorkError> {
    let (w, h) = (sheet.width() as usize, sheet.height() as usize);
    let light: Vec<f32> = sheet
        .pixels()
        .iter()
        .map(|p| {
            (0.3 * f32::from(p.red()) + 0.59 * f32::from(p.green()) + 0.11 * f32::from(p.blue()))
                / 255.0
        })
        .collect();
    let reach = (w.min(h) / 700).max(1);
    let period = (w.min(h) as f32 / 150.0).max(3.0);
    let ink = [0.12, 0.13, 0.18];
    let tone = [paper.r, paper.g, paper.b];
    for y in 0..h {
        if y % 64 == 0 {
            control.check()?;
        }
        for x in 0..w {
            let at = |dx: isize, dy: isize| {
                let sx = (x as isize + dx * reach as isize).clamp(0, w as isize - 1) as usize;
                let sy = (y as isize + dy * reach as isize).clamp(0, h as isize - 1) as usize;
                light[sy * w + sx]
            };
            let edge = (at(1, 0) - at(-1, 0)).abs() + (at(0, 1) - at(0, -1)).abs();
            let here = light[y * w + x];
            let hatch = |phase: f32, limit: f32| {
                let wave = ((phase / period).fract() - 0.5).abs() * 2.0;
                smoothstep(0.72, 0.95, wave) * smoothstep(limit, limit - 0.25, here)
            };
            let dark = (smoothstep(0.025, 0.16, edge)
                + 0.8 * hatch((x + y) as f32, 0.62)
                + 0.8 * hatch((x + 2 * h - y) as f32, 0.34))
            .min(1.0);
            let i = (y * w + x) * 4;
            for c in 0..3 {
                let old = f32::from(sheet.data()[i + c]) / 255.0;
                let ground = tone[c] * 0.86 + old * 0.14;
                sheet.data_mut()[i + c] = ((ground + (ink[c] - ground) * dark) * 255.0) as u8;
            }
        }
    }
    Ok(())
}

/// Facts about a scene that its finish needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FinishNotes {
    pub(crate) vignette: f32,
    pub(crate) paper: Rgb,
}
