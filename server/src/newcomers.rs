//! Names and colours of people who have not chosen their own.
//!
//! Both follow from the person's id, so that nothing need be stored. Two who come soon after one another would often get
//! the same: the id of a newcomer is drawn until its name, its initials and its colour are not those of others who came
//! lately.

use std::collections::VecDeque;
use std::sync::Mutex;

use gesso_protocol::api::Me;

use crate::clock::fresh_id;

/// Colours people get until they choose their own.
const COLORS: [&str; 8] =
    ["#ff9db0", "#8fd6ff", "#ffd166", "#a5e3b4", "#d6b4ff", "#ffb38a", "#8fe3dc", "#c9d86a"];
/// First names, each with an initial of its own.
const FIRST: [&str; 23] = [
    "Airy", "Brisk", "Calm", "Deft", "Eager", "Fair", "Gentle", "Humble", "Jolly", "Keen",
    "Lively", "Merry", "Noble", "Open", "Patient", "Quiet", "Ready", "Sunny", "Tidy", "Upbeat",
    "Vivid", "Warm", "Young",
];
/// Last names: pigments, each with an initial of its own.
const LAST: [&str; 23] = [
    "Amber", "Bistre", "Cobalt", "Damson", "Ebony", "Fuchsia", "Garnet", "Hazel", "Indigo", "Jade",
    "Lilac", "Madder", "Navy", "Ochre", "Pearl", "Quartz", "Russet", "Sienna", "Teal", "Umber",
    "Viridian", "Wheat", "Zinc",
];
/// The name of so many newcomers is none of those who came after them.
const NAMES_KEPT: usize = 200;
/// The same for colours, of which there are few.
const COLORS_KEPT: usize = COLORS.len() - 1;
/// Ids that are drawn at most.
const DRAWS_MAX: usize = 1_000;

/// Names and colours that were given lately.
#[derive(Debug, Default)]
pub struct Newcomers {
    lately: Mutex<VecDeque<(String, String)>>,
}

impl Newcomers {
    /// Somebody new.
    #[must_use]
    pub fn welcome(&self) -> Me {
        let mut lately = self.lately.lock().expect("no holder panics");
        let is_free = |me: &Me| {
            let mut names = lately.iter().rev().map(|(name, _)| name);
            let mut colors = lately.iter().rev().take(COLORS_KEPT).map(|(_, color)| color);
            names.all(|name| *name != me.name) && colors.all(|color| *color != me.color)
        };
        let mut me = newcomer(fresh_id());
        for _ in 0..DRAWS_MAX {
            if is_free(&me) {
                break;
            }
            me = newcomer(fresh_id());
        }
        lately.push_back((me.name.clone(), me.color.clone()));
        if lately.len() > NAMES_KEPT {
            lately.pop_front();
        }
        me
    }
}

/// Somebody who has chosen nothing; the same id always gives the same name and colour.
#[must_use]
pub fn newcomer(id: String) -> Me {
    let hash = blake3::hash(id.as_bytes());
    let pick = |byte: usize, of: usize| usize::from(hash.as_bytes()[byte]) % of;
    let (first, last) = (FIRST[pick(0, FIRST.len())], LAST[pick(1, LAST.len())]);
    Me {
        name: format!("{first} {last}"),
        color: COLORS[pick(2, COLORS.len())].to_owned(),
        favourites: Vec::new(),
        account: None,
        id,
    }
}

/// The person of requests to the API that carry no cookie.
#[must_use]
pub fn script() -> Me {
    Me {
        name: "API".to_owned(),
        color: COLORS[0].to_owned(),
        favourites: Vec::new(),
        account: None,
        id: "api".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_initials_are_different_and_follow_from_the_id() {
        let newcomers = Newcomers::default();
        let all: Vec<Me> = (0..NAMES_KEPT).map(|_| newcomers.welcome()).collect();
        let initials = |me: &Me| -> String {
            me.name.split(' ').filter_map(|word| word.chars().next()).collect()
        };
        assert_eq!(all.iter().map(initials).collect::<BTreeSet<_>>().len(), NAMES_KEPT);
        for few in all.windows(COLORS.len()) {
            let colors: BTreeSet<&str> = few.iter().map(|me| me.color.as_str()).collect();
            assert_eq!(colors.len(), COLORS.len());
        }
        for me in all {
            assert_eq!(newcomer(me.id.clone()), me);
        }
    }
}
