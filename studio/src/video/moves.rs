//! The camera's moves through a shot.

use super::words;
use crate::camera::lens::{Camera, DISTANCE, Pose};
use crate::camera::relief::Relief;
use crate::math::{Rng, cos, lerp, noise, sin, smoothstep};

/// A move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Static,
    PushIn,
    PullOut,
    PanLeft,
    PanRight,
    TiltUp,
    TiltDown,
    Orbit,
    Handheld,
}

const NAMED: [(&str, Move); 9] = [
    ("static", Move::Static),
    ("push in", Move::PushIn),
    ("pull out", Move::PullOut),
    ("pan left", Move::PanLeft),
    ("pan right", Move::PanRight),
    ("tilt up", Move::TiltUp),
    ("tilt down", Move::TiltDown),
    ("orbit", Move::Orbit),
    ("handheld", Move::Handheld),
];

/// Phrases for the moves in a prompt.
const SAID: [(&str, Move); 18] = [
    ("zoom in", Move::PushIn),
    ("zooms in", Move::PushIn),
    ("dolly in", Move::PushIn),
    ("push in", Move::PushIn),
    ("pushes in", Move::PushIn),
    ("zoom out", Move::PullOut),
    ("zooms out", Move::PullOut),
    ("pull out", Move::PullOut),
    ("pull back", Move::PullOut),
    ("pan left", Move::PanLeft),
    ("pan right", Move::PanRight),
    ("tilt up", Move::TiltUp),
    ("tilt down", Move::TiltDown),
    ("orbit", Move::Orbit),
    ("orbits", Move::Orbit),
    ("handheld", Move::Handheld),
    ("static camera", Move::Static),
    ("static shot", Move::Static),
];

/// True if a word is of a phrase for a move.
pub(crate) fn knows(word: &str) -> bool {
    word == "camera" || SAID.iter().any(|(said, _)| said.split(' ').any(|part| part == word))
}

impl Move {
    /// By its name; `None` for `auto` and anything unknown.
    pub(crate) fn named(name: &str) -> Option<Self> {
        NAMED.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
    }

    /// Returns the move that the prompt asks for, else one that suits: the shot's number and the seed choose.
    pub(crate) fn chosen(prompt: &str, shot: usize, rng: &Rng) -> Self {
        let text = format!(" {} ", words::words(prompt).join(" "));
        if let Some((_, said)) = SAID.iter().find(|(said, _)| text.contains(&format!(" {said} "))) {
            return *said;
        }
        let mut rng = rng.fork("move");
        let first = rng.below(4);
        match (shot, (first + shot) % 4) {
            (0, 3) => Self::Orbit,
            (0, _) | (_, 0) => Self::PushIn,
            (_, 1) => Self::PanRight,
            (_, 2) => Self::PullOut,
            (_, _) => Self::PanLeft,
        }
    }
}

/// Which end of a shot must show its picture unmoved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Begin,
    End,
    Free,
}

/// A camera's way through a shot.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) kind: Move,
    /// Extent of the move, 0 to 1.
    pub(crate) amount: f32,
    pub(crate) rest: Rest,
    /// True if it ends where it began.
    pub(crate) returns: bool,
    pub(crate) seconds: f32,
    pub(crate) seed: u64,
    /// Point that stays in its place while the camera comes closer, in heights of the picture from its middle.
    pub(crate) focus: [f32; 2],
}

impl Path {
    /// The pose at a part of the shot, from 0 to 1, before it is brought closer so that no edge shows.
    fn wish(&self, at: f32) -> Pose {
        let turn = std::f32::consts::TAU * at;
        let along = if self.returns {
            0.5 - 0.5 * cos(turn)
        } else {
            lerp(at, smoothstep(0.0, 1.0, at), 0.65)
        };
        let amount = self.amount;
        // From -1 to 1 where the way is free, else from the resting end on.
        let across = match (self.returns, self.rest) {
            (true, _) => sin(turn),
            (false, Rest::Begin) => along * 1.4,
            (false, Rest::End) => (along - 1.0) * 1.4,
            (false, Rest::Free) => along * 2.0 - 1.0,
        };
        // Towards the picture: a shot that must end at rest comes from close by.
        let towards = if self.rest == Rest::End && !self.returns { 1.0 - along } else { along };
        let none = Pose::default();
        match self.kind {
            Move::Static => none,
            Move::PushIn => self.closer(0.46 * amount * towards),
            Move::PullOut => self.closer(0.46 * amount * (1.0 - along)),
            Move::PanLeft => Pose { shift: [-0.13 * amount * across, 0.0], ..none },
            Move::PanRight => Pose { shift: [0.13 * amount * across, 0.0], ..none },
            Move::TiltUp => Pose { shift: [0.0, -0.11 * amount * across], ..none },
            Move::TiltDown => Pose { shift: [0.0, 0.11 * amount * across], ..none },
            Move::Orbit => Pose {
                yaw: 9.0 * amount * across,
                pitch: 2.0 * amount * across,
                dolly: 0.1 * amount * towards,
                ..none
            },
            Move::Handheld => self.held(at),
        }
    }

    /// Closer by so much, the focus kept where it is in the frame.
    fn closer(&self, dolly: f32) -> Pose {
        let share = dolly / DISTANCE;
        Pose { dolly, shift: self.focus.map(|f| f * share), ..Pose::default() }
    }

