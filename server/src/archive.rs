//! What nodes show, as files with names: for people who take their work elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use gesso_protocol::fold::fold;
use gesso_protocol::ids::AssetId;
use gesso_protocol::names::turns_direction;
use gesso_protocol::schema::{Canvas, Chosen, Generation, Node, NodeResult};
use gesso_protocol::values::file_ending;
use sanitize_filename::{Options, sanitize_with_options};

/// The most bytes of a file's name before its number and ending: systems take 255 of the whole.
const STEM_BYTES_MAX: usize = 200;
/// Stands for what no file's name may hold.
const INSTEAD: &str = "-";

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Its path, without a duplicate in the archive: a folder for a node with several files.
    pub path: String,
    /// Its content.
    pub content: FileContent,
}

/// The content of a file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// An asset.
    Asset(AssetId),
    /// A text.
    Text(String),
}

/// The files of these nodes, or of all where `wanted` is `None`, by the order in which nodes are read (down, then
/// across): all results of every item as it stands, what a choice names, and what people put into uploads.
pub fn files(canvas: &Canvas, wanted: Option<&BTreeSet<String>>) -> Vec<ArchiveFile> {
    let is_wanted = |id: &str| wanted.is_none_or(|wanted| wanted.contains(id));
    let mut nodes: Vec<&Node> = canvas.nodes.values().filter(|node| is_wanted(&node.id)).collect();
    nodes.sort_by(|a, b| {
        a.pos[1].total_cmp(&b.pos[1]).then(a.pos[0].total_cmp(&b.pos[0])).then(a.id.cmp(&b.id))
    });
    let made: Made<'_> =
        canvas.generations.values().flatten().map(|made| (made.id.as_str(), made)).collect();
    let mut paths = Paths::default();
    let mut files = Vec::new();
    for node in nodes {
        let made = contents(canvas, node, &made);
        let stem = stem(node.shown_title());
        if let [(content, ending)] = made.as_slice() {
            let path = paths.free(&stem, &format!(".{ending}"));
            files.push(ArchiveFile { path, content: content.clone() });
            continue;
        }
        if made.is_empty() {
            continue;
        }
        let folder = paths.free(&stem, "");
        let digits = made.len().to_string().len().max(2);
        for (n, (content, ending)) in (1..).zip(made) {
            let path = format!("{folder}/{stem} {n:0digits$}.{ending}");
            files.push(ArchiveFile { path, content });
        }
    }
    files
}

/// Generations by their ids.
type Made<'c> = BTreeMap<&'c str, &'c Generation>;

/// What a node shows, item by item, with the endings of files.
fn contents(canvas: &Canvas, node: &Node, made: &Made<'_>) -> Vec<(FileContent, &'static str)> {
    let mut contents = Vec::new();
    let mut told = BTreeSet::new();
    let of_asset = |id: &str, mime: &str| (FileContent::Asset(AssetId::new(id)), file_ending(mime));
    let mut add = |id: &str| {
        let Some(made) = made.get(id).filter(|_| told.insert(id.to_owned())) else { return };
        match (&made.asset, &made.text) {
            (Some(id), _) => {
                contents.push(of_asset(id, made.mime.as_deref().unwrap_or_default()));
            }
            (None, Some(text)) => contents.push((FileContent::Text(text.clone()), "txt")),
            (None, None) => {}
        }
    };
    for id in canvas.results.get(&node.id).map(in_order).unwrap_or_default() {
        add(id);
    }
    for choice in node.output.values() {
        if let Some(id) = choice.chosen.generation() {
            add(id);
        }
    }
    let put = node.output.values().filter_map(|choice| match &choice.chosen {
        Chosen::Asset(asset) => Some(asset),
        Chosen::Generation(_) | Chosen::Nothing => None,
    });
    contents.extend(put.chain(&node.asset).map(|asset| of_asset(&asset.id, &asset.mime)));
    contents
}

/// The generations of a result, by the positions of its items.
fn in_order(result: &NodeResult) -> Vec<&str> {
    let mut items: Vec<_> = result.items.values().collect();
    items.sort_by_key(|item| item.n);
    items.into_iter().flat_map(|item| item.generations.iter().map(String::as_str)).collect()
}

/// Names that Windows keeps for devices, with any ending, besides those that `sanitize_filename` knows.
const DEVICES: [&str; 2] = ["conin$", "conout$"];

/// A title as the name of a file on every system.
fn stem(title: &str) -> String {
    let title: String = title.chars().filter(|c| !turns_direction(*c)).collect();
    let title = title.trim().trim_matches('.').trim();
    // What is before the first dot makes a name a device's, without blanks around it.
    let title = match title.split_once('.') {
        Some((base, rest)) => format!("{}.{rest}", base.trim()),
        None => title.to_owned(),
    };
    let short = title[..title.floor_char_boundary(STEM_BYTES_MAX)].trim_end();
    let options = Options { windows: true, truncate: false, replacement: INSTEAD };
    let base = short.split('.').next().unwrap_or_default().trim().to_ascii_lowercase();
    match &*sanitize_with_options(short, options) {
        "" | INSTEAD => "Untitled".to_owned(),
        _ if DEVICES.contains(&&*base) => "Untitled".to_owned(),
        name => name.to_owned(),
    }
}

