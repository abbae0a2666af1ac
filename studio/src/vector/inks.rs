//! The few flat colours of a drawing.

use super::glyphs::Role;
use crate::math::Rng;
use crate::paint::color::Rgb;
use crate::paint::palette::Reference;
use crate::paint::words::{Intent, Mood, Time};

/// Paper, main, second, light, dark, accent: families that were chosen to go together.
const FAMILIES: [[u32; 6]; 10] = [
    [0xf7f1e5, 0x2a6f77, 0xe58a52, 0xfff8ea, 0x17323a, 0xf2c14e],
    [0xfdf6f0, 0xd1495b, 0x30638e, 0xfff9f2, 0x1d2d44, 0xedae49],
    [0xeef4ed, 0x3c7a57, 0xa3b18a, 0xfdfdf7, 0x1f3a2d, 0xe07a5f],
    [0xf3f0ff, 0x5f4bb6, 0x86a5d9, 0xffffff, 0x26244f, 0xf7b267],
    [0xfff4e4, 0xf26b5e, 0x2ec4b6, 0xffffff, 0x22223b, 0xffbf69],
    [0xe9f1f7, 0x1f5f8b, 0x6bb0c9, 0xfafdff, 0x12263a, 0xff8552],
    [0xf5ebe0, 0x9c6644, 0xd5bdaf, 0xfffaf3, 0x3a2618, 0x588157],
    [0x10172a, 0x38bdf8, 0x818cf8, 0xf1f5f9, 0x1e293b, 0xfbbf24],
    [0xfceef5, 0xb5179e, 0x4361ee, 0xffffff, 0x2b103f, 0xffb703],
    [0xf4f4f1, 0x333533, 0x8d99ae, 0xffffff, 0x1b1b1e, 0xd62828],
];

/// The colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Inks {
    pub(super) paper: Rgb,
    main: Rgb,
    second: Rgb,
    light: Rgb,
    dark: Rgb,
    accent: Rgb,
}

impl Inks {
    /// The colours named, else those of the references, else a family.
    pub(super) fn choose(intent: &Intent, reference: Option<&Reference>, rng: &Rng) -> Self {
        let mut rng = rng.fork("inks");
        let day = !matches!(intent.time, Some(Time::Night)) && !intent.has(Mood::Dark);
        let families: Vec<&[u32; 6]> =
            FAMILIES.iter().filter(|f| (Rgb::hex(f[0]).lightness() > 0.5) == day).collect();
        let [paper, main, second, light, dark, accent] =
            families[rng.below(families.len())].map(Rgb::hex);
        let mut inks = Self { paper, main, second, light, dark, accent };
        if let Some(reference) = reference {
            inks.refer(&reference.colors);
        }
        let named: Vec<Rgb> =
            intent.colors.iter().copied().chain(intent.worn.iter().map(|(_, c)| *c)).collect();
        inks.name(&named);
        if intent.has(Mood::Mono) {
            inks.each(|c| c.saturate(0.0));
        }
        if intent.has(Mood::Pastel) {
            inks.each(|c| c.saturate(0.7).lift((0.9 - c.lightness()) * 0.4));
        }
        if intent.has(Mood::Neon) {
            let [paper, main, second] = [0x0d0a2a, 0xff2fa8, 0x2fe6e0].map(Rgb::hex);
            inks = Self { paper, main, second, dark: Rgb::hex(0x2b1055), ..inks };
        }
        inks
    }

    fn each(&mut self, change: impl Fn(Rgb) -> Rgb) {
        for ink in [
            &mut self.paper,
            &mut self.main,
            &mut self.second,
            &mut self.light,
            &mut self.dark,
            &mut self.accent,
        ] {
            *ink = change(*ink);
        }
    }

    fn name(&mut self, named: &[Rgb]) {
        let Some(first) = named.first() else { return };
        // A white thing needs a paper that is not.
        if first.lightness() > 0.93 {
            self.paper = self.paper.with_lightness(0.72);
        }
        self.main = *first;
        self.dark = first.with_lightness(0.27).saturate(0.9);
        self.second = named.get(1).copied().unwrap_or_else(|| first.turn(28.0).lift(0.12));
        if let Some(third) = named.get(2) {
            self.accent = *third;
        } else if self.accent.lightness() < first.lightness() + 0.08 {
            // It has to stand out from what it is set on.
            self.accent = Rgb::hex(0xf7c873);
        }
        if self.paper.lightness() > 0.5 {
            self.paper = self.paper.tint(*first, 0.35);
        }
    }

    fn refer(&mut self, colors: &[Rgb]) {
        let chroma = |c: &Rgb| {
            let [_, a, b] = c.lab();
            a * a + b * b
        };
        let pick = |score: &dyn Fn(&Rgb) -> f32| {
            colors.iter().copied().reduce(|best, c| if score(&c) > score(&best) { c } else { best })
        };
        let (Some(lightest), Some(darkest), Some(strongest)) =
            (pick(&|c| c.lightness()), pick(&|c| -c.lightness()), pick(&chroma))
        else {
            return;
        };
        self.paper = lightest.lift((0.94 - lightest.lightness()) * 0.7);
        self.light = lightest.lift((0.97 - lightest.lightness()) * 0.5);
        self.dark = darkest.lift((0.28 - darkest.lightness()).min(0.0));
        self.accent = strongest;
        let rest: Vec<Rgb> = colors
            .iter()
            .copied()
            .filter(|c| *c != lightest && *c != darkest && *c != strongest)
            .collect();
        self.main = rest.first().copied().unwrap_or(strongest);
        self.second = rest.get(1).copied().unwrap_or_else(|| self.main.turn(20.0).lift(0.1));
    }

    /// With at most `colors` different colours, the paper among them.
    pub(super) fn reduced(mut self, colors: usize) -> Self {
        if colors < 6 {
            self.light = self.paper;
        }
        if colors < 5 {
            self.second = self.main;
        }
        if colors < 4 {
            self.dark = self.main;
        }
        if colors < 3 {
            self.accent = self.paper;
        }
        self
    }

    /// The colour of a part.
    pub(super) fn of(&self, role: Role) -> Rgb {
        match role {
            Role::Main => self.main,
            Role::Second => self.second,
            Role::Light => self.light,
            Role::Dark => self.dark,
            Role::Accent => self.accent,
        }
    }

    /// The same with paper and main exchanged: for drawing on a dark ground.
    pub(super) fn reversed(mut self) -> Self {
        std::mem::swap(&mut self.paper, &mut self.main);
        if self.accent == self.paper {
            self.accent = self.main;
        }
        if self.second == self.paper {
            self.second = self.main;
        }
        if self.dark == self.paper {
            self.dark = self.main;
        }
        self
    }
}