    /// A hand that breathes and never quite holds still.
    fn held(&self, at: f32) -> Pose {
        let t = at * self.seconds;
        let wave = |speed: f32, channel: u64| {
            let seed = self.seed ^ channel.wrapping_mul(0x9e37_79b9);
            let now = noise(t * speed, 0.5, seed);
            if !self.returns {
                return now;
            }
            let before = noise((t - self.seconds) * speed, 0.5, seed);
            lerp(now, before, at)
        };
        let ease = match self.rest {
            Rest::Begin if !self.returns => smoothstep(0.0, 0.12, at),
            Rest::End if !self.returns => smoothstep(1.0, 0.88, at),
            Rest::Begin | Rest::End | Rest::Free => 1.0,
        };
        let k = self.amount * ease;
        Pose {
            shift: [
                k * (0.030 * wave(0.7, 1) + 0.006 * wave(2.6, 2)),
                k * (0.024 * wave(0.8, 3) + 0.006 * wave(3.1, 4)),
            ],
            turn: [k * 0.5 * wave(1.1, 5), k * 0.4 * wave(1.3, 6)],
            roll: k * 0.9 * wave(0.6, 7),
            dolly: k * 0.05 * (1.0 + wave(0.4, 8)),
            ..Pose::default()
        }
    }

    /// The pose at a part of the shot, close enough that no edge of the picture shows. `beat` comes a little closer
    /// still.
    pub(crate) fn pose(
        &self,
        at: f32,
        aspect: f32,
        relief: &Relief,
        depth: f32,
        beat: f32,
    ) -> Pose {
        let mut pose = self.wish(at);
        pose.zoom = 1.0 + 0.02 * beat * self.amount;
        if self.kind == Move::Handheld {
            // A zoom that follows each tremor would be seen as breathing.
            pose.zoom *= 1.0 + 0.07 * self.amount;
        }
        let covers = |zoom: f32| {
            let camera = Camera::new(&Pose { zoom, ..pose });
            border().all(|(x, y)| {
                let [u, v] = camera.meets(x * aspect, y, aspect, relief, depth);
                u.abs() <= aspect * 0.5003 && v.abs() <= 0.5003
            })
        };
        if covers(pose.zoom) {
            return pose;
        }
        let (mut low, mut high) = (pose.zoom, pose.zoom * 1.8);
        for _ in 0..14 {
            let middle = 0.5 * (low + high);
            if covers(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        pose.zoom = high;
        pose
    }
}

/// Places along the edge of the frame, in frame widths and heights from its middle.
fn border() -> impl Iterator<Item = (f32, f32)> {
    (0..=8).flat_map(|i| {
        let t = i as f32 / 8.0 - 0.5;
        [(t, -0.5), (t, 0.5), (-0.5, t), (0.5, t)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(kind: Move, rest: Rest, returns: bool) -> Path {
        Path { kind, amount: 1.0, rest, returns, seconds: 4.0, seed: 5, focus: [0.3, -0.2] }
    }

    #[test]
    fn no_move_shows_an_edge_and_the_resting_end_is_the_picture() {
        let relief = Relief::given(2, 2, vec![0.0, 0.3, 0.8, 1.0]);
        for (_, kind) in NAMED {
            for rest in [Rest::Begin, Rest::End, Rest::Free] {
                for step in 0..=10 {
                    let at = step as f32 / 10.0;
                    let pose = path(kind, rest, false).pose(at, 1.6, &relief, 0.2, 0.0);
                    let camera = Camera::new(&pose);
                    for (x, y) in border() {
                        let [u, v] = camera.meets(x * 1.6, y, 1.6, &relief, 0.2);
                        assert!(
                            u.abs() < 0.802 && v.abs() < 0.502,
                            "{kind:?} {rest:?} {at}: {u} {v}"
                        );
                    }
                }
            }
            if !matches!(kind, Move::PullOut | Move::Handheld) {
                let pose = path(kind, Rest::Begin, false).pose(0.0, 1.6, &relief, 0.2, 0.0);
                assert_eq!(pose, Pose::default(), "{kind:?}");
            }
            if !matches!(kind, Move::Handheld) {
                let pose = path(kind, Rest::End, false).pose(1.0, 1.6, &relief, 0.2, 0.0);
                assert_eq!(pose, Pose::default(), "{kind:?}");
            }
            let begin = path(kind, Rest::Begin, true).pose(0.0, 1.6, &relief, 0.2, 0.0);
            let end = path(kind, Rest::Begin, true).pose(1.0, 1.6, &relief, 0.2, 0.0);
            assert!((begin.zoom - end.zoom).abs() < 1e-3, "{kind:?}");
            assert!((begin.shift[0] - end.shift[0]).abs() < 1e-3, "{kind:?}");
        }
    }

    #[test]
    fn a_prompt_may_ask_for_a_move() {
        let rng = Rng::new(1);
        assert_eq!(Move::chosen("slow zoom out from a castle", 0, &rng), Move::PullOut);
        assert_eq!(Move::chosen("a Handheld walk", 0, &rng), Move::Handheld);
        assert_eq!(Move::named("tilt up"), Some(Move::TiltUp));
        assert_eq!(Move::named("auto"), None);
    }
}