/// Paths that are taken, as systems compare them that know neither case nor one way to write an accent.
#[derive(Default)]
struct Paths {
    taken: BTreeSet<String>,
    /// The next number of a stem that is taken.
    next: BTreeMap<String, usize>,
}

impl Paths {
    /// Takes a path that is free: with a number where the name is taken.
    fn free(&mut self, stem: &str, ending: &str) -> String {
        let first = format!("{stem}{ending}");
        if self.taken.insert(fold(&first)) {
            return first;
        }
        let next = self.next.entry(fold(&first)).or_insert(2);
        loop {
            let path = format!("{stem} ({next}){ending}");
            *next += 1;
            if self.taken.insert(fold(&path)) {
                return path;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_protocol::schema::{ItemResult, OutputChoice};

    fn node(id: &str, title: &str, y: f64) -> Node {
        Node {
            id: id.to_owned(),
            kind: "image_generator".to_owned(),
            title: Some(title.to_owned()),
            pos: [0.0, y],
            ..Node::default()
        }
    }

    fn canvas(nodes: Vec<Node>) -> Canvas {
        Canvas {
            nodes: nodes.into_iter().map(|node| (node.id.clone(), node)).collect(),
            ..Canvas::default()
        }
    }

    fn picture(id: &str) -> Generation {
        Generation {
            id: id.to_owned(),
            asset: Some(format!("asset of {id}")),
            mime: Some("image/png".to_owned()),
            ..Generation::default()
        }
    }

    fn result(items: &[(&str, u32, &[&str])]) -> NodeResult {
        let item = |(key, n, made): &(&str, u32, &[&str])| {
            let generations = made.iter().map(|id| (*id).to_owned()).collect();
            ((*key).to_owned(), ItemResult { n: *n, generations, ..ItemResult::default() })
        };
        NodeResult { items: items.iter().map(item).collect(), ..NodeResult::default() }
    }

    fn paths(files: &[ArchiveFile]) -> Vec<&str> {
        files.iter().map(|file| file.path.as_str()).collect()
    }

    #[test]
    fn a_stack_is_a_folder_in_the_order_of_its_items() {
        let mut canvas = canvas(vec![node("g", "Shots", 0.0)]);
        canvas.generations.insert("g".to_owned(), ["d", "c", "b", "a", "old"].map(picture).into());
        canvas
            .results
            .insert("g".to_owned(), result(&[("y", 1, &["c", "d"]), ("z", 0, &["a", "b"])]));
        let files = files(&canvas, None);
        assert_eq!(
            paths(&files),
            [
                "Shots/Shots 01.png",
                "Shots/Shots 02.png",
                "Shots/Shots 03.png",
                "Shots/Shots 04.png"
            ]
        );
        let assets: Vec<_> = files.iter().map(|file| file.content.clone()).collect();
        assert_eq!(
            assets,
            ["a", "b", "c", "d"]
                .map(|id| FileContent::Asset(AssetId::new(format!("asset of {id}"))))
        );
    }

    #[test]
    fn what_is_chosen_is_there_once_and_what_was_put_in_where_nothing_was_made() {
        let mut chosen = node("g", "Hero", 0.0);
        let choice = OutputChoice { chosen: Chosen::Generation("old".to_owned()), after: None };
        chosen.output.insert(String::new(), choice);
        let mut canvas = canvas(vec![chosen, node("empty", "Empty", 1.0)]);
        canvas.generations.insert("g".to_owned(), ["old", "new"].map(picture).into());
        canvas.results.insert("g".to_owned(), result(&[("", 0, &["new"])]));
        assert_eq!(paths(&files(&canvas, None)), ["Hero/Hero 01.png", "Hero/Hero 02.png"]);
        canvas.results.insert("g".to_owned(), result(&[("", 0, &["old"])]));
        assert_eq!(paths(&files(&canvas, None)), ["Hero.png"]);
    }

    #[test]
    fn names_are_good_on_every_system_and_told_apart() {
        let long = "\u{1f98a}".repeat(60);
        let titles = [
            "A/B: \"c\"",
            "..",
            "a-b- -C-",
            "NUL",
            "same",
            "Same",
            &long,
            "\u{e9}",
            "e\u{301}",
            "\u{df}",
            "SS",
            "photo\u{202e}gnp",
            "aux .png",
            "Conin$.old",
        ];
        let nodes = (0..).zip(titles).map(|(y, title)| node(&format!("n{y}"), title, f64::from(y)));
        let mut canvas = canvas(nodes.collect());
        for id in canvas.nodes.keys() {
            let made = picture(&format!("made by {id}"));
            canvas.results.insert(id.clone(), result(&[("", 0, &[made.id.as_str()])]));
            canvas.generations.insert(id.clone(), vec![made]);
        }
        let all = files(&canvas, None);
        assert_eq!(
            paths(&all),
            [
                "A-B- -c-.png",
                "Untitled.png",
                "a-b- -C- (2).png",
                "Untitled (2).png",
                "same.png",
                "Same (2).png",
                &format!("{}.png", "\u{1f98a}".repeat(50)),
                "\u{e9}.png",
                "e\u{301} (2).png",
                "\u{df}.png",
                "SS (2).png",
                "photognp.png",
                "Untitled (3).png",
                "Untitled (4).png",
            ]
        );
        let some = files(&canvas, Some(&["n4".to_owned()].into()));
        assert_eq!(paths(&some), ["same.png"]);
    }
}
