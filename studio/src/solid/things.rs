//! Things built of simple bodies, each about 1 in size, standing on y = 0 in the middle.

use super::glb::{Material, Piece};
use super::kinds::Thing;
use super::mesh::{Mesh, Pose, V3};
use super::shapes::{
    ball, block, cone, drum, edged, gem, lathe, prism, pyramid, ring, rounded, tube,
};
use super::words::{Stuff, Wish, hex};
use crate::math::{Rng, cos, sin};

/// Collects the pieces of a thing.
struct Kit<'a> {
    wish: &'a Wish,
    name: &'a str,
    pieces: Vec<Piece>,
}

impl Kit<'_> {
    /// A part in its own colour.
    fn own(&mut self, mesh: Mesh, at: V3, rgb: u32) {
        self.piece(mesh.posed(&Pose::at(at)), Material::plain(hex(rgb)));
    }

    /// A part that shows the colour and the material that were asked for.
    fn main(&mut self, mesh: Mesh, at: V3, rgb: u32) {
        let color = self.wish.color.unwrap_or_else(|| match self.wish.stuff {
            Some(Stuff::Metal) => hex(0xb8_bc_c4),
            Some(Stuff::Glass) => hex(0xcc_e4_ec),
            Some(Stuff::Wood) => hex(0xa8_72_44),
            Some(Stuff::Stone) => hex(0xc4_c0_b8),
            Some(Stuff::Matte | Stuff::Glow) | None => hex(rgb),
        });
        let mut material = Material::plain(color);
        match self.wish.stuff {
            Some(Stuff::Metal) => (material.metal, material.rough) = (1.0, 0.28),
            Some(Stuff::Glass) => (material.color[3], material.rough) = (0.32, 0.05),
            Some(Stuff::Wood) => material.rough = 0.7,
            Some(Stuff::Stone) => material.rough = 0.85,
            Some(Stuff::Matte) => material.rough = 1.0,
            Some(Stuff::Glow) => material.glow = color.map(|v| v * 0.8),
            None => material.rough = 0.4,
        }
        self.piece(mesh.posed(&Pose::at(at)), material);
    }

    fn piece(&mut self, mesh: Mesh, material: Material) {
        self.pieces.push(Piece { name: self.name.to_owned(), mesh, material });
    }
}

/// Builds a thing.
pub(super) fn build(wish: &Wish, name: &str, rng: &mut Rng) -> Vec<Piece> {
    let mut kit = Kit { wish, name, pieces: Vec::new() };
    match wish.thing {
        Thing::Cube => kit.main(rounded([1.0; 3], 0.04), [0.0, 0.5, 0.0], 0xd8_54_3c),
        Thing::Ball => kit.main(ball(0.5), [0.0, 0.5, 0.0], 0x3c_7c_d0),
        Thing::Drum => kit.main(drum(0.5, 0.5, 1.0), [0.0, 0.5, 0.0], 0xe0_a8_3c),
        Thing::Cone => kit.main(cone(0.5, 1.1), [0.0, 0.55, 0.0], 0x4c_a0_6c),
        Thing::Pyramid => kit.main(pyramid(1.1, 0.9), [0.0, 0.45, 0.0], 0xd8_b0_6c),
        Thing::Ring => kit.main(ring(0.42, 0.16), [0.0, 0.16, 0.0], 0xe0_8c_a8),
        Thing::Gem => kit.main(gem(0.5), [0.0, 0.5, 0.0], 0x6c_c4_d8),
        Thing::Star => star(&mut kit),
        Thing::Table => table(&mut kit),
        Thing::Chair => chair(&mut kit),
        Thing::House => house(&mut kit),
        Thing::Rocket => rocket(&mut kit),
        Thing::Tree => tree(&mut kit, rng),
        Thing::Pine => pine(&mut kit),
        Thing::Robot => robot(&mut kit),
        Thing::Castle => castle(&mut kit),
        Thing::Car => car(&mut kit),
        Thing::Snowman => snowman(&mut kit),
        Thing::Lamp => lamp(&mut kit),
        Thing::Mug => mug(&mut kit),
        Thing::Bottle => bottle(&mut kit),
        Thing::Vase => vase(&mut kit),
        Thing::Mushroom => mushroom(&mut kit),
        Thing::Tower => tower(&mut kit),
    }
    kit.pieces
}

