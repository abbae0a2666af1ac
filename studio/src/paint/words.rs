//! The understanding of a prompt: places, subjects, times, colours, moods and styles behind its words.

mod senses;
mod vocabulary;

use std::collections::BTreeSet;

use super::color::Rgb;
use crate::math::hash;
use crate::words::{split, stems};
use senses::Sense;
pub(crate) use senses::{Air, Mood, Motif, Place, Style, Time};
use vocabulary::senses;

use Sense::{A, C, D, M, P, S, T};

/// Meanings that the words exclude.
#[derive(Clone, Debug, Default)]
pub(crate) struct Without {
    pub(crate) motifs: BTreeSet<Motif>,
    pub(crate) places: BTreeSet<Place>,
    pub(crate) air: BTreeSet<Air>,
    pub(crate) times: BTreeSet<Time>,
    pub(crate) moods: BTreeSet<Mood>,
    pub(crate) styles: BTreeSet<Style>,
    pub(crate) colors: Vec<Rgb>,
}

impl Without {
    fn add(&mut self, sense: Sense) {
        match sense {
            P(place) => {
                self.places.insert(place);
            }
            M(motif) => {
                self.motifs.insert(motif);
            }
            T(time) => {
                self.times.insert(time);
            }
            A(air) => {
                self.air.insert(air);
            }
            D(mood) => {
                self.moods.insert(mood);
            }
            S(style) => {
                self.styles.insert(style);
            }
            C(hex) => self.colors.push(Rgb::hex(hex)),
        }
    }
}

/// The meanings found in a prompt. Everything the words did not say stays open for the painter to choose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intent {
    pub(crate) places: Vec<Place>,
    pub(crate) motifs: Vec<Motif>,
    pub(crate) time: Option<Time>,
    pub(crate) air: BTreeSet<Air>,
    pub(crate) moods: BTreeSet<Mood>,
    pub(crate) styles: BTreeSet<Style>,
    first_style: Option<Style>,
    /// Colours of the whole picture, in the order named.
    pub(crate) colors: Vec<Rgb>,
    /// Colours said of one subject ("a red boat").
    pub(crate) worn: Vec<(Motif, Rgb)>,
    /// Meanings that must not be seen.
    pub(crate) without: Without,
    /// A number that changes with every word, known or not.
    pub(crate) hash: u64,
    /// Every word, known or not, in lower case.
    pub(crate) words: Vec<String>,
}

impl Intent {
    pub(crate) fn has(&self, mood: Mood) -> bool {
        self.moods.contains(&mood)
    }

    pub(crate) fn air(&self, air: Air) -> bool {
        self.air.contains(&air)
    }

    pub(crate) fn style(&self, style: Style) -> bool {
        self.styles.contains(&style)
    }

    pub(crate) fn shows(&self, motif: Motif) -> bool {
        self.motifs.contains(&motif)
    }

    /// Notes what concerns the whole picture.
    fn take(&mut self, sense: Sense) {
        match sense {
            P(place) => push(&mut self.places, place),
            M(motif) => push(&mut self.motifs, motif),
            T(time) => self.time = self.time.or(Some(time)),
            A(air) => {
                self.air.insert(air);
            }
            D(mood) => {
                self.moods.insert(mood);
            }
            S(style) => {
                self.first_style = self.first_style.or(Some(style));
                self.styles.insert(style);
            }
            C(hex) => self.colors.push(Rgb::hex(hex)),
        }
    }

    /// The technique: the asked one, or the first the words name, or the painter's own. The only one from now on.
    pub(crate) fn settle(&mut self, asked: Option<Style>) -> Style {
        let own = self.first_style.unwrap_or(Style::Illustration);
        let style = asked.unwrap_or(own);
        self.styles = BTreeSet::from([style]);
        style
    }

    /// The colour said of a subject.
    pub(crate) fn worn(&self, motif: Motif) -> Option<Rgb> {
        self.worn.iter().find(|(m, _)| *m == motif).map(|(_, c)| *c)
    }
}

/// Words that are no form of the thing they begin with.
const NO_THINGS: &str = "watching watched bearing booking booked boxing boxed boxer packaged hearty hearted canning canned \
     crowning bagged phoned phoning tubing caking bowling robotics tiny";
