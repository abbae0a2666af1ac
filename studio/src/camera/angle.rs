//! The angles one can ask for.

use serde_json::Value;

use super::lens::Pose;
use crate::Job;
use gesso_media::WorkError;

/// One asked angle.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Angle {
    pub(crate) pose: Pose,
}

/// The names there are; the last six are small moves of the camera.
pub(crate) const NAMES: [&str; 13] = [
    "front",
    "left",
    "right",
    "top",
    "three_quarter",
    "three_quarter_left",
    "low",
    "push_in",
    "pull_out",
    "pan_left",
    "pan_right",
    "tilt_up",
    "tilt_down",
];

/// The angles of a job, the frontal one where none is asked.
///
/// # Errors
/// [`WorkError::Refused`] with what there is.
pub(crate) fn of(job: &Job) -> Result<Vec<Angle>, WorkError> {
    let front = || vec![Angle { pose: Pose::default() }];
    match job.params.get("angles") {
        None | Some(Value::Null) => Ok(front()),
        Some(Value::Array(list)) if list.is_empty() => Ok(front()),
        Some(Value::Array(list)) if list.len() > 24 => Err(WorkError::Refused(
            "More than 24 angles were asked at once. Split them over two nodes.".to_owned(),
        )),
        Some(Value::Array(list)) => list.iter().map(read).collect(),
        Some(one) => Ok(vec![read(one)?]),
    }
}

fn named(name: &str) -> Option<Pose> {
    let front = Pose::default();
    Some(match name {
        "front" => front,
        // From the side a plane is narrower: a little closer, it fills the frame again.
        "left" => Pose { yaw: -40.0, zoom: 1.24, ..front },
        "right" | "side" => Pose { yaw: 40.0, zoom: 1.24, ..front },
        "top" => Pose { pitch: 38.0, zoom: 1.2, ..front },
        "low" => Pose { pitch: -30.0, zoom: 1.15, ..front },
        "three_quarter" => Pose { yaw: 26.0, pitch: 12.0, zoom: 1.16, ..front },
        "three_quarter_left" => Pose { yaw: -26.0, pitch: 12.0, zoom: 1.16, ..front },
        "push_in" => Pose { dolly: 0.2, ..front },
        "pull_out" => Pose { dolly: -0.17, ..front },
        "pan_left" => Pose { shift: [-0.05, 0.0], turn: [-1.6, 0.0], zoom: 1.12, ..front },
        "pan_right" => Pose { shift: [0.05, 0.0], turn: [1.6, 0.0], zoom: 1.12, ..front },
        "tilt_up" => Pose { shift: [0.0, -0.035], turn: [0.0, -1.2], zoom: 1.12, ..front },
        "tilt_down" => Pose { shift: [0.0, 0.035], turn: [0.0, 1.2], zoom: 1.12, ..front },
        _ => return None,
    })
}

fn read(value: &Value) -> Result<Angle, WorkError> {
    let unknown = |what: &str| {
        WorkError::Refused(format!(
            "There is no angle {what}. Choose one of {}, or give yaw, pitch, roll and zoom.",
            NAMES.join(", ")
        ))
    };
    if let Some(name) = value.as_str() {
        let pose = named(name.trim()).ok_or_else(|| unknown(&format!("“{name}”")))?;
        return Ok(Angle { pose });
    }
    let Some(fields) = value.as_object() else {
        return Err(unknown(&value.to_string()));
    };
    let number = |key: &str, unit: &str, range: (f64, f64)| match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_f64()
            .filter(|n| (range.0..=range.1).contains(n))
            .map(|n| Some(n as f32))
            .ok_or_else(|| {
                WorkError::Refused(format!(
                    "The angle's {key} is {value}; it must be a number from {} to {}{unit}.",
                    range.0, range.1
                ))
            }),
    };
    let yaw = number("yaw", " degrees", (-80.0, 80.0))?;
    let pitch = number("pitch", " degrees", (-80.0, 80.0))?;
    let roll = number("roll", " degrees", (-180.0, 180.0))?;
    let zoom = number("zoom", "", (0.5, 3.0))?;
    let given = yaw.or(pitch).or(roll).or(zoom).is_some();
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default().trim();
    // With numbers a name is a label; alone it must be one of those there are.
    let pose = match named(name) {
        Some(pose) if !given => pose,
        None if !given => return Err(unknown(&format!("“{name}”"))),
        Some(_) | None => Pose::default(),
    };
    Ok(Angle {
        pose: Pose {
            yaw: yaw.unwrap_or(pose.yaw),
            pitch: pitch.unwrap_or(pose.pitch),
            roll: roll.unwrap_or(pose.roll),
            zoom: zoom.unwrap_or(pose.zoom),
            ..pose
        },
    })
}