fn star(kit: &mut Kit<'_>) {
    let plan: Vec<(f32, f32)> = (0..10)
        .map(|i| {
            let (turn, r) =
                (std::f32::consts::TAU * i as f32 / 10.0, if i % 2 == 0 { 0.55 } else { 0.23 });
            (-r * sin(turn), r * cos(turn))
        })
        .collect();
    // A star is no convex plan: kites around its middle are.
    for i in 0..5 {
        let at = |k: usize| plan[(2 * i + k) % 10];
        let kite = [(0.0, 0.0), plan[(2 * i + 9) % 10], at(0), at(1)];
        let mesh =
            prism(&kite, -0.1, 0.1).posed(&Pose::turned([std::f32::consts::FRAC_PI_2, 0.0, 0.0]));
        kit.main(mesh, [0.0, 0.45, 0.0], 0xf5_c8_2c);
    }
}

fn table(kit: &mut Kit<'_>) {
    kit.main(rounded([1.5, 0.08, 0.9], 0.03), [0.0, 0.78, 0.0], 0xa8_72_44);
    for (x, z) in [(-0.64, -0.36), (0.64, -0.36), (-0.64, 0.36), (0.64, 0.36)] {
        kit.main(drum(0.035, 0.05, 0.76), [x, 0.38, z], 0x8c_5c_38);
    }
}

fn chair(kit: &mut Kit<'_>) {
    kit.main(rounded([0.56, 0.08, 0.54], 0.035), [0.0, 0.48, 0.0], 0xc0_7c_44);
    for (x, z) in [(-0.23, -0.22), (0.23, -0.22), (-0.23, 0.22), (0.23, 0.22)] {
        kit.main(drum(0.025, 0.035, 0.46), [x, 0.23, z], 0x8c_5c_38);
    }
    for x in [-0.23, 0.23] {
        kit.main(drum(0.03, 0.025, 0.6), [x, 0.78, -0.23], 0x8c_5c_38);
    }
    kit.main(rounded([0.54, 0.26, 0.05], 0.025), [0.0, 0.95, -0.23], 0xc0_7c_44);
}

fn house(kit: &mut Kit<'_>) {
    kit.main(block([1.0, 0.62, 0.8]), [0.0, 0.31, 0.0], 0xf0_e4_cc);
    let roof = prism(&[(-0.62, 0.0), (0.62, 0.0), (0.0, 0.46)], -0.48, 0.48);
    let roof = roof.posed(&Pose::turned([std::f32::consts::FRAC_PI_2, 0.0, 0.0]));
    kit.own(roof, [0.0, 0.6, 0.0], 0xa8_3c_30);
    kit.own(block([0.13, 0.4, 0.13]), [0.27, 0.94, -0.12], 0x8c_54_44);
    kit.own(rounded([0.2, 0.38, 0.04], 0.015), [0.0, 0.19, 0.4], 0x6c_44_2c);
    kit.own(ball(0.016), [0.06, 0.19, 0.43], 0xe8_c8_60);
    for x in [-0.3, 0.3] {
        kit.own(rounded([0.22, 0.22, 0.03], 0.012), [x, 0.36, 0.4], 0xff_ff_fa);
        kit.own(rounded([0.17, 0.17, 0.03], 0.01), [x, 0.36, 0.41], 0x6c_a8_cc);
    }
}