/// Words that are a thing only where one is named: "a watch", not "people watch"; "a camera", not "camera pans".
const SOMETIMES_THINGS: &str = "can watch watches camera bear heart book box";
/// Words that may stand before the name of a thing.
const ARTICLES: &str = "a an this my our one two three luxury leather vintage retro old classic modern film digital instant \
     polar brown grizzly teddy soda beer drink beverage energy tin cold sleek elegant mechanical the cardboard product";

/// True if a word that only sometimes names a thing does so there.
fn is_thing(list: &[String], at: usize) -> bool {
    let among = |words: &str, word: &str| words.split(' ').any(|other| other == word);
    if !among(SOMETIMES_THINGS, &list[at]) {
        return true;
    }
    let moves = "pan pans move moves moving movement angle zoom zooms push pushes pull pulls tilt tilts dolly of shot tracks flies";
    let next = list.get(at + 1).map_or("", String::as_str);
    if among(moves, next) && !(next == "of" && list[at] == "can") {
        return false;
    }
    at.checked_sub(1).map(|before| list[before].as_str()).is_none_or(|before| {
        among(ARTICLES, before) && !(before == "the" && list[at] == "camera")
            || look_up(before).iter().any(|sense| matches!(sense, C(_) | D(_) | S(_)))
    })
}

/// The meanings of a word, its usual English endings tried away one by one.
fn look_up(word: &str) -> &'static [Sense] {
    if NO_THINGS.split(' ').any(|other| other == word) {
        return &[];
    }
    stems(word).map(|stem| senses(&stem)).find(|found| !found.is_empty()).unwrap_or_default()
}

/// True if a word means something to the painter.
pub(crate) fn knows(word: &str) -> bool {
    !look_up(word).is_empty() || crate::colors::named(word).is_some()
}

/// Names of several words that mean something else apart, and the word they are read as.
const COMPOUNDS: &[(&str, &str)] = &[
    ("low poly", "lowpoly"),
    ("8 bit", "8bit"),
    ("16 bit", "16bit"),
    ("still life", "packshot"),
    ("photo studio", "packshot"),
    ("studio light", "softbox light"),
    ("studio shot", "packshot"),
    ("studio photo", "packshot photo"),
    ("blue hour", "twilight"),
    ("golden hour", "sunset"),
    ("first light", "daybreak"),
    ("deep sea", "seabed"),
    ("black and white", "monochrome"),
    ("milky way", "galaxy"),
    ("stained glass", "mosaic"),
    ("pop art", "popart"),
    ("ice cream", "gelato"),
    ("gift box", "giftbox"),
    ("christmas present", "christmas giftbox"),
];

/// The words of a text, in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('-', " ");
    let text = COMPOUNDS.iter().fold(text, |text, (name, word)| text.replace(name, word));
    let list: Vec<String> = split(&text, &['\'', '&']).map(str::to_owned).collect();
    let colored = |i: usize| FRUIT_COLORS.iter().find(|(fruit, _)| *fruit == list[i]);
    let read = |i: usize| match colored(i).filter(|_| is_color(&list, i)) {
        Some((_, color)) => (*color).to_owned(),
        None => list[i].clone(),
    };
    (0..list.len()).map(read).collect()
}

/// Fruits that are colours as well, and a word for the colour alone.
const FRUIT_COLORS: &[(&str, &str)] = &[("orange", "tangerine"), ("plum", "mauve")];
/// Words said of colours rather than of fruits.
const SHADES: &str = "warm deep pale bright dark light soft burnt vivid muted hot neon pastel";

/// True if a word that can be a fruit is a colour there: "an orange armchair", "warm orange", "orange and blue".
fn is_color(list: &[String], at: usize) -> bool {
    let said = |i: usize| list.get(i).map(String::as_str);
    let color = |i: usize| {
        said(i).is_some_and(|word| look_up(word).iter().any(|sense| matches!(sense, C(_))))
    };
    let before = at.checked_sub(1).and_then(said);
    let earlier = at.checked_sub(2).is_some_and(color);
    said(at + 1).is_some_and(|next| !look_up(next).is_empty())
        || before.is_some_and(|word| SHADES.split(' ').any(|shade| shade == word))
        || (said(at + 1) == Some("and") && (color(at + 2) || shade_of_color(list, at + 2)))
        || (before == Some("and") && earlier)
}

