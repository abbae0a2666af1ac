//! Where an item of a batch comes from, and how the inputs of a step are joined on that (R-GRAPH-31 to R-GRAPH-34).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::steps;

/// The origins of an item, by node: lists (item id), nodes that send all (`0`, `1`, …), camera angles and evaluators
/// of several edges. Nothing outside a batch. Written as an item's key: `node=id` joined by `,` in node order. Clones
/// share it: the same origins stand at many units and connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lineage(Option<Arc<BTreeMap<String, String>>>);

impl Lineage {
    /// An item outside a batch.
    pub const fn none() -> Self {
        Self(None)
    }

    fn of(origins: BTreeMap<String, String>) -> Self {
        Self((!origins.is_empty()).then(|| Arc::new(origins)))
    }

    fn origins(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter().flat_map(|origins| origins.iter())
    }

    /// Reads an item's key; whatever is no origin in it counts as one without a node.
    pub fn parse(key: &str) -> Self {
        steps::note(1);
        let parts = key.split(',').filter(|part| !part.is_empty());
        Self::of(
            parts
                .map(|part| part.split_once('=').unwrap_or(("", part)))
                .map(|(node, id)| (node.to_owned(), id.to_owned()))
                .collect(),
        )
    }

    /// With one more origin.
    #[must_use]
    pub fn with(&self, node: &str, id: impl Into<String>) -> Self {
        let mut more = self.clone();
        Arc::make_mut(more.0.get_or_insert_default()).insert(node.to_owned(), id.into());
        more
    }

    /// Without an origin.
    #[must_use]
    pub fn without(&self, node: &str) -> Self {
        let kept = self.origins().filter(|(other, _)| *other != node);
        Self::of(kept.map(|(node, id)| (node.clone(), id.clone())).collect())
    }

    /// With origins that are nodes of other names: `name` is given a node and answers the new name, if it has one.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(&str) -> Option<String>) -> Self {
        let named = self.origins().map(|(node, id)| {
            let node = name(node).unwrap_or_else(|| node.clone());
            (node, id.clone())
        });
        Self::of(named.collect())
    }

    /// The id it has from a node.
    pub fn origin(&self, node: &str) -> Option<&str> {
        self.0.as_ref()?.get(node).map(String::as_str)
    }

    /// True if it is outside a batch.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the number of its origins.
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |origins| origins.len())
    }

    fn merge(&mut self, other: &Self) {
        steps::note(other.count());
        if self.is_none() {
            self.clone_from(other);
            return;
        }
        for (node, id) in other.origins() {
            // Origins that are shared are the same on both sides.
            if self.origin(node).is_none() {
                Arc::make_mut(self.0.get_or_insert_default()).insert(node.clone(), id.clone());
            }
        }
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (node, id)) in self.origins().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            if node.is_empty() {
                write!(f, "{comma}{id}")?;
            } else {
                write!(f, "{comma}{node}={id}")?;
            }
        }
        Ok(())
    }
}

/// Pairing of inputs that share no origin where their lengths differ: the setting `batch` of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// The last item of the shorter is used again.
    PairRepeatLast,
    /// The rest of the longer is not used.
    PairShortest,
    /// Each with each.
    AllCombinations,
}

impl Pairing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PairRepeatLast, Self::PairShortest, Self::AllCombinations];

    /// Name in settings.
    pub fn id(self) -> &'static str {
        match self {
            Self::PairRepeatLast => "pair_repeat_last",
            Self::PairShortest => "pair_shortest",
            Self::AllCombinations => "all_combinations",
        }
    }

    /// The one named `id`.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pairing| pairing.id() == id)
    }
}

/// One invocation's share of each input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// All its origins.
    pub lineage: Lineage,
    /// Which item of each source, in the order of the sources.
    pub picks: Vec<u32>,
}

/// Why inputs cannot be joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// Lists of these lengths meet and nobody said how to pair them.
    Lengths(Vec<usize>),
    /// It would be more than allowed.
    TooMany,
    /// More origins would meet than a key can name.
    TooDeep,
}

/// The longest key of an item, in bytes: what an index of `PostgreSQL` takes.
pub const KEY_BYTES_MAX: usize = 2_000;

/// Greatest size of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// The most rows.
    pub rows: usize,
    /// The most picks and origins of all rows together.
    pub links: usize,
}