fn rocket(kit: &mut Kit<'_>) {
    let hull = [
        (0.0, 0.2),
        (0.15, 0.2),
        (0.15, 0.2),
        (0.21, 0.34),
        (0.24, 0.52),
        (0.235, 0.72),
        (0.2, 0.92),
        (0.17, 1.02),
    ];
    let mut hull = hull.to_vec();
    hull.push((0.0, 1.02));
    kit.main(lathe(&hull, 48), [0.0, 0.0, 0.0], 0xec_ec_ee);
    kit.own(
        lathe(
            &[(0.0, 1.0), (0.178, 1.0), (0.178, 1.0), (0.13, 1.16), (0.06, 1.3), (0.0, 1.38)],
            48,
        ),
        [0.0; 3],
        0xd8_34_30,
    );
    kit.own(drum(0.17, 0.11, 0.12), [0.0, 0.15, 0.0], 0x4c_4c_54);
    for i in 0..3 {
        let turn = std::f32::consts::TAU * (i as f32 + 0.15) / 3.0;
        let fin = prism(&[(0.14, 0.0), (0.46, -0.14), (0.42, 0.14), (0.2, 0.44)], -0.025, 0.025);
        let upright = Pose::turned([std::f32::consts::FRAC_PI_2, 0.0, 0.0]);
        kit.own(
            fin.posed(&upright.then(&Pose::turned([0.0, turn, 0.0]))),
            [0.0, 0.14, 0.0],
            0xd8_34_30,
        );
    }
    let upright = Pose::turned([std::f32::consts::FRAC_PI_2, 0.0, 0.0]);
    kit.own(ring(0.085, 0.022).posed(&upright), [0.0, 0.74, 0.228], 0x8c_90_98);
    kit.own(ball(0.08).posed(&Pose::scale([1.0, 1.0, 0.35])), [0.0, 0.74, 0.225], 0x5c_b8_e0);
}

fn tree(kit: &mut Kit<'_>, rng: &mut Rng) {
    kit.own(drum(0.1, 0.065, 0.56), [0.0, 0.28, 0.0], 0x7a_4c_2c);
    kit.main(ball(0.36), [0.0, 0.82, 0.0], 0x4c_9a_44);
    for i in 0..6 {
        let turn = i as f32 * 1.047 + rng.range(-0.3, 0.3);
        let (r, y) = (rng.range(0.2, 0.3), rng.range(0.62, 0.98));
        kit.main(ball(rng.range(0.19, 0.26)), [r * sin(turn), y, r * cos(turn)], 0x4c_9a_44);
    }
}

fn pine(kit: &mut Kit<'_>) {
    kit.own(drum(0.08, 0.06, 0.3), [0.0, 0.15, 0.0], 0x7a_4c_2c);
    for (r, y) in [(0.42, 0.42), (0.34, 0.68), (0.25, 0.93), (0.15, 1.14)] {
        kit.main(cone(r, 0.44), [0.0, y, 0.0], 0x2c_6c_44);
    }
}

fn robot(kit: &mut Kit<'_>) {
    kit.main(rounded([0.5, 0.48, 0.34], 0.06), [0.0, 0.56, 0.0], 0x8c_a8_bc);
    kit.main(rounded([0.4, 0.32, 0.32], 0.06), [0.0, 1.0, 0.0], 0x8c_a8_bc);
    kit.own(drum(0.06, 0.06, 0.08), [0.0, 0.82, 0.0], 0x4c_54_5c);
    for x in [-0.09, 0.09] {
        kit.own(ball(0.055), [x, 1.04, 0.15], 0x60_e0_f0);
        kit.own(
            tube(&[[3.2 * x, 0.72, 0.0], [4.0 * x, 0.54, 0.02], [3.9 * x, 0.38, 0.12]], 0.05),
            [0.0; 3],
            0x4c_54_5c,
        );
        kit.own(ball(0.07), [3.9 * x, 0.36, 0.13], 0xf0_a0_30);
        kit.own(drum(0.07, 0.07, 0.28), [1.4 * x, 0.2, 0.0], 0x4c_54_5c);
        kit.own(rounded([0.19, 0.1, 0.28], 0.04), [1.4 * x, 0.05, 0.03], 0xf0_a0_30);
    }
    kit.own(rounded([0.2, 0.03, 0.03], 0.01), [0.0, 0.91, 0.16], 0x34_3c_44);
    kit.own(rounded([0.26, 0.18, 0.03], 0.012), [0.0, 0.6, 0.17], 0x34_3c_44);
    kit.own(drum(0.012, 0.012, 0.16), [0.0, 1.22, 0.0], 0x4c_54_5c);
    kit.own(ball(0.04), [0.0, 1.32, 0.0], 0xe0_44_3c);
}

