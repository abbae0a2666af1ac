//! The meanings that words can have to the painter.

use serde::Deserialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// True if it is something one holds, sells or eats, shown on a pedestal or a table.
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

    /// True if it is eaten.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Time {
    Dawn,
    Day,
    Sunset,
    Dusk,
    Night,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
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
pub(super) enum Sense {
    P(Place),
    M(Motif),
    T(Time),
    A(Air),
    D(Mood),
    S(Style),
    C(u32),
}
