use super::*;

fn press(key: &str) -> Press<'_> {
    Press { key, ..Press::default() }
}

fn with_command(key: &str) -> Press<'_> {
    Press { command: true, ..press(key) }
}

fn command(press: &Press<'_>) -> Option<Command> {
    Keymap::default().command(press)
}

fn action(id: &str) -> &'static Action {
    ACTIONS.iter().find(|action| action.id == id).unwrap()
}

#[test]
fn a_command_counts_while_typing_only_where_it_changes_no_text() {
    let typing = |key, shift| command(&Press { is_typing: true, shift, ..with_command(key) });
    assert_eq!(typing("k", false), Some(Command::Spotlight));
    assert_eq!(typing("Enter", false), Some(Command::RunSelected));
    assert_eq!(typing("Enter", true), Some(Command::RunWorkflow));
    for key in ["z", "y", "a", "d", "g", "]"] {
        let selected = Press { has_selection: true, ..with_command(key) };
        assert_eq!(command(&Press { is_typing: true, ..selected }), None, "{key} is the field's");
        assert!(command(&selected).is_some(), "{key}");
    }
    for key in ["t", "+", "-", "?", "Escape"] {
        assert_eq!(command(&Press { is_typing: true, ..press(key) }), None, "{key}");
    }
    assert_eq!(command(&Press { is_typing: true, has_selection: true, ..press("Delete") }), None);
}

#[test]
fn shift_and_alt_make_another_command() {
    let shifted = |key| command(&Press { shift: true, ..with_command(key) });
    assert_eq!(command(&with_command("z")), Some(Command::Undo));
    assert_eq!(shifted("Z"), Some(Command::Redo));
    assert_eq!(shifted("G"), Some(Command::Ungroup));
    let alt = Press { alt: true, ..with_command("Enter") };
    assert_eq!(command(&alt), Some(Command::StopAll));
    // Alt with a letter writes a sign on many layouts.
    assert_eq!(command(&Press { alt: true, ..press("t") }), None);
    assert_eq!(command(&Press { shift: true, ..press("Tab") }), Some(Command::PreviousCard));
    assert_eq!(command(&press("Tab")), Some(Command::NextCard));
    let arrow = Press { has_selection: true, shift: true, ..press("ArrowLeft") };
    assert_eq!(command(&arrow), Some(Command::Nudge(-1, 0)));
    assert_eq!(command(&Press { command: true, ..arrow }), Some(Command::Align(Side::Left)));
}

#[test]
fn digits_go_by_place_and_letters_by_what_they_produce() {
    // On a French keyboard the place of 1 produces & and, with Shift, 1.
    let place = |key, code| command(&Press { shift: true, code, ..press(key) });
    assert_eq!(place("1", "Digit1"), Some(Command::FitAll));
    assert_eq!(place("!", "Digit1"), Some(Command::FitAll));
    assert_eq!(place("A", "KeyA"), Some(Command::Spotlight));
    assert_eq!(place("T", "KeyT"), None, "Shift with a letter adds nothing");
    assert_eq!(command(&Press { code: "KeyY", ..press("z") }), None);
    assert_eq!(command(&Press { code: "KeyY", ..press("t") }), Some(Command::Add("text")));
    assert_eq!(command(&Press { code: "Digit0", ..with_command("à") }), {
        Some(Command::ZoomToActualSize)
    });
}

#[test]
fn caps_lock_changes_nothing() {
    assert_eq!(command(&press("T")), Some(Command::Add("text")));
    assert_eq!(command(&with_command("Z")), Some(Command::Undo));
    // With Shift it produces a small letter.
    assert_eq!(command(&Press { shift: true, ..with_command("z") }), Some(Command::Redo));
    assert_eq!(command(&Press { shift: true, ..press("a") }), Some(Command::Spotlight));
}

#[test]
fn where_keys_give_no_latin_letter_their_place_decides() {
    let at = |key, code| command(&Press { code, ..press(key) });
    assert_eq!(command(&Press { code: "KeyZ", ..with_command("я") }), Some(Command::Undo));
    assert_eq!(command(&Press { code: "KeyZ", shift: true, ..with_command("Я") }), {
        Some(Command::Redo)
    });
    assert_eq!(at("е", "KeyT"), Some(Command::Add("text")));
    assert_eq!(at("τ", "KeyT"), Some(Command::Add("text")));
    assert_eq!(at("א", "KeyT"), Some(Command::Add("text")));
    let selected = |key, code| command(&Press { code, has_selection: true, ..press(key) });
    assert_eq!(selected("ъ", "BracketRight"), Some(Command::ToFront));
    // A Latin letter counts by what it is, wherever it lies.
    assert_eq!(at("é", "KeyT"), None);
    assert_eq!(at("ü", "BracketLeft"), None);
}