fn castle(kit: &mut Kit<'_>) {
    kit.main(block([1.1, 0.46, 1.1]), [0.0, 0.23, 0.0], 0xc8_bc_a4);
    kit.main(block([0.5, 0.5, 0.5]), [0.0, 0.66, 0.0], 0xd4_c8_b0);
    for i in 0..7 {
        let at = -0.48 + 0.16 * i as f32;
        for (x, z) in [(at, 0.5), (at, -0.5), (0.5, at), (-0.5, at)] {
            kit.main(block([0.09, 0.09, 0.09]), [x, 0.5, z], 0xc8_bc_a4);
        }
    }
    for (x, z) in [(-0.55, -0.55), (0.55, -0.55), (-0.55, 0.55), (0.55, 0.55)] {
        kit.main(drum(0.18, 0.165, 0.76), [x, 0.38, z], 0xd4_c8_b0);
        kit.own(cone(0.23, 0.36), [x, 0.94, z], 0x3c_5c_94);
    }
    kit.own(pyramid(0.6, 0.42), [0.0, 1.12, 0.0], 0x3c_5c_94);
    kit.own(rounded([0.26, 0.34, 0.05], 0.02), [0.0, 0.17, 0.55], 0x5c_3c_28);
}

fn car(kit: &mut Kit<'_>) {
    let flat = Pose::turned([std::f32::consts::FRAC_PI_2, 0.0, 0.0]);
    kit.main(rounded([1.5, 0.3, 0.66], 0.1), [0.0, 0.32, 0.0], 0xd0_34_30);
    kit.own(rounded([0.8, 0.3, 0.56], 0.1), [-0.06, 0.53, 0.0], 0x34_44_54);
    kit.main(rounded([0.66, 0.06, 0.54], 0.03), [-0.06, 0.69, 0.0], 0xd0_34_30);
    for (x, z) in [(-0.46, -0.31), (0.46, -0.31), (-0.46, 0.31), (0.46, 0.31)] {
        kit.own(drum(0.19, 0.19, 0.14).posed(&flat), [x, 0.19, z], 0x24_24_28);
        kit.own(drum(0.1, 0.1, 0.16).posed(&flat), [x, 0.19, z], 0xc0_c4_c8);
    }
    for z in [-0.22, 0.22] {
        kit.own(ball(0.06), [0.71, 0.36, z], 0xff_f4_c8);
        kit.own(ball(0.045), [-0.72, 0.36, z], 0xb0_20_20);
    }
}

fn snowman(kit: &mut Kit<'_>) {
    for (r, y) in [(0.36, 0.33), (0.26, 0.82), (0.19, 1.2)] {
        kit.main(ball(r), [0.0, y, 0.0], 0xf4_f6_fa);
    }
    let ahead = Pose::turned([std::f32::consts::FRAC_PI_2, 0.0, 0.0]);
    kit.own(cone(0.04, 0.24).posed(&ahead), [0.0, 1.2, 0.28], 0xf0_80_20);
    for x in [-0.07, 0.07] {
        kit.own(ball(0.025), [x, 1.26, 0.165], 0x20_20_24);
        kit.own(
            tube(&[[3.2 * x, 0.9, 0.0], [6.0 * x, 1.06, 0.05], [7.0 * x, 1.2, 0.05]], 0.02),
            [0.0; 3],
            0x5c_3c_28,
        );
    }
    for (y, z) in [(0.92, 0.24), (0.8, 0.255), (0.68, 0.22)] {
        kit.own(ball(0.028), [0.0, y, z], 0x20_20_24);
    }
    kit.own(drum(0.22, 0.22, 0.03), [0.0, 1.35, 0.0], 0x24_24_2a);
    kit.own(drum(0.14, 0.14, 0.22), [0.0, 1.46, 0.0], 0x24_24_2a);
    kit.own(ring(0.19, 0.05), [0.0, 1.03, 0.0], 0xd0_34_30);
}

