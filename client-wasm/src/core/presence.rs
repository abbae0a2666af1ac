//! Who else is here: awareness states of the y-protocol, with their clocks and timeouts.

use std::collections::BTreeMap;

use gesso_protocol::wire::awareness;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A state that was not renewed for so long is gone.
pub const GONE_MS: u64 = 30_000;
/// One's own state is sent again after so long.
pub const RENEW_MS: u64 = 15_000;

/// A person, as others see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    #[serde(default)]
    pub id: String,
    /// Their name.
    #[serde(default)]
    pub name: String,
    /// Their colour: `1` to `5` of the palette, or `#rrggbb`.
    #[serde(default)]
    pub color: String,
}

/// A point on the canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// Canvas units.
    pub x: f64,
    /// Canvas units.
    pub y: f64,
}

/// A person's view: the canvas point in the middle of their screen, and the zoom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Viewport {
    /// Canvas units.
    pub x: f64,
    /// Canvas units.
    pub y: f64,
    /// Screen pixels a unit.
    pub zoom: f64,
}

/// Where somebody types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caret {
    /// The node.
    pub node: String,
    /// `text`, `negative` or `items/{id}`.
    pub field: String,
    /// Sticky place where the selection began.
    #[serde(default)]
    pub anchor: Value,
    /// Sticky place of the caret.
    #[serde(default)]
    pub head: Value,
}

/// A participant's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Presence {
    /// Who.
    #[serde(default)]
    pub user: User,
    /// Pointer.
    #[serde(default)]
    pub cursor: Option<Spot>,
    /// Selected nodes.
    #[serde(default)]
    pub selection: Vec<String>,
    /// Their view.
    #[serde(default)]
    pub viewport: Option<Viewport>,
    /// The client they follow.
    #[serde(default)]
    pub following: Option<u64>,
    /// Where they type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caret: Option<Caret>,
    /// True if they typed there a moment ago.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typing: bool,
    /// The words they say beside their pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// The sticker they last held up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emote: Option<Emote>,
}

/// Most characters that are shown of what somebody says beside their pointer.
pub const SAYS_CHARS_MAX: usize = 140;

/// A sticker that is held up for a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emote {
    /// Name of the sticker.
    pub sticker: String,
    /// Counts how many this page held up.
    pub count: u32,
}

/// The state of the server as a participant.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ServerPresence {
    /// Progress of running nodes, 0 to 1.
    #[serde(default)]
    pub progress: BTreeMap<String, f64>,
    /// Positions of queued runs.
    #[serde(default)]
    pub queue: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Entry {
    clock: u32,
    seen_ms: u64,
    state: Option<State>,
}

#[derive(Debug, PartialEq)]
enum State {
    Person(Box<Presence>),
    Server(ServerPresence),
}

fn read(json: &str) -> Option<State> {
    let value: Value = serde_json::from_str(json).ok()?;
    if !value.is_object() {
        return None;
    }
    if value.get("server") == Some(&Value::Bool(true)) {
        return serde_json::from_value(value).ok().map(State::Server);
    }
    // A stock client's state may hold anything: what does not fit is left out.
    let mut person = Presence::default();
    if let Some(user) = value.get("user") {
        person.user = serde_json::from_value(user.clone()).unwrap_or_default();
    }
    let part = |key: &str| value.get(key).cloned().unwrap_or(Value::Null);
    person.cursor = serde_json::from_value(part("cursor")).unwrap_or_default();
    person.selection = serde_json::from_value(part("selection")).unwrap_or_default();
    person.viewport = serde_json::from_value(part("viewport")).unwrap_or_default();
    person.following = serde_json::from_value(part("following")).unwrap_or_default();
    person.caret = serde_json::from_value(part("caret")).unwrap_or_default();
    person.typing = value.get("typing") == Some(&Value::Bool(true));
    let says: Option<String> = serde_json::from_value(part("says")).unwrap_or_default();
    person.says = says.map(|says| says.chars().take(SAYS_CHARS_MAX).collect());
    person.emote = serde_json::from_value(part("emote")).unwrap_or_default();
    Some(State::Person(Box::new(person)))
}

/// Everybody's states.
#[derive(Debug, Default)]
pub struct Room {
    entries: BTreeMap<u64, Entry>,
}

