//! Great dunes.

use super::plan::Scene;
use crate::math::{Rng, lerp};
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use gesso_media::WorkError;

/// Placement of the dunes in the picture: drawn on a sheet 320 wide with the horizon at 92 and the lower edge at 200,
/// light from the right.
struct Lie {
    w: f32,
    h: f32,
    top: f32,
    side: f32,
}

impl Lie {
    fn x_of(&self, x: f32) -> f32 {
        if self.side > 0.0 { x / 320.0 * self.w } else { self.w - x / 320.0 * self.w }
    }

    fn y_of(&self, y: f32) -> f32 {
        self.top + (y - 92.0) / 108.0 * (self.h - self.top)
    }

    fn at(&self, x: f32, y: f32) -> String {
        let below = if y >= 200.0 { 3.0 } else { 0.0 };
        format!("{} {} ", self.x_of(x), self.y_of(y) + below)
    }

    fn path(&self, start: (f32, f32), curves: &[[f32; 6]], corners: &[(f32, f32)]) -> String {
        let mut data = format!("M{}", self.at(start.0, start.1));
        for c in curves {
            let (a, b) = (self.at(c[0], c[1]), self.at(c[2], c[3]));
            data.push_str(&format!("C{a}{b}{}", self.at(c[4], c[5])));
        }
        for (x, y) in corners {
            data.push_str(&format!("L{}", self.at(*x, *y)));
        }
        data + "Z"
    }
}

/// The lit face from above to below, and the shaded one.
fn faces(s: &Scene<'_>, distance: f32) -> (Rgb, Rgb, Rgb, Rgb) {
    let lit = s.far(s.pal.land.mix(s.pal.glow, 0.32 * s.pal.glow_strength), distance);
    let low = s.far(s.pal.land.mix(s.pal.shade, 0.5), distance * 0.6);
    let dark = s.far(s.pal.shade.mix(s.pal.near, 0.15), distance);
    let deep = s.far(s.pal.shade.mix(s.pal.near, 0.7), distance * 0.7);
    (lit, low, dark, deep)
}

/// Three dunes, each with an edge that winds down from its summit and parts the light from the shade. Answers the
/// summit of the nearest.
pub(super) fn great(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    rng: &mut Rng,
) -> Result<(f32, f32), WorkError> {
    let lie = Lie { w: b.w, h: b.h, top: s.horizon, side: s.side };
    far(s, b, &lie, rng);
    b.check()?;
    let crest = middle(s, b, &lie, rng);
    b.check()?;
    let (x, y) = near(s, b, &lie, &crest, rng);
    Ok((lie.x_of(x), lie.y_of(y)))
}

/// A low dune on the side of the light.
fn far(s: &Scene<'_>, b: &mut Brush<'_>, lie: &Lie, rng: &mut Rng) {
    let (x, y) = (236.0 + rng.bell() * 22.0, 100.0 + rng.bell() * 2.0);
    let (lit, low, dark, deep) = faces(s, 0.42);
    b.fill(
        Shape::svg(&lie.path(
            (330.0, 112.0),
            &[
                [300.0, 106.0, x + 30.0, y - 1.0, x, y],
                [x - 40.0, y + 4.0, 130.0, 122.0, 60.0, 126.0],
            ],
            &[(60.0, 200.0), (330.0, 200.0)],
        )),
        &Ink::down(lie.y_of(y), lie.y_of(y + 40.0), &[lit, low]),
    );
    b.fill(
        Shape::svg(&lie.path(
            (x, y),
            &[
                [x + 4.0, y + 8.0, x - 20.0, y + 14.0, x - 14.0, y + 26.0],
                [x - 50.0, y + 34.0, 120.0, 130.0, 60.0, 126.0],
                [130.0, 122.0, x - 40.0, y + 4.0, x, y],
            ],
            &[],
        )),
        &Ink::down(lie.y_of(y), lie.y_of(y + 30.0), &[dark, deep]),
    );
}

/// The line of a dune against what is behind it: where it starts, and its curves.
type Crest = ((f32, f32), [[f32; 6]; 3]);

