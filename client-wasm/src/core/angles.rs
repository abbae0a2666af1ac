//! The camera positions of a Camera Angles node: its setting `angles`, read leniently and written exactly.

use serde_json::{Value, json};

/// Largest yaw of a camera round the picture, in degrees.
pub const YAW_MAX: f64 = 80.0;
/// Largest pitch above or below, in degrees.
pub const PITCH_MAX: f64 = 80.0;
/// Largest roll to a side, in degrees.
pub const ROLL_MAX: f64 = 180.0;
/// Smallest zoom: the camera at its farthest.
pub const ZOOM_MIN: f64 = 0.5;
/// Largest zoom: the camera at its nearest.
pub const ZOOM_MAX: f64 = 3.0;
/// More would be more results than anybody looks at.
pub const ANGLES_MAX: usize = 24;

/// Where a camera is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// To the right, in degrees.
    pub yaw: f64,
    /// Above, in degrees.
    pub pitch: f64,
    /// Tilted clockwise, in degrees.
    pub roll: f64,
    /// 1 is as it was, more is nearer.
    pub zoom: f64,
}

impl Pose {
    /// Straight in front.
    pub const FRONT: Self = Self { yaw: 0.0, pitch: 0.0, roll: 0.0, zoom: 1.0 };

    const fn at(yaw: f64, pitch: f64, zoom: f64) -> Self {
        Self { yaw, pitch, roll: 0.0, zoom }
    }

    /// Within what a camera can do.
    pub fn clamped(self) -> Self {
        let whole = |v: f64, max: f64| if v.is_finite() { v.clamp(-max, max) } else { 0.0 };
        let zoom = if self.zoom.is_finite() { self.zoom } else { 1.0 };
        Self {
            yaw: whole(self.yaw, YAW_MAX),
            pitch: whole(self.pitch, PITCH_MAX),
            roll: whole(self.roll, ROLL_MAX),
            zoom: zoom.clamp(ZOOM_MIN, ZOOM_MAX),
        }
    }
}

/// The two families of positions: the camera stands elsewhere, or moves a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// It stands somewhere else.
    View,
    /// It moves a little: start and end frame differ.
    Move,
}

/// A position that has a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Named {
    /// As it is written.
    pub id: &'static str,
    /// For people.
    pub label: &'static str,
    /// View or move.
    pub family: Family,
    /// Roughly where it is, for the small picture of it.
    pub pose: Pose,
}

const fn named(id: &'static str, label: &'static str, family: Family, pose: Pose) -> Named {
    Named { id, label, family, pose }
}

/// All positions that have a name.
pub const NAMED: [Named; 13] = [
    named("front", "Front", Family::View, Pose::FRONT),
    named("left", "Left", Family::View, Pose::at(-55.0, 0.0, 1.0)),
    named("right", "Right", Family::View, Pose::at(55.0, 0.0, 1.0)),
    named("top", "Top", Family::View, Pose::at(0.0, 60.0, 1.0)),
    named("low", "Low", Family::View, Pose::at(0.0, -35.0, 1.0)),
    named("three_quarter", "Three-quarter", Family::View, Pose::at(35.0, 15.0, 1.0)),
    named("three_quarter_left", "Three-quarter left", Family::View, Pose::at(-35.0, 15.0, 1.0)),
    named("push_in", "Push in", Family::Move, Pose::at(0.0, 0.0, 1.4)),
    named("pull_out", "Pull out", Family::Move, Pose::at(0.0, 0.0, 0.7)),
    named("pan_left", "Pan left", Family::Move, Pose::at(-18.0, 0.0, 1.1)),
    named("pan_right", "Pan right", Family::Move, Pose::at(18.0, 0.0, 1.1)),
    named("tilt_up", "Tilt up", Family::Move, Pose::at(0.0, 18.0, 1.1)),
    named("tilt_down", "Tilt down", Family::Move, Pose::at(0.0, -18.0, 1.1)),
];

/// One camera position.
#[derive(Clone, Debug, PartialEq)]
pub enum Angle {
    /// One with a name of its own.
    Named(Named),
    /// One that somebody set.
    Custom {
        /// The name they gave it.
        name: String,
        /// Where it is.
        pose: Pose,
    },
}

