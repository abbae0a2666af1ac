//! Where an item of a batch comes from, and how the inputs of a step are joined on that (DESIGN §4, Batches).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// The origins of an item, by node: lists (item id), nodes that send all (`0`, `1`, …), camera angles and evaluators
/// of several edges. Nothing outside a batch. Written as an item's key: `node=id` joined by `,` in node order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lineage(BTreeMap<String, String>);

impl Lineage {
    /// An item outside a batch.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Reads an item's key; whatever is no origin in it counts as one without a node.
    pub fn parse(key: &str) -> Self {
        let parts = key.split(',').filter(|part| !part.is_empty());
        Self(
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
        more.0.insert(node.to_owned(), id.into());
        more
    }

    /// Without an origin.
    #[must_use]
    pub fn without(&self, node: &str) -> Self {
        let mut fewer = self.clone();
        fewer.0.remove(node);
        fewer
    }

    /// The id it has from a node.
    pub fn origin(&self, node: &str) -> Option<&str> {
        self.0.get(node).map(String::as_str)
    }

    /// Whether it is outside a batch.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    fn merged(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        merged.0.extend(other.0.iter().map(|(node, id)| (node.clone(), id.clone())));
        merged
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (node, id)) in self.0.iter().enumerate() {
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

/// How inputs that share no origin are paired where their lengths differ: the setting `batch` of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// The last item of the shorter is used again.
    PairRepeatLast,
    /// What is left of the longer is not used.
    PairShortest,
    /// Each with each.
    AllCombinations,
}

impl Pairing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PairRepeatLast, Self::PairShortest, Self::AllCombinations];

    /// Its name in settings.
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
    /// It would be more rows than allowed.
    TooMany,
}

/// Joins the sources of a step, each as the lineages of its items, into rows of at most `most`: on the origins
/// that they share, by position where they share none; a single item goes with every other.
///
/// # Errors
/// See [`JoinError`].
pub fn join(
    sources: &[&[Lineage]],
    pairing: Option<Pairing>,
    most: usize,
) -> Result<Vec<Row>, JoinError> {
    if sources.iter().any(|items| items.is_empty()) {
        return Ok(Vec::new());
    }
    let mut parts: Vec<Part> = Vec::new();
    for members in groups(sources) {
        let mut part = Part::of(&members, sources, most)?;
        part.rows.shrink_to_fit();
        parts.push(part);
    }
    let lengths: Vec<usize> =
        parts.iter().map(|part| part.rows.len()).filter(|n| *n != 1).collect();
    let differ = lengths.windows(2).any(|pair| pair[0] != pair[1]);
    if differ && pairing.is_none() {
        return Err(JoinError::Lengths(lengths));
    }
    let mut joined = Part { sources: Vec::new(), rows: vec![(Lineage::none(), Vec::new())] };
    for part in parts {
        joined = joined.paired(part, pairing, most)?;
    }
    let mut place = vec![0; sources.len()];
    for (at, source) in joined.sources.iter().enumerate() {
        place[*source] = at;
    }
    let row = |(lineage, picks): (Lineage, Vec<u32>)| Row {
        lineage,
        picks: place.iter().map(|at| picks[*at]).collect(),
    };
    Ok(joined.rows.into_iter().map(row).collect())
}

/// Sources that share origins, directly or through others, in order of their first.
fn groups(sources: &[&[Lineage]]) -> Vec<Vec<usize>> {
    let origins: Vec<BTreeSet<&str>> = sources
        .iter()
        .map(|items| items.iter().flat_map(|item| item.0.keys().map(String::as_str)).collect())
        .collect();
    let mut left: Vec<usize> = (0..sources.len()).collect();
    let mut groups = Vec::new();
    while !left.is_empty() {
        let mut group = vec![left.remove(0)];
        let mut known = origins[group[0]].clone();
        while let Some(at) = left.iter().position(|s| !origins[*s].is_disjoint(&known)) {
            let source = left.remove(at);
            known.extend(&origins[source]);
            group.push(source);
        }
        groups.push(group);
    }
    groups
}

/// Some of the sources, joined: picks are in the order of `sources`.
struct Part {
    sources: Vec<usize>,
    rows: Vec<(Lineage, Vec<u32>)>,
}

