use std::collections::BTreeMap;

use gesso_protocol::schema::{ListItem, Node};

use super::*;

fn failure(code: &str, detail: &str) -> Failure {
    Failure { node: None, code: code.to_owned(), detail: detail.to_owned(), hint: String::new() }
}

fn entry(id: &str, text: &str) -> ListItem {
    ListItem { id: id.to_owned(), z: String::new(), content: ItemContent::Text(text.to_owned()) }
}

fn result(n: u32, state: NodeState, made: &[&str]) -> ItemResult {
    let generations = made.iter().map(|id| (*id).to_owned()).collect();
    ItemResult { n, state, generations, ..ItemResult::default() }
}

/// A list of three and a generator: the second item failed, the third was blocked.
fn canvas() -> Canvas {
    let mut canvas = Canvas::default();
    let list = Node {
        id: "l".to_owned(),
        kind: "list".to_owned(),
        items: vec![entry("a", "The lantern room"), entry("b", "Storm"), entry("c", "Dunes")],
        ..Node::default()
    };
    let image = Node { id: "p".to_owned(), kind: "image_generator".to_owned(), ..Node::default() };
    canvas.nodes = BTreeMap::from([("l".to_owned(), list), ("p".to_owned(), image)]);
    let made = Generation {
        id: "g1".to_owned(),
        key: "l=a".to_owned(),
        asset: Some("pic".to_owned()),
        mime: Some("image/webp".to_owned()),
        ..Generation::default()
    };
    canvas.generations.insert("p".to_owned(), vec![made]);
    let mut hole = result(1, NodeState::Failed, &[]);
    hole.error = Some(failure("moderation", "The prompt was refused"));
    let mut blocked = result(2, NodeState::Idle, &[]);
    blocked.error = Some(failure("blocked", "blocked by “X”"));
    let items = BTreeMap::from([
        ("l=c".to_owned(), blocked),
        ("l=b".to_owned(), hole),
        ("l=a".to_owned(), result(0, NodeState::Completed, &["g1"])),
    ]);
    let node = NodeResult { state: NodeState::Completed, items, ..NodeResult::default() };
    canvas.results.insert("p".to_owned(), node);
    canvas
}

#[test]
fn items_come_in_order_with_their_names_and_states() {
    let canvas = canvas();
    let keys = batch_keys(&canvas, "p");
    assert_eq!(keys, ["l=a", "l=b", "l=c"]);
    let items: Vec<Item> =
        keys.iter().enumerate().filter_map(|(i, key)| item(&canvas, "p", key, i + 1)).collect();
    let labels: Vec<&str> = items.iter().map(|i| i.label.as_str()).collect();
    assert_eq!(labels, ["The lantern room", "Storm", "Dunes"]);
    let status: Vec<NodeStatus> = items.iter().map(|i| i.status).collect();
    assert_eq!(status, [NodeStatus::Completed, NodeStatus::Failed, NodeStatus::Blocked]);
    assert!(matches!(&items[0].showing, Showing::Asset(asset) if asset.id == "pic"));
    assert_eq!(items[1].showing, Showing::Nothing);
    let counts = Counts::of(&canvas, "p");
    assert_eq!(counts.sentence(), "1 done, 1 failed, 1 blocked");
    assert_eq!(counts.badge(), "1 of 3");
}

#[test]
fn one_result_is_no_batch() {
    let mut canvas = canvas();
    let single = BTreeMap::from([(String::new(), result(0, NodeState::Completed, &["g1"]))]);
    canvas.results.get_mut("p").expect("it was put there").items = single;
    assert!(batch_keys(&canvas, "p").is_empty());
}

#[test]
fn a_call_that_is_retried_says_so() {
    let mut running = result(0, NodeState::Running, &[]);
    assert_eq!(NodeStatus::of_item(&running), NodeStatus::Running);
    running.error = Some(failure("retrying", "Too busy. Attempt 2 of 3 in 4 s."));
    assert_eq!(NodeStatus::of_item(&running), NodeStatus::Retrying);
    let mut free = result(0, NodeState::Completed, &["g1"]);
    free.reused = true;
    assert_eq!(NodeStatus::of_item(&free).word(), "Reused, free");
}

#[test]
fn candidates_are_found_wherever_they_are() {
    let mut canvas = canvas();
    assert!(matches!(candidate(&canvas, "g1"), Showing::Asset(_)));
    assert_eq!(candidate(&canvas, "b"), Showing::Text("Storm".to_owned()));
    assert_eq!(candidate(&canvas, "gone"), Showing::Nothing);
    canvas.generations.clear();
    assert_eq!(candidate(&canvas, "g1"), Showing::Nothing);
}

#[test]
fn what_hangs_on_a_rejected_candidate_is_no_part_of_the_result() {
    let mut canvas = canvas();
    let node = canvas.results.get_mut("p").expect("it was put there");
    node.items.insert("l=d".to_owned(), result(3, NodeState::Cancelled, &[]));
    assert_eq!(batch_keys(&canvas, "p").len(), 3);
    assert_eq!(Counts::of(&canvas, "p").total, 3);
    canvas.results.get_mut("p").expect("it was put there").state = NodeState::Cancelled;
    assert_eq!(batch_keys(&canvas, "p").len(), 4, "of a run that was stopped it is");
}

#[test]
fn every_result_of_an_item_is_listed() {
    let mut canvas = canvas();
    let made = |id: &str, key: &str| Generation {
        id: id.to_owned(),
        key: key.to_owned(),
        text: Some(format!("text of {id}")),
        ..Generation::default()
    };
    let items = [("l=a", ["g1", "g2"]), ("l=b", ["g3", "g4"])];
    let held = items.iter().flat_map(|(key, ids)| ids.map(|id| made(id, key)));
    canvas.generations.insert("p".to_owned(), held.collect());
    let result = canvas.results.get_mut("p").unwrap();
    result.items = (0..)
        .zip(&items)
        .map(|(n, (key, ids))| ((*key).to_owned(), self::result(n, NodeState::Completed, ids)))
        .collect();
    let refs = result_refs(&canvas, "p");
    let told: Vec<(usize, &str, &str)> = refs
        .iter()
        .map(|r| (r.n, r.key.as_str(), r.one.as_ref().map_or("", |(_, id)| id.as_str())))
        .collect();
    let wanted = [(1, "l=a", "g1"), (1, "l=a", "g2"), (2, "l=b", "g3"), (2, "l=b", "g4")];
    assert_eq!(told, wanted);
    let shown = item_as(&canvas, "p", &refs[1]).unwrap();
    assert_eq!(shown.showing, Showing::Text("text of g2".to_owned()));
    assert_eq!(shown.label, "The lantern room · Result 2");
    let counts = Counts::of(&canvas, "p");
    assert_eq!((counts.total, counts.results), (2, 4));
    assert_eq!(counts.badge(), "2 items ×2");
    // One item with several results is a stack as well.
    let result = canvas.results.get_mut("p").unwrap();
    result.items =
        BTreeMap::from([(String::new(), self::result(0, NodeState::Completed, &["g1", "g2"]))]);
    assert_eq!(result_refs(&canvas, "p").len(), 2);
    assert_eq!(Counts::of(&canvas, "p").badge(), "×2");
    // A preview of a node with one result goes through all it ever made.
    canvas.results.get_mut("p").unwrap().items.get_mut("").unwrap().generations.truncate(1);
    assert_eq!(result_refs(&canvas, "p").len(), 1);
    assert_eq!(gallery(&canvas, "p").len(), 4);
}