/// The great one, its shaded face towards us.
fn middle(s: &Scene<'_>, b: &mut Brush<'_>, lie: &Lie, rng: &mut Rng) -> Crest {
    let (x, y) = (142.0 + rng.bell() * 26.0, 96.0 + rng.bell() * 5.0);
    let (lit, low, dark, deep) = faces(s, 0.14);
    let crest = [
        [50.0, y + 4.0, x - 46.0, y - 6.0, x, y],
        [x + 40.0, y + 5.0, x + 72.0, y + 22.0, x + 118.0, y + 20.0],
        [x + 142.0, y + 19.0, 312.0, y + 14.0, 330.0, y + 8.0],
    ];
    b.fill(
        Shape::svg(&lie.path((-10.0, y + 38.0), &crest, &[(330.0, 200.0), (-10.0, 200.0)])),
        &Ink::down(lie.y_of(y), lie.y_of(188.0), &[lit, lit.mix(low, 0.5), low]),
    );
    ripples(s, b, (x, y), 0.1, lie, rng);
    b.fill(
        Shape::svg(
            &lie.path(
                (x, y),
                &[
                    [x + 26.0, y + 12.0, x + 30.0, y + 26.0, x + 18.0, y + 44.0],
                    [x + 4.0, y + 64.0, x - 42.0, y + 80.0, x - 86.0, 203.0],
                ],
                &[(-10.0, 203.0), (-10.0, y + 38.0)],
            )
            .replace(
                'Z',
                &format!(
                    "C{}{}{}Z",
                    lie.at(50.0, y + 4.0),
                    lie.at(x - 46.0, y - 6.0),
                    lie.at(x, y)
                ),
            ),
        ),
        &Ink::down(lie.y_of(y), lie.y_of(200.0), &[dark, deep]),
    );
    ((-10.0, y + 38.0), crest)
}

/// Where somebody stands; answers its summit.
fn near(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    lie: &Lie,
    (start, crest): &Crest,
    rng: &mut Rng,
) -> (f32, f32) {
    let (fx, fy) = (226.0 + rng.bell() * 18.0, 150.0 + rng.bell() * 4.0);
    let (lit, low, dark, deep) = faces(s, 0.0);
    b.fill(
        Shape::svg(&lie.path(
            (60.0, 203.0),
            &[
                [120.0, 176.0, fx - 58.0, fy - 2.0, fx, fy],
                [fx + 40.0, fy + 1.0, 300.0, fy + 10.0, 330.0, fy + 20.0],
            ],
            &[(330.0, 203.0)],
        )),
        &Ink::down(lie.y_of(fy), lie.y_of(200.0), &[lit, low]),
    );
    ripples(s, b, (fx, fy), 0.0, lie, rng);
    b.fill(
        Shape::svg(
            &lie.path(
                (fx, fy),
                &[[fx - 24.0, fy + 12.0, fx - 30.0, fy + 30.0, fx - 14.0, 203.0]],
                &[(60.0, 203.0)],
            )
            .replace(
                'Z',
                &format!(
                    "C{}{}{}Z",
                    lie.at(120.0, 176.0),
                    lie.at(fx - 58.0, fy - 2.0),
                    lie.at(fx, fy)
                ),
            ),
        ),
        &Ink::down(lie.y_of(fy), lie.y_of(200.0), &[dark, deep]),
    );
    let rim = Ink::Flat(s.pal.glow.mix(Rgb::WHITE, 0.2), 0.42);
    b.stroke(
        Shape::svg(
            lie.path(
                (60.0, 203.0),
                &[
                    [120.0, 176.0, fx - 58.0, fy - 2.0, fx, fy],
                    [fx + 40.0, fy + 1.0, 300.0, fy + 10.0, 330.0, fy + 20.0],
                ],
                &[],
            )
            .trim_end_matches('Z'),
        ),
        &rim,
        b.u * 0.0022,
    );
    b.stroke(Shape::svg(lie.path(*start, crest, &[]).trim_end_matches('Z')), &rim, b.u * 0.0018);
    (fx, fy)
}

/// Wind ripples on the lit face beside a summit.
fn ripples(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    (x, y): (f32, f32),
    distance: f32,
    lie: &Lie,
    rng: &mut Rng,
) {
    let u = b.u;
    for i in 0..13 {
        let t = i as f32 / 12.0;
        let (sx, sy) = (x + 34.0 + t * 10.0 + rng.bell() * 4.0, y + 18.0 + t * 62.0);
        let len = 40.0 + 90.0 * rng.unit();
        let data = format!(
            "M{}C{}{}{}",
            lie.at(sx, sy),
            lie.at(sx + len * 0.3, sy - 3.0),
            lie.at(sx + len * 0.6, sy + 4.0),
            lie.at(sx + len, sy + 1.0)
        );
        b.stroke(
            Shape::svg(&data),
            &Ink::Flat(s.pal.shade, 0.13 * (1.0 - distance)),
            u * lerp(0.001, 0.0026, t),
        );
    }
}