/// True if a shade and its colour stand there: "deep blue".
fn shade_of_color(list: &[String], at: usize) -> bool {
    let shade = list.get(at).is_some_and(|word| SHADES.split(' ').any(|shade| shade == word));
    let next = list.get(at + 1).map(|word| look_up(word)).unwrap_or_default();
    shade && next.iter().any(|sense| matches!(sense, C(_)))
}

/// Returns the meanings that a text excludes, everything the negative prompt names and whatever follows "no" or
/// "without", and the places of the words that say so.
fn banned(list: &[String], negative: &str) -> (Vec<Sense>, BTreeSet<usize>) {
    let mut banned: Vec<Sense> =
        words(negative).iter().flat_map(|word| look_up(word)).copied().collect();
    let mut skipped = BTreeSet::new();
    let mut skip = 0;
    for (i, word) in list.iter().enumerate() {
        if matches!(word.as_str(), "no" | "without") {
            skip = 2;
            skipped.insert(i);
            continue;
        }
        let found = look_up(word);
        if skip > 0 && !found.is_empty() {
            // "No red boat": a colour goes with what it is said of.
            skip = if found.iter().all(|sense| matches!(sense, C(_))) { skip - 1 } else { 0 };
            skipped.insert(i);
            banned.extend(found);
        }
    }
    (banned, skipped)
}

