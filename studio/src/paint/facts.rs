//! Facts about a painted scene.

/// Facts about a scene that an animation needs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The kind of place in one word: sea, coast, mountains, dunes, forest, city, street, room, sky, space, river,
    /// island, field, snow, garden, underwater, studio or abstract.
    pub place: &'static str,
    /// Any of storm, fog, rain, snow, stars, clouds, wind.
    pub weather: Vec<&'static str>,
    /// dawn, day, sunset, dusk or night.
    pub hour: &'static str,
    /// Where water begins, from 0 (top of the picture) to 1 (bottom); it reaches down to the bottom.
    pub water_line: Option<f32>,
    /// Centre of the sun or the moon, as shares of width and height; it may be hidden by clouds.
    pub light: Option<(f32, f32)>,
    /// The main colours from the top of the sky to the nearest ink, then the accent; red, green, blue.
    pub palette: Vec<[u8; 3]>,
}
