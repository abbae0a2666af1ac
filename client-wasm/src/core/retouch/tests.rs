use std::sync::Arc;

use super::crop::{self, Aspect, Handle};
use super::tone::Tone;
use super::*;

fn near(a: Point, b: Point) -> bool {
    a.distance(b) < 1e-6
}

fn stroke() -> Stroke {
    let points = vec![Point::new(1.0, 2.0)];
    Stroke { brush: Brush::Paint, color: "#fff".to_owned(), size: 3.0, points }
}

#[test]
fn an_untouched_picture_is_copied_pixel_for_pixel() {
    let look = Look::new(400.0, 300.0);
    assert_eq!(look.output(), (400, 300));
    assert!(near(look.to_output().apply(Point::new(17.0, 23.0)), Point::new(17.0, 23.0)));
    assert!(look.is_plain());
}

#[test]
fn a_quarter_turn_brings_the_top_left_to_the_top_right() {
    let mut look = Look::new(400.0, 300.0);
    look.turn(true);
    assert_eq!(look.frame(), (300.0, 400.0));
    assert!(near(look.to_frame().apply(Point::new(0.0, 0.0)), Point::new(300.0, 0.0)));
    look.turn(false);
    assert!(look.is_plain());
}

#[test]
fn flips_mirror_what_is_seen_also_after_a_turn() {
    for turns in 0..4 {
        let mut look = Look::new(400.0, 300.0);
        for _ in 0..turns {
            look.turn(true);
        }
        let (w, h) = look.frame();
        let p = Point::new(40.0, 70.0);
        let seen = look.to_frame().apply(p);
        let mut side = look.clone();
        side.flip(true);
        assert!(near(side.to_frame().apply(p), Point::new(w - seen.x, seen.y)), "{turns} turns");
        let mut upside = look.clone();
        upside.flip(false);
        assert!(near(upside.to_frame().apply(p), Point::new(seen.x, h - seen.y)), "{turns} turns");
        side.flip(true);
        assert_eq!(side, look);
    }
}

#[test]
fn the_crop_stays_on_what_it_shows_when_it_is_turned_or_flipped() {
    let mut look = Look::new(400.0, 300.0);
    look.crop = Rect::new(30.0, 40.0, 100.0, 50.0);
    let seen = Point::new(60.0, 70.0);
    let before = look.to_output().apply(seen);
    look.turn(true);
    assert_eq!(look.output(), (50, 100));
    // Turned clockwise within the crop: (x, y) of 100 × 50 becomes (50 − y, x).
    assert!(near(look.to_output().apply(seen), Point::new(50.0 - before.y, before.x)));
    look.turn(false);
    look.flip(true);
    assert!(near(look.to_output().apply(seen), Point::new(100.0 - before.x, before.y)));
    look.flip(false);
    assert!(near(look.to_output().apply(seen), Point::new(100.0 - before.x, 50.0 - before.y)));
}

#[test]
fn a_straightened_picture_leaves_no_corner_empty() {
    for degrees in [-45.0, -12.0, -0.5, 3.0, 45.0] {
        for (w, h) in [(400.0, 300.0), (100.0, 900.0)] {
            let mut look = Look::new(w, h);
            look.straighten = degrees;
            let back = look.to_frame().inverse();
            for corner in [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)] {
                let p = back.apply(Point::new(corner.0, corner.1));
                let within = p.x > -1e-6 && p.y > -1e-6 && p.x < w + 1e-6 && p.y < h + 1e-6;
                assert!(within, "{degrees}° of {w} × {h}: {p:?}");
            }
        }
    }
}

#[test]
fn the_way_back_is_the_inverse() {
    let mut look = Look::new(640.0, 480.0);
    look.straighten = 7.0;
    look.turn(true);
    look.flip(false);
    look.crop = Rect::new(11.0, 13.0, 200.0, 100.0);
    let p = Point::new(123.0, 45.0);
    assert!(near(look.to_output().inverse().apply(look.to_output().apply(p)), p));
}

#[test]
fn a_crop_never_leaves_the_frame_or_vanishes() {
    let frame = (400.0, 300.0);
    let start = Rect::new(100.0, 100.0, 100.0, 80.0);
    let pulls = [(-900.0, -900.0), (900.0, 900.0), (-70.0, 55.0), (95.0, -100.0), (0.0, 0.0)];
    for handle in Handle::ALL.into_iter().chain([Handle::INSIDE]) {
        for (_, aspect) in Aspect::ALL {
            let start = crop::shaped(start, frame, aspect);
            for (x, y) in pulls {
                let c = crop::dragged(start, frame, handle, Point::new(x, y), aspect);
                let what = format!("{handle:?} {aspect:?} {x},{y}: {c:?}");
                assert!(c.x >= -1e-9 && c.y >= -1e-9, "{what}");
                assert!(c.x + c.w <= frame.0 + 1e-9 && c.y + c.h <= frame.1 + 1e-9, "{what}");
                assert!(c.w >= crop::SIDE_MIN - 1e-9 && c.h >= crop::SIDE_MIN - 1e-9, "{what}");
                if let Some(ratio) = aspect.ratio(frame) {
                    assert!((c.w / c.h - ratio).abs() < 1e-6, "{what}");
                }
            }
        }
    }
}