fn lamp(kit: &mut Kit<'_>) {
    kit.own(
        lathe(&edged(&[(0.0, 0.0), (0.24, 0.0), (0.24, 0.03), (0.05, 0.07), (0.0, 0.07)]), 48),
        [0.0; 3],
        0x5c_54_4c,
    );
    kit.own(drum(0.022, 0.022, 0.7), [0.0, 0.38, 0.0], 0x5c_54_4c);
    let shade = [(0.31, 0.66), (0.19, 1.04), (0.175, 1.04), (0.295, 0.66), (0.31, 0.66)];
    kit.main(lathe(&edged(&shade), 48), [0.0; 3], 0xf0_d8_a0);
    let mut bulb = Material::plain(hex(0xff_f0_c0));
    bulb.glow = [1.0, 0.85, 0.5];
    kit.piece(ball(0.09).posed(&Pose::at([0.0, 0.78, 0.0])), bulb);
}

fn mug(kit: &mut Kit<'_>) {
    let wall = edged(&[
        (0.0, 0.0),
        (0.29, 0.0),
        (0.32, 0.04),
        (0.32, 0.72),
        (0.28, 0.72),
        (0.28, 0.08),
        (0.0, 0.08),
    ]);
    kit.main(lathe(&wall, 48), [0.0; 3], 0x4c_88_b8);
    kit.own(drum(0.278, 0.278, 0.02), [0.0, 0.6, 0.0], 0x4a_2c_1a);
    let handle: Vec<V3> = (0..=14)
        .map(|i| {
            let turn = std::f32::consts::PI * i as f32 / 14.0;
            [0.3 + 0.21 * sin(turn), 0.37 + 0.2 * cos(turn), 0.0]
        })
        .collect();
    kit.main(tube(&handle, 0.045), [0.0; 3], 0x4c_88_b8);
}

fn bottle(kit: &mut Kit<'_>) {
    let body = [
        (0.0, 0.0),
        (0.22, 0.0),
        (0.22, 0.0),
        (0.25, 0.04),
        (0.25, 0.62),
        (0.23, 0.74),
        (0.15, 0.86),
        (0.09, 0.95),
        (0.085, 1.2),
        (0.085, 1.2),
        (0.0, 1.2),
    ];
    kit.main(lathe(&body, 48), [0.0; 3], 0x3c_84_54);
    kit.own(drum(0.1, 0.1, 0.1), [0.0, 1.22, 0.0], 0xb8_8c_5c);
    let label = [(0.24, 0.2), (0.2525, 0.2), (0.2525, 0.52), (0.24, 0.52), (0.24, 0.2)];
    kit.own(lathe(&edged(&label), 48), [0.0; 3], 0xf0_e8_d4);
}

fn vase(kit: &mut Kit<'_>) {
    let body = [
        (0.0, 0.0),
        (0.16, 0.0),
        (0.16, 0.0),
        (0.27, 0.16),
        (0.34, 0.38),
        (0.31, 0.6),
        (0.19, 0.82),
        (0.15, 0.92),
        (0.21, 1.02),
        (0.21, 1.02),
        (0.18, 1.02),
        (0.18, 1.02),
        (0.12, 0.92),
        (0.15, 0.8),
        (0.0, 0.74),
    ];
    kit.main(lathe(&body, 56), [0.0; 3], 0x48_74_a8);
}

fn mushroom(kit: &mut Kit<'_>) {
    kit.own(
        lathe(&[(0.0, 0.0), (0.17, 0.0), (0.17, 0.0), (0.12, 0.25), (0.13, 0.55), (0.0, 0.55)], 40),
        [0.0; 3],
        0xf0_e8_d8,
    );
    let cap = [
        (0.0, 0.5),
        (0.4, 0.46),
        (0.45, 0.5),
        (0.42, 0.64),
        (0.32, 0.78),
        (0.17, 0.87),
        (0.0, 0.9),
    ];
    kit.main(lathe(&cap, 48), [0.0; 3], 0xd0_34_30);
    for (turn, r, y) in [
        (0.3, 0.36, 0.73),
        (1.7, 0.38, 0.7),
        (3.0, 0.35, 0.74),
        (4.4, 0.37, 0.71),
        (5.5, 0.2, 0.85),
        (2.3, 0.15, 0.87),
    ] {
        let dot = ball(0.06).posed(&Pose::scale([1.0, 0.6, 1.0]));
        kit.own(dot, [r * sin(turn), y, r * cos(turn)], 0xfa_f4_ea);
    }
}

