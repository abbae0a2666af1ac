//! The keys of the canvas, as data: what each command is called, the chords it has, and those a person gave it instead.

mod chord;

use super::rights::Right;
pub use chord::{Chord, Press};
use std::collections::BTreeMap;

/// A command that keys give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opens Spotlight.
    Spotlight,
    /// Runs the selected nodes.
    RunSelected,
    /// Runs the workflow of the selected node.
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
    /// Shows the selected nodes.
    FitSelection,
    /// Takes back one's own last step.
    Undo,
    /// Does it again.
    Redo,
    /// Selects everything.
    SelectAll,
    /// Copies the selected nodes beside themselves.
    Duplicate,
    /// Puts a group around the selected nodes.
    Group,
    /// Takes the selected groups away.
    Ungroup,
    /// Puts the selected nodes above everything.
    ToFront,
    /// Puts them below everything.
    ToBack,
    /// Puts the selected nodes above the next one that lies on them.
    Forward,
    /// Puts them below the next one that they lie on.
    Backward,
    /// Deletes the selected nodes.
    Delete,
    /// Moves the selected nodes by steps to the right and downwards.
    Nudge(i8, i8),
    /// Lines the selected nodes up at a side.
    Align(Side),
    /// Edits the title.
    Rename,
    /// Keeps the output of the selected nodes, or no longer.
    ToggleLock,
    /// Fixes the selected nodes where they are, or no longer.
    ToggleFixed,
    /// Adds a node of a kind under the pointer.
    Add(&'static str),
    /// The hand tool, or no longer.
    ToggleHand,
    /// The pointer again.
    Pointer,
    /// Opens Spotlight for the cards of this canvas.
    Find,
    /// Puts a comment on the selected card, or where one clicks next.
    Comment,
    /// Says something beside one's pointer.
    Chat,
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

impl Command {
    /// The right that it takes; `None` for what everybody may do who sees the canvas.
    pub fn needs(self) -> Option<Right> {
        match self {
            Self::RunSelected | Self::RunWorkflow | Self::StopAll => Some(Right::Run),
            Self::Comment | Self::Chat => Some(Right::Comment),
            Self::Spotlight
            | Self::Undo
            | Self::Redo
            | Self::Duplicate
            | Self::Group
            | Self::Ungroup
            | Self::ToFront
            | Self::ToBack
            | Self::Forward
            | Self::Backward
            | Self::Delete
            | Self::Nudge(..)
            | Self::Align(_)
            | Self::Rename
            | Self::ToggleLock
            | Self::ToggleFixed
            | Self::Add(_) => Some(Right::Edit),
            Self::ZoomIn
            | Self::ZoomOut
            | Self::ZoomToActualSize
            | Self::FitAll
            | Self::FitSelection
            | Self::SelectAll
            | Self::ToggleHand
            | Self::Pointer
            | Self::Find
            | Self::ToggleMinimap
            | Self::Help
            | Self::Pan
            | Self::Escape
            | Self::NextCard
            | Self::PreviousCard
            | Self::Open => None,
        }
    }
}

/// A side of cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The left edges.
    Left,
    /// The right edges.
    Right,
    /// The upper edges.
    Top,
    /// The lower edges.
    Bottom,
}

/// Where the help shows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Ways to look around.
    View,
    /// Adding.
    Add,
    /// Changing.
    Change,
    /// Running.
    Run,
    /// Keys that stay as they are and are told in words.
    Fixed,
}

/// When a command counts, besides its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Also while somebody types, with Ctrl or Cmd.
    Always,
    /// While nobody types.
    Free,
    /// While nobody types and something is selected.
    Selected,
    /// While nobody types and nothing is selected.
    Unselected,
    /// While nobody types and no button has focus.
    OffButtons,
}

/// A command with its name and the chords it has from the start.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// Name in what is stored.
    pub id: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// Place in the help.
    pub section: Section,
    when: When,
    /// The command.
    pub command: Command,
    /// Chords, separated by spaces.
    chords: &'static str,
}

const fn view(id: &'static str, label: &'static str, chords: &'static str, c: Command) -> Action {
    Action { id, label, section: Section::View, when: When::Free, command: c, chords }
}

const fn add(id: &'static str, label: &'static str, chords: &'static str, c: Command) -> Action {
    Action { section: Section::Add, ..view(id, label, chords, c) }
}

const fn change(id: &'static str, label: &'static str, chords: &'static str, c: Command) -> Action {
    Action { section: Section::Change, ..view(id, label, chords, c) }
}

const fn selected(
    id: &'static str,
    label: &'static str,
    chords: &'static str,
    c: Command,
) -> Action {
    Action { when: When::Selected, ..change(id, label, chords, c) }
}