#[test]
fn the_corner_opposite_of_the_handle_stays() {
    let start = Rect::new(100.0, 100.0, 100.0, 100.0);
    let pulled = Point::new(40.0, 10.0);
    let corner = Handle { x: 1, y: 1 };
    let free = crop::dragged(start, (400.0, 300.0), corner, pulled, Aspect::Free);
    assert_eq!(free, Rect::new(100.0, 100.0, 140.0, 110.0));
    let square = crop::dragged(start, (400.0, 300.0), corner, pulled, Aspect::Ratio(1.0, 1.0));
    assert_eq!(square, Rect::new(100.0, 100.0, 140.0, 140.0));
}

#[test]
fn a_shape_is_cut_out_of_what_is_there() {
    let wide =
        crop::shaped(Rect::new(0.0, 0.0, 400.0, 300.0), (400.0, 300.0), Aspect::Ratio(1.0, 1.0));
    assert_eq!(wide, Rect::new(50.0, 0.0, 300.0, 300.0));
    let free = crop::shaped(wide, (400.0, 300.0), Aspect::Free);
    assert_eq!(free, wide);
}

#[test]
fn plain_tone_changes_nothing_and_transparency_stays() {
    let mut pixels: Vec<u8> = (0..=255).collect();
    let before = pixels.clone();
    Tone::default().apply(&mut pixels);
    assert_eq!(pixels, before);
    Tone { brightness: 50.0, contrast: 20.0, saturation: -30.0 }.apply(&mut pixels);
    assert_ne!(pixels, before);
    let alpha = |p: &[u8]| p.chunks_exact(4).map(|c| c[3]).collect::<Vec<_>>();
    assert_eq!(alpha(&pixels), alpha(&before));
}

#[test]
fn tone_goes_the_way_its_names_say() {
    let of = |tone: Tone, rgb: [u8; 3]| {
        let mut pixel = [rgb[0], rgb[1], rgb[2], 255];
        tone.apply(&mut pixel);
        [pixel[0], pixel[1], pixel[2]]
    };
    let lighter = Tone { brightness: 40.0, ..Tone::default() };
    assert!(of(lighter, [100, 100, 100])[0] > 100);
    assert_eq!(of(lighter, [0, 255, 0])[0], 0);
    let harder = Tone { contrast: 50.0, ..Tone::default() };
    assert!(of(harder, [60, 60, 60])[0] < 60 && of(harder, [200, 200, 200])[0] > 200);
    let flat = Tone { contrast: -100.0, ..Tone::default() };
    assert_eq!(of(flat, [9, 140, 250]), [128, 128, 128]);
    let grey = of(Tone { saturation: -100.0, ..Tone::default() }, [200, 50, 90]);
    assert!(grey[0] == grey[1] && grey[1] == grey[2]);
    let vivid = of(Tone { saturation: 60.0, ..Tone::default() }, [150, 100, 100]);
    assert!(vivid[0] > 150 && vivid[1] < 100);
}

#[test]
fn a_moved_slider_is_one_step_and_one_that_came_back_none() {
    let mut edits = Edits::new(100.0, 100.0);
    for v in [5.0, 10.0, 15.0] {
        edits.adjust(|l| l.tone.contrast = v);
    }
    edits.settle();
    edits.edit(|l| l.strokes.push(Arc::new(stroke())));
    assert!(edits.undo());
    assert_eq!(edits.now().tone.contrast, 15.0);
    assert!(edits.undo());
    assert!(!edits.is_changed() && !edits.can_undo());
    assert!(edits.redo() && edits.redo() && !edits.redo());
    assert_eq!(edits.now().strokes.len(), 1);
    edits.undo();
    edits.adjust(|l| l.straighten = 3.0);
    assert!(!edits.can_redo());
    edits.adjust(|l| l.straighten = 0.0);
    edits.settle();
    assert!(edits.undo());
    assert!(!edits.is_changed());
}

#[test]
fn reset_can_be_taken_back_too() {
    let mut edits = Edits::new(100.0, 80.0);
    edits.edit(|l| l.turn(true));
    edits.edit(|l| l.strokes.push(Arc::new(Stroke { brush: Brush::Mask, ..stroke() })));
    assert!(edits.now().has_mask());
    edits.reset();
    assert!(!edits.is_changed());
    edits.undo();
    assert!(edits.is_changed() && edits.now().has_mask());
}

#[test]
fn large_pictures_are_worked_on_small() {
    assert_eq!(preview_scale(7680.0, 4320.0, 1920.0), 0.25);
    assert_eq!(preview_scale(640.0, 480.0, 1920.0), 1.0);
    assert!(fits_in_memory(7680, 4320));
    assert!(!fits_in_memory(20_000, 100));
}