impl Part {
    /// Sources that hang together, joined on what they share.
    fn of(members: &[usize], sources: &[&[Lineage]], most: usize) -> Result<Self, JoinError> {
        let mut part = Self { sources: Vec::new(), rows: vec![(Lineage::none(), Vec::new())] };
        for member in members {
            let items = sources[*member];
            part = part.joined(*member, items, most)?;
        }
        Ok(part)
    }

    fn joined(mut self, source: usize, items: &[Lineage], most: usize) -> Result<Self, JoinError> {
        let mine: BTreeSet<&String> = self.rows.iter().flat_map(|(l, _)| l.0.keys()).collect();
        let theirs: BTreeSet<&String> = items.iter().flat_map(|item| item.0.keys()).collect();
        let shared: Vec<&String> = mine.intersection(&theirs).copied().collect();
        let values = |lineage: &Lineage| -> Vec<Option<String>> {
            shared.iter().map(|node| lineage.0.get(*node).cloned()).collect()
        };
        let mut by_value: BTreeMap<Vec<Option<String>>, Vec<u32>> = BTreeMap::new();
        for (at, item) in (0_u32..).zip(items) {
            by_value.entry(values(item)).or_default().push(at);
        }
        let mut rows = Vec::with_capacity(self.rows.len().max(items.len()));
        for (lineage, picks) in &self.rows {
            for at in by_value.get(&values(lineage)).into_iter().flatten() {
                if rows.len() >= most {
                    return Err(JoinError::TooMany);
                }
                let mut picks = picks.clone();
                picks.push(*at);
                rows.push((lineage.merged(&items[*at as usize]), picks));
            }
        }
        self.sources.push(source);
        self.rows = rows;
        Ok(self)
    }

    /// Two parts that share nothing, by position.
    fn paired(self, other: Self, pairing: Option<Pairing>, most: usize) -> Result<Self, JoinError> {
        let (a, b) = (self.rows.len(), other.rows.len());
        let pairs: Vec<(usize, usize)> = if a == 0 || b == 0 {
            Vec::new()
        } else if pairing == Some(Pairing::AllCombinations) {
            if a.saturating_mul(b) > most {
                return Err(JoinError::TooMany);
            }
            (0..a).flat_map(|i| (0..b).map(move |j| (i, j))).collect()
        } else {
            // A single item goes with every other, whatever the setting says of lists.
            let rows = match pairing {
                Some(Pairing::PairShortest) if a != 1 && b != 1 => a.min(b),
                _ => a.max(b),
            };
            (0..rows).map(|i| (i.min(a - 1), i.min(b - 1))).collect()
        };
        let rows = pairs
            .into_iter()
            .map(|(i, j)| {
                let ((left, picks), (right, more)) = (&self.rows[i], &other.rows[j]);
                (left.merged(right), picks.iter().chain(more).copied().collect())
            })
            .collect();
        let sources = self.sources.into_iter().chain(other.sources).collect();
        Ok(Self { sources, rows })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(keys: &str) -> Vec<Lineage> {
        keys.split(' ').map(|key| Lineage::parse(key.trim_matches('-'))).collect()
    }

    fn joined(sources: &[&str], pairing: Option<Pairing>) -> Result<Vec<String>, JoinError> {
        let sources: Vec<Vec<Lineage>> = sources.iter().map(|keys| items(keys)).collect();
        let sources: Vec<&[Lineage]> = sources.iter().map(Vec::as_slice).collect();
        let rows = join(&sources, pairing, 100)?;
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
        assert_eq!(join(&[&[], &[Lineage::none()]], None, 10), Ok(Vec::new()));
        let many = items(&(0..20).map(|i| format!("l={i}")).collect::<Vec<_>>().join(" "));
        let more = items(&(0..20).map(|i| format!("m={i}")).collect::<Vec<_>>().join(" "));
        let all = join(&[&many, &more], Some(Pairing::AllCombinations), 100);
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
            let Ok(rows) = join(&sources, pairing, 1_000) else { return Ok(()) };
            let mut seen = BTreeSet::new();
            for row in rows {
                let mut origins = Lineage::none();
                for (source, pick) in sources.iter().zip(&row.picks) {
                    origins = origins.merged(&source[*pick as usize]);
                }
                prop_assert_eq!(&origins, &row.lineage);
                prop_assert!(seen.insert(row.lineage.to_string()));
            }
        }
    }
}
