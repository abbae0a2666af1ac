//! The places of a picture that show sky and water, that the wind can move and that the light comes from. Guessed
//! from what can be measured; used only for motions that the words ask for.

use crate::camera::relief::{Plane, Study, ways};
use crate::math::smoothstep;

/// Masks from 0 to 1 over a picture, and its light.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) sky: Plane,
    /// Where clouds may drift.
    pub(crate) drift: Plane,
    pub(crate) water: Plane,
    pub(crate) sway: Plane,
    /// From 0 to 1 downwards.
    pub(crate) horizon: f32,
    /// Where the light comes from, 0 to 1 on both axes.
    pub(crate) light: [f32; 2],
    /// Strength of the light, 0 to 1.
    pub(crate) shine: f32,
    /// Colour of the light and of the haze, encoded, 0 to 255.
    pub(crate) light_color: [f32; 3],
    pub(crate) haze: [f32; 3],
    /// Where the eye goes, in heights of the picture from its middle.
    pub(crate) focus: [f32; 2],
}

impl Place {
    pub(crate) fn guess(study: &Study) -> Self {
        let (w, h) = (study.light.width, study.light.height);
        let from_top = ways(&study.colors, w, h, |_, y| y == 0);
        let high = |y: usize| smoothstep(0.85, 0.55, (y as f32 + 0.5) / h as f32);
        let open =
            Plane::new(w, h, |x, y| (1.0 - smoothstep(0.1, 0.4, from_top[y * w + x])) * high(y));
        // Kept away from edges: what drifts there would be seen twice.
        let inner = open.blurred(2);
        let sky = inner.map(&inner, |s, _| smoothstep(0.72, 0.98, s)).blurred(1);
        let horizon = horizon(study);
        let water = water(study, &sky, horizon);
        let sway = Plane::new(w, h, |_, y| smoothstep(0.2, 0.7, (y as f32 + 0.5) / h as f32));
        let sway = sway.map(&study.detail, |low, d| low * smoothstep(0.08, 0.4, d));
        let sway = sway.map(&water, |s, w| s * (1.0 - w)).blurred(2);
        let glow = study.light.blurred((w / 48).max(1));
        let score =
            |i: usize| glow.values[i] - 0.25 * (i / w) as f32 / h as f32 + 0.1 * sky.values[i];
        let best = (0..w * h).max_by(|a, b| score(*a).total_cmp(&score(*b))).unwrap_or(0);
        let mean = |keep: &dyn Fn(usize) -> f32| {
            let mut sum = [0.0; 3];
            let mut weight = 1e-4;
            for (i, color) in study.colors.iter().enumerate() {
                let k = keep(i);
                weight += k;
                for c in 0..3 {
                    sum[c] += color[c] * k;
                }
            }
            sum.map(|s| s / weight)
        };
        let peak = glow.values[best];
        let light_color = mean(&|i| smoothstep(peak - 0.12, peak, glow.values[i]));
        let band = |i: usize| {
            let v = (i / w) as f32 / h as f32;
            smoothstep(0.3, 0.0, (v - horizon).abs()) + 0.05
        };
        let haze = mean(&|i| band(i) * (0.1 + sky.values[i]));
        Self {
            drift: sky.clone(),
            sky,
            water,
            sway,
            horizon,
            light: [((best % w) as f32 + 0.5) / w as f32, ((best / w) as f32 + 0.5) / h as f32],
            shine: smoothstep(0.5, 0.85, peak),
            light_color: light_color.map(|c| 255.0 * (c * 0.7 + 0.3)),
            haze: haze.map(|c| 255.0 * (c * 0.85 + 0.15)),
            focus: focus(study),
        }
    }
}

/// The middle of what is salient.
fn focus(study: &Study) -> [f32; 2] {
    let saliency = study.saliency();
    let (w, h) = (saliency.width, saliency.height);
    let (mut sum, mut all) = ([0.0_f32; 2], 1e-3_f32);
    for (i, value) in saliency.values.iter().enumerate() {
        let weight = value * value;
        sum[0] += weight * ((i % w) as f32 + 0.5 - w as f32 / 2.0) / h as f32;
        sum[1] += weight * ((i / w) as f32 + 0.5 - h as f32 / 2.0) / h as f32;
        all += weight;
    }
    sum.map(|s| s / all)
}

/// The row where brightness changes most along its whole length.
fn horizon(study: &Study) -> f32 {
    let (w, h) = (study.light.width, study.light.height);
    let value = |x: usize, y: usize| study.light.values[y * w + x];
    let change = |y: usize| -> f32 {
        (0..w).map(|x| (value(x, y + 1) - value(x, y - 1)).abs().min(0.12)).sum()
    };
    let (from, to) = ((h * 3 / 10).max(1), h * 3 / 4);
    let best = (from..to.min(h.saturating_sub(1))).max_by(|a, b| change(*a).total_cmp(&change(*b)));
    best.map_or(0.55, |y| (y as f32 + 0.5) / h as f32)
}

/// Returns the mask of water: places below the horizon that have the colour most of their row has.
fn water(study: &Study, sky: &Plane, horizon: f32) -> Plane {
    let (w, h) = (study.light.width, study.light.height);
    let mut middles = Vec::with_capacity(h);
    for y in 0..h {
        let mut middle = [0.0; 3];
        for (c, value) in middle.iter_mut().enumerate() {
            let mut row: Vec<f32> = (0..w).map(|x| study.colors[y * w + x][c]).collect();
            row.sort_by(f32::total_cmp);
            *value = row[w / 2];
        }
        middles.push(middle);
    }
    let plane = Plane::new(w, h, |x, y| {
        let v = (y as f32 + 0.5) / h as f32;
        let color = study.colors[y * w + x];
        let off: f32 = (0..3).map(|c| (color[c] - middles[y][c]).abs()).sum();
        smoothstep(horizon, horizon + 0.03, v) * (1.0 - smoothstep(0.3, 0.7, off))
    });
    plane.map(sky, |water, sky| water * (1.0 - sky)).blurred(1)
}