fn tower(kit: &mut Kit<'_>) {
    for i in 0..5 {
        let (low, high) = (0.3 - 0.03 * i as f32, 0.27 - 0.03 * i as f32);
        let mesh = lathe(&edged(&[(0.0, 0.0), (low, 0.0), (high, 0.26), (0.0, 0.26)]), 48);
        let at = [0.0, 0.26 * i as f32, 0.0];
        if i % 2 == 0 { kit.main(mesh, at, 0xd0_38_34) } else { kit.own(mesh, at, 0xf0_ee_e8) }
    }
    kit.own(drum(0.24, 0.24, 0.05), [0.0, 1.32, 0.0], 0x3c_40_48);
    let mut light = Material::plain(hex(0xff_e8_a0));
    light.glow = [1.0, 0.8, 0.35];
    kit.piece(drum(0.12, 0.12, 0.18).posed(&Pose::at([0.0, 1.43, 0.0])), light);
    kit.own(cone(0.18, 0.18), [0.0, 1.6, 0.0], 0xd0_38_34);
}

/// A sculpture for words that name nothing known.
pub(super) fn sculpture(rng: &mut Rng) -> Vec<Piece> {
    const PALETTES: [[u32; 4]; 5] = [
        [0xe8_5c_48, 0xf4_c0_58, 0x2c_5c_84, 0xf0_e8_dc],
        [0x2c_80_7c, 0xf0_a8_70, 0xec_e4_d4, 0x3c_3c_54],
        [0x7c_54_b8, 0xf0_88_a8, 0xf8_d8_90, 0x3c_4c_84],
        [0xc8_98_48, 0x38_38_40, 0xe8_e0_d4, 0xa8_48_34],
        [0x4c_8c_d0, 0xf4_f0_e8, 0xf0_6c_54, 0x24_3c_5c],
    ];
    let colors = PALETTES[rng.below(PALETTES.len())];
    let mut pieces = Vec::new();
    let mut put = |mesh: Mesh, color: usize, metal: bool| {
        let mut material = Material::plain(hex(colors[color % 4]));
        (material.metal, material.rough) = if metal { (1.0, 0.25) } else { (0.0, 0.4) };
        pieces.push(Piece { name: "sculpture".to_owned(), mesh, material });
    };
    put(drum(0.5, 0.46, 0.1).posed(&Pose::at([0.0, 0.05, 0.0])), 3, false);
    match rng.below(3) {
        0 => {
            let (twist, count) = (rng.range(0.12, 0.3), 11);
            for i in 0..count {
                let part = i as f32 / count as f32;
                let side = 0.62 - 0.3 * part + 0.06 * sin(part * rng.range(5.0, 8.0));
                let slab = rounded([side, 0.105, side], 0.03);
                let turn = Pose::turned([0.0, twist * i as f32, 0.0]);
                put(
                    slab.posed(&turn.then(&Pose::at([0.0, 0.155 + 0.115 * i as f32, 0.0]))),
                    i % 3,
                    false,
                );
            }
        }
        1 => {
            let mut top = 0.1;
            for i in 0..5 {
                let r = 0.36 - 0.05 * i as f32 + rng.range(-0.03, 0.03);
                let flat = rng.range(0.5, 0.95);
                let tilt =
                    Pose::scale([1.0, flat, 1.0]).then(&Pose::turned([0.0, 0.0, 0.1 * rng.bell()]));
                let at = Pose::at([0.06 * rng.bell(), top + r * flat, 0.06 * rng.bell()]);
                put(ball(r).posed(&tilt.then(&at)), i, i == 4);
                top += 1.9 * r * flat;
            }
        }
        _ => {
            put(drum(0.05, 0.05, 0.35).posed(&Pose::at([0.0, 0.25, 0.0])), 1, true);
            put(ball(0.24).posed(&Pose::at([0.0, 0.85, 0.0])), 0, false);
            for i in 0..3 {
                let turn = Pose::turned([rng.range(-1.2, 1.2), 0.0, rng.range(-1.2, 1.2)]);
                let mesh = ring(0.36 + 0.09 * i as f32, 0.025).posed(&turn);
                put(mesh.posed(&Pose::at([0.0, 0.85, 0.0])), i + 1, i % 2 == 0);
            }
        }
    }
    pieces
}
