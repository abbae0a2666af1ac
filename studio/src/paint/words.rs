//! What a prompt asks for: places, subjects, times, colours, moods and styles behind its words.

use std::collections::BTreeSet;

use super::color::Rgb;
use crate::math::hash;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Sea,
    Coast,
    Mountains,
    Dunes,
    Forest,
    City,
    Street,
    Room,
    Sky,
    Space,
    River,
    Island,
    Field,
    Snow,
    Garden,
    Underwater,
    Studio,
    Abstract,
}

impl Place {
    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sea => "sea",
            Self::Coast => "coast",
            Self::Mountains => "mountains",
            Self::Dunes => "dunes",
            Self::Forest => "forest",
            Self::City => "city",
            Self::Street => "street",
            Self::Room => "room",
            Self::Sky => "sky",
            Self::Space => "space",
            Self::River => "river",
            Self::Island => "island",
            Self::Field => "field",
            Self::Snow => "snow",
            Self::Garden => "garden",
            Self::Underwater => "underwater",
            Self::Studio => "studio",
            Self::Abstract => "abstract",
        }
    }
}

impl Motif {
    /// Whether it is something one holds, sells or eats, shown on a pedestal or a table.
    pub(crate) fn is_ware(self) -> bool {
        use Motif as M;
        self.is_food()
            || matches!(
                self,
                M::Sneaker
                    | M::Handbag
                    | M::Can
                    | M::Carton
                    | M::Tube
                    | M::Gift
                    | M::Crown
                    | M::Book
                    | M::Heart
                    | M::Watch
                    | M::Headphones
                    | M::Phone
                    | M::Laptop
                    | M::Camera
            )
    }

    /// Whether it is eaten.
    pub(crate) fn is_food(self) -> bool {
        use Motif as M;
        matches!(self, M::Burger | M::Noodles | M::Donut | M::Cake | M::Pizza | M::IceCream)
    }
}

