//! The ways to draw: what is on the sheet, and where.

use std::f32::consts::TAU;
use std::fmt::Write as _;

use super::brief::Brief;
use super::glyphs::Role;
use super::sheet::{Paint, Sheet, num};
use crate::math::{Rng, cos, lerp, sin};
use crate::paint::words::{Air, Place, Style, Time};

/// Draws in a style; `auto` takes the one the words suggest.
pub(super) fn draw(style: &str, brief: &Brief, sheet: &mut Sheet) {
    match style {
        "icon" => icon(brief, sheet),
        "line" => line(brief, sheet),
        "flat" => flat(brief, sheet),
        "badge" => badge(brief, sheet),
        "pattern" => pattern(brief, sheet),
        "abstract" => geometric(brief, sheet),
        _ => draw(suggested(brief), brief, sheet),
    }
}

fn suggested(brief: &Brief) -> &'static str {
    let intent = &brief.intent;
    let said = |word: &str| intent.words.iter().any(|w| w == word);
    if said("logo") || said("badge") || said("emblem") || said("seal") || said("crest") {
        "badge"
    } else if said("icon") || said("symbol") || said("pictogram") || said("sign") {
        "icon"
    } else if said("pattern") || said("wallpaper") || said("tile") || said("textile") {
        "pattern"
    } else if intent.style(Style::Line) {
        "line"
    } else if intent.places.contains(&Place::Abstract) || !brief.named && intent.places.is_empty() {
        "abstract"
    } else {
        "flat"
    }
}

/// One sign on a soft ground.
fn icon(brief: &Brief, sheet: &mut Sheet) {
    let (inks, mut rng) = (&brief.inks, brief.rng.fork("icon"));
    let side = sheet.w.min(sheet.h);
    let middle = (sheet.w / 2.0, sheet.h / 2.0);
    match rng.below(3) {
        0 => sheet.circle(middle, side * 0.46, Paint::Fill(inks.paper)),
        1 => {
            let at = [middle.0 - side * 0.44, middle.1 - side * 0.44, side * 0.88, side * 0.88];
            sheet.rect(at, side * 0.2, Paint::Fill(inks.paper));
        }
        _ => sheet.ground(inks.paper),
    }
    let glyph = brief.glyphs[0];
    match brief.glyphs.get(1).filter(|_| brief.named) {
        None => sheet.glyph(glyph, (middle.0, middle.1 - side * 0.005), side * 0.56, 0.0, inks),
        Some(other) => {
            let at = |x: f32, y: f32| (middle.0 + side * x, middle.1 + side * y);
            sheet.glyph(other, at(0.13, -0.12), side * 0.34, 0.0, inks);
            sheet.glyph(glyph, at(-0.06, 0.06), side * 0.48, 0.0, inks);
        }
    }
}

/// Outlines of one weight.
fn line(brief: &Brief, sheet: &mut Sheet) {
    let inks = &brief.inks;
    let mut rng = brief.rng.fork("line");
    sheet.ground(inks.paper);
    let side = sheet.w.min(sheet.h);
    let colors = (inks.of(Role::Dark), inks.paper);
    let glyphs = &brief.glyphs[..brief.glyphs.len().min(if brief.named { 3 } else { 1 })];
    let ground = sheet.h * 0.5 + side * 0.3;
    let count = glyphs.len() as f32;
    for (i, glyph) in glyphs.iter().enumerate().rev() {
        let size = side * if i == 0 { 0.62 } else { 0.36 } / if count > 2.0 { 1.2 } else { 1.0 };
        let spread = side * 0.3 * if i == 0 { 0.0 } else { 1.0 };
        let x = sheet.w / 2.0 + if i == 1 { spread } else { -spread };
        sheet.outline(glyph, (x, ground - size * 0.42), size, side * 0.008, colors);
    }
    let weight = Paint::Stroke(colors.0, side * 0.008);
    let (left, right) = (sheet.w / 2.0 - side * 0.42, sheet.w / 2.0 + side * 0.42);
    let mut x = left;
    // The ground: a line with a few gaps, as a pen leaves them.
    while x < right {
        let to = (x + rng.range(0.12, 0.4) * side).min(right);
        sheet.path(&format!("M{} {}H{}", num(x), num(ground), num(to)), weight);
        x = to + rng.range(0.02, 0.05) * side;
    }
    for _ in 0..5 {
        let (x, y) = (rng.range(left, right), ground + rng.range(0.02, 0.08) * side);
        let to = x + rng.range(0.03, 0.12) * side;
        sheet.path(&format!("M{} {}H{}", num(x), num(y), num(to.min(right))), weight);
    }
}