/// Reads a prompt, and takes out what the negative prompt names.
pub(crate) fn read(prompt: &str, negative: &str) -> Intent {
    let list = words(prompt);
    let (banned, skipped) = banned(&list, negative);
    let hash = hash(list.join(" ").as_bytes());
    let mut intent = Intent { hash, words: list.clone(), ..Intent::default() };
    banned.iter().for_each(|sense| intent.without.add(*sense));
    let mut pending: Option<(usize, Rgb)> = None;
    for (i, word) in list.iter().enumerate() {
        if skipped.contains(&i) {
            continue;
        }
        let mut found = look_up(word).to_vec();
        if !is_thing(&list, i) {
            found.retain(|sense| !matches!(sense, M(_)));
        }
        // "An orange armchair" is no fruit; "an orange" is.
        let next = list.get(i + 1).map(|next| look_up(next)).unwrap_or_default();
        let colours = found.iter().any(|sense| matches!(sense, C(_))) && !next.is_empty();
        // "A golden crown" is of gold at any hour.
        let of_thing = colours && next.iter().any(|sense| matches!(sense, M(_)));
        let wears = !colours && found.iter().any(|sense| matches!(sense, M(_)));
        for sense in found.iter().filter(|sense| !banned.contains(sense)) {
            match *sense {
                M(_) if colours => {}
                T(_) if of_thing => {}
                C(_) if wears => {}
                M(motif) => {
                    push(&mut intent.motifs, motif);
                    if let Some((_, color)) = pending.take_if(|(at, _)| i - *at <= 2) {
                        intent.worn.push((motif, color));
                    }
                }
                C(hex) => {
                    if let Some((_, earlier)) = pending.replace((i, Rgb::hex(hex))) {
                        intent.colors.push(earlier);
                    }
                }
                other @ (P(_) | T(_) | A(_) | D(_) | S(_)) => intent.take(other),
            }
        }
        if let Some((_, color)) = pending.take_if(|(at, _)| i - *at > 2) {
            intent.colors.push(color);
        }
    }
    intent.colors.extend(pending.map(|(_, color)| color));
    intent
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_prompt_is_understood() {
        let intent = read("A lighthouse on a cliff at dawn, calm sea, warm lamp", "");
        assert_eq!(intent.places, [Place::Coast, Place::Sea]);
        assert_eq!(intent.motifs, [Motif::Lighthouse, Motif::Lamp]);
        assert_eq!(intent.time, Some(Time::Dawn));
        assert!(intent.has(Mood::Warm) && intent.has(Mood::Calm));
    }

    #[test]
    fn a_colour_belongs_to_the_subject_it_stands_before() {
        let intent = read("a red boat, teal evening", "");
        assert_eq!(intent.worn(Motif::Boat), Some(Rgb::hex(0xc83a32)));
        assert_eq!(intent.colors, [Rgb::hex(0x1d8a8a)]);
    }

    #[test]
    fn what_is_not_wanted_is_left_out() {
        let intent = read("mountains with trees without boats, pink", "tree pink");
        assert!(intent.motifs.is_empty() && intent.colors.is_empty());
        assert_eq!(intent.places, [Place::Mountains]);
    }

    #[test]
    fn a_fruit_before_a_thing_is_its_colour() {
        let chair = read("an orange armchair", "");
        assert_eq!(chair.motifs, [Motif::Chair]);
        assert_eq!(chair.worn(Motif::Chair), Some(Rgb::hex(0xe97a2c)));
        assert_eq!(read("two oranges and a peach", "").motifs, [Motif::Fruit]);
        for text in ["warm orange and deep blue", "orange and blue", "blue and orange"] {
            let brief = read(text, "");
            assert!(brief.motifs.is_empty() && brief.colors.len() == 2, "{text}: {brief:?}");
        }
    }

    #[test]
    fn gold_is_no_hour() {
        let crown = read("a golden crown", "");
        assert_eq!((crown.time, crown.worn(Motif::Crown)), (None, Some(Rgb::hex(0xe8b04a))));
        assert_eq!(read("a golden evening", "").time, Some(Time::Sunset));
    }

    #[test]
    fn names_of_several_words_are_read_whole() {
        assert_eq!(read("a bottle, soft studio lighting", "").places, [Place::Studio]);
        assert_eq!(read("a still-life with pears", "").places, [Place::Studio]);
        assert_eq!(read("the blue hour", "").time, Some(Time::Dusk));
        assert!(read("black-and-white portrait", "").has(Mood::Mono));
        for (name, word) in COMPOUNDS {
            assert!(word.split(' ').any(|word| !look_up(word).is_empty()), "{name}");
        }
        for stem in vocabulary::stems() {
            assert!(words(stem) == [stem.as_str()], "{stem} is never found");
        }
    }

    #[test]
    fn wares_food_and_animals_are_named() {
        for (text, motif) in [
            ("red sneakers on white", Motif::Sneaker),
            ("a luxury wristwatch", Motif::Watch),
            ("a leather handbag", Motif::Handbag),
            ("wireless headphones", Motif::Headphones),
            ("a smartphone mockup", Motif::Phone),
            ("a laptop on a desk", Motif::Laptop),
            ("a soda can", Motif::Can),
            ("packaging for oat bars", Motif::Carton),
            ("a tube of toothpaste", Motif::Tube),
            ("a gift box", Motif::Gift),
            ("a crown", Motif::Crown),
            ("two books", Motif::Book),
            ("an umbrella", Motif::Umbrella),
            ("a heart", Motif::Heart),
            ("a vintage camera", Motif::Camera),
            ("a friendly robot", Motif::Robot),
            ("an acoustic guitar", Motif::Guitar),
            ("a cheeseburger", Motif::Burger),
            ("a bowl of ramen", Motif::Noodles),
            ("donuts", Motif::Donut),
            ("a birthday cake", Motif::Cake),
            ("pizza margherita", Motif::Pizza),
            ("ice cream", Motif::IceCream),
            ("a bunny", Motif::Rabbit),
            ("a grizzly bear", Motif::Bear),
            ("elephants", Motif::Elephant),
            ("a majestic stag", Motif::Deer),
        ] {
            assert_eq!(read(text, "").motifs.first(), Some(&motif), "{text}");
        }
        let shoe = read("a red sneaker", "");
        assert_eq!(shoe.worn(Motif::Sneaker), Some(Rgb::hex(0xc83a32)));
    }

    #[test]
    fn verbs_and_cameras_on_the_move_are_no_things() {
        for text in [
            "people watch the sea",
            "a man watching the sunset",
            "as far as we can see, mountains",
            "slow push in, the camera pans over mountains",
            "in the heart of the forest",
        ] {
            let things = [Motif::Watch, Motif::Can, Motif::Camera, Motif::Heart];
            assert!(!things.iter().any(|thing| read(text, "").shows(*thing)), "{text}");
        }
    }

    #[test]
    fn endings_do_not_matter() {
        for word in ["foxes", "leaves", "berries", "cats", "sailing"] {
            assert!(!look_up(word).is_empty(), "{word}");
        }
    }
}
