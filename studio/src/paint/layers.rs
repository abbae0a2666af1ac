//! A scene in layers, for those who set it in motion.

use image::RgbaImage;
use tiny_skia::Pixmap;

use super::brush::Brush;
use super::facts::Facts;
use super::finish::{Grade, graded};
use super::request::{PaintRequest, size};
use super::scene::Scene;
use super::{palette, words};
use crate::math::{Rng, mix64};
use gesso_media::{Control, WorkError};

/// A scene painted in layers that lie one over the other.
#[derive(Clone, Debug)]
pub struct Layers {
    /// From the farthest to the nearest, all of the size of the picture.
    pub layers: Vec<Layer>,
    /// Facts about the scene.
    pub facts: Facts,
}

/// One layer of a scene.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Pixels, not premultiplied; the farthest layer is opaque.
    pub picture: RgbaImage,
    /// From 0, farthest, to 1, nearest.
    pub depth: f32,
}

/// Paints a scene as three to six layers. Laid over each other they give about the picture [`super::paint`] makes of
/// the same request, without the grain and the brushwork of a style.
///
/// # Errors
/// [`WorkError::Refused`] for a side out of range and [`WorkError::Cancelled`].
pub fn paint_layers(request: &PaintRequest, control: &Control<'_>) -> Result<Layers, WorkError> {
    let (width, height) = size(request)?;
    control.at(0.0)?;
    let mut intent = words::read(&request.prompt, &request.negative);
    intent.settle(None);
    let reference = palette::study(&request.references);
    let rng = Rng::new(mix64(request.seed) ^ intent.hash);
    let mut brush = Brush::new(width, height, control)?.layered();
    brush.without.clone_from(&intent.without.motifs);
    let scene = Scene::plan(&intent, reference.as_ref(), &rng, &brush);
    scene.paint(&mut brush)?;
    let facts = scene.facts(brush.w, brush.h);
    let table = Grade::of(&intent, [0.0; 3]).table();
    let mut layers: Vec<Layer> = Vec::new();
    let mut sheets = brush.into_layers();
    let mut floor = 0.0;
    sheets.retain(|(sheet, _)| sheet.pixels().iter().any(|p| p.alpha() > 0));
    while sheets.len() > LAYERS_MAX {
        let (above, depth) = sheets.remove(2);
        lay(&mut sheets[1].0, &above);
        sheets[1].1 = depth;
    }
    let count = sheets.len() as f32;
    for (i, (sheet, depth)) in sheets.into_iter().enumerate() {
        control.at(0.85 + 0.14 * i as f32 / count)?;
        floor = if i == 0 { 0.0 } else { depth.max(floor + 0.02).min(1.0) };
        layers.push(Layer { picture: grade(&sheet, &table, i == 0)?, depth: floor });
    }
    control.at(1.0)?;
    Ok(Layers { layers, facts })
}

/// More than this few want to move.
const LAYERS_MAX: usize = 6;

/// Lays one premultiplied sheet over another.
fn lay(below: &mut Pixmap, above: &Pixmap) {
    for (b, a) in below.data_mut().chunks_exact_mut(4).zip(above.data().chunks_exact(4)) {
        let rest = 255 - u16::from(a[3]);
        for c in 0..4 {
            let under = (u16::from(b[c]) * rest + 127) / 255;
            b[c] = (u16::from(a[c]) + under).min(255) as u8;
        }
    }
}

fn grade(sheet: &Pixmap, table: &[[f32; 3]], opaque: bool) -> Result<RgbaImage, WorkError> {
    let mut bytes = Vec::with_capacity(sheet.data().len());
    for pixel in sheet.pixels() {
        let plain = pixel.demultiply();
        let c = graded(table, [plain.red(), plain.green(), plain.blue()]);
        bytes.extend(c.map(|c| (c + 0.5).clamp(0.0, 255.0) as u8));
        bytes.push(if opaque { 255 } else { plain.alpha() });
    }
    RgbaImage::from_raw(sheet.width(), sheet.height(), bytes)
        .ok_or_else(|| WorkError::Internal("a layer's buffer has the wrong length".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint::paint;

    #[test]
    fn layers_laid_over_each_other_give_the_picture() {
        for prompt in [
            "a lighthouse at dawn",
            "mountains, a tent",
            "city at night",
            "forest in fog",
            "a boat on a lake",
            "rocket in space",
            "street in the rain",
            "perfume bottle",
            "snow, a cabin",
            "hjkl",
        ] {
            let request = PaintRequest {
                prompt: prompt.to_owned(),
                negative: String::new(),
                width: 160,
                height: 96,
                seed: 3,
                references: Vec::new(),
            };
            let whole = paint(&request, &Control::none()).expect("paints");
            let made = paint_layers(&request, &Control::none()).expect("paints");
            let list = &made.layers;
            assert!((2..=LAYERS_MAX).contains(&list.len()), "{prompt}: {}", list.len());
            assert!(list.windows(2).all(|pair| pair[0].depth < pair[1].depth), "{prompt}");
            let mut flat = list[0].picture.clone();
            for layer in &list[1..] {
                image::imageops::overlay(&mut flat, &layer.picture, 0, 0);
            }
            let sum: u64 = flat
                .as_raw()
                .iter()
                .zip(whole.as_raw())
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            let gap = sum as f64 / flat.as_raw().len() as f64;
            assert!(gap < 14.0, "{prompt} differs by {gap}");
        }
    }
}