const fn run(id: &'static str, label: &'static str, chords: &'static str, c: Command) -> Action {
    Action { section: Section::Run, when: When::Always, ..view(id, label, chords, c) }
}

const fn fixed(id: &'static str, chords: &'static str, when: When, c: Command) -> Action {
    Action { section: Section::Fixed, when, ..view(id, "", chords, c) }
}

const fn always(action: Action) -> Action {
    Action { when: When::Always, ..action }
}

/// The first that fits counts.
const ACTIONS: &[Action] = &[
    always(add("spotlight", "Spotlight", "Mod+K Shift+A", Command::Spotlight)),
    run("run_node", "Run node", "Mod+Enter", Command::RunSelected),
    run("run_workflow", "Run workflow", "Mod+Shift+Enter", Command::RunWorkflow),
    run("stop", "Stop every run", "Mod+Alt+Enter", Command::StopAll),
    always(view("zoom_in", "Zoom in", "Mod+= Mod++ + =", Command::ZoomIn)),
    always(view("zoom_out", "Zoom out", "Mod+- -", Command::ZoomOut)),
    always(view("actual_size", "100 %", "Shift+0 Mod+0", Command::ZoomToActualSize)),
    always(view("find", "Find on this canvas", "Mod+F", Command::Find)),
    view("fit_all", "Fit all", "Shift+1", Command::FitAll),
    view("fit_selection", "Fit selection", "Shift+2", Command::FitSelection),
    view("hand", "Hand", "H", Command::ToggleHand),
    view("pointer", "Pointer", "V", Command::Pointer),
    Action {
        when: When::Unselected,
        ..view("chat", "Say something at the pointer", "/", Command::Chat)
    },
    view("minimap", "Minimap", "M", Command::ToggleMinimap),
    view("help", "Help", "?", Command::Help),
    add("text", "Text", "T", Command::Add("text")),
    add("note", "Sticky note", "N", Command::Add("sticky_note")),
    add("comment", "Comment", "C", Command::Comment),
    add("group_frame", "Group, empty", "F", Command::Add("group")),
    change("undo", "Undo (yours alone)", "Mod+Z", Command::Undo),
    change("redo", "Redo", "Mod+Shift+Z Mod+Y", Command::Redo),
    change("select_all", "Select all", "Mod+A", Command::SelectAll),
    change("duplicate", "Duplicate", "Mod+D", Command::Duplicate),
    selected("delete", "Delete", "Delete Backspace", Command::Delete),
    change("group", "Group", "Mod+G", Command::Group),
    change("ungroup", "Ungroup", "Mod+Shift+G", Command::Ungroup),
    selected("to_front", "To front", "]", Command::ToFront),
    selected("to_back", "To back", "[", Command::ToBack),
    selected("forward", "One step forward", "Mod+]", Command::Forward),
    selected("backward", "One step back", "Mod+[", Command::Backward),
    selected("align_left", "Align left", "Mod+Shift+ArrowLeft", Command::Align(Side::Left)),
    selected("align_right", "Align right", "Mod+Shift+ArrowRight", Command::Align(Side::Right)),
    selected("align_top", "Align top", "Mod+Shift+ArrowUp", Command::Align(Side::Top)),
    selected("align_bottom", "Align bottom", "Mod+Shift+ArrowDown", Command::Align(Side::Bottom)),
    change("rename", "Rename", "F2", Command::Rename),
    change("lock", "Keep the output (lock)", "P", Command::ToggleLock),
    selected("fix", "Fix in place", "Mod+Shift+L", Command::ToggleFixed),
    fixed("pan", "Space", When::OffButtons, Command::Pan),
    fixed("escape", "Escape", When::Free, Command::Escape),
    fixed("previous_card", "Shift+Tab", When::Free, Command::PreviousCard),
    fixed("next_card", "Tab", When::Free, Command::NextCard),
    fixed("open", "Enter", When::OffButtons, Command::Open),
    fixed("left", "ArrowLeft Shift+ArrowLeft", When::Selected, Command::Nudge(-1, 0)),
    fixed("right", "ArrowRight Shift+ArrowRight", When::Selected, Command::Nudge(1, 0)),
    fixed("up", "ArrowUp Shift+ArrowUp", When::Selected, Command::Nudge(0, -1)),
    fixed("down", "ArrowDown Shift+ArrowDown", When::Selected, Command::Nudge(0, 1)),
];

impl Action {
    fn counts(&self, chord: &Chord, press: &Press<'_>) -> bool {
        match self.when {
            When::Always => !press.is_typing || chord.writes_nothing(),
            When::Free => !press.is_typing,
            When::Selected => !press.is_typing && press.has_selection,
            When::Unselected => !press.is_typing && !press.has_selection,
            When::OffButtons => !press.is_typing && !press.is_on_button,
        }
    }

