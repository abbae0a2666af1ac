//! A key with the modifiers that are held, as people write it: `Mod+Shift+Z`.

use std::fmt;

/// A key that went down, and where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Press<'p> {
    /// Character or name it produces (`KeyboardEvent.key`).
    pub key: &'p str,
    /// Place of the key on the keyboard (`KeyboardEvent.code`).
    pub code: &'p str,
    /// Ctrl or Cmd is held.
    pub command: bool,
    /// Shift is held.
    pub shift: bool,
    /// Alt is held.
    pub alt: bool,
    /// `AltGr` is held: it reports itself as Ctrl and Alt, and is part of how a sign is written.
    pub alt_graph: bool,
    /// Somebody types in a field.
    pub is_typing: bool,
    /// A button or link has keyboard focus.
    pub is_on_button: bool,
    /// A slider has keyboard focus.
    pub is_on_slider: bool,
    /// Something is selected.
    pub has_selection: bool,
}

/// A key with its modifiers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chord {
    command: bool,
    shift: bool,
    alt: bool,
    /// A letter in upper case, a digit, a sign, or a name of `KeyboardEvent.key` (`Space` for the blank).
    key: String,
}

/// Signs by the place they have on the keyboards of the United States, for layouts that produce letters there.
const PLACES: &[(&str, &str)] = &[
    ("BracketLeft", "["),
    ("BracketRight", "]"),
    ("Slash", "/"),
    ("Minus", "-"),
    ("Equal", "="),
    ("Backquote", "`"),
    ("Semicolon", ";"),
    ("Quote", "'"),
    ("Comma", ","),
    ("Period", "."),
    ("Backslash", "\\"),
];

/// The key of a press as a chord names it. A letter counts by what it produces, with Caps Lock as without; where a
/// layout gives no Latin letter there, its place decides.
fn key_of(press: &Press<'_>) -> String {
    let mut chars = press.key.chars();
    let (Some(one), None) = (chars.next(), chars.next()) else { return press.key.to_owned() };
    if one == ' ' {
        return "Space".to_owned();
    }
    if !one.is_alphabetic() || is_latin(one) {
        return one.to_uppercase().to_string();
    }
    let letter = press.code.strip_prefix("Key").map(str::to_owned);
    let sign = || PLACES.iter().find(|(place, _)| *place == press.code).map(|(_, sign)| *sign);
    letter.or_else(|| sign().map(str::to_owned)).unwrap_or_else(|| one.to_uppercase().to_string())
}

/// True for letters of the Latin script, with accents too: their keys are where people expect them.
fn is_latin(letter: char) -> bool {
    matches!(letter, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

fn is_sign(key: &str) -> bool {
    let mut chars = key.chars();
    matches!((chars.next(), chars.next()), (Some(one), None) if !one.is_alphanumeric())
}

fn digit_at(code: &str) -> Option<&str> {
    code.strip_prefix("Digit").or_else(|| code.strip_prefix("Numpad")).filter(|d| d.len() == 1)
}

impl Chord {
    /// Reads `Mod+Shift+Alt+key`, with those modifiers that are held, in this order; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut rest, mut held) = (text, [false; 3]);
        for (name, held) in ["Mod+", "Shift+", "Alt+"].into_iter().zip(&mut held) {
            if let Some(after) = rest.strip_prefix(name).filter(|after| !after.is_empty()) {
                (rest, *held) = (after, true);
            }
        }
        let [command, shift, alt] = held;
        let is_key = !rest.is_empty() && !rest.contains(char::is_whitespace);
        is_key.then(|| Self { command, shift, alt, key: rest.to_owned() })
    }

    /// The chord of a press; `None` while only modifiers are down.
    pub fn of(press: &Press<'_>) -> Option<Self> {
        const NOT_ALONE: [&str; 11] = [
            "Shift",
            "Control",
            "Alt",
            "AltGraph",
            "Meta",
            "CapsLock",
            "Dead",
            "Process",
            "Fn",
            "NumLock",
            "Unidentified",
        ];
        if NOT_ALONE.contains(&press.key) {
            return None;
        }
        let mut key = key_of(press);
        // A digit with Shift is a sign, another one by layout.
        if let Some(digit) = digit_at(press.code) {
            digit.clone_into(&mut key);
        }
        let writes = press.alt_graph;
        let shift = press.shift && !is_sign(&key);
        Some(Self {
            command: press.command && !writes,
            shift,
            alt: press.alt && !writes && !is_sign(&key),
            key,
        })
    }

    /// True if the press is this chord. Signs count by what is produced, whatever has to be held for them.
    pub fn fits(&self, press: &Press<'_>) -> bool {
        let (command, alt) =
            if press.alt_graph { (false, false) } else { (press.command, press.alt) };
        if self.command != command {
            return false;
        }
        if is_sign(&self.key) {
            return key_of(press) == self.key && (!self.shift || press.shift);
        }
        let is_digit = self.key.len() == 1 && self.key.starts_with(|c: char| c.is_ascii_digit());
        let is_key = key_of(press) == self.key
            || (is_digit && digit_at(press.code) == Some(self.key.as_str()));
        is_key && self.shift == press.shift && self.alt == alt
    }

    /// True if it may do something while somebody types: it writes nothing.
    pub fn writes_nothing(&self) -> bool {
        self.command
    }

    /// As it is shown: `Mod Shift Z`, the arrows as arrows.
    pub fn shown(&self) -> String {
        let modifiers = [(self.command, "Mod"), (self.shift, "Shift"), (self.alt, "Alt")];
        let key = match self.key.as_str() {
            "ArrowLeft" => "←",
            "ArrowRight" => "→",
            "ArrowUp" => "↑",
            "ArrowDown" => "↓",
            "Escape" => "Esc",
            "Delete" => "Del",
            "-" => "−",
            key => key,
        };
        let held = modifiers.into_iter().filter(|(held, _)| *held).map(|(_, name)| name);
        held.chain([key]).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.command, "Mod+"), (self.shift, "Shift+"), (self.alt, "Alt+")] {
            if held {
                f.write_str(name)?;
            }
        }
        f.write_str(&self.key)
    }
}