/// A scene in flat layers.
fn flat(brief: &Brief, sheet: &mut Sheet) {
    let (inks, mut rng) = (&brief.inks, brief.rng.fork("flat"));
    let (w, h) = (sheet.w, sheet.h);
    let side = w.min(h);
    let intent = &brief.intent;
    let night = intent.time == Some(Time::Night) || intent.air(Air::Moon) || intent.air(Air::Stars);
    let sky = if night { inks.of(Role::Dark) } else { inks.paper };
    sheet.ground(sky);
    let horizon = h * rng.range(0.56, 0.66);
    let sun = (w * rng.range(0.2, 0.8), horizon * rng.range(0.3, 0.62));
    let disc = side * rng.range(0.09, 0.16);
    if !night {
        sheet.circle(sun, disc * 1.7, Paint::Fill(sky.mix(inks.of(Role::Accent), 0.25)));
    }
    let disc_color = if night { inks.of(Role::Light) } else { inks.of(Role::Accent) };
    sheet.circle(sun, disc, Paint::Fill(disc_color));
    if night {
        for _ in 0..40 {
            let at = (rng.range(0.0, w), rng.range(0.0, horizon * 0.9));
            let r = side * rng.range(0.0015, 0.005);
            sheet.circle(at, r, Paint::Fill(inks.of(Role::Light)));
        }
    }
    let pointed = intent.places.contains(&Place::Mountains) || intent.places.contains(&Place::Snow);
    let built = intent.places.iter().any(|p| matches!(p, Place::City | Place::Street));
    for layer in 0..3 {
        let near = layer as f32 / 2.0;
        let color = sky.mix(inks.of(Role::Second), lerp(0.35, 0.75, near));
        let top = lerp(horizon - side * 0.12, horizon + side * 0.02, near);
        let d = if built {
            roofs(&mut rng, (w, h), top, side)
        } else {
            hills(&mut rng, (w, h), top, side, pointed)
        };
        sheet.path(&d, Paint::Fill(color));
    }
    let wet = intent.places.iter().any(|p| {
        matches!(p, Place::Sea | Place::Coast | Place::River | Place::Island | Place::Underwater)
    });
    let floor = horizon + side * 0.1;
    let front = if wet { inks.of(Role::Main).mix(sky, 0.25) } else { inks.of(Role::Main) };
    if wet {
        sheet.rect([0.0, floor, w, h - floor], 0.0, Paint::Fill(front));
        for _ in 0..14 {
            let (x, y) = (rng.range(0.0, w), rng.range(floor + 6.0, h - 4.0));
            let length = rng.range(0.04, 0.16) * side;
            let paint = Paint::Stroke(front.lift(0.12), side * 0.007);
            sheet.path(&format!("M{} {}h{}", num(x), num(y), num(length)), paint);
        }
    } else {
        let d = hills(&mut rng, (w, h), floor, side * 0.5, false);
        sheet.path(&d, Paint::Fill(front.mix(sky, 0.12)));
    }
    cast(brief, sheet, &mut rng, floor + side * 0.12);
}

