//! Measurements of a picture and of the changes between the frames of a film.

use image::RgbaImage;

use crate::paint::color::Rgb;
use crate::paint::palette;

/// The side of the small copy that is measured.
const GRID: usize = 64;

/// A picture in numbers.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) size_px: (u32, u32),
    /// Main colours, most frequent first.
    pub(super) colors: Vec<Rgb>,
    /// Mean lightness, 0 to 1.
    pub(super) brightness: f32,
    /// Standard deviation of lightness.
    pub(super) contrast: f32,
    /// Mean chroma, about 0 to 0.3.
    pub(super) chroma: f32,
    /// Where the detail is: centre of it, 0 to 1 both ways.
    pub(super) weight: (f32, f32),
    /// Likeness of the left half and the mirrored right half, 0 to 1.
    pub(super) symmetry: f32,
    /// Lightness above minus below the middle.
    pub(super) top_light: f32,
    /// Strength and place (0 top, 1 bottom) of the strongest change from row to row.
    pub(super) horizon: (f32, f32),
    /// Mean difference to the next pixel: how much detail there is.
    pub(super) detail: f32,
    /// Number of different colours, coarsely, of a possible 4,096.
    pub(super) shades: usize,
    pub(super) transparent: bool,
}

impl Look {
    /// Measures a picture.
    pub(super) fn of(picture: &RgbaImage) -> Self {
        let (w, h) = picture.dimensions();
        let at = |gx: usize, gy: usize| {
            let x = (gx as u64 * u64::from(w) + u64::from(w) / 2) / GRID as u64;
            let y = (gy as u64 * u64::from(h) + u64::from(h) / 2) / GRID as u64;
            picture.get_pixel((x as u32).min(w - 1), (y as u32).min(h - 1)).0
        };
        let mut labs = Vec::with_capacity(GRID * GRID);
        let mut shades = std::collections::BTreeSet::new();
        let mut transparent = false;
        for gy in 0..GRID {
            for gx in 0..GRID {
                let [r, g, b, a] = at(gx, gy);
                transparent |= a < 128;
                shades.insert([r >> 4, g >> 4, b >> 4]);
                let [r, g, b] = [r, g, b].map(|c| f32::from(c) / 255.0);
                labs.push(Rgb { r, g, b }.lab());
            }
        }
        let count = labs.len() as f32;
        let light = |x: usize, y: usize| labs[y * GRID + x][0];
        let brightness = labs.iter().map(|l| l[0]).sum::<f32>() / count;
        let spread = labs.iter().map(|l| (l[0] - brightness) * (l[0] - brightness)).sum::<f32>();
        let chroma = labs.iter().map(|l| (l[1] * l[1] + l[2] * l[2]).sqrt()).sum::<f32>() / count;
        let (mut detail, mut weight) = (0.0, (0.0, 0.0));
        let mut alike = 0.0;
        for y in 0..GRID - 1 {
            for x in 0..GRID - 1 {
                let step =
                    (light(x, y) - light(x + 1, y)).abs() + (light(x, y) - light(x, y + 1)).abs();
                detail += step;
                weight.0 += step * x as f32;
                weight.1 += step * y as f32;
                alike += (light(x, y) - light(GRID - 1 - x, y)).abs();
            }
        }
        let row = |y: usize| (0..GRID).map(|x| light(x, y)).sum::<f32>() / GRID as f32;
        let rows: Vec<f32> = (0..GRID).map(row).collect();
        let half = |rows: &[f32]| rows.iter().sum::<f32>() / rows.len() as f32;
        let mut horizon = (0.0, 0.5);
        for y in 8..GRID - 8 {
            let step = (half(&rows[y - 3..y]) - half(&rows[y..y + 3])).abs();
            if step > horizon.0 {
                horizon = (step, y as f32 / GRID as f32);
            }
        }
        let total = f32::max(detail, 1e-6) * (GRID - 1) as f32;
        let reference = palette::study(&[picture]);
        Self {
            size_px: (w, h),
            colors: reference.map(|r| r.colors).unwrap_or_default(),
            brightness,
            contrast: (spread / count).sqrt(),
            chroma,
            weight: (weight.0 / total, weight.1 / total),
            symmetry: 1.0 - (alike / count / (spread / count).sqrt().max(0.02)).min(1.0),
            top_light: half(&rows[..GRID / 2]) - half(&rows[GRID / 2..]),
            horizon,
            detail: detail / count,
            shades: shades.len(),
            transparent,
        }
    }
}