#[test]
fn signs_count_whatever_has_to_be_held_for_them() {
    let selected = Press { has_selection: true, ..Press::default() };
    // AltGr+9 on a German keyboard, which reports Ctrl and Alt; Option+6 on a German Mac.
    let alt_graph = Press { key: "]", command: true, alt: true, alt_graph: true, ..selected };
    assert_eq!(command(&alt_graph), Some(Command::ToFront));
    assert_eq!(command(&Press { key: "]", alt: true, ..selected }), Some(Command::ToFront));
    assert_eq!(command(&Press { shift: true, ..press("?") }), Some(Command::Help));
    assert_eq!(command(&Press { shift: true, ..with_command("+") }), Some(Command::ZoomIn));
}

#[test]
fn what_has_focus_keeps_its_own_keys() {
    let on_button = |key| command(&Press { is_on_button: true, ..press(key) });
    assert_eq!((on_button(" "), on_button("Enter")), (None, None));
    assert_eq!(command(&press(" ")), Some(Command::Pan));
    let on_slider = Press { is_on_slider: true, has_selection: true, ..press("ArrowLeft") };
    assert_eq!(command(&on_slider), None);
    let selected = Press { has_selection: true, ..press("ArrowLeft") };
    assert_eq!(command(&selected), Some(Command::Nudge(-1, 0)));
    assert_eq!(command(&press("ArrowLeft")), None, "nothing is selected: the page scrolls");
}

#[test]
fn every_chord_is_read_written_and_reached() {
    for action in ACTIONS {
        for text in action.chords.split(' ') {
            let chord = Chord::parse(text).unwrap();
            assert_eq!(chord.to_string(), text);
            let key = text.trim_start_matches("Mod+").trim_start_matches("Shift+");
            let key = key.trim_start_matches("Alt+").replace("Space", " ");
            let press = Press {
                key: if key.is_empty() { "+" } else { &key },
                command: text.starts_with("Mod+"),
                shift: text.contains("Shift+"),
                alt: text.contains("Alt+"),
                has_selection: action.when != When::Unselected,
                ..Press::default()
            };
            assert_eq!(command(&press), Some(action.command), "{text}");
            assert_eq!(Chord::of(&press), Some(chord), "{text}");
        }
    }
    assert_eq!(Chord::of(&press("Shift")), None);
    assert_eq!(Chord::parse(""), None);
}

#[test]
fn a_chord_given_to_another_command_is_taken_from_the_first() {
    let mut keys = Keymap::default();
    let taken = keys.assign(action("fit_all"), Chord::parse("Mod+D").unwrap()).unwrap();
    assert_eq!(taken.map(|action| action.id), Some("duplicate"));
    assert_eq!(keys.command(&with_command("d")), Some(Command::FitAll));
    assert_eq!(keys.command(&Press { code: "Digit1", shift: true, ..press("!") }), None);
    assert_eq!((keys.shown(Command::FitAll), keys.shown(Command::Duplicate)), {
        ("Mod D".to_owned(), String::new())
    });
    let again = Keymap::from_json(&keys.to_json());
    assert_eq!(again, keys);
    keys.reset(action("duplicate"));
    assert_eq!(keys.command(&with_command("d")), Some(Command::Duplicate));
    assert_eq!(keys.shown(Command::FitAll), "");
    keys.reset(action("fit_all"));
    assert!(!keys.is_any_changed());
}

#[test]
fn some_chords_cannot_be_given() {
    let mut keys = Keymap::default();
    for text in ["Mod+V", "F5", "Escape", "Tab", "ArrowLeft", "Space"] {
        assert!(keys.assign(action("fit_all"), Chord::parse(text).unwrap()).is_err(), "{text}");
    }
    assert_eq!(keys, Keymap::default());
    assert_eq!(Keymap::from_json("{\"none\": [\"Mod+D\"], \"pan\": [\"A\"]}"), Keymap::default());
    assert_eq!(Keymap::from_json("no JSON"), Keymap::default());
}

#[test]
fn no_two_commands_begin_with_one_chord() {
    let mut seen = std::collections::BTreeSet::new();
    for text in ACTIONS.iter().flat_map(|action| action.chords.split(' ')) {
        assert!(seen.insert(text), "{text}");
    }
    let ids: std::collections::BTreeSet<_> = ACTIONS.iter().map(|action| action.id).collect();
    assert_eq!(ids.len(), ACTIONS.len());
}

#[test]
fn who_may_only_look_keeps_the_keys_that_change_nothing() {
    use crate::core::rights::Right;
    for free in [Command::ZoomIn, Command::SelectAll, Command::Find, Command::Help, Command::Open] {
        assert_eq!(free.needs(), None, "{free:?}");
    }
    for edit in [Command::Delete, Command::Nudge(1, 0), Command::Add("text"), Command::Undo] {
        assert_eq!(edit.needs(), Some(Right::Edit), "{edit:?}");
    }
    assert_eq!(Command::RunSelected.needs(), Some(Right::Run));
    assert_eq!(Command::Comment.needs(), Some(Right::Comment));
}
