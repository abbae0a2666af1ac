//! The things that can be built, with the words for them.

use crate::words::singulars;

macro_rules! things {
    ($($thing:ident: $($word:literal)|+;)+) => {
        /// A thing that can be built.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Thing { $($thing),+ }

        /// Every thing with the words for it.
        pub(super) const THINGS: &[(Thing, &[&str])] = &[$((Thing::$thing, &[$($word),+])),+];
    };
}

things! {
    Cube: "cube" | "box" | "block" | "crate";
    Ball: "sphere" | "ball" | "orb" | "planet" | "marble";
    Drum: "cylinder" | "pillar" | "column" | "barrel";
    Cone: "cone";
    Pyramid: "pyramid";
    Ring: "torus" | "ring" | "donut" | "doughnut";
    Gem: "gem" | "diamond" | "crystal" | "icosahedron";
    Table: "table" | "desk";
    Chair: "chair" | "stool";
    House: "house" | "home" | "cabin" | "cottage";
    Rocket: "rocket" | "spaceship";
    Tree: "tree";
    Pine: "pine" | "fir" | "spruce";
    Robot: "robot" | "android";
    Mug: "mug" | "cup";
    Castle: "castle" | "fortress";
    Car: "car" | "automobile" | "taxi";
    Snowman: "snowman";
    Lamp: "lamp";
    Bottle: "bottle" | "flask";
    Vase: "vase" | "pot" | "jar";
    Mushroom: "mushroom" | "toadstool";
    Star: "star";
    Tower: "tower" | "lighthouse";
}

/// The thing a word names, also in the plural.
pub(super) fn named(word: &str) -> Option<Thing> {
    let forms: Vec<String> = singulars(word).collect();
    let is_meant = |name: &&str| forms.iter().any(|form| form == name);
    THINGS.iter().find(|(_, names)| names.iter().any(is_meant)).map(|(thing, _)| *thing)
}
