//! Which keys do what on the canvas, as data.
//!
//! Letters are bound by what they produce, not by where they are; digits with Shift by where they are, because what they
//! produce differs by layout.

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opens Spotlight.
    Spotlight,
    /// Runs what is selected.
    RunSelected,
    /// Runs the workflow of what is selected.
    RunWorkflow,
    /// Stops every run.
    StopAll,
    /// Zooms in by a quarter.
    ZoomIn,
    /// Zooms out by a fifth.
    ZoomOut,
    /// Shows a canvas unit as a pixel.
    ZoomToActualSize,
    /// Shows all there is.
    FitAll,
    /// Shows what is selected.
    FitSelection,
    /// Takes back one's own last step.
    Undo,
    /// Does it again.
    Redo,
    /// Selects everything.
    SelectAll,
    /// Copies what is selected beside itself.
    Duplicate,
    /// Puts a group around what is selected.
    Group,
    /// Takes the selected groups away.
    Ungroup,
    /// Puts what is selected above everything.
    ToFront,
    /// Puts it below everything.
    ToBack,
    /// Deletes what is selected.
    Delete,
    /// Moves what is selected by steps to the right and downwards.
    Nudge(i8, i8),
    /// Edits the title.
    Rename,
    /// Keeps the output of what is selected, or no longer.
    ToggleLock,
    /// Adds a node of a kind under the pointer.
    Add(&'static str),
    /// The hand tool, or no longer.
    ToggleHand,
    /// The pointer again.
    Pointer,
    /// Shows or hides the minimap.
    ToggleMinimap,
    /// Shows the shortcuts.
    Help,
    /// Pans while it is held.
    Pan,
    /// Ends what is under way, else closes, else selects nothing.
    Escape,
    /// To the next card.
    NextCard,
    /// To the card before.
    PreviousCard,
    /// Opens the card that has keyboard focus.
    Open,
}

