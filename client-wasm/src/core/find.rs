//! Finding cards of a canvas by their words.

use gesso_protocol::fold::{fold, has_all_words};
use gesso_protocol::schema::{Canvas, ItemContent, Node};

use super::geometry::Rect;
use super::reading_order::reading_order;
use super::words::line;

/// The longest line that is shown of a card's text, in characters.
const LINE_MAX: usize = 60;

/// A card that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The node.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// The line of its text that has the words, else the first.
    pub line: String,
}

/// The cards whose title or text has all words of a query, in reading order, those whose title has them first. Without a
/// query all of them. `rects` are the places of the cards.
pub fn cards(
    canvas: &Canvas,
    rects: impl IntoIterator<Item = (String, Rect)>,
    query: &str,
) -> Vec<Found> {
    let order = reading_order(rects);
    let (mut by_title, mut by_text) = (Vec::new(), Vec::new());
    for node in order.iter().filter_map(|id| canvas.nodes.get(id)) {
        let title = node.shown_title();
        let texts = texts(node);
        if has_all_words(title, query) {
            by_title.push(found(node, &texts, query));
        } else if has_all_words(&format!("{title} {}", texts.join(" ")), query) {
            by_text.push(found(node, &texts, query));
        }
    }
    by_title.extend(by_text);
    by_title
}

/// What people wrote on a card.
fn texts(node: &Node) -> Vec<&str> {
    let items = node.items.iter().map(|item| match &item.content {
        ItemContent::Text(text) => text.as_str(),
        ItemContent::Asset(asset) => asset.name.as_str(),
    });
    let file = node.asset.iter().map(|asset| asset.name.as_str());
    [node.text.as_str(), node.negative.as_str()].into_iter().chain(file).chain(items).collect()
}

fn found(node: &Node, texts: &[&str], query: &str) -> Found {
    let words = fold(query);
    let has_one = |text: &&str| {
        let text = fold(text);
        words.split_whitespace().any(|word| text.contains(word))
    };
    let lines = || texts.iter().flat_map(|text| text.lines()).filter(|l| !l.trim().is_empty());
    let shown = lines().find(has_one).or_else(|| lines().next()).unwrap_or_default();
    Found {
        id: node.id.clone(),
        kind: node.kind.clone(),
        title: node.shown_title().to_owned(),
        line: line(shown, LINE_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_protocol::schema::ListItem;

    fn node(id: &str, title: &str, text: &str) -> Node {
        Node {
            id: id.to_owned(),
            kind: "text".to_owned(),
            title: Some(title.to_owned()),
            text: text.to_owned(),
            ..Node::default()
        }
    }

    #[test]
    fn titles_come_first_and_the_line_with_the_words_is_shown() {
        let mut canvas = Canvas::default();
        let mut list = node("c", "Scenes", "");
        list.items.push(ListItem {
            id: "i".to_owned(),
            z: String::new(),
            content: ItemContent::Text("Die Straße am Abend".to_owned()),
        });
        for node in [
            node("a", "Opening", "A lake.\nThen the storm comes."),
            node("b", "Storm", "Rain."),
            list,
        ] {
            canvas.nodes.insert(node.id.clone(), node);
        }
        let rects = || {
            ["a", "b", "c"]
                .into_iter()
                .enumerate()
                .map(|(at, id)| (id.to_owned(), Rect::new(at as f64 * 300.0, 0.0, 200.0, 100.0)))
        };
        let told = |query: &str| -> Vec<(String, String)> {
            cards(&canvas, rects(), query).into_iter().map(|f| (f.id, f.line)).collect()
        };
        let pair = |id: &str, line: &str| (id.to_owned(), line.to_owned());
        assert_eq!(told("storm"), [pair("b", "Rain."), pair("a", "Then the storm comes.")]);
        assert_eq!(told("STRASSE"), [pair("c", "Die Straße am Abend")]);
        assert_eq!(told("opening storm"), [pair("a", "Then the storm comes.")]);
        assert_eq!(told("").len(), 3);
        assert!(told("dragon").is_empty());
    }
}
