//! Motions in a scene, by the words of its prompt.

use crate::words::split;

/// Strength of each motion of the air and of things, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Weather {
    pub(crate) snow: f32,
    pub(crate) rain: f32,
    pub(crate) embers: f32,
    pub(crate) fireflies: f32,
    pub(crate) stars: f32,
    pub(crate) clouds: f32,
    pub(crate) fog: f32,
    pub(crate) water: f32,
    pub(crate) rays: f32,
    pub(crate) dust: f32,
    pub(crate) sway: f32,
    pub(crate) leaves: f32,
    pub(crate) petals: f32,
    pub(crate) bubbles: f32,
}

type Set = fn(&mut Weather);

const WORDS: &[(Set, &str)] = &[
    (
        |w| w.snow = 1.0,
        "snow snowy snowing snowfall snowflake snowflakes blizzard flurries winter christmas",
    ),
    (|w| w.rain = 1.0, "rain rainy raining rainstorm drizzle downpour thunderstorm monsoon"),
    (
        |w| w.embers = 1.0,
        "ember embers spark sparks fire campfire bonfire flame flames lava volcano forge burning torch fireworks",
    ),
    (|w| w.fireflies = 1.0, "firefly fireflies fairy magic magical enchanted glowing"),
    (
        |w| w.stars = 1.0,
        "star stars starry starlit starlight galaxy milky cosmos space nebula constellation constellations",
    ),
    (|w| w.stars = w.stars.max(0.6), "night midnight moonlit moon"),
    (
        |w| w.clouds = 1.0,
        "cloud clouds cloudy sky skies storm stormy timelapse sunset sunrise dawn dusk",
    ),
    (
        |w| w.fog = 1.0,
        "fog foggy mist misty haze hazy smoke smoky steam steamy vapour vapor morning",
    ),
    (|w| w.fog = w.fog.max(0.5), "storm stormy swamp mystic mystical moody"),
    (
        |w| w.water = 1.0,
        "sea ocean lake river water waves wave harbour harbor bay pond coast beach lagoon canal fjord island boat sailboat ship surf shore underwater",
    ),
    (|w| w.bubbles = 1.0, "underwater bubble bubbles aquarium reef champagne goldfish coral"),
    (
        |w| w.rays = 1.0,
        "ray rays sunbeam sunbeams sunlight sunny godrays beams dawn sunrise sunset golden cathedral underwater",
    ),
    (
        |w| w.dust = 1.0,
        "dust dusty bokeh dream dreamy glitter sparkle sparkles particles interior studio room library pedestal perfume bottle product attic desert dunes",
    ),
    (
        |w| w.sway = 1.0,
        "grass meadow field fields wheat reed reeds leaves leaf tree trees forest wood woods jungle garden flower flowers poppy poppies bouquet palm palms botanical wind windy breeze",
    ),
    (|w| w.leaves = 1.0, "autumn fall falling"),
    (|w| w.petals = 1.0, "petal petals cherry blossom blossoms sakura confetti wedding spring"),
];

/// The words of a text, in small letters.
pub(crate) fn words(text: &str) -> Vec<String> {
    // Nobody writes more about one scene; what is longer is something else pasted in.
    split(text, &[]).take(2_000).map(str::to_lowercase).collect()
}

/// True if a word names something that moves.
pub(crate) fn knows(word: &str) -> bool {
    WORDS.iter().any(|(_, list)| list.split(' ').any(|known| known == word))
}

impl Weather {
    /// Reads the motions that the words name, without those that are not wanted.
    pub(crate) fn read(prompt: &str, negative: &str) -> Self {
        let (wanted, banned) = (words(prompt), words(negative));
        let mut weather = Self::default();
        let mut refused = false;
        for word in &wanted {
            if matches!(word.as_str(), "no" | "without") {
                refused = true;
                continue;
            }
            let found: Vec<&Set> = WORDS
                .iter()
                .filter(|(_, list)| list.split(' ').any(|w| w == word))
                .map(|(set, _)| set)
                .collect();
            if found.is_empty() || std::mem::take(&mut refused) {
                continue;
            }
            for set in found {
                set(&mut weather);
            }
        }
        for word in &banned {
            let mut off = Self::default();
            for (set, list) in WORDS {
                if list.split(' ').any(|w| w == word) {
                    set(&mut off);
                }
            }
            weather.remove(&off);
        }
        // One thing falls from the sky at a time, and no stars shine through it.
        if weather.snow > 0.0 || weather.rain > 0.0 {
            (weather.leaves, weather.petals, weather.stars) = (0.0, 0.0, 0.0);
            weather.rays *= 0.3;
        }
        weather
    }

    fn remove(&mut self, off: &Self) {
        let parts = [
            (&mut self.snow, off.snow),
            (&mut self.rain, off.rain),
            (&mut self.embers, off.embers),
            (&mut self.fireflies, off.fireflies),
            (&mut self.stars, off.stars),
            (&mut self.clouds, off.clouds),
            (&mut self.fog, off.fog),
            (&mut self.water, off.water),
            (&mut self.rays, off.rays),
            (&mut self.dust, off.dust),
            (&mut self.sway, off.sway),
            (&mut self.leaves, off.leaves),
            (&mut self.petals, off.petals),
            (&mut self.bubbles, off.bubbles),
        ];
        for (own, off) in parts {
            if off > 0.0 {
                *own = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_choose_what_moves_and_refusals_are_heard() {
        let weather = Weather::read("Snowy mountains, misty lake", "");
        assert!(weather.snow > 0.0 && weather.fog > 0.0 && weather.water > 0.0);
        assert!(weather.rain == 0.0 && weather.embers == 0.0);
        let weather = Weather::read("a lake without fog", "waves");
        assert_eq!(weather, Weather::default());
        assert_eq!(Weather::read("entropy", ""), Weather::default());
    }
}
