//! The sheet being painted and what one can do on it. Coordinates are pixels of the finished
//! picture, also on a reduced layer.

use std::collections::BTreeSet;

use tiny_skia::{
    BlendMode, Color, FillRule, FilterQuality, GradientStop, LineCap, LineJoin, LinearGradient,
    Paint, Path, PathBuilder, Pixmap, PixmapPaint, Point, RadialGradient, Rect, Shader, SpreadMode,
    Stroke, Transform,
};

use super::color::Rgb;
use super::words::Motif;
use gesso_media::{Control, WorkError};

/// Where on a gradient (0..1), which colour, how opaque.
pub(crate) type Stop = (f32, Rgb, f32);

/// Filling of a shape.
#[derive(Clone, Debug)]
pub(crate) enum Ink {
    Flat(Rgb, f32),
    Line { from: (f32, f32), to: (f32, f32), stops: Vec<Stop> },
    Round { centre: (f32, f32), radius: f32, stops: Vec<Stop> },
}

impl Ink {
    pub(crate) fn flat(color: Rgb) -> Self {
        Self::Flat(color, 1.0)
    }

    /// From `top` down to `low`, evenly to the eye.
    pub(crate) fn down(y0: f32, y1: f32, colors: &[Rgb]) -> Self {
        Self::Line { from: (0.0, y0), to: (0.0, y1), stops: even(colors) }
    }

    /// From left to right.
    pub(crate) fn across(x0: f32, x1: f32, colors: &[Rgb]) -> Self {
        Self::Line { from: (x0, 0.0), to: (x1, 0.0), stops: even(colors) }
    }

    fn shader(&self) -> Shader<'static> {
        let stops = |list: &[Stop]| {
            list.iter().map(|(at, c, a)| GradientStop::new(*at, color(*c, *a))).collect::<Vec<_>>()
        };
        let flat = |list: &[Stop]| {
            Shader::SolidColor(list.first().map_or(Color::TRANSPARENT, |s| color(s.1, s.2)))
        };
        match self {
            Self::Flat(c, a) => Shader::SolidColor(color(*c, *a)),
            Self::Line { from, to, stops: list } => LinearGradient::new(
                Point::from_xy(from.0, from.1),
                Point::from_xy(to.0, to.1),
                stops(list),
                SpreadMode::Pad,
                Transform::identity(),
            )
            .unwrap_or_else(|| flat(list)),
            Self::Round { centre, radius, stops: list } => RadialGradient::new(
                Point::from_xy(centre.0, centre.1),
                0.0,
                Point::from_xy(centre.0, centre.1),
                radius.max(0.01),
                stops(list),
                SpreadMode::Pad,
                Transform::identity(),
            )
            .unwrap_or_else(|| flat(list)),
        }
    }
}

/// Colours at even distances, with a step in between so that the mixing is perceptual.
fn even(colors: &[Rgb]) -> Vec<Stop> {
    let spans = colors.len().saturating_sub(1).max(1) as f32;
    let mut stops = Vec::with_capacity(colors.len() * 3);
    for (i, pair) in colors.windows(2).enumerate() {
        for part in 0..3 {
            let t = part as f32 / 3.0;
            stops.push(((i as f32 + t) / spans, pair[0].mix(pair[1], t), 1.0));
        }
    }
    if let Some(last) = colors.last() {
        stops.push((1.0, *last, 1.0));
    }
    stops
}

fn color(c: Rgb, alpha: f32) -> Color {
    Color::from_rgba(
        c.r.clamp(0.0, 1.0),
        c.g.clamp(0.0, 1.0),
        c.b.clamp(0.0, 1.0),
        alpha.clamp(0.0, 1.0),
    )
    .unwrap_or(Color::TRANSPARENT)
}

/// A shape in progress.
#[derive(Default)]
pub(crate) struct Shape(PathBuilder);

impl Shape {
    pub(crate) fn polygon(points: &[(f32, f32)]) -> Self {
        let mut shape = Self::default();
        shape.line(points);
        shape.0.close();
        shape
    }

    fn line(&mut self, points: &[(f32, f32)]) {
        for (i, (x, y)) in points.iter().enumerate() {
            if i == 0 { self.0.move_to(*x, *y) } else { self.0.line_to(*x, *y) }
        }
    }

    pub(crate) fn open(points: &[(f32, f32)]) -> Self {
        let mut shape = Self::default();
        shape.line(points);
        shape
    }

    /// A smooth curve through the points (quadratics through the midpoints).
    pub(crate) fn curve(points: &[(f32, f32)]) -> Self {
        let mut shape = Self::default();
        shape.bend(points);
        shape
    }