/// The subjects of a scene, standing on its ground.
fn cast(brief: &Brief, sheet: &mut Sheet, rng: &mut Rng, ground: f32) {
    const SCENERY: [&str; 8] = ["sun", "moon", "mountain", "wave", "cloud", "city", "snow", "star"];
    let side = sheet.w.min(sheet.h);
    let subjects: Vec<_> = brief
        .glyphs
        .iter()
        .filter(|g| brief.named && !SCENERY.contains(&g.id.as_str()))
        .take(3)
        .collect();
    let places = match subjects.len() {
        0 | 1 => vec![0.5],
        2 => vec![0.4, 0.68],
        _ => vec![0.5, 0.24, 0.76],
    };
    let drift = rng.range(-0.05, 0.05);
    let inks = &brief.inks;
    for (i, (glyph, x)) in subjects.iter().zip(places).enumerate().rev() {
        let size = side * if i == 0 { 0.46 } else { 0.28 };
        let flies = matches!(
            glyph.id.as_str(),
            "bird" | "balloon" | "rocket" | "butterfly" | "bee" | "planet"
        );
        let y = if flies { sheet.h * 0.32 } else { ground - size * 0.42 };
        if !flies {
            let shadow = inks.of(Role::Dark).mix(inks.of(Role::Main), 0.5);
            let (x, r) = (sheet.w * (x + drift), size * 0.36);
            let d = format!(
                "M{} {}a{} {} 0 1 0 {} 0a{} {} 0 1 0 {} 0Z",
                num(x - r),
                num(ground),
                num(r),
                num(r * 0.16),
                num(r * 2.0),
                num(r),
                num(r * 0.16),
                num(-r * 2.0)
            );
            sheet.path(&d, Paint::Fill(shadow));
        }
        sheet.glyph(glyph, (sheet.w * (x + drift), y), size, 0.0, inks);
    }
}

fn hills(rng: &mut Rng, (w, h): (f32, f32), top: f32, side: f32, pointed: bool) -> String {
    let count = if pointed { 7 } else { 6 };
    let points: Vec<(f32, f32)> = (0..=count)
        .map(|i| {
            let x = w * (i as f32 / count as f32 * 1.1 - 0.05);
            let rise =
                if pointed && i % 2 == 1 { rng.range(0.12, 0.24) } else { rng.range(-0.05, 0.06) };
            (x, top - rise * side)
        })
        .collect();
    let mut d = if pointed {
        let mut d = format!("M{} {}", num(points[0].0), num(points[0].1));
        for (x, y) in &points[1..] {
            write!(d, "L{} {}", num(*x), num(*y)).expect("writing to a String cannot fail");
        }
        d
    } else {
        Sheet::smooth(&points)
    };
    write!(d, "V{}H{}Z", num(h), num(points[0].0)).expect("writing to a String cannot fail");
    d
}

fn roofs(rng: &mut Rng, (w, h): (f32, f32), top: f32, side: f32) -> String {
    let mut d = format!("M0 {}", num(h));
    let mut x = 0.0;
    while x < w {
        let step = (rng.range(0.05, 0.12) * side).min(w - x);
        let y = top - rng.range(0.02, 0.3) * side;
        write!(d, "V{}h{}", num(y), num(step)).expect("writing to a String cannot fail");
        x += step.max(1.0);
    }
    write!(d, "V{}Z", num(h)).expect("writing to a String cannot fail");
    d
}

/// A mark in a ring.
fn badge(brief: &Brief, sheet: &mut Sheet) {
    let mut rng = brief.rng.fork("badge");
    let side = sheet.w.min(sheet.h);
    let (x, y) = (sheet.w / 2.0, sheet.h / 2.0);
    let dark = rng.chance(0.5);
    let inks = if dark { brief.inks.reversed() } else { brief.inks };
    let edge = inks.of(if dark { Role::Accent } else { Role::Main });
    let (r, ring) = (side * 0.46, side * 0.012);
    let form = rng.below(4);
    let outer = |r: f32| match form {
        0 => polygon((x, y), 8, r, r, TAU / 16.0),
        1 => polygon((x, y), 48, r, r * 0.95, 0.0),
        2 => shield((x, y), r),
        _ => String::new(),
    };
    let mut shape = |r: f32, paint: Paint| match outer(r) {
        d if d.is_empty() => sheet.circle((x, y), r, paint),
        d => sheet.path(&d, paint),
    };
    shape(r, Paint::Fill(edge));
    shape(r * 0.95, Paint::Fill(inks.paper));
    shape(r * 0.88, Paint::Stroke(edge, ring));
    let dots = 24 + 6 * rng.below(4);
    if form != 2 {
        for i in 0..dots {
            let angle = TAU * i as f32 / dots as f32;
            let at = (x + r * 0.8 * cos(angle), y + r * 0.8 * sin(angle));
            // The lower part is left to the ribbon.
            if sin(angle) < 0.62 {
                sheet.circle(at, side * 0.008, Paint::Fill(edge));
            }
        }
    }
    let glyph = brief.glyphs[0];
    let lift = if form == 2 { 0.06 } else { 0.03 };
    sheet.glyph(glyph, (x, y - side * lift), side * 0.46, 0.0, &inks);
    ribbon(
        brief,
        sheet,
        (x, y + side * if form == 2 { 0.2 } else { 0.28 }),
        side,
        edge,
        inks.paper,
    );
}

