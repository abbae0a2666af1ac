//! Prompts and directions, put together from the words given and from banks of phrases that go with them.

use super::request::Request;
use super::seen::{Length, Seen};
use super::tell::{listed, palette};
use crate::math::Rng;
use crate::paint::words::{self, Air, Intent, Mood, Place, Style, Time};

/// Phrases of one sort, drawn without repeating before all were used.
struct Bank {
    phrases: Vec<&'static str>,
    at: usize,
}

impl Bank {
    fn new(list: &'static str, rng: &Rng, tag: &str) -> Self {
        let mut phrases: Vec<&'static str> =
            list.split('|').map(str::trim).filter(|p| !p.is_empty()).collect();
        let mut rng = rng.fork(tag);
        for i in (1..phrases.len()).rev() {
            phrases.swap(i, rng.below(i + 1));
        }
        Self { phrases, at: 0 }
    }

    fn next(&mut self) -> &'static str {
        let phrase = self.phrases[self.at % self.phrases.len()];
        self.at += 1;
        phrase
    }
}

/// Phrases that a prompt can use beside its subject.
struct Banks {
    light: Bank,
    setting: Bank,
    view: Bank,
    medium: Bank,
    mood: Bank,
    detail: Bank,
}

const DAY: &str = "soft window light|low golden-hour sun from the side|bright overcast light without hard shadows|\
    crisp morning light with long shadows|dappled light through leaves|light from behind that draws a bright rim|\
    warm late-afternoon sun|clear midday light with strong shadows|diffuse light after rain";
const DARK: &str = "moonlight with deep blue shadows|a single warm lamp in the dark|neon reflections on wet ground|\
    starlight and a faint glow at the horizon|candlelight with soft falloff|street lamps in thin mist|\
    cold blue light with one warm window";
const SETTINGS: &str = "in a wide open landscape with a low horizon|on a plain studio ground with room around it|\
    in a quiet street after rain|beside still water that mirrors it|in a room with tall windows|\
    in front of soft, distant hills|in an overgrown garden|on a rooftop above the city|\
    at the edge of a forest clearing|on weathered stone by the sea";
const VIEWS: &str = "wide shot with the subject small in the frame|close-up with a shallow depth of field|\
    seen from slightly below|bird's-eye view|centred and symmetrical|placed on the left third, looking into the picture|\
    seen through a doorway|three-quarter view|tight crop on the most telling detail|long lens with compressed distance";
const MEDIA: &str = "photographed on 35 mm film with fine grain|watercolour on rough paper|\
    flat vector illustration with few colours|oil painting with visible brushwork|screen-printed poster in three inks|\
    ink drawing with loose lines|pastel on toned paper|editorial photograph, natural colours|\
    paper-cut layers with soft shadows|isometric illustration with clean edges";
const MOODS: &str = "calm and spacious|hopeful|slightly melancholic|playful|quiet and intimate|majestic|\
    dreamlike|crisp and optimistic|mysterious|tender|restless, before a storm";
const DETAILS: &str = "a trace of mist near the ground|small figures for scale|subtle texture in the large areas|\
    one strong accent of colour|clean negative space for a title|dust floating in the light|reflections that echo the shapes|\
    a thin line of birds far off|worn edges that tell of use|fine drops of water on the surfaces";

impl Banks {
    fn of(intent: &Intent, rng: &Rng) -> Self {
        let night = matches!(intent.time, Some(Time::Night | Time::Dusk))
            || intent.has(Mood::Dark)
            || intent.has(Mood::Neon)
            || intent.air(Air::Moon)
            || intent.air(Air::Stars);
        Self {
            light: Bank::new(if night { DARK } else { DAY }, rng, "light"),
            setting: Bank::new(SETTINGS, rng, "setting"),
            view: Bank::new(VIEWS, rng, "view"),
            medium: Bank::new(MEDIA, rng, "medium"),
            mood: Bank::new(MOODS, rng, "mood"),
            detail: Bank::new(DETAILS, rng, "detail"),
        }
    }
}

/// Aspects that a prompt settles already, so that nothing is said against them.
struct Says {
    setting: bool,
    light: bool,
    view: bool,
    medium: bool,
    color: bool,
    mood: bool,
}