    fn bend(&mut self, points: &[(f32, f32)]) {
        let Some((first, rest)) = points.split_first() else { return };
        self.0.move_to(first.0, first.1);
        for pair in rest.windows(2) {
            let middle = ((pair[0].0 + pair[1].0) / 2.0, (pair[0].1 + pair[1].1) / 2.0);
            self.0.quad_to(pair[0].0, pair[0].1, middle.0, middle.1);
        }
        if let Some(last) = rest.last() {
            self.0.line_to(last.0, last.1);
        }
    }

    /// Everything below a smooth crest, down to `bottom`.
    pub(crate) fn hill(points: &[(f32, f32)], bottom: f32) -> Self {
        let mut shape = Self::default();
        shape.bend(points);
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            shape.0.line_to(last.0, bottom);
            shape.0.line_to(first.0, bottom);
            shape.0.close();
        }
        shape
    }

    pub(crate) fn circle(x: f32, y: f32, r: f32) -> Self {
        Self::oval(x, y, r, r)
    }

    pub(crate) fn oval(x: f32, y: f32, rx: f32, ry: f32) -> Self {
        let mut shape = Self::default();
        shape.add_oval(x, y, rx, ry);
        shape
    }

    pub(crate) fn add_oval(&mut self, x: f32, y: f32, rx: f32, ry: f32) {
        if let Some(rect) = Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry) {
            self.0.push_oval(rect);
        }
    }

    pub(crate) fn rect(x: f32, y: f32, w: f32, h: f32) -> Self {
        let mut shape = Self::default();
        shape.add_rect(x, y, w, h);
        shape
    }

    pub(crate) fn add_rect(&mut self, x: f32, y: f32, w: f32, h: f32) {
        if let Some(rect) = Rect::from_xywh(x, y, w.max(0.0), h.max(0.0)) {
            self.0.push_rect(rect);
        }
    }

    /// The path data of SVG: `M L H V C S Q Z`, absolute and relative.
    pub(crate) fn svg(data: &str) -> Self {
        let mut shape = Self::default();
        let mut reader =
            SvgReader { rest: data, at: (0.0, 0.0), start: (0.0, 0.0), control: (0.0, 0.0) };
        reader.read(&mut shape.0);
        shape
    }

    pub(crate) fn finish(self) -> Option<Path> {
        self.0.finish()
    }
}

struct SvgReader<'a> {
    rest: &'a str,
    at: (f32, f32),
    start: (f32, f32),
    control: (f32, f32),
}

impl SvgReader<'_> {
    fn number(&mut self) -> Option<f32> {
        self.rest = self.rest.trim_start_matches([' ', ',', '\n']);
        let mut end = 0;
        let mut dot = false;
        for (i, c) in self.rest.char_indices() {
            let part = c.is_ascii_digit() || (c == '-' && i == 0) || (c == '.' && !dot);
            dot |= c == '.';
            if !part {
                break;
            }
            end = i + 1;
        }
        let (digits, rest) = self.rest.split_at(end);
        let value = digits.parse().ok()?;
        self.rest = rest;
        Some(value)
    }

    fn point(&mut self, relative: bool) -> Option<(f32, f32)> {
        let (x, y) = (self.number()?, self.number()?);
        Some(if relative { (self.at.0 + x, self.at.1 + y) } else { (x, y) })
    }

    fn read(&mut self, path: &mut PathBuilder) {
        let mut command = ' ';
        loop {
            self.rest = self.rest.trim_start_matches([' ', ',', '\n']);
            let Some(next) = self.rest.chars().next() else { return };
            if next.is_ascii_alphabetic() {
                command = next;
                self.rest = &self.rest[1..];
            }
            if self.step(command, path).is_none() {
                return;
            }
            command = match command {
                'M' => 'L',
                'm' => 'l',
                other => other,
            };
        }
    }

    fn step(&mut self, command: char, path: &mut PathBuilder) -> Option<()> {
        let relative = command.is_ascii_lowercase();
        match command.to_ascii_uppercase() {
            'M' => {
                self.at = self.point(relative)?;
                self.start = self.at;
                path.move_to(self.at.0, self.at.1);
            }
            'L' => {
                self.at = self.point(relative)?;
                path.line_to(self.at.0, self.at.1);
            }
            'H' => {
                let x = self.number()?;
                self.at.0 = if relative { self.at.0 + x } else { x };
                path.line_to(self.at.0, self.at.1);
            }
            'V' => {
                let y = self.number()?;
                self.at.1 = if relative { self.at.1 + y } else { y };
                path.line_to(self.at.0, self.at.1);
            }
            'C' | 'S' => {
                let first = if command.eq_ignore_ascii_case(&'C') {
                    self.point(relative)?
                } else {
                    (2.0 * self.at.0 - self.control.0, 2.0 * self.at.1 - self.control.1)
                };
                let second = self.point(relative)?;
                self.at = self.point(relative)?;
                self.control = second;
                path.cubic_to(first.0, first.1, second.0, second.1, self.at.0, self.at.1);
                return Some(());
            }
            'Q' => {
                let middle = self.point(relative)?;
                self.at = self.point(relative)?;
                path.quad_to(middle.0, middle.1, self.at.0, self.at.1);
            }
            'Z' => {
                path.close();
                self.at = self.start;
            }
            _ => return None,
        }
        self.control = self.at;
        Some(())
    }
}