impl Most {
    /// Checks that so many rows of so many picks and origins fit in.
    fn takes(self, rows: usize, each: usize) -> Result<(), JoinError> {
        let fits = rows <= self.rows && rows.saturating_mul(each) <= self.links;
        if fits { Ok(()) } else { Err(JoinError::TooMany) }
    }
}

/// Joins the sources of a step, each as the lineages of its items, into rows: on the origins that they share, by
/// position where they share none; a single item goes with every other. Nothing larger than `most` is ever built, and
/// it takes time in proportion to what it is given and gives.
///
/// # Errors
/// See [`JoinError`].
pub fn join(
    sources: &[&[Lineage]],
    pairing: Option<Pairing>,
    most: Most,
) -> Result<Vec<Row>, JoinError> {
    if sources.iter().any(|items| items.is_empty()) {
        return Ok(Vec::new());
    }
    // What is one item outside any batch goes with every row, however many such sources there are.
    let is_plain = |items: &&[Lineage]| items.len() == 1 && items[0].is_none();
    let (plain, batches): (Vec<usize>, Vec<usize>) =
        (0..sources.len()).partition(|at| is_plain(&sources[*at]));
    let origins = origins(sources, &batches)?;
    let mut parts: Vec<Part> = Vec::new();
    for members in groups(&batches, &origins) {
        parts.push(Part::of(&members, sources, most)?);
    }
    let lengths: Vec<usize> =
        parts.iter().map(|part| part.rows.len()).filter(|n| *n != 1).collect();
    let differ = lengths.windows(2).any(|pair| pair[0] != pair[1]);
    if differ && pairing.is_none() {
        return Err(JoinError::Lengths(lengths));
    }
    let rows = match pairing {
        Some(Pairing::AllCombinations) => {
            parts.iter().fold(1_usize, |rows, part| rows.saturating_mul(part.rows.len()))
        }
        _ => parts.iter().fold(1, |rows, part| paired(rows, part.rows.len(), pairing)),
    };
    let carried: usize = parts.iter().map(|part| part.origins).sum();
    most.takes(rows, sources.len() + carried)?;
    steps::note(rows * (sources.len() + carried) + plain.len());
    Ok(rows_of(&parts, rows, sources.len(), pairing))
}

/// Number of rows two parts that share nothing give by position. A single item goes with every other, whatever the
/// setting says of lists.
fn paired(a: usize, b: usize, pairing: Option<Pairing>) -> usize {
    match pairing {
        _ if a == 0 || b == 0 => 0,
        Some(Pairing::PairShortest) if a != 1 && b != 1 => a.min(b),
        _ => a.max(b),
    }
}

/// Brings the parts together, each row at once.
fn rows_of(parts: &[Part], rows: usize, sources: usize, pairing: Option<Pairing>) -> Vec<Row> {
    let mut joined = Vec::with_capacity(rows);
    for at in 0..rows {
        let mut row = Row { lineage: Lineage::none(), picks: vec![0; sources] };
        // With each by each the last part changes fastest.
        let mut left = at;
        for part in parts.iter().rev() {
            let count = part.rows.len();
            let nth = if pairing == Some(Pairing::AllCombinations) {
                let nth = left % count;
                left /= count;
                nth
            } else {
                at.min(count - 1)
            };
            let (lineage, picks) = &part.rows[nth];
            row.lineage.merge(lineage);
            for (source, pick) in part.sources.iter().zip(picks) {
                row.picks[*source] = *pick;
            }
        }
        joined.push(row);
    }
    joined
}

/// The origins of each of these sources.
fn origins<'a>(
    sources: &[&'a [Lineage]],
    batches: &[usize],
) -> Result<Vec<BTreeSet<&'a str>>, JoinError> {
    let mut all: BTreeSet<&str> = BTreeSet::new();
    let mut bytes = 0;
    let mut origins = Vec::with_capacity(batches.len());
    for at in batches {
        let mut mine = BTreeSet::new();
        for item in sources[*at] {
            steps::note(1 + item.count());
            for (node, _) in item.origins() {
                mine.insert(node.as_str());
                if all.insert(node) {
                    bytes += node.len() + 2;
                }
            }
            // Every row would carry all of them.
            if bytes > KEY_BYTES_MAX {
                return Err(JoinError::TooDeep);
            }
        }
        origins.push(mine);
    }
    Ok(origins)
}

