use super::*;
use crate::core::geometry::Camera;
use crate::core::geometry::Point;
use crate::core::geometry::Rect;
use proptest::prelude::*;
use std::collections::BTreeSet;

struct Plain;

impl World for Plain {
    fn camera(&self) -> Camera {
        Camera { x: 100.0, y: 0.0, zoom: 0.5 }
    }
    fn is_fixed(&self, id: &str) -> bool {
        id == "fixed"
    }
    fn touching(&self, rect: Rect) -> BTreeSet<String> {
        let nodes =
            [("a", Rect::new(0.0, 0.0, 10.0, 10.0)), ("b", Rect::new(200.0, 0.0, 10.0, 10.0))];
        nodes.iter().filter(|(_, r)| r.touches(rect)).map(|(id, _)| (*id).to_owned()).collect()
    }
    fn refusal(&self, a: &PortRef, b: &PortRef) -> Result<(), String> {
        if a.side == b.side { Err("Two outputs do not connect".to_owned()) } else { Ok(()) }
    }
    fn loose_end(&self, key: &str, at: Point) -> Option<PortRef> {
        (key == "many" && at.x > 100.0).then(|| out("a"))
    }
    fn plugged(&self, port: &PortRef) -> Option<(String, PortRef)> {
        (port.port == "taken").then(|| ("k".to_owned(), out("a")))
    }
}

fn out(node: &str) -> PortRef {
    PortRef { node: node.to_owned(), side: Side::Out, port: "image".to_owned() }
}

fn input(node: &str, port: &str) -> PortRef {
    PortRef { node: node.to_owned(), side: Side::In, port: port.to_owned() }
}

fn down(x: f64, target: Target, mods: Mods) -> Input {
    Input::Down { at: Point::new(x, 0.0), button: Button::Main, mods, target }
}

fn to(x: f64, over: Target) -> Input {
    Input::Move { at: Point::new(x, 0.0), over }
}

fn up(x: f64, over: Target) -> Input {
    Input::Up { at: Point::new(x, 0.0), over }
}

fn run(editor: &mut Editor, inputs: &[Input]) -> Vec<Effect> {
    inputs.iter().flat_map(|i| editor.handle(i, &Plain)).collect()
}

fn node(id: &str) -> Target {
    Target::Node(id.to_owned())
}

#[test]
fn the_end_of_a_wire_comes_off_and_its_middle_does_not() {
    let mut e = Editor::default();
    let (none, edge) = (Mods::default(), || Target::Edge("many".to_owned()));
    run(&mut e, &[down(400.0, edge(), none), to(420.0, Target::Canvas)]);
    assert_eq!(e.wire().map(|wire| wire.replaces.as_deref()), Some(Some("many")));
    let effects = run(&mut e, &[up(420.0, Target::Port(input("b", "image")))]);
    let (from, to_port) = (out("a"), input("b", "image"));
    let replaces = Some("many".to_owned());
    assert!(effects.contains(&Effect::Connect { from, to: to_port, replaces }));
    run(&mut e, &[down(-200.0, edge(), none), to(-150.0, Target::Canvas)]);
    assert!(matches!(e.state, State::Marquee(_)));
}

#[test]
fn what_is_fixed_is_selected_and_not_dragged_but_its_copy_is() {
    let mut e = Editor::default();
    let none = Mods::default();
    run(&mut e, &[down(0.0, node("fixed"), none), up(1.0, node("fixed"))]);
    assert!(e.selection.contains("fixed"));
    let effects = run(&mut e, &[down(0.0, node("fixed"), none), to(40.0, Target::Canvas)]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::DragStart { .. })));
    assert!(matches!(e.state, State::Marquee(_)));
    run(&mut e, &[up(40.0, Target::Canvas)]);
    let alt = Mods { alt: true, ..none };
    let effects = run(&mut e, &[down(0.0, node("fixed"), alt), to(40.0, Target::Canvas)]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::DragStart { copy: true })));
}

#[test]
fn a_click_selects_and_shift_toggles() {
    let mut e = Editor::default();
    let none = Mods::default();
    let shift = Mods { shift: true, ..none };
    run(&mut e, &[down(0.0, node("a"), none), up(1.0, node("a"))]);
    assert_eq!(e.selection, BTreeSet::from(["a".to_owned()]));
    run(&mut e, &[down(0.0, node("b"), shift), up(0.0, node("b"))]);
    assert_eq!(e.selection.len(), 2);
    run(&mut e, &[down(0.0, node("a"), shift), up(0.0, node("a"))]);
    assert_eq!(e.selection, BTreeSet::from(["b".to_owned()]));
    run(&mut e, &[down(0.0, Target::Canvas, none), up(0.0, Target::Canvas)]);
    assert!(e.selection.is_empty());
}

