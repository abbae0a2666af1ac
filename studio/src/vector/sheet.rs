//! The drawing as text: written shape by shape, with few decimals.

use std::fmt::Write as _;

use super::glyphs::{Glyph, Part};
use super::inks::Inks;
use crate::paint::color::Rgb;

/// A drawing under way.
pub(super) struct Sheet {
    pub(super) w: f32,
    pub(super) h: f32,
    defs: String,
    body: String,
    defined: Vec<String>,
}

/// Paint of a shape.
#[derive(Clone, Copy)]
pub(super) enum Paint {
    Fill(Rgb),
    /// Colour and width in units.
    Stroke(Rgb, f32),
}

/// A colour as SVG writes it.
pub(super) fn hex(color: Rgb) -> String {
    let byte = |c: f32| (c.clamp(0.0, 1.0) * 255.0).round() as u8;
    format!("#{:02x}{:02x}{:02x}", byte(color.r), byte(color.g), byte(color.b))
}

/// A number with at most one decimal.
pub(super) fn num(value: f32) -> String {
    let text = format!("{:.1}", if value.abs() < 0.05 { 0.0 } else { value });
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

impl Paint {
    fn attributes(self) -> String {
        match self {
            Self::Fill(color) => format!("fill=\"{}\"", hex(color)),
            Self::Stroke(color, width) => format!(
                "fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"",
                hex(color),
                num(width)
            ),
        }
    }
}

impl Sheet {
    pub(super) fn new(w: f32, h: f32) -> Self {
        Self { w, h, defs: String::new(), body: String::new(), defined: Vec::new() }
    }

    fn put(&mut self, text: &str) {
        self.body.push_str("  ");
        self.body.push_str(text);
        self.body.push('\n');
    }

    pub(super) fn ground(&mut self, color: Rgb) {
        let (w, h) = (num(self.w), num(self.h));
        self.put(&format!("<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>", hex(color)));
    }

    pub(super) fn rect(&mut self, [x, y, w, h]: [f32; 4], corner: f32, paint: Paint) {
        let round = if corner > 0.0 { format!(" rx=\"{}\"", num(corner)) } else { String::new() };
        self.put(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{round} {}/>",
            num(x),
            num(y),
            num(w),
            num(h),
            paint.attributes()
        ));
    }

    pub(super) fn circle(&mut self, (x, y): (f32, f32), r: f32, paint: Paint) {
        let (x, y, r) = (num(x), num(y), num(r));
        self.put(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {}/>", paint.attributes()));
    }

    pub(super) fn path(&mut self, d: &str, paint: Paint) {
        self.put(&format!("<path d=\"{d}\" {}/>", paint.attributes()));
    }

    /// A smooth line through points, as path data (Catmull–Rom to Bézier).
    pub(super) fn smooth(points: &[(f32, f32)]) -> String {
        let mut d = String::new();
        let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
        for (i, (x, y)) in points.iter().copied().enumerate() {
            if i == 0 {
                write!(d, "M{} {}", num(x), num(y)).expect("writing to a String cannot fail");
                continue;
            }
            let i = i as isize;
            let (p0, p1, p2) = (at(i - 2), at(i - 1), at(i + 1));
            let a = (p1.0 + (x - p0.0) / 6.0, p1.1 + (y - p0.1) / 6.0);
            let b = (x - (p2.0 - p1.0) / 6.0, y - (p2.1 - p1.1) / 6.0);
            write!(d, "C{} {} {} {} {} {}", num(a.0), num(a.1), num(b.0), num(b.1), num(x), num(y))
                .expect("writing to a String cannot fail");
        }
        d
    }

    /// A glyph, `size` units high, whose box has its middle at a point.
    pub(super) fn glyph(
        &mut self,
        glyph: &Glyph,
        (x, y): (f32, f32),
        size: f32,
        turn: f32,
        inks: &Inks,
    ) {
        let place = placed((x, y), size, turn);
        let mut group = format!("<g transform=\"{place}\">");
        for Part { role, path } in &glyph.parts {
            write!(group, "<path d=\"{path}\" fill=\"{}\"/>", hex(inks.of(*role)))
                .expect("writing to a String cannot fail");
        }
        group.push_str("</g>");
        self.put(&group);
    }

    /// A glyph in lines alone.
    pub(super) fn outline(
        &mut self,
        glyph: &Glyph,
        (x, y): (f32, f32),
        size: f32,
        width: f32,
        (line, ground): (Rgb, Rgb),
    ) {
        let place = placed((x, y), size, 0.0);
        let width = num(width * 100.0 / size);
        let mut group = format!(
            "<g transform=\"{place}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linejoin=\"round\">",
            hex(ground),
            hex(line)
        );
        for Part { path, .. } in &glyph.parts {
            write!(group, "<path d=\"{path}\"/>").expect("writing to a String cannot fail");
        }
        group.push_str("</g>");
        self.put(&group);
    }

    /// A glyph that is drawn often: its shapes are written once.
    pub(super) fn stamp(
        &mut self,
        glyph: &Glyph,
        at: (f32, f32),
        size: f32,
        turn: f32,
        inks: &Inks,
    ) {
        if !self.defined.contains(&glyph.id) {
            self.defined.push(glyph.id.clone());
            write!(self.defs, "    <g id=\"{}\">", glyph.id)
                .expect("writing to a String cannot fail");
            for Part { role, path } in &glyph.parts {
                write!(self.defs, "<path d=\"{path}\" fill=\"{}\"/>", hex(inks.of(*role)))
                    .expect("writing to a String cannot fail");
            }
            self.defs.push_str("</g>\n");
        }
        self.put(&format!(
            "<use href=\"#{}\" transform=\"{}\"/>",
            glyph.id,
            placed(at, size, turn)
        ));
    }

    /// The whole file.
    pub(super) fn finish(self, title: &str) -> String {
        let (w, h) = (num(self.w), num(self.h));
        let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let defs = if self.defs.is_empty() {
            String::new()
        } else {
            format!("  <defs>\n{}  </defs>\n", self.defs)
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\">\n  \
             <title>{title}</title>\n{defs}{}</svg>\n",
            self.body
        )
    }
}

fn placed((x, y): (f32, f32), size: f32, turn: f32) -> String {
    let scale = size / 100.0;
    let turned = if turn == 0.0 { String::new() } else { format!(" rotate({})", num(turn)) };
    let scale = format!("{scale:.3}");
    let scale = scale.trim_end_matches('0').trim_end_matches('.');
    format!("translate({} {}){turned} scale({scale}) translate(-50 -50)", num(x), num(y))
}