/// Sources that share origins, directly or through others, in order of their first.
fn groups(batches: &[usize], origins: &[BTreeSet<&str>]) -> Vec<Vec<usize>> {
    let mut of_origin: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, mine) in origins.iter().enumerate() {
        for origin in mine {
            of_origin.entry(origin).or_default().push(place);
        }
    }
    let mut groups = Vec::new();
    let mut taken = vec![false; batches.len()];
    for first in 0..batches.len() {
        if std::mem::replace(&mut taken[first], true) {
            continue;
        }
        let mut group = Vec::new();
        // What hangs together with the group so far, the first of it next.
        let mut near = BTreeSet::from([first]);
        while let Some(place) = near.pop_first() {
            group.push(place);
            for origin in &origins[place] {
                // Each origin brings all its sources the first time it is met.
                for other in of_origin.remove(origin).unwrap_or_default() {
                    steps::note(1);
                    if !std::mem::replace(&mut taken[other], true) {
                        near.insert(other);
                    }
                }
            }
        }
        groups.push(group.into_iter().map(|place| batches[place]).collect());
    }
    groups
}

/// Some of the sources, joined: picks are in the order of `sources`.
struct Part {
    sources: Vec<usize>,
    rows: Vec<(Lineage, Vec<u32>)>,
    /// The most origins that a row has.
    origins: usize,
}

impl Part {
    /// Sources that hang together, joined on what they share.
    fn of(members: &[usize], sources: &[&[Lineage]], most: Most) -> Result<Self, JoinError> {
        let mut part =
            Self { sources: Vec::new(), rows: vec![(Lineage::none(), Vec::new())], origins: 0 };
        let mut known = BTreeSet::new();
        for member in members {
            part.join(*member, sources[*member], &mut known, most)?;
        }
        part.origins = part.rows.iter().map(|(lineage, _)| lineage.count()).max().unwrap_or(0);
        Ok(part)
    }