impl Says {
    fn of(intent: &Intent) -> Self {
        const VIEW: [&str; 16] = [
            "close",
            "closeup",
            "wide",
            "aerial",
            "view",
            "angle",
            "overhead",
            "shot",
            "portrait",
            "macro",
            "isometric",
            "panorama",
            "front",
            "side",
            "above",
            "below",
        ];
        const MEDIUM: [&str; 14] = [
            "photo",
            "photograph",
            "painting",
            "oil",
            "render",
            "3d",
            "illustration",
            "drawing",
            "sketch",
            "logo",
            "icon",
            "pixel",
            "collage",
            "poster",
        ];
        const LIGHT: [&str; 9] = [
            "light", "lighting", "backlit", "shadow", "shadows", "glow", "sunlight", "lamp",
            "studio",
        ];
        let said = |list: &[&str]| intent.words.iter().any(|w| list.contains(&w.as_str()));
        Self {
            setting: intent.places.iter().any(|p| *p != Place::Abstract),
            light: said(&LIGHT) || intent.time.is_some() || intent.air(Air::Moon),
            view: said(&VIEW),
            medium: said(&MEDIUM) || intent.styles.iter().any(|s| *s != Style::Film),
            color: !intent.colors.is_empty() || !intent.worn.is_empty(),
            mood: !intent.moods.is_empty(),
        }
    }
}

fn subject(request: &Request, seen: &Seen) -> Option<String> {
    let text = request.content.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches(['.', ',', ';', '!']).trim().to_owned();
    if !text.is_empty() {
        return Some(text);
    }
    let look = seen.pictures.first().or_else(|| seen.films.first().map(|(look, _)| look))?;
    Some(format!("A picture in {}", listed(&palette(look, 3))))
}

const NOTHING: &str =
    "There is nothing to work with yet. Write a few words here, or connect a text or a picture.";