/// Changes between the frames of a film.
#[derive(Clone, Debug)]
pub(super) struct Motion {
    pub(super) seconds: f64,
    pub(super) size_px: Option<(u32, u32)>,
    pub(super) has_sound: bool,
    pub(super) cuts: usize,
    /// Mean change from one looked-at frame to the next, cuts left out, 0 to 1.
    pub(super) change: f32,
    steps: usize,
    last: Vec<u8>,
}

impl Motion {
    pub(super) fn new(seconds: f64, size_px: Option<(u32, u32)>, has_sound: bool) -> Self {
        Self { seconds, size_px, has_sound, cuts: 0, change: 0.0, steps: 0, last: Vec::new() }
    }

    /// Takes note of the next frame.
    pub(super) fn frame(&mut self, frame: &[u8]) {
        if self.last.len() == frame.len() && !frame.is_empty() {
            let sum: u64 =
                frame.iter().zip(&self.last).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            let step = sum as f32 / frame.len() as f32 / 255.0;
            if step > 0.22 {
                self.cuts += 1;
            } else {
                self.steps += 1;
                self.change += (step - self.change) / self.steps as f32;
            }
        }
        self.last = frame.to_vec();
    }
}

/// Returns the everyday English name of a colour.
pub(super) fn color_name(color: Rgb) -> String {
    let [l, a, b] = color.lab();
    let chroma = (a * a + b * b).sqrt();
    if chroma < 0.025 {
        return match l {
            l if l < 0.22 => "black",
            l if l < 0.4 => "charcoal",
            l if l < 0.62 => "grey",
            l if l < 0.85 => "light grey",
            l if l < 0.95 => "off-white",
            _ => "white",
        }
        .to_owned();
    }
    let degrees = libm::atan2f(b, a).to_degrees().rem_euclid(360.0);
    // Hue angles of OKLab; the names are those of everyday English.
    let hue = match degrees {
        d if d < 15.0 => "pink",
        d if d < 42.0 => {
            if l < 0.4 {
                "burgundy"
            } else {
                "red"
            }
        }
        d if d < 70.0 => {
            if l < 0.55 {
                "brown"
            } else if l > 0.82 {
                "peach"
            } else {
                "orange"
            }
        }
        d if d < 98.0 => {
            if l < 0.5 {
                "ochre"
            } else if chroma < 0.07 {
                "sand"
            } else {
                "golden yellow"
            }
        }
        d if d < 115.0 => {
            if l < 0.55 {
                "olive"
            } else {
                "yellow"
            }
        }
        d if d < 160.0 => "green",
        d if d < 205.0 => "teal",
        d if d < 235.0 => "cyan blue",
        d if d < 275.0 => {
            if l < 0.35 {
                "navy"
            } else {
                "blue"
            }
        }
        d if d < 310.0 => {
            if l < 0.4 {
                "indigo"
            } else {
                "violet"
            }
        }
        d if d < 345.0 => "magenta",
        _ => "pink",
    };
    let named = ["burgundy", "brown", "peach", "ochre", "sand", "olive", "navy", "indigo"];
    let tone = match (l, chroma) {
        _ if named.contains(&hue) => "",
        (l, _) if l < 0.38 => "dark ",
        (l, c) if l > 0.82 && c < 0.1 => "pale ",
        (_, c) if c < 0.06 => "muted ",
        (_, c) if c > 0.19 => "vivid ",
        _ => "",
    };
    format!("{tone}{hue}")
}