impl Room {
    /// Takes in states from the wire; `true` when somebody's changed.
    pub fn receive(&mut self, own: u64, states: &[awareness::Entry<'_>], now_ms: u64) -> bool {
        let mut changed = false;
        for awareness::Entry { client, clock, state: json } in states {
            if *client == own {
                continue;
            }
            let known = self.entries.get(client);
            let newer =
                known.is_none_or(|e| *clock > e.clock || (*clock == e.clock && *json == "null"));
            if !newer {
                continue;
            }
            let state = read(json);
            changed |= known.map(|e| &e.state) != Some(&state);
            self.entries.insert(*client, Entry { clock: *clock, seen_ms: now_ms, state });
        }
        changed
    }

    /// Forgets who has not been heard of; `true` when somebody was.
    pub fn expire(&mut self, now_ms: u64) -> bool {
        let mut changed = false;
        for entry in self.entries.values_mut() {
            if entry.state.is_some() && now_ms.saturating_sub(entry.seen_ms) > GONE_MS {
                entry.state = None;
                changed = true;
            }
        }
        changed
    }

    /// Nobody is known any more: the connection is gone.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The people, by client id.
    pub fn people(&self) -> BTreeMap<u64, Presence> {
        self.entries
            .iter()
            .filter_map(|(client, entry)| match &entry.state {
                Some(State::Person(person)) => Some((*client, Presence::clone(person))),
                _ => None,
            })
            .collect()
    }

    /// Returns the state of the server; empty without one.
    pub fn server(&self) -> ServerPresence {
        self.entries
            .values()
            .find_map(|entry| match &entry.state {
                Some(State::Server(server)) => Some(server.clone()),
                _ => None,
            })
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(json: &str, clock: u32) -> [awareness::Entry<'_>; 1] {
        [awareness::Entry { client: 7, clock, state: json }]
    }

    #[test]
    fn newer_clocks_win_and_null_removes() {
        let mut room = Room::default();
        assert!(room.receive(
            1,
            &state(r#"{"user":{"name":"Mara"},"cursor":{"x":1,"y":2}}"#, 2),
            0
        ));
        assert!(!room.receive(1, &state(r#"{"user":{"name":"Old"}}"#, 1), 0));
        assert_eq!(room.people()[&7].user.name, "Mara");
        assert_eq!(room.people()[&7].cursor, Some(Spot { x: 1.0, y: 2.0 }));
        assert!(room.receive(1, &state("null", 2), 0));
        assert!(room.people().is_empty());
        assert!(
            !room.receive(7, &state(r#"{"user":{}}"#, 9), 0),
            "one's own state comes from oneself"
        );
    }

    #[test]
    fn a_caret_alone_is_no_typing() {
        let mut room = Room::default();
        let caret = r#""caret":{"node":"n","field":"text"}"#;
        room.receive(1, &state(&format!("{{{caret},\"typing\":true}}"), 1), 0);
        assert!(room.people()[&7].typing);
        room.receive(1, &state(&format!("{{{caret}}}"), 2), 0);
        assert!(room.people()[&7].caret.is_some() && !room.people()[&7].typing);
    }

    #[test]
    fn what_somebody_says_is_cut_and_nonsense_is_left_out() {
        let mut room = Room::default();
        let long = "é".repeat(200);
        room.receive(
            1,
            &state(&format!(r#"{{"says":"{long}","emote":{{"sticker":"heart","count":2}}}}"#), 1),
            0,
        );
        let person = room.people()[&7].clone();
        assert_eq!(person.says.unwrap().chars().count(), SAYS_CHARS_MAX);
        assert_eq!(person.emote, Some(Emote { sticker: "heart".to_owned(), count: 2 }));
        room.receive(1, &state(r#"{"says":7,"emote":"x"}"#, 2), 0);
        let person = room.people()[&7].clone();
        assert_eq!((person.says, person.emote), (None, None));
    }

    #[test]
    fn the_silent_are_forgotten_and_the_server_is_no_person() {
        let mut room = Room::default();
        room.receive(1, &state(r#"{"cursor":"nonsense","selection":["a"]}"#, 1), 1_000);
        let server = r#"{"server":true,"progress":{"n":0.5},"queue":{"r":2}}"#;
        room.receive(1, &[awareness::Entry { client: 8, clock: 1, state: server }], 20_000);
        assert_eq!(room.people().len(), 1);
        assert_eq!(room.server().progress["n"], 0.5);
        assert!(room.expire(32_000));
        assert!(room.people().is_empty());
        assert_eq!(room.server().queue["r"], 2);
    }
}