/// A sheet and its measures.
pub(crate) struct Brush<'a> {
    pub(crate) sheet: Pixmap,
    /// Width of the finished picture in pixels.
    pub(crate) w: f32,
    /// Height of the finished picture in pixels.
    pub(crate) h: f32,
    /// The unit all motifs are measured in: the geometric middle of both sides, held near the
    /// shorter one, so that wide and tall pictures keep their proportions.
    pub(crate) u: f32,
    base: Transform,
    mode: BlendMode,
    control: &'a Control<'a>,
    /// Sheets painted before each [`Brush::cut`], each with its depth, where layers are asked for.
    layers: Option<Vec<(Pixmap, f32)>>,
    /// Subjects that are never drawn.
    pub(crate) without: BTreeSet<Motif>,
}

impl<'a> Brush<'a> {
    pub(crate) fn new(
        width: u32,
        height: u32,
        control: &'a Control<'a>,
    ) -> Result<Self, WorkError> {
        let sheet = Pixmap::new(width, height).ok_or_else(no_sheet)?;
        let (w, h) = (width as f32, height as f32);
        let u = libm::sqrtf(w * h).min(w.min(h) * 1.2);
        Ok(Self {
            sheet,
            w,
            h,
            u,
            base: Transform::identity(),
            mode: BlendMode::SourceOver,
            control,
            layers: None,
            without: BTreeSet::new(),
        })
    }

    /// Keeps what is painted between two [`Brush::cut`]s apart.
    pub(crate) fn layered(mut self) -> Self {
        self.layers = Some(Vec::new());
        self
    }

    /// Ends a layer `depth` away from the far end (0) towards the viewer (1), where layers are asked for.
    pub(crate) fn cut(&mut self, depth: f32) {
        let Some(layers) = &mut self.layers else { return };
        let Some(next) = Pixmap::new(self.sheet.width(), self.sheet.height()) else { return };
        layers.push((std::mem::replace(&mut self.sheet, next), depth));
    }

    /// The layers, the last one ending at 1.
    pub(crate) fn into_layers(mut self) -> Vec<(Pixmap, f32)> {
        let mut layers = self.layers.take().unwrap_or_default();
        layers.push((self.sheet, 1.0));
        layers
    }

    /// The first `rows` rows of all that is painted so far, as bytes of four channels: what water mirrors.
    pub(crate) fn seen(&self, rows: usize) -> Vec<u8> {
        let bytes = rows * self.sheet.width() as usize * 4;
        let list = self.layers.as_deref().unwrap_or_default();
        let mut all = list.iter().map(|(sheet, _)| sheet).chain([&self.sheet]);
        let mut seen = all.next().map(|first| first.data()[..bytes].to_vec()).unwrap_or_default();
        for sheet in all {
            for (below, above) in seen.chunks_exact_mut(4).zip(sheet.data().chunks_exact(4)) {
                let rest = 255 - u16::from(above[3]);
                for c in 0..4 {
                    let under = (u16::from(below[c]) * rest + 127) / 255;
                    below[c] = (u16::from(above[c]) + under).min(255) as u8;
                }
            }
        }
        seen
    }

    /// Refuses to go on when the caller cancelled.
    pub(crate) fn check(&self) -> Result<(), WorkError> {
        self.control.check()
    }

    pub(crate) fn at(&self, progress: f32) -> Result<(), WorkError> {
        self.control.at(progress)
    }

    pub(crate) fn fill(&mut self, shape: Shape, ink: &Ink) {
        self.fill_at(shape, ink, Transform::identity());
    }

    /// Fills a shape given in coordinates of its own; the ink lives in the same coordinates.
    pub(crate) fn fill_at(&mut self, shape: Shape, ink: &Ink, place: Transform) {
        let Some(path) = shape.finish() else { return };
        let paint = Paint {
            shader: ink.shader(),
            blend_mode: self.mode,
            anti_alias: true,
            ..Paint::default()
        };
        self.sheet.fill_path(&path, &paint, FillRule::Winding, place.post_concat(self.base), None);
    }