impl Angle {
    fn parse(value: &Value) -> Option<Self> {
        if let Some(id) = value.as_str() {
            let id = if id == "side" { "right" } else { id };
            return NAMED.iter().find(|n| n.id == id).map(|n| Self::Named(*n));
        }
        let object = value.as_object()?;
        let number = |key: &str, or: f64| object.get(key).and_then(Value::as_f64).unwrap_or(or);
        let pose = Pose {
            yaw: number("yaw", 0.0),
            pitch: number("pitch", 0.0),
            roll: number("roll", 0.0),
            zoom: number("zoom", 1.0),
        };
        let name = object.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self::Custom { name, pose: pose.clamped() })
    }

    /// As it is written.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Named(named) => json!(named.id),
            Self::Custom { name, pose } => {
                let p = pose.clamped();
                json!({"name": name, "yaw": p.yaw, "pitch": p.pitch, "roll": p.roll, "zoom": p.zoom})
            }
        }
    }

    /// Name for people.
    pub fn label(&self) -> String {
        match self {
            Self::Named(named) => named.label.to_owned(),
            Self::Custom { name, .. } if name.trim().is_empty() => "Custom".to_owned(),
            Self::Custom { name, .. } => name.trim().to_owned(),
        }
    }

    /// Where it is.
    pub fn pose(&self) -> Pose {
        match self {
            Self::Named(named) => named.pose,
            Self::Custom { pose, .. } => *pose,
        }
    }
}

/// The positions of a setting; what is none of them is passed over. Nothing set is the front.
pub fn read(setting: Option<&Value>) -> Vec<Angle> {
    let all: Vec<Angle> =
        setting.and_then(Value::as_array).into_iter().flatten().filter_map(Angle::parse).collect();
    if all.is_empty() { vec![Angle::Named(NAMED[0])] } else { all }
}

/// As a setting.
pub fn write(angles: &[Angle]) -> Value {
    Value::Array(angles.iter().take(ANGLES_MAX).map(Angle::to_value).collect())
}

/// Moves one a place up or down; `false` at either end.
pub fn shift(angles: &mut [Angle], at: usize, back: bool) -> bool {
    let to = if back { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to < angles.len()) };
    match to {
        Some(to) if at < angles.len() => {
            angles.swap(at, to);
            true
        }
        _ => false,
    }
}

/// A name that none of them has yet.
pub fn fresh_name(angles: &[Angle]) -> String {
    (1..)
        .map(|n| format!("Custom {n}"))
        .find(|name| angles.iter().all(|a| a.label() != *name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_read_and_written_as_agreed() {
        let value = json!(["front", "three_quarter", {"name": "Hero", "yaw": 20, "pitch": -10, "roll": 3.5, "zoom": 1.5}]);
        let angles = read(Some(&value));
        assert_eq!(angles.len(), 3);
        assert_eq!(angles[2].label(), "Hero");
        let again = read(Some(&write(&angles)));
        assert_eq!(again, angles);
        assert_eq!(write(&angles)[1], json!("three_quarter"));
        assert_eq!(write(&angles)[2]["yaw"], json!(20.0));
    }

    #[test]
    fn what_is_no_angle_is_passed_over_and_none_is_the_front() {
        assert_eq!(read(None)[0].label(), "Front");
        assert_eq!(read(Some(&json!("front"))).len(), 1);
        let odd = read(Some(&json!(["nowhere", 7, {"yaw": 500, "zoom": -2}, "side"])));
        assert_eq!(odd.len(), 2);
        assert_eq!(odd[0].pose(), Pose { yaw: 80.0, pitch: 0.0, roll: 0.0, zoom: 0.5 });
        assert_eq!(odd[1].label(), "Right");
    }

    #[test]
    fn they_change_places_within_the_list() {
        let mut angles = read(Some(&json!(["front", "left", "top"])));
        assert!(shift(&mut angles, 2, true));
        assert_eq!(write(&angles), json!(["front", "top", "left"]));
        assert!(!shift(&mut angles, 0, true) && !shift(&mut angles, 2, false));
        assert!(shift(&mut angles, 0, false));
        assert_eq!(write(&angles), json!(["top", "front", "left"]));
    }

    #[test]
    fn new_ones_have_names_of_their_own() {
        let angles = read(Some(&json!([{"name": "Custom 1"}, {"name": "Custom 3"}])));
        assert_eq!(fresh_name(&angles), "Custom 2");
    }

    #[test]
    fn names_are_unique() {
        for (i, one) in NAMED.iter().enumerate() {
            assert!(NAMED[..i].iter().all(|n| n.id != one.id));
            assert_eq!(one.pose, one.pose.clamped());
        }
    }
}