impl Time {
    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dawn => "dawn",
            Self::Day => "day",
            Self::Sunset => "sunset",
            Self::Dusk => "dusk",
            Self::Night => "night",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Motif {
    Lighthouse,
    Boat,
    House,
    Tree,
    Pine,
    Palm,
    Person,
    Portrait,
    Cat,
    Dog,
    Fox,
    Bird,
    Fish,
    Flower,
    Leaves,
    Bottle,
    Chair,
    Lamp,
    Lantern,
    Car,
    Balloon,
    Castle,
    Bridge,
    Fruit,
    Cup,
    Planet,
    Rocket,
    Tent,
    Sneaker,
    Handbag,
    Can,
    Carton,
    Tube,
    Gift,
    Crown,
    Book,
    Umbrella,
    Heart,
    Watch,
    Headphones,
    Phone,
    Laptop,
    Camera,
    Robot,
    Guitar,
    Burger,
    Noodles,
    Donut,
    Cake,
    Pizza,
    IceCream,
    Rabbit,
    Bear,
    Elephant,
    Deer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Time {
    Dawn,
    Day,
    Sunset,
    Dusk,
    Night,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Air {
    Storm,
    Fog,
    Rain,
    Snowfall,
    Moon,
    Stars,
    Clouds,
    Sun,
    Wind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mood {
    Warm,
    Cold,
    Calm,
    Dramatic,
    Neon,
    Pastel,
    Mono,
    Vintage,
    Dark,
    Bright,
    Autumn,
    Spring,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Style {
    Illustration,
    Flat,
    Watercolour,
    Oil,
    Pastel,
    Line,
    Poster,
    Film,
    Comic,
    Pixel,
    LowPoly,
    Neon,
    Mosaic,
}

impl Style {
    /// The technique a setting names; none for `auto` and what is unknown.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "illustration" => Self::Illustration,
            "photographic" => Self::Film,
            "watercolor" => Self::Watercolour,
            "oil" => Self::Oil,
            "pastel" => Self::Pastel,
            "ink" => Self::Line,
            "flat" => Self::Flat,
            "comic" => Self::Comic,
            "pixel" => Self::Pixel,
            "lowpoly" => Self::LowPoly,
            "risograph" => Self::Poster,
            "neon" => Self::Neon,
            "mosaic" => Self::Mosaic,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sense {
    P(Place),
    M(Motif),
    T(Time),
    A(Air),
    D(Mood),
    S(Style),
    C(u32),
}

use Sense::{A, C, D, M, P, S, T};

/// Stems by meaning. A word means the longest stem it equals after its ending is taken off.
#[rustfmt::skip]
const VOCABULARY: &[(Sense, &str)] = &[
    (P(Place::Sea), "sea ocean seascape wave water atlantic pacific marine nautical horizon tide surf"),
    (P(Place::Coast), "coast cliff shore seaside headland rock harbour harbor bay beach pier cape coastal coastline"),
    (P(Place::Mountains), "mountain peak alp summit range ridge himalaya valley canyon highland volcano hill hike alpine fjord"),
    (P(Place::Dunes), "dune desert sand sahara arid mesa oasis camel wadi arrakis mars martian"),
    (P(Place::Forest), "forest wood woodland jungle grove taiga redwood rainforest trail"),
    (P(Place::City), "city skyline town metropolis downtown skyscraper urban tokyo york manhattan building tower cityscape london paris berlin chicago rooftop"),
    (P(Place::Street), "street alley road avenue lane boulevard sidewalk crossing subway neighbourhood neighborhood cyberpunk market"),
    (P(Place::Room), "room window interior indoor kitchen bedroom studio loft apartment office library wall cafe restaurant bed sofa couch desk"),
    (P(Place::Sky), "sky cloud heaven aerial atmosphere airy horizonless"),
    (P(Place::Space), "space galaxy cosmos nebula universe orbit astronaut interstellar cosmic asteroid comet milky spaceship alien"),
    (P(Place::River), "river lake stream pond creek waterfall brook canal lagoon reservoir"),
    (P(Place::Island), "island isle atoll tropical tropic archipelago hawaii caribbean paradise"),
    (P(Place::Field), "field meadow prairie farm grass countryside pasture vineyard wheat landscape plains barley lavender rural hay"),
    (P(Place::Snow), "snow snowy winter ice icy arctic glacier frozen tundra antarctica ski polar christmas"),
    (P(Place::Garden), "garden park orchard greenhouse backyard terrace patio"),
    (P(Place::Underwater), "underwater reef coral aquarium seabed undersea submarine scuba diver"),
    (P(Place::Studio), "product pedestal packshot podium softbox tabletop countertop plinth advert advertisement catalogue catalog ecommerce mockup"),
    (P(Place::Abstract), "abstract shape geometric gradient pattern minimalist texture composition wallpaper bauhaus swirl fluid"),
    (M(Motif::Lighthouse), "lighthouse beacon"),
    (M(Motif::Boat), "boat fishing ship sail sailboat yacht vessel rowboat canoe ferry fisherman sailing kayak schooner regatta"),
    (M(Motif::House), "house cabin cottage hut home barn chalet farmhouse villa shed lodge mill windmill church chapel village"),
    (M(Motif::Tree), "tree oak maple birch willow elm beech blossom bonsai ash linden"),
    (M(Motif::Pine), "pine fir spruce conifer evergreen cedar larch"),
    (M(Motif::Palm), "palm coconut"),
    (M(Motif::Person), "person man woman figure traveller traveler wanderer hiker people child girl boy walker someone monk knight wizard dancer couple hero explorer kid samurai king queen surfer"),
    (M(Motif::Portrait), "portrait face head silhouette profile model headshot keeper lady gentleman bust selfie"),
    (M(Motif::Cat), "cat kitten kitty feline tabby"),
    (M(Motif::Dog), "dog puppy hound wolf canine retriever labrador terrier corgi"),
    (M(Motif::Fox), "fox vixen"),
    (M(Motif::Bird), "bird gull seagull eagle crow raven swallow dove owl hawk crane heron goose geese pigeon swan duck flock parrot falcon stork"),
    (M(Motif::Fish), "fish whale koi dolphin shark trout salmon goldfish manta turtle"),
    (M(Motif::Flower), "flower rose tulip poppy daisy sunflower bouquet lily orchid peony bloom wildflower floral lotus iris dahlia"),
    (M(Motif::Leaves), "leaf leave plant fern foliage monstera botanical houseplant cactus herb ivy succulent botany"),
    (M(Motif::Bottle), "bottle perfume cosmetic serum fragrance wine whisky whiskey cologne flask vial jar shampoo cream potion"),
    (M(Motif::Chair), "chair armchair seat stool furniture lounge"),
    (M(Motif::Lamp), "lamp bulb desklamp"),
    (M(Motif::Lantern), "lantern candle torch campfire"),
    (M(Motif::Car), "car automobile taxi vehicle truck convertible van sedan beetle cab bus"),
    (M(Motif::Balloon), "balloon airship zeppelin blimp"),
    (M(Motif::Castle), "castle fortress palace citadel temple fairytale kingdom"),
    (M(Motif::Bridge), "bridge viaduct aqueduct"),
    (M(Motif::Fruit), "fruit apple orange lemon pear peach cherry berry citrus mango lime plum pomegranate"),
    (M(Motif::Cup), "cup mug coffee tea espresso latte cappuccino teacup"),
    (M(Motif::Planet), "planet saturn jupiter earth"),
    (M(Motif::Rocket), "rocket spacecraft shuttle"),
    (M(Motif::Tent), "tent camp camping campsite yurt tipi"),
    (M(Motif::Sneaker), "sneaker shoe trainer footwear"),
    (M(Motif::Handbag), "handbag bag purse tote clutch satchel"),
    (M(Motif::Can), "can soda tin beercan"),
    (M(Motif::Carton), "carton box package packaging parcel"),
    (M(Motif::Tube), "tube toothpaste lotion"),
    (M(Motif::Gift), "gift giftbox"),
    (M(Motif::Crown), "crown tiara diadem"),
    (M(Motif::Book), "book novel hardcover"),
    (M(Motif::Umbrella), "umbrella parasol"),
    (M(Motif::Heart), "heart valentine"),
    (M(Motif::Watch), "watch wristwatch chronograph smartwatch timepiece"),
    (M(Motif::Headphones), "headphone headphones headset earphone"),
    (M(Motif::Phone), "phone smartphone iphone cellphone"),
    (M(Motif::Laptop), "laptop macbook computer"),
    (M(Motif::Camera), "camera dslr"),
    (M(Motif::Robot), "robot android droid"),
    (M(Motif::Guitar), "guitar ukulele"),
    (M(Motif::Burger), "burger hamburger cheeseburger"),
    (M(Motif::Noodles), "ramen noodle noodles soup udon pho bowl"),
    (M(Motif::Donut), "donut doughnut"),
    (M(Motif::Cake), "cake birthday gateau"),
    (M(Motif::Pizza), "pizza margherita pepperoni"),
    (M(Motif::IceCream), "gelato icecream sundae"),
    (M(Motif::Rabbit), "rabbit bunny hare"),
    (M(Motif::Bear), "bear grizzly teddy"),
    (M(Motif::Elephant), "elephant"),
    (M(Motif::Deer), "deer stag reindeer fawn elk"),
    (T(Time::Dawn), "dawn sunrise morning daybreak"),
    (T(Time::Day), "day noon midday daylight afternoon sunny sunlit sunshine summer"),
    (T(Time::Sunset), "sunset golden evening sundown afterglow"),
    (T(Time::Dusk), "dusk twilight gloaming"),
    (T(Time::Night), "night midnight nocturnal nighttime nightfall starry moonlit moonlight"),
    (A(Air::Storm), "storm thunder lightning tempest hurricane stormy thunderstorm"),
    (A(Air::Fog), "fog mist misty foggy haze hazy smoke steam"),
    (A(Air::Rain), "rain rainy drizzle wet downpour puddle"),
    (A(Air::Snowfall), "snowfall snowing blizzard snowflake"),
    (A(Air::Moon), "moon moonlit moonlight lunar crescent"),
    (A(Air::Stars), "star starry stargazing constellation starlight milky aurora"),
    (A(Air::Clouds), "cloudy overcast cloud"),
    (A(Air::Sun), "sun sunshine sunlight solar sunbeam"),
    (A(Air::Wind), "wind windy breeze"),
    (D(Mood::Warm), "warm cosy cozy glow glowing amber honey fire ember"),
    (D(Mood::Cold), "cold cool chill frost frosty frigid"),
    (D(Mood::Calm), "calm quiet peaceful serene still tranquil gentle soft minimal zen silent"),
    (D(Mood::Dramatic), "dramatic epic intense bold moody cinematic majestic powerful"),
    (D(Mood::Neon), "neon synthwave cyberpunk vaporwave retrowave futuristic glitch"),
    (D(Mood::Pastel), "pastel dreamy delicate candy kawaii"),
    (D(Mood::Mono), "monochrome noir grayscale greyscale monochromatic b&w"),
    (D(Mood::Vintage), "vintage retro old antique nostalgic sepia faded 1970s 70s"),
    (D(Mood::Dark), "dark gloomy shadow gothic horror mysterious eerie"),
    (D(Mood::Bright), "bright vivid vibrant colorful colourful cheerful happy joyful lush"),
    (D(Mood::Autumn), "autumn autumnal october november harvest"),
    (D(Mood::Spring), "spring springtime april fresh"),
    (S(Style::Flat), "flat vector icon cutout papercut logo sticker"),
    (S(Style::Illustration), "illustration illustrated storybook"),
    (S(Style::Oil), "oil impasto impressionist expressionist painting painted acrylic"),
    (S(Style::Pastel), "chalk crayon pastels charcoal"),
    (S(Style::Comic), "comic cartoon manga anime popart"),
    (S(Style::Pixel), "pixel 8bit 16bit voxel sprite pixelart"),
    (S(Style::LowPoly), "lowpoly polygon polygonal faceted triangulated origami"),
    (S(Style::Mosaic), "mosaic tile stained"),
    (S(Style::Watercolour), "watercolour watercolor aquarelle gouache wash painterly"),
    (S(Style::Line), "line lineart drawing sketch ink engraving etching outline pencil woodcut linocut"),
    (S(Style::Poster), "poster print screenprint silkscreen deco risograph riso"),
    (S(Style::Film), "film photo photograph analog analogue 35mm cinematic grain photography photorealistic anamorphic movie polaroid kodak"),
    (C(0xc83a32), "red"), (C(0xa31f34), "crimson"), (C(0xd93a20), "scarlet"), (C(0x7a1f35), "burgundy maroon claret"),
    (C(0xe97a2c), "orange tangerine"), (C(0xf0a04b), "apricot"), (C(0xff8f70), "coral"), (C(0xf7c5a0), "peachy"),
    (C(0xf2c13c), "yellow"), (C(0xe0a42a), "mustard ochre ocher"), (C(0xe8b04a), "gold golden"), (C(0xf3a835), "amber"), (C(0xf6e28b), "lemony"),
    (C(0x3f8a4f), "green"), (C(0x1f7a5a), "emerald"), (C(0x8a9a5b), "moss sage"), (C(0x6b7a2f), "olive"), (C(0x9fd8b8), "mint"), (C(0xa4cf3a), "chartreuse"),
    (C(0x1d8a8a), "teal"), (C(0x2ab7c4), "turquoise"), (C(0x4fc8dc), "cyan aqua"), (C(0x2f62b5), "blue"), (C(0x1c2e5e), "navy"),
    (C(0x2a3f9a), "cobalt ultramarine"), (C(0x3a2f8a), "indigo"), (C(0x6fa8dc), "azure cerulean"), (C(0x7b4fb0), "purple"), (C(0x8a5fd0), "violet"),
    (C(0xb69ae0), "lilac lavender"), (C(0x9a4f7a), "plum mauve"), (C(0xe87aa8), "pink"), (C(0xd6388a), "magenta fuchsia"), (C(0xf2b8c4), "blush rosy"),
    (C(0x7a4f32), "brown chocolate"), (C(0xb0603a), "terracotta rust copper"), (C(0xd8b890), "beige tan"), (C(0xf2e8d5), "cream ivory"),
    (C(0xf4f4f0), "white"), (C(0x1a1a1f), "black"), (C(0x888c92), "grey gray"), (C(0xb8c0c8), "silver"), (C(0x5a6875), "slate"),
];

/// What the words do not want.
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

/// What was understood. Everything the words did not say stays open for the painter to choose.
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
    /// What must not be seen.
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

fn senses(word: &str) -> Vec<Sense> {
    VOCABULARY
        .iter()
        .filter(|(_, stems)| stems.split(' ').any(|stem| stem == word))
        .map(|(sense, _)| *sense)
        .collect()
}

/// Words that are no form of the thing they begin with.
const NO_THINGS: &str = "watching watched bearing booking booked boxing boxed boxer packaged hearty hearted canning canned \
     crowning bagged phoned phoning tubing caking bowling robotics tiny";
/// Words that are a thing only where one is named: "a watch", not "people watch"; "a camera", not "camera pans".
const SOMETIMES_THINGS: &str = "can watch watches camera bear heart book box";
/// What stands before the name of a thing.
const ARTICLES: &str = "a an this my our one two three luxury leather vintage retro old classic modern film digital instant \
     polar brown grizzly teddy soda beer drink beverage energy tin cold sleek elegant mechanical the cardboard product";

/// Whether a word that only sometimes names a thing does so there.
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
fn look_up(word: &str) -> Vec<Sense> {
    if NO_THINGS.split(' ').any(|other| other == word) {
        return Vec::new();
    }
    let mut tries = vec![word.to_owned()];
    for (ending, instead) in [
        ("s", ""),
        ("es", ""),
        ("ies", "y"),
        ("'s", ""),
        ("ing", ""),
        ("ing", "e"),
        ("ed", ""),
        ("ish", ""),
        ("y", ""),
        ("ves", "f"),
        ("en", ""),
    ] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() > 1) {
            tries.push(format!("{stem}{instead}"));
        }
    }
    tries.iter().map(|word| senses(word)).find(|found| !found.is_empty()).unwrap_or_default()
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
    let list: Vec<String> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '&'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
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

/// Whether a word that can be a fruit is a colour there: "an orange armchair", "warm orange", "orange and blue".
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

/// Whether a shade and its colour stand there: "deep blue".
fn shade_of_color(list: &[String], at: usize) -> bool {
    let shade = list.get(at).is_some_and(|word| SHADES.split(' ').any(|shade| shade == word));
    let next = list.get(at + 1).map(|word| look_up(word)).unwrap_or_default();
    shade && next.iter().any(|sense| matches!(sense, C(_)))
}

/// What a text does not want: everything the negative prompt names, and what follows "no" or "without".
fn banned(list: &[String], negative: &str) -> (Vec<Sense>, BTreeSet<usize>) {
    let mut banned: Vec<Sense> = words(negative).iter().flat_map(|word| look_up(word)).collect();
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
        let mut found = look_up(word);
        if !is_thing(&list, i) {
            found.retain(|sense| !matches!(sense, M(_)));
        }
        // "An orange armchair" is no fruit; "an orange" is.
        let next = list.get(i + 1).map(|next| look_up(next)).unwrap_or_default();
        let colours = found.iter().any(|sense| matches!(sense, C(_))) && !next.is_empty();
        let wears = !colours && found.iter().any(|sense| matches!(sense, M(_)));
        for sense in found.iter().filter(|sense| !banned.contains(sense)) {
            match *sense {
                M(_) if colours => {}
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
    fn names_of_several_words_are_read_whole() {
        assert_eq!(read("a bottle, soft studio lighting", "").places, [Place::Studio]);
        assert_eq!(read("a still-life with pears", "").places, [Place::Studio]);
        assert_eq!(read("the blue hour", "").time, Some(Time::Dusk));
        assert!(read("black-and-white portrait", "").has(Mood::Mono));
        for (name, word) in COMPOUNDS {
            assert!(word.split(' ').any(|word| !look_up(word).is_empty()), "{name}");
        }
        for (sense, stems) in VOCABULARY {
            for stem in stems.split(' ') {
                assert!(words(stem) == [stem], "{stem} of {sense:?} is never found");
            }
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