    pub(crate) fn stroke(&mut self, shape: Shape, ink: &Ink, width: f32) {
        self.stroke_at(shape, ink, width, Transform::identity());
    }

    pub(crate) fn stroke_at(&mut self, shape: Shape, ink: &Ink, width: f32, place: Transform) {
        let Some(path) = shape.finish() else { return };
        let paint = Paint {
            shader: ink.shader(),
            blend_mode: self.mode,
            anti_alias: true,
            ..Paint::default()
        };
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        self.sheet.stroke_path(&path, &paint, &stroke, place.post_concat(self.base), None);
    }

    /// The whole sheet.
    pub(crate) fn wash(&mut self, ink: &Ink) {
        self.fill(Shape::rect(0.0, 0.0, self.w, self.h), ink);
    }

    /// Paints with another blend mode.
    pub(crate) fn blend(&mut self, mode: BlendMode, paint: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.mode, mode);
        paint(self);
        self.mode = before;
    }

    /// Light spreading from a point, added to what is there.
    pub(crate) fn glow(&mut self, x: f32, y: f32, radius: f32, light: Rgb, strength: f32) {
        let falloff = [(0.0, 1.0), (0.08, 0.82), (0.2, 0.5), (0.4, 0.22), (0.65, 0.07), (1.0, 0.0)];
        let stops = falloff.map(|(at, a)| (at, light, a * strength)).to_vec();
        self.blend(BlendMode::Screen, |b| {
            b.fill(Shape::circle(x, y, radius), &Ink::Round { centre: (x, y), radius, stops });
        });
    }

    /// A layer painted apart, blurred by `radius` pixels, then laid over the sheet.
    pub(crate) fn soft(
        &mut self,
        radius: f32,
        mode: BlendMode,
        opacity: f32,
        paint: impl FnOnce(&mut Brush<'a>),
    ) {
        let reduce = (radius / 3.0).max(1.0);
        let (w, h) = ((self.w / reduce).ceil().max(2.0), (self.h / reduce).ceil().max(2.0));
        let Some(sheet) = Pixmap::new(w as u32, h as u32) else { return };
        let scale = (w / self.w, h / self.h);
        let mut layer = Brush {
            sheet,
            w: self.w,
            h: self.h,
            u: self.u,
            base: Transform::from_scale(scale.0, scale.1),
            mode: BlendMode::SourceOver,
            control: self.control,
            layers: None,
            without: self.without.clone(),
        };
        paint(&mut layer);
        blur(&mut layer.sheet, (radius / reduce).round().max(1.0) as usize);
        let paint = PixmapPaint { opacity, blend_mode: mode, quality: FilterQuality::Bilinear };
        let place = Transform::from_scale(1.0 / scale.0, 1.0 / scale.1).post_concat(self.base);
        self.sheet.draw_pixmap(0, 0, layer.sheet.as_ref(), &paint, place, None);
    }
}

/// Three box blurs, which is a Gaussian to the eye.
fn blur(sheet: &mut Pixmap, radius: usize) {
    let (w, h) = (sheet.width() as usize, sheet.height() as usize);
    let mut scratch = vec![0_u8; w * h * 4];
    for _ in 0..3 {
        pass(sheet.data(), &mut scratch, (w, h), (4, w * 4), radius);
        pass(&scratch, sheet.data_mut(), (h, w), (w * 4, 4), radius);
    }
}

/// One box blur along lines of `len` pixels, `step` bytes apart, of which there are `lines`, `jump` bytes apart.
fn pass(
    from: &[u8],
    to: &mut [u8],
    (len, lines): (usize, usize),
    (step, jump): (usize, usize),
    radius: usize,
) {
    let window = (2 * radius + 1) as u32;
    for line in 0..lines {
        let base = line * jump;
        for channel in 0..4 {
            let at = |i: usize| u32::from(from[base + i.min(len - 1) * step + channel]);
            let mut sum = at(0) * (radius as u32 + 1) + (1..=radius).map(at).sum::<u32>();
            for i in 0..len {
                to[base + i * step + channel] = ((sum + window / 2) / window) as u8;
                sum = sum + at(i + radius + 1) - at(i.saturating_sub(radius));
            }
        }
    }
}

/// There is no memory for a picture that is on the way.
pub(super) fn no_sheet() -> WorkError {
    WorkError::Internal("there is no memory for the picture".to_owned())
}