#[test]
fn a_drag_moves_by_canvas_units_and_escape_brings_it_back() {
    let mut e = Editor::default();
    let effects = run(
        &mut e,
        &[down(0.0, node("a"), Mods::default()), to(2.0, node("a")), to(10.0, node("a"))],
    );
    assert_eq!(
        effects,
        [Effect::Selected, Effect::DragStart { copy: false }, Effect::DragTo(20.0, 0.0)]
    );
    assert_eq!(run(&mut e, &[Input::Cancel]), [Effect::DragCancel]);
    assert_eq!(e.state, State::Idle);
}

#[test]
fn a_marquee_selects_what_it_touches_and_keeps_what_was_with_shift() {
    let mut e = Editor::default();
    run(&mut e, &[down(90.0, Target::Canvas, Mods::default()), to(110.0, Target::Canvas)]);
    assert_eq!(e.selection, BTreeSet::from(["a".to_owned()]));
    run(&mut e, &[up(110.0, Target::Canvas)]);
    let shift = Mods { shift: true, ..Mods::default() };
    run(&mut e, &[down(190.0, Target::Canvas, shift), to(230.0, Target::Canvas)]);
    assert_eq!(e.selection.len(), 2);
    run(&mut e, &[Input::Cancel]);
    assert_eq!(e.selection, BTreeSet::from(["a".to_owned()]));
}

#[test]
fn a_wire_connects_in_either_direction_and_refuses_with_a_reason() {
    let mut e = Editor::default();
    let none = Mods::default();
    let target = Target::Port(input("b", "image"));
    let effects = run(
        &mut e,
        &[down(0.0, Target::Port(out("a")), none), to(50.0, target.clone()), up(50.0, target)],
    );
    let connect = Effect::Connect { from: out("a"), to: input("b", "image"), replaces: None };
    assert_eq!(effects.last(), Some(&connect));
    let target = Target::Port(out("a"));
    let effects = run(
        &mut e,
        &[
            down(0.0, Target::Port(input("b", "image")), none),
            to(50.0, target.clone()),
            up(50.0, target),
        ],
    );
    assert_eq!(effects.last(), Some(&connect));
    let target = Target::Port(out("b"));
    run(&mut e, &[down(0.0, Target::Port(out("a")), none), to(50.0, target.clone())]);
    let over = e.wire().expect("a wire is drawn").over.clone();
    assert_eq!(over, Some((out("b"), Err("Two outputs do not connect".to_owned()))));
    assert_eq!(run(&mut e, &[up(50.0, target)]), [Effect::WireMoved]);
}

#[test]
fn an_end_in_a_taken_input_comes_off_and_goes_elsewhere() {
    let mut e = Editor::default();
    let target = Target::Port(input("c", "image"));
    let effects = run(
        &mut e,
        &[
            down(0.0, Target::Port(input("b", "taken")), Mods::default()),
            to(50.0, target.clone()),
            up(50.0, target),
        ],
    );
    let connect =
        Effect::Connect { from: out("a"), to: input("c", "image"), replaces: Some("k".to_owned()) };
    assert_eq!(effects.last(), Some(&connect));
}

#[test]
fn a_finger_pans_over_cards_it_did_not_select() {
    let mut e = Editor::default();
    let down = Input::Down {
        at: Point::default(),
        button: Button::Touch,
        mods: Mods::default(),
        target: node("a"),
    };
    assert_eq!(
        run(&mut e, &[down.clone(), to(10.0, node("a")), up(10.0, node("a"))]),
        [Effect::Pan(10.0, 0.0)]
    );
    e.select(["a".to_owned()]);
    let effects = run(&mut e, &[down, to(10.0, node("a"))]);
    assert_eq!(effects, [Effect::DragStart { copy: false }, Effect::DragTo(20.0, 0.0)]);
}

fn any_target() -> impl Strategy<Value = Target> {
    prop_oneof![
        Just(Target::Canvas),
        Just(Target::Own),
        Just(node("a")),
        Just(Target::Port(out("a"))),
        Just(Target::Port(input("b", "taken"))),
        Just(Target::Edge("k".to_owned())),
        Just(Target::Corner("a".to_owned())),
    ]
}

proptest! {
    #[test]
    fn cancel_always_ends_in_idle(
        steps in prop::collection::vec((0u8..3, 0.0..400.0f64, any_target(), any::<[bool; 3]>()), 0..30)
    ) {
        let mut e = Editor::default();
        let mut open = 0i32;
        for (what, x, target, [shift, alt, touch]) in steps {
            let mods = Mods { shift, alt, command: false };
            let button = if touch { Button::Touch } else { Button::Main };
            let input = match what {
                0 => Input::Down { at: Point::new(x, 0.0), button, mods, target },
                1 => to(x, target),
                _ => up(x, target),
            };
            for effect in e.handle(&input, &Plain) {
                open += i32::from(matches!(effect, Effect::DragStart { .. }));
                open -= i32::from(matches!(effect, Effect::DragEnd));
            }
        }
        for effect in e.handle(&Input::Cancel, &Plain) {
            open -= i32::from(matches!(effect, Effect::DragCancel));
        }
        prop_assert_eq!(&e.state, &State::Idle);
        prop_assert_eq!(open, 0, "every drag that began has ended");
    }
}