    /// Joins one more source; `known` are the origins so far.
    fn join<'a>(
        &mut self,
        source: usize,
        items: &'a [Lineage],
        known: &mut BTreeSet<&'a str>,
        most: Most,
    ) -> Result<(), JoinError> {
        let theirs: BTreeSet<&str> =
            items.iter().flat_map(|item| item.origins().map(|(node, _)| node.as_str())).collect();
        let shared: Vec<&str> = known.intersection(&theirs).copied().collect();
        known.extend(theirs);
        // What the shared origins are → the place among `alike`.
        let mut by_value: BTreeMap<Vec<Option<&str>>, usize> = BTreeMap::new();
        let mut alike: Vec<Vec<u32>> = Vec::new();
        for (at, item) in (0_u32..).zip(items) {
            let value = shared.iter().map(|node| item.origin(node)).collect();
            let place = *by_value.entry(value).or_insert(alike.len());
            if place == alike.len() {
                alike.push(Vec::new());
            }
            alike[place].push(at);
        }
        let mut rows: Vec<(Lineage, Vec<u32>)> = Vec::with_capacity(self.rows.len());
        let mut links = 0;
        for (lineage, picks) in std::mem::take(&mut self.rows) {
            let value: Vec<Option<&str>> = shared.iter().map(|node| lineage.origin(node)).collect();
            let found = by_value.get(&value).copied();
            let Some((last, others)) = found.and_then(|place| alike[place].split_last()) else {
                continue;
            };
            let mut add = |mut lineage: Lineage, mut picks: Vec<u32>, at: u32| {
                let item = &items[at as usize];
                lineage.merge(item);
                picks.push(at);
                links += picks.len() + lineage.count();
                steps::note(1 + lineage.count());
                if rows.len() >= most.rows || links > most.links {
                    return Err(JoinError::TooMany);
                }
                rows.push((lineage, picks));
                Ok(())
            };
            for at in others {
                add(lineage.clone(), picks.clone(), *at)?;
            }
            add(lineage, picks, *last)?;
        }
        self.sources.push(source);
        self.rows = rows;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(keys: &str) -> Vec<Lineage> {
        keys.split(' ').map(|key| Lineage::parse(key.trim_matches('-'))).collect()
    }

    fn most(rows: usize) -> Most {
        Most { rows, links: 10 * rows }
    }

    fn joined(sources: &[&str], pairing: Option<Pairing>) -> Result<Vec<String>, JoinError> {
        let sources: Vec<Vec<Lineage>> = sources.iter().map(|keys| items(keys)).collect();
        let sources: Vec<&[Lineage]> = sources.iter().map(Vec::as_slice).collect();
        let rows = join(&sources, pairing, most(100))?;
        let shown = |row: &Row| {
            let picks: Vec<String> = row.picks.iter().map(u32::to_string).collect();
            format!("{}:{}", row.lineage, picks.join(""))
        };
        Ok(rows.iter().map(shown).collect())
    }

    #[test]
    fn keys_are_in_node_order() {
        let lineage = Lineage::none().with("z", "1").with("a", "x");
        assert_eq!(lineage.to_string(), "a=x,z=1");
        assert_eq!(Lineage::parse("z=1,a=x"), lineage);
        assert_eq!(Lineage::parse(""), Lineage::none());
    }

    #[test]
    fn shared_origins_meet_and_singles_go_with_all() {
        assert_eq!(joined(&["-", "-"], None).unwrap(), [":00"]);
        assert_eq!(joined(&["-", "l=a l=b"], None).unwrap(), ["l=a:00", "l=b:01"]);
        let fanned = joined(&["l=a l=b", "g=0,l=a g=1,l=a g=0,l=b"], None).unwrap();
        assert_eq!(fanned, ["g=0,l=a:00", "g=1,l=a:01", "g=0,l=b:12"]);
        // What joins them comes last: still one group, and every combination that exists.
        let bridged = joined(&["l=a l=b", "m=x m=y", "l=a,m=x l=a,m=y l=b,m=x"], None).unwrap();
        assert_eq!(bridged, ["l=a,m=x:000", "l=a,m=y:011", "l=b,m=x:102"]);
        assert_eq!(joined(&["l=a l=b l=c", "l=b"], None).unwrap(), ["l=b:10"], "holes drop out");
    }

    #[test]
    fn strangers_meet_by_position() {
        let two_three = ["l=a l=b", "m=x m=y m=z"];
        assert_eq!(joined(&["l=a l=b", "m=x m=y"], None).unwrap(), ["l=a,m=x:00", "l=b,m=y:11"]);
        assert_eq!(joined(&two_three, None), Err(JoinError::Lengths(vec![2, 3])));
        let last = joined(&two_three, Some(Pairing::PairRepeatLast)).unwrap();
        assert_eq!(last, ["l=a,m=x:00", "l=b,m=y:11", "l=b,m=z:12"]);
        let shortest = joined(&two_three, Some(Pairing::PairShortest)).unwrap();
        assert_eq!(shortest, ["l=a,m=x:00", "l=b,m=y:11"]);
        let all = joined(&two_three, Some(Pairing::AllCombinations)).unwrap();
        assert_eq!((all.len(), all[5].as_str()), (6, "l=b,m=z:12"));
        assert_eq!(joined(&["l=a", "m=x m=y"], None).unwrap(), ["l=a,m=x:00", "l=a,m=y:01"]);
    }

    #[test]
    fn an_empty_source_gives_nothing_and_too_many_rows_are_refused() {
        assert_eq!(join(&[&[], &[Lineage::none()]], None, most(10)), Ok(Vec::new()));
        let many = items(&(0..20).map(|i| format!("l={i}")).collect::<Vec<_>>().join(" "));
        let more = items(&(0..20).map(|i| format!("m={i}")).collect::<Vec<_>>().join(" "));
        let all = join(&[&many, &more], Some(Pairing::AllCombinations), most(100));
        assert_eq!(all, Err(JoinError::TooMany));
    }

    proptest! {
        /// No two rows have the same key, and a row's origins are exactly those of what it picks.
        #[test]
        fn rows_are_unique_and_carry_all_origins(
            sizes in proptest::collection::vec((0_usize..3, 1_usize..4), 1..4),
            pairing in proptest::option::of(proptest::sample::select(&Pairing::ALL[..])),
        ) {
            let sources: Vec<Vec<Lineage>> = sizes
                .iter()
                .map(|(list, n)| (0..*n).map(|i| Lineage::none().with(&format!("l{list}"), i.to_string())).collect())
                .collect();
            let sources: Vec<&[Lineage]> = sources.iter().map(Vec::as_slice).collect();
            let Ok(rows) = join(&sources, pairing, most(1_000)) else { return Ok(()) };
            let mut seen = BTreeSet::new();
            for row in rows {
                let mut origins = Lineage::none();
                for (source, pick) in sources.iter().zip(&row.picks) {
                    origins.merge(&source[*pick as usize]);
                }
                prop_assert_eq!(&origins, &row.lineage);
                prop_assert!(seen.insert(row.lineage.to_string()));
            }
        }
    }
}