/// A key that went down, and where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Press<'p> {
    /// What it produces (`KeyboardEvent.key`).
    pub key: &'p str,
    /// Where it is (`KeyboardEvent.code`).
    pub code: &'p str,
    /// Ctrl or Cmd is held.
    pub command: bool,
    /// Shift is held.
    pub shift: bool,
    /// Alt is held.
    pub alt: bool,
    /// Somebody types in a field.
    pub is_typing: bool,
    /// A button or link has keyboard focus.
    pub is_on_button: bool,
    /// A slider has keyboard focus.
    pub is_on_slider: bool,
    /// Something is selected.
    pub has_selection: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// By what it produces, in lower case.
    Produces(&'static str),
    /// By what it produces, as it is: a letter only without Shift.
    Exactly(&'static str),
    /// By where it is.
    At(&'static str),
}

/// True if a modifier has to be held; `None`: it does not matter.
type Held = Option<bool>;

/// When a binding counts, besides its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Also while somebody types.
    Always,
    /// While nobody types.
    Free,
    /// While nobody types and something is selected.
    Selected,
    /// While nobody types and no button has focus.
    OffButtons,
}

#[derive(Clone, Copy, Debug)]
struct Binding {
    key: Key,
    command_held: bool,
    shift: Held,
    alt: Held,
    when: When,
    command: Command,
}

const fn with_command(key: &'static str, shift: Held, when: When, command: Command) -> Binding {
    Binding { key: Key::Produces(key), command_held: true, shift, alt: None, when, command }
}

const fn plain(key: Key, shift: Held, when: When, command: Command) -> Binding {
    Binding { key, command_held: false, shift, alt: Some(false), when, command }
}

const fn letter(key: &'static str, command: Command) -> Binding {
    plain(Key::Exactly(key), None, When::Free, command)
}

const fn arrow(key: &'static str, right: i8, down: i8) -> Binding {
    plain(Key::Exactly(key), None, When::Selected, Command::Nudge(right, down))
}

const YES: Held = Some(true);
const NO: Held = Some(false);

/// The first that fits counts.
const BINDINGS: &[Binding] = &[
    with_command("k", None, When::Always, Command::Spotlight),
    Binding { alt: YES, ..with_command("enter", None, When::Always, Command::StopAll) },
    with_command("enter", YES, When::Always, Command::RunWorkflow),
    with_command("enter", NO, When::Always, Command::RunSelected),
    with_command("=", None, When::Always, Command::ZoomIn),
    with_command("+", None, When::Always, Command::ZoomIn),
    with_command("-", None, When::Always, Command::ZoomOut),
    with_command("0", None, When::Always, Command::ZoomToActualSize),
    with_command("z", YES, When::Free, Command::Redo),
    with_command("z", NO, When::Free, Command::Undo),
    with_command("y", None, When::Free, Command::Redo),
    with_command("a", None, When::Free, Command::SelectAll),
    with_command("d", None, When::Free, Command::Duplicate),
    with_command("g", YES, When::Free, Command::Ungroup),
    with_command("g", NO, When::Free, Command::Group),
    with_command("]", None, When::Free, Command::ToFront),
    with_command("[", None, When::Free, Command::ToBack),
    plain(Key::Exactly(" "), None, When::OffButtons, Command::Pan),
    plain(Key::Exactly("Escape"), None, When::Free, Command::Escape),
    plain(Key::Exactly("Tab"), YES, When::Free, Command::PreviousCard),
    plain(Key::Exactly("Tab"), NO, When::Free, Command::NextCard),
    plain(Key::Exactly("Enter"), None, When::OffButtons, Command::Open),
    plain(Key::Exactly("F2"), None, When::Free, Command::Rename),
    plain(Key::Exactly("Delete"), None, When::Selected, Command::Delete),
    plain(Key::Exactly("Backspace"), None, When::Selected, Command::Delete),
    arrow("ArrowLeft", -1, 0),
    arrow("ArrowRight", 1, 0),
    arrow("ArrowUp", 0, -1),
    arrow("ArrowDown", 0, 1),
    plain(Key::Exactly("]"), None, When::Selected, Command::ToFront),
    plain(Key::Exactly("["), None, When::Selected, Command::ToBack),
    letter("?", Command::Help),
    plain(Key::At("Digit0"), YES, When::Free, Command::ZoomToActualSize),
    plain(Key::At("Digit1"), YES, When::Free, Command::FitAll),
    plain(Key::At("Digit2"), YES, When::Free, Command::FitSelection),
    plain(Key::At("KeyA"), YES, When::Free, Command::Spotlight),
    letter("h", Command::ToggleHand),
    letter("v", Command::Pointer),
    letter("m", Command::ToggleMinimap),
    letter("p", Command::ToggleLock),
    letter("t", Command::Add("text")),
    letter("n", Command::Add("sticky_note")),
    letter("f", Command::Add("group")),
    letter("+", Command::ZoomIn),
    letter("=", Command::ZoomIn),
    letter("-", Command::ZoomOut),
];

impl Binding {
    fn fits(&self, press: &Press<'_>) -> bool {
        let is_key = match self.key {
            Key::Produces(key) => press.key.to_lowercase() == key,
            Key::Exactly(key) => press.key == key,
            Key::At(code) => press.code == code,
        };
        let is_held = |wanted: Held, held: bool| wanted.is_none_or(|wanted| wanted == held);
        let counts = match self.when {
            When::Always => true,
            When::Free => !press.is_typing,
            When::Selected => !press.is_typing && press.has_selection,
            When::OffButtons => !press.is_typing && !press.is_on_button,
        };
        is_key
            && counts
            && press.command == self.command_held
            && is_held(self.shift, press.shift)
            && is_held(self.alt, press.alt)
    }
}

/// What a key asks for; `None`: it is the browser's.
pub fn command(press: &Press<'_>) -> Option<Command> {
    // Arrows move a slider that has focus, not the card.
    let moves_slider = press.key.starts_with("Arrow") || matches!(press.key, "Home" | "End");
    if press.is_on_slider && moves_slider && !press.command {
        return None;
    }
    BINDINGS.iter().find(|binding| binding.fits(press)).map(|binding| binding.command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Press<'_> {
        Press { key, ..Press::default() }
    }

    fn with_command(key: &str) -> Press<'_> {
        Press { command: true, ..press(key) }
    }

    #[test]
    fn a_command_counts_while_typing_only_where_it_changes_no_text() {
        let typing = |key, shift| command(&Press { is_typing: true, shift, ..with_command(key) });
        assert_eq!(typing("k", false), Some(Command::Spotlight));
        assert_eq!(typing("Enter", false), Some(Command::RunSelected));
        assert_eq!(typing("Enter", true), Some(Command::RunWorkflow));
        for key in ["z", "y", "a", "d", "g", "]"] {
            assert_eq!(typing(key, false), None, "{key} is the field's own");
            assert!(command(&with_command(key)).is_some(), "{key}");
        }
        assert_eq!(command(&Press { is_typing: true, ..press("t") }), None);
        assert_eq!(
            command(&Press { is_typing: true, has_selection: true, ..press("Delete") }),
            None
        );
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
    }

    #[test]
    fn digits_go_by_place_and_letters_by_what_they_produce() {
        // On a French keyboard the place of 1 produces & and, with Shift, 1.
        let place = |key, code| command(&Press { shift: true, code, ..press(key) });
        assert_eq!(place("1", "Digit1"), Some(Command::FitAll));
        assert_eq!(place("!", "Digit1"), Some(Command::FitAll));
        assert_eq!(place("A", "KeyA"), Some(Command::Spotlight));
        assert_eq!(place("T", "KeyT"), None, "a capital letter adds nothing");
        assert_eq!(command(&Press { code: "KeyY", ..press("z") }), None);
        assert_eq!(command(&Press { code: "KeyY", ..press("t") }), Some(Command::Add("text")));
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
    fn every_binding_is_reached() {
        for binding in BINDINGS {
            let (key, code) = match binding.key {
                Key::Produces(key) | Key::Exactly(key) => (key, ""),
                Key::At(code) => ("", code),
            };
            let press = Press {
                key,
                code,
                command: binding.command_held,
                shift: binding.shift == YES,
                alt: binding.alt == YES,
                has_selection: true,
                ..Press::default()
            };
            assert_eq!(command(&press), Some(binding.command), "{binding:?}");
        }
    }
}
