//! Pictures and films in words.

use super::look::{Look, Motion, color_name};
use super::request::Request;
use super::seen::{Length, Seen};

/// Describes everything that is connected.
pub(super) fn describe(_request: &Request, seen: &Seen, length: Length) -> String {
    let mut parts = Vec::new();
    let many = seen.pictures.len() + seen.films.len() > 1;
    for (n, look) in seen.pictures.iter().enumerate() {
        let lead = if many { format!("Picture {}: ", n + 1) } else { String::new() };
        parts.push(format!("{lead}{}", picture(look, length)));
    }
    for (n, (look, motion)) in seen.films.iter().enumerate() {
        let lead = if many { format!("Video {}: ", n + 1) } else { String::new() };
        parts.push(format!("{lead}{}", film(look, motion, length)));
    }
    if seen.unseen > 0 {
        parts.push(
            "A video is connected that could not be looked at: that needs ffmpeg on the server (“gesso doctor” tells how)."
                .to_owned(),
        );
    }
    if length != Length::Short {
        parts.push(
            "This is measured from the pixels; what things are in it a local rule cannot tell."
                .to_owned(),
        );
    }
    parts.join("\n\n")
}

/// Names in a row: "a, b and c".
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The names of a picture's main colours, each once.
pub(super) fn palette(look: &Look, most: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in look.colors.iter().map(|c| color_name(*c)) {
        if !names.contains(&name) && names.len() < most {
            names.push(name);
        }
    }
    names
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "An" } else { "A" }
}

fn shape((w, h): (u32, u32)) -> &'static str {
    match f64::from(w) / f64::from(h.max(1)) {
        r if r > 2.2 => "panoramic",
        r if r > 1.1 => "landscape",
        r if r > 0.9 => "square",
        _ => "upright",
    }
}

fn sort(look: &Look) -> &'static str {
    match look.shades {
        s if s <= 3 && look.detail < 0.004 => "single-colour picture",
        s if s <= 14 => "flat graphic",
        s if s <= 60 && look.detail < 0.012 => "smooth gradient",
        s if look.chroma < 0.02 && s < 18 => "drawing in tones of grey",
        s if s > 140 || look.detail > 0.04 => "richly detailed picture",
        _ => "softly shaded picture",
    }
}

fn tone(look: &Look) -> String {
    let light = match look.brightness {
        b if b < 0.3 => "dark",
        b if b < 0.48 => "rather dark",
        b if b < 0.68 => "evenly lit",
        b if b < 0.84 => "bright",
        _ => "very bright",
    };
    let contrast = match look.contrast {
        c if c < 0.07 => "very little contrast",
        c if c < 0.14 => "soft contrast",
        c if c < 0.23 => "clear contrast",
        _ => "strong contrast",
    };
    let color = match look.chroma {
        c if c < 0.015 => "no colour to speak of",
        c if c < 0.045 => "restrained colour",
        c if c < 0.1 => "moderate colour",
        _ => "strong colour",
    };
    format!("It is {light}, with {contrast} and {color}.")
}

fn composition(look: &Look) -> String {
    let (x, y) = look.weight;
    let across = match x {
        x if x < 0.42 => "left",
        x if x > 0.58 => "right",
        _ => "",
    };
    let along = match y {
        y if y < 0.42 => "upper",
        y if y > 0.58 => "lower",
        _ => "",
    };
    let place = match (along, across) {
        ("", "") => "the middle".to_owned(),
        ("", side) => format!("the {side} side"),
        (half, "") => format!("the {half} half"),
        (half, side) => format!("the {half} {side}"),
    };
    let mut told = format!("Most of the detail lies in {place}");
    if look.symmetry > 0.72 {
        told.push_str(", and left and right nearly mirror each other");
    }
    told.push('.');
    if look.horizon.0 > 0.09 {
        let third =
            (look.horizon.1 - 1.0 / 3.0).abs() < 0.06 || (look.horizon.1 - 2.0 / 3.0).abs() < 0.06;
        let line = format!(
            " A clear edge runs across at {:.0} % from the top{}.",
            look.horizon.1 * 100.0,
            if third { ", near a third, like a horizon" } else { ", like a horizon" }
        );
        told.push_str(&line);
    }
    if look.top_light.abs() > 0.12 {
        told.push_str(if look.top_light > 0.0 {
            " The light is above, the weight below."
        } else {
            " The lower part is the lighter one."
        });
    }
    told
}

fn picture(look: &Look, length: Length) -> String {
    let (w, h) = look.size_px;
    let shape = shape((w, h));
    let colors = palette(look, if length == Length::Short { 3 } else { 5 });
    let mut told = format!(
        "{} {shape}, {} of {w} × {h} pixels, mainly in {}.",
        article(shape),
        sort(look),
        listed(&colors)
    );
    if length != Length::Short {
        told.push(' ');
        told.push_str(&tone(look));
        told.push(' ');
        told.push_str(&composition(look));
        if look.transparent {
            told.push_str(" Parts of it are transparent.");
        }
    }
    if length == Length::Long {
        let hexes: Vec<String> = look.colors.iter().map(|c| hex(*c)).collect();
        let sharp = if look.detail > 0.03 { "fine, busy detail" } else { "large, calm areas" };
        let short_side = w.min(h);
        let use_for = match short_side {
            s if s < 600 => "small: good for the screen, enlarge it before print",
            s if s < 1800 => "enough for screens and small prints",
            _ => "large enough for print",
        };
        told.push_str(&format!(
            " It has {sharp}. Its size is {use_for}. Palette: {}.",
            hexes.join(", ")
        ));
    }
    told
}

fn hex(color: crate::paint::color::Rgb) -> String {
    let byte = |c: f32| (c.clamp(0.0, 1.0) * 255.0).round() as u8;
    format!("#{:02x}{:02x}{:02x}", byte(color.r), byte(color.g), byte(color.b))
}

fn film(look: &Look, motion: &Motion, length: Length) -> String {
    let (w, h) = motion.size_px.unwrap_or(look.size_px);
    let shape = shape((w, h));
    let moves = match motion.change {
        c if c < 0.004 => "hardly anything moves",
        c if c < 0.02 => "it moves slowly",
        c if c < 0.06 => "there is steady movement",
        _ => "there is a lot of movement",
    };
    let cuts = match motion.cuts {
        0 => "in a single shot".to_owned(),
        1 => "with one cut".to_owned(),
        n => format!("with about {n} cuts"),
    };
    let sound = if motion.has_sound { "It has sound." } else { "It has no sound." };
    let colors = palette(look, 4);
    let mut told = format!(
        "{} {shape} video of {:.1} seconds at {w} × {h} pixels, {cuts}; {moves}. Its middle is mainly in {}. {sound}",
        article(shape),
        motion.seconds,
        listed(&colors)
    );
    if length != Length::Short {
        told.push(' ');
        told.push_str(&tone(look));
        told.push(' ');
        told.push_str(&composition(look));
    }
    told
}