/// A band with stars under the mark of a badge.
fn ribbon(
    brief: &Brief,
    sheet: &mut Sheet,
    (x, y): (f32, f32),
    side: f32,
    edge: crate::paint::color::Rgb,
    paper: crate::paint::color::Rgb,
) {
    let (wide, high) = (side * 0.27, side * 0.045);
    let tail = side * 0.07;
    for sign in [-1.0, 1.0] {
        let d = format!(
            "M{} {}h{}l{} {}l{} {}h{}Z",
            num(x + sign * wide * 0.8),
            num(y - high * 0.4),
            num(sign * (tail + wide * 0.2)),
            num(-sign * tail * 0.4),
            num(high),
            num(sign * tail * 0.4),
            num(high),
            num(-sign * (tail + wide * 0.2))
        );
        sheet.path(&d, Paint::Fill(edge.lift(-0.1)));
    }
    sheet.rect([x - wide, y - high, wide * 2.0, high * 2.0], high * 0.3, Paint::Fill(edge));
    let marks = 3 + 2 * brief.rng.fork("ribbon").below(2);
    for i in 0..marks {
        let at = x + wide * 1.3 * (i as f32 / (marks - 1) as f32 - 0.5);
        let size = if i == marks / 2 { high * 0.75 } else { high * 0.5 };
        sheet.path(&polygon((at, y), 10, size, size * 0.45, -TAU / 4.0), Paint::Fill(paper));
    }
}

/// Corners by turns on two radii: a polygon where they are the same, a star where not.
fn polygon((x, y): (f32, f32), corners: usize, outer: f32, inner: f32, turn: f32) -> String {
    let mut d = String::new();
    for i in 0..corners {
        let angle = turn + TAU * i as f32 / corners as f32;
        let r = if i % 2 == 0 { outer } else { inner };
        let letter = if i == 0 { 'M' } else { 'L' };
        write!(d, "{letter}{} {}", num(x + r * cos(angle)), num(y + r * sin(angle)))
            .expect("writing to a String cannot fail");
    }
    d.push('Z');
    d
}

fn shield((x, y): (f32, f32), r: f32) -> String {
    let at = |dx: f32, dy: f32| format!("{} {}", num(x + dx * r), num(y + dy * r));
    format!(
        "M{}Q{} {}V{}Q{} {}Q{} {}V{}Q{} {}Z",
        at(0.0, -1.0),
        at(0.4, -0.8),
        at(0.82, -0.8),
        num(y - 0.05 * r),
        at(0.8, 0.62),
        at(0.0, 1.0),
        at(-0.8, 0.62),
        at(-0.82, -0.05),
        num(y - 0.8 * r),
        at(-0.4, -0.8),
        at(0.0, -1.0)
    )
}

