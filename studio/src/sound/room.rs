//! Rooms, echoes and choruses.

use super::filter::Pole;
use super::osc::turn;
use super::{SR, Stereo, frames};

/// A room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Seconds until it is quiet (a thousandth).
    pub(crate) seconds: f32,
    /// Above this, in Hz, the walls swallow.
    pub(crate) bright_hz: f32,
    /// Seconds before its first answer.
    pub(crate) before: f32,
    /// Size, 0.3 (a box) to 1 (a hall).
    pub(crate) size: f32,
}

impl Room {
    pub(crate) const SMALL: Self =
        Self { seconds: 0.5, bright_hz: 5000.0, before: 0.004, size: 0.4 };
    pub(crate) const STUDIO: Self =
        Self { seconds: 1.1, bright_hz: 6500.0, before: 0.012, size: 0.6 };
    pub(crate) const HALL: Self =
        Self { seconds: 2.6, bright_hz: 5200.0, before: 0.024, size: 1.0 };
    pub(crate) const CAVE: Self = Self { seconds: 4.5, bright_hz: 3600.0, before: 0.05, size: 1.0 };
}

/// Delays of the eight lines, in frames at size 1: no two share a divisor.
const LINES: [usize; 8] = [1693, 1931, 2203, 2447, 2741, 3019, 3299, 3571];
const DIFFUSE: [usize; 4] = [229, 353, 487, 619];

/// Eight delays that feed each other through a Householder matrix (J.-M. Jot, 1991), after four all-passes.
pub(crate) struct Reverb {
    lines: Vec<(Vec<f32>, usize, f32, Pole)>,
    diffuse: Vec<(Vec<f32>, usize)>,
    before: (Vec<f32>, usize),
    low: Pole,
}

impl Reverb {
    pub(crate) fn new(room: Room) -> Self {
        let lines = LINES
            .iter()
            .map(|n| {
                let n = (*n as f32 * room.size) as usize | 1;
                let gain = libm::expf(-6.9 * n as f32 / SR / room.seconds);
                (vec![0.0; n], 0, gain, Pole::new(room.bright_hz))
            })
            .collect();
        let diffuse = DIFFUSE.iter().map(|n| (vec![0.0; *n], 0)).collect();
        let before = (vec![0.0; frames(room.before).max(1)], 0);
        Self { lines, diffuse, before, low: Pole::new(160.0) }
    }

    pub(crate) fn run(&mut self, x: f32) -> (f32, f32) {
        // What lies low would only make mud.
        let x = x - self.low.run(x);
        let (ring, at) = &mut self.before;
        let mut x = std::mem::replace(&mut ring[*at], x);
        *at = (*at + 1) % ring.len();
        for (ring, at) in &mut self.diffuse {
            let old = ring[*at];
            let new = x + 0.6 * old;
            ring[*at] = new;
            x = old - 0.6 * new;
            *at = (*at + 1) % ring.len();
        }
        let mut outs = [0.0_f32; 8];
        for (out, (ring, at, gain, pole)) in outs.iter_mut().zip(&mut self.lines) {
            *out = pole.run(ring[*at]) * *gain;
        }
        let mean = outs.iter().sum::<f32>() * 0.25;
        for (i, ((ring, at, _, _), out)) in self.lines.iter_mut().zip(&outs).enumerate() {
            ring[*at] = out - mean + if i % 2 == 0 { x } else { -x } * 0.35;
            *at = (*at + 1) % ring.len();
        }
        let left = outs[0] + outs[2] - outs[5] + outs[7];
        let right = outs[1] + outs[3] - outs[4] + outs[6];
        (left, right)
    }

    /// Returns the room's answer to a send, of the same length.
    pub(crate) fn answer(room: Room, send: &Stereo) -> Stereo {
        let mut reverb = Self::new(room);
        let mut out = Stereo::silent(send.len());
        out.each(|i, l, r| {
            // A little of each side stays on its side: the room does not fold the picture.
            (*l, *r) = reverb.run(0.5 * (send.left[i] + send.right[i]));
        });
        out
    }
}

/// Puts a sound into a room: `wet` of it is added.
pub(crate) fn reverb(sound: &mut Stereo, room: Room, wet: f32) {
    let answer = Reverb::answer(room, sound);
    sound.add(&answer, 0, wet);
}

/// Echoes that jump from side to side, each `feedback` of the one before and duller.
pub(crate) fn echo(sound: &mut Stereo, seconds: f32, feedback: f32, wet: f32) {
    let n = frames(seconds).max(1);
    let mut rings = [vec![0.0_f32; n], vec![0.0_f32; n]];
    let mut poles = [Pole::new(3200.0), Pole::new(3200.0)];
    let mut at = 0;
    sound.each(|_, l, r| {
        let (a, b) = (poles[0].run(rings[0][at]), poles[1].run(rings[1][at]));
        rings[0][at] = 0.5 * (*l + *r) + feedback * b;
        rings[1][at] = feedback * a;
        *l += wet * a;
        *r += wet * b;
        at = (at + 1) % n;
    });
}

/// Makes one channel wide: two copies whose pitch wanders against each other.
pub(crate) fn chorus(mono: &[f32], rate_hz: f32, depth_s: f32, base_s: f32) -> Stereo {
    let tap = |i: usize, phase: f32| {
        let delay = (base_s + depth_s * turn(i as f32 / SR * rate_hz + phase)) * SR;
        let place = i as f32 - delay;
        if place < 0.0 {
            return 0.0;
        }
        let at = place as usize;
        let next = mono.get(at + 1).copied().unwrap_or_default();
        crate::math::lerp(mono[at], next, place - at as f32)
    };
    let mut out = Stereo::silent(mono.len());
    out.each(|i, l, r| {
        *l = 0.7 * mono[i] + 0.6 * tap(i, 0.0);
        *r = 0.7 * mono[i] + 0.6 * tap(i, 0.37);
    });
    out
}