/// One prompt out of the words given and what they leave open.
fn prompt(subject: &str, says: &Says, seen: &Seen, banks: &mut Banks, length: Length) -> String {
    let mut parts = vec![capital(subject)];
    if !says.setting && length != Length::Short {
        parts.push(banks.setting.next().to_owned());
    }
    let light = banks.light.next();
    if !says.light {
        parts.push(light.to_owned());
    }
    if !says.view {
        parts.push(banks.view.next().to_owned());
    }
    if !says.medium {
        parts.push(banks.medium.next().to_owned());
    }
    if length != Length::Short {
        if let Some(look) = seen.pictures.first().filter(|_| !says.color) {
            parts.push(format!("palette of {}, as in the reference", listed(&palette(look, 3))));
        }
        let mood = banks.mood.next();
        if !says.mood {
            parts.push(format!("{mood} mood"));
        }
    }
    if length == Length::Long {
        parts.push(banks.detail.next().to_owned());
        parts.push(banks.detail.next().to_owned());
    }
    format!("{}.", parts.join(", "))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A fuller prompt.
pub(super) fn expand(request: &Request, seen: &Seen, length: Length, rng: &Rng) -> String {
    let Some(subject) = subject(request, seen) else { return NOTHING.to_owned() };
    let intent = words::read(&subject, "");
    prompt(&subject, &Says::of(&intent), seen, &mut Banks::of(&intent, rng), length)
}

/// Several prompts, a line each, that differ in what the words leave open.
pub(super) fn variations(request: &Request, seen: &Seen, length: Length, rng: &Rng) -> String {
    let Some(subject) = subject(request, seen) else { return NOTHING.to_owned() };
    let intent = words::read(&subject, "");
    let mut says = Says::of(&intent);
    // Where everything was said already there would be nothing to vary: view and medium are then given anew.
    if says.view && says.medium {
        says.view = false;
    }
    let mut banks = Banks::of(&intent, rng);
    let lines = (0..request.count).map(|_| prompt(&subject, &says, seen, &mut banks, length));
    lines.collect::<Vec<_>>().join("\n")
}

const DIRECTIONS: &str = "The detail — stay close on one part of {s} and let the rest be guessed|\
    The place — show where {s} belongs, small in a large setting|\
    The hour — the same view of {s} at dawn, at noon and at night, as a series|\
    The maker — the hands, tools and traces behind {s}|\
    Two colours — reduce {s} to one warm and one cool ink, like a print|\
    The absence — show what is left when {s} has just gone: a shadow, a warm cup, a footprint|\
    The scale — make {s} enormous or tiny beside something everybody knows|\
    The weather — give {s} rain, mist or wind and let it set the mood|\
    The pattern — repeat {s} until it becomes a surface|\
    The journey — three frames: before {s}, during, after|\
    The material — {s} made of paper, glass or wood|\
    The view from inside — look out at the world as if from {s}|\
    The silhouette — {s} as one dark shape against a bright ground|\
    The company — who is beside {s}, and what do they do|\
    The label — {s} as an old poster with room for three words|\
    The motion — a slow camera move that reveals {s} only at its end|\
    The contrast — {s} in a place where nobody expects it|\
    The diagram — take {s} apart and lay its pieces out in a row|\
    The sound — begin with what {s} sounds like and let the picture follow|\
    The memory — {s} as a faded photograph from long ago";

/// Directions to try, numbered.
pub(super) fn ideas(request: &Request, rng: &Rng) -> String {
    let text = request.content.split_whitespace().collect::<Vec<_>>().join(" ");
    // A whole brief is too long to stand inside a sentence: its head is what it is about.
    let head = text.split([':', '.', ';', '\n']).next().unwrap_or_default().trim().to_owned();
    let subject = match head.as_str() {
        "" => "it".to_owned(),
        head => lower_article(head),
    };
    let mut bank = Bank::new(DIRECTIONS, rng, "directions");
    let lines = (0..request.count.min(bank.phrases.len()))
        .map(|n| format!("{}. {}.", n + 1, bank.next().replace("{s}", &subject)));
    lines.collect::<Vec<_>>().join("\n")
}

/// "A small boat" inside a sentence is "a small boat"; names keep their capital.
fn lower_article(text: &str) -> String {
    for article in ["A ", "An ", "The "] {
        if let Some(rest) = text.strip_prefix(article) {
            return format!("{}{rest}", article.to_lowercase());
        }
    }
    text.to_owned()
}

/// Names the aspects that a prompt leaves open, and how each might be said.
pub(super) fn refine(request: &Request, seen: &Seen, length: Length, rng: &Rng) -> String {
    let Some(subject) = subject(request, seen) else { return NOTHING.to_owned() };
    let intent = words::read(&subject, "");
    let says = Says::of(&intent);
    let mut open: Vec<&str> = Vec::new();
    for (said, what) in [
        (says.setting, "where it is"),
        (says.light, "the light or the hour"),
        (says.view, "how near the viewer is and from where"),
        (says.medium, "the medium or style"),
        (says.color || !seen.pictures.is_empty(), "a palette"),
        (says.mood, "a mood"),
    ] {
        if !said {
            open.push(what);
        }
    }
    let count = intent.words.len();
    let mut told = Vec::new();
    if open.is_empty() {
        told.push(
            "The prompt says where, when, how and in which mood: little is left to chance."
                .to_owned(),
        );
    } else {
        let names: Vec<String> = open.iter().map(|o| (*o).to_owned()).collect();
        told.push(format!(
            "It leaves open: {}. What is left open, the model chooses.",
            listed(&names)
        ));
    }
    if count > 60 {
        told.push(format!(
            "At {count} words it is long; what matters most should stand first, the rest may go."
        ));
    }
    if intent.words.iter().any(|w| matches!(w.as_str(), "no" | "not" | "without")) {
        told.push("What must not appear belongs in the negative prompt.".to_owned());
    }
    let better = prompt(&subject, &says, seen, &mut Banks::of(&intent, rng), length);
    told.push(format!("Try: {better}"));
    told.join("\n\n")
}

/// Returns the sentence that says what this assistant cannot do.
pub(super) fn decline() -> String {
    "This assistant works by rules on this machine and cannot translate. It can describe pictures, expand and vary \
     prompts, propose directions, point at what a prompt leaves open, and summarise a text."
        .to_owned()
}