    fn own_chords(&self) -> Vec<Chord> {
        self.chords.split(' ').filter_map(Chord::parse).collect()
    }
}

/// Which chords give which command, with what a person changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    changed: BTreeMap<&'static str, Vec<Chord>>,
}

impl Keymap {
    /// Every command with a name, in the order of the help.
    pub fn actions() -> impl Iterator<Item = &'static Action> {
        ACTIONS.iter().filter(|action| action.section != Section::Fixed)
    }

    /// The command of a press; `None`: it is the browser's.
    pub fn command(&self, press: &Press<'_>) -> Option<Command> {
        // Arrows move a slider that has focus, not the card.
        let moves_slider = press.key.starts_with("Arrow") || matches!(press.key, "Home" | "End");
        if press.is_on_slider && moves_slider && !press.command {
            return None;
        }
        let gives = |action: &&Action| {
            let fits = |chord: &Chord| chord.fits(press) && action.counts(chord, press);
            self.chords(action).iter().any(fits)
        };
        ACTIONS.iter().find(gives).map(|action| action.command)
    }

    /// The chords of a command.
    pub fn chords(&self, action: &Action) -> Vec<Chord> {
        self.changed.get(action.id).cloned().unwrap_or_else(|| action.own_chords())
    }

    /// The first chord of a command as it is shown, to stand beside a button; empty where it has none.
    pub fn shown(&self, command: Command) -> String {
        let action = ACTIONS.iter().find(|action| action.command == command);
        let chords = action.map(|action| self.chords(action)).unwrap_or_default();
        chords.first().map(Chord::shown).unwrap_or_default()
    }

    /// True if a person changed the chords of a command.
    pub fn is_changed(&self, action: &Action) -> bool {
        self.changed.contains_key(action.id)
    }

    /// True if a person changed any.
    pub fn is_any_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Gives a command one chord in place of those it had, and takes it from whoever else had it, who is returned.
    ///
    /// # Errors
    /// With a sentence for people where the chord has to stay as it is.
    pub fn assign(
        &mut self,
        action: &'static Action,
        chord: Chord,
    ) -> Result<Option<&'static Action>, &'static str> {
        let has = |other: &&Action| self.chords(other).contains(&chord);
        let other = ACTIONS.iter().filter(|other| other.id != action.id).find(has);
        if other.is_some_and(|other| other.section == Section::Fixed) {
            return Err("That key moves or opens cards and stays as it is. Choose another one.");
        }
        if RESERVED.iter().any(|reserved| Chord::parse(reserved).as_ref() == Some(&chord)) {
            return Err("The browser or the clipboard needs that key. Choose another one.");
        }
        if let Some(other) = other {
            let left = self.chords(other).into_iter().filter(|own| *own != chord).collect();
            self.changed.insert(other.id, left);
        }
        self.changed.insert(action.id, vec![chord]);
        Ok(other)
    }

    /// Takes every chord from a command.
    pub fn clear(&mut self, action: &'static Action) {
        self.changed.insert(action.id, Vec::new());
    }

    /// Gives a command the chords it had from the start, which are taken from whoever has them now.
    pub fn reset(&mut self, action: &'static Action) {
        self.changed.remove(action.id);
        let own = action.own_chords();
        for chords in self.changed.values_mut() {
            chords.retain(|chord| !own.contains(chord));
        }
    }

    /// As text to be stored: the changed commands with their chords.
    pub fn to_json(&self) -> String {
        let texts = |chords: &Vec<Chord>| chords.iter().map(Chord::to_string).collect::<Vec<_>>();
        let map: BTreeMap<_, _> =
            self.changed.iter().map(|(id, chords)| (*id, texts(chords))).collect();
        serde_json::to_string(&map).unwrap_or_default()
    }

    /// Reads [`Keymap::to_json`]; commands and chords that are unknown are left out.
    pub fn from_json(text: &str) -> Self {
        let map: BTreeMap<String, Vec<String>> = serde_json::from_str(text).unwrap_or_default();
        let known = |(id, chords): (String, Vec<String>)| {
            let action = Self::actions().find(|action| action.id == id)?;
            Some((action.id, chords.iter().filter_map(|chord| Chord::parse(chord)).collect()))
        };
        Self { changed: map.into_iter().filter_map(known).collect() }
    }
}

/// Chords that a page does not get, or that are the clipboard's.
const RESERVED: &[&str] = &[
    "Mod+C",
    "Mod+X",
    "Mod+V",
    "Mod+Shift+V",
    "Mod+W",
    "Mod+T",
    "Mod+N",
    "Mod+R",
    "Mod+L",
    "Mod+Q",
    "F5",
    "F11",
    "F12",
];

#[cfg(test)]
mod tests;