/// A repeat that meets itself at every edge.
fn pattern(brief: &Brief, sheet: &mut Sheet) {
    let mut rng = brief.rng.fork("pattern");
    let inks = &brief.inks;
    sheet.ground(inks.paper);
    let side = sheet.w.min(sheet.h);
    let across = 4 + rng.below(3);
    let (columns, rows) = (
        ((sheet.w / side * across as f32).round() as usize).max(1),
        // An even number: every second row is set off by half a step, and the first follows the last.
        ((sheet.h / side * across as f32 / 2.0).round() as usize).max(1) * 2,
    );
    let (step_x, step_y) = (sheet.w / columns as f32, sheet.h / rows as f32);
    let size = step_x.min(step_y) * 0.72;
    let turns: Vec<f32> = (0..6).map(|_| rng.range(-24.0, 24.0)).collect();
    for row in 0..rows {
        let shift = if row % 2 == 1 { 0.5 } else { 0.0 };
        // One more on both sides: what leaves on the right comes in on the left.
        for column in 0..=columns {
            let x = (column as f32 + shift) * step_x;
            let y = (row as f32 + 0.5) * step_y;
            let n = (column % columns) + row * 2;
            let glyph = brief.glyphs[n % brief.glyphs.len()];
            sheet.stamp(glyph, (x, y), size, turns[n % turns.len()], inks);
            let dot = (x + step_x * 0.5, y);
            sheet.circle(dot, size * 0.06, Paint::Fill(inks.of(Role::Accent)));
        }
    }
}

/// Quarters, rings and bars on a grid, after the exercises of the Bauhaus.
fn geometric(brief: &Brief, sheet: &mut Sheet) {
    let mut rng = brief.rng.fork("geometric");
    let inks = &brief.inks;
    sheet.ground(inks.paper);
    let side = sheet.w.min(sheet.h);
    let across = 3 + rng.below(3);
    let (columns, rows) = (
        ((sheet.w / side * across as f32).round() as usize).max(1),
        ((sheet.h / side * across as f32).round() as usize).max(1),
    );
    let (cw, ch) = (sheet.w / columns as f32, sheet.h / rows as f32);
    let roles = [Role::Main, Role::Second, Role::Accent, Role::Dark, Role::Main];
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = (column as f32 * cw, row as f32 * ch);
            let color = |rng: &mut Rng| inks.of(roles[rng.below(roles.len())]);
            if rng.chance(0.7) {
                let ground = color(&mut rng);
                sheet.rect([x, y, cw + 0.5, ch + 0.5], 0.0, Paint::Fill(ground));
            }
            let paint = Paint::Fill(if rng.chance(0.25) { inks.paper } else { color(&mut rng) });
            let (r, middle) = (cw.min(ch), (x + cw / 2.0, y + ch / 2.0));
            match rng.below(6) {
                0 => {
                    let (cx, sx) = if rng.chance(0.5) { (x, 1.0) } else { (x + cw, -1.0) };
                    let (cy, sy) = if rng.chance(0.5) { (y, 1.0) } else { (y + ch, -1.0) };
                    let sweep = if sx * sy > 0.0 { 1 } else { 0 };
                    let d = format!(
                        "M{} {}h{}a{} {} 0 0 {sweep} {} {}Z",
                        num(cx),
                        num(cy),
                        num(sx * r),
                        num(r),
                        num(r),
                        num(-sx * r),
                        num(sy * r)
                    );
                    sheet.path(&d, paint);
                }
                1 => sheet.circle(middle, r * 0.42, paint),
                2 => {
                    sheet.circle(middle, r * 0.42, paint);
                    sheet.circle(middle, r * 0.2, Paint::Fill(inks.paper));
                }
                3 => sheet.path(
                    &format!("M{} {}h{}l{} {}Z", num(x), num(y), num(cw), num(-cw), num(ch)),
                    paint,
                ),
                4 => {
                    for i in 0..4 {
                        let at = [x, y + ch * (i as f32 + 0.25) / 4.0, cw, ch / 8.0];
                        sheet.rect(at, 0.0, paint);
                    }
                }
                _ => {
                    let glyph = brief.glyphs[rng.below(brief.glyphs.len())];
                    let plain = brief.named && rng.chance(0.6);
                    if plain {
                        sheet.rect([x, y, cw + 0.5, ch + 0.5], 0.0, Paint::Fill(inks.paper));
                        sheet.glyph(glyph, middle, r * 0.7, 0.0, inks);
                    } else {
                        let d = format!(
                            "M{} {}a{} {} 0 0 1 {} 0Z",
                            num(x),
                            num(y + ch),
                            num(cw / 2.0),
                            num(ch / 2.0),
                            num(cw)
                        );
                        sheet.path(&d, paint);
                    }
                }
            }
        }
    }
}
