//! Edits that were checked, and how they are written.

use super::model::Fields;
use crate::order;
use crate::schema::{self, Connection, NewItem, NewNode};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use yrs::TransactionMut;

/// Edits that were found to be right, ready to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    pub(super) writes: Vec<Write>,
    /// For each edit the id of what it made, if it made something.
    pub ids: Vec<Option<String>>,
}

/// A choice that was checked: its `use`, and what it counts after. `None` takes it back.
pub(super) type Choice = Option<(Value, Option<String>)>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Write {
    Add(Box<NewNode>),
    Fields {
        node: String,
        fields: Box<Fields>,
        items: Option<Vec<NewItem>>,
        asset: Option<Value>,
        output: Vec<(String, Choice)>,
    },
    Remove(String),
    /// With its place among the sources of its input.
    Connect(Connection, String),
    Disconnect(String),
    Meta(&'static str, String),
}

impl Checked {
    /// Leaves out what a later edit of the same ones writes over: a text that is set ten thousand times is written once.
    /// Each replacement would walk all that was replaced before it.
    pub(super) fn without_overwritten(mut self) -> Self {
        let mut later: BTreeMap<String, Later> = BTreeMap::new();
        for write in self.writes.iter_mut().rev() {
            match write {
                Write::Fields { node, fields, items, asset, output } => {
                    let later = later.entry(node.clone()).or_default();
                    later.keep_first(fields, items, asset, output);
                }
                // What was written before belongs to another node of that id, or is removed with it.
                Write::Add(node) => drop(later.remove(&node.id)),
                Write::Remove(node) => {
                    later.insert(node.clone(), Later { is_removed: true, ..Later::default() });
                }
                Write::Connect(..) | Write::Disconnect(_) | Write::Meta(..) => {}
            }
        }
        self
    }

    /// Writes them, in one transaction.
    pub fn apply(&self, txn: &mut TransactionMut<'_>) {
        let mut top = schema::top_z(txn);
        // Completing a node reads all of it: once for each, however many edits there are.
        let mut complete: BTreeSet<&str> = BTreeSet::new();
        let mut titled: BTreeSet<String> = BTreeSet::new();
        let mut writes = self.writes.iter().peekable();
        while let Some(write) = writes.next() {
            match write {
                Write::Add(node) => {
                    let mut node = NewNode::clone(node);
                    let z = node.z.get_or_insert_with(|| order::after(&top));
                    top = top.max(z.clone());
                    schema::add_node(txn, &node);
                    complete.remove(&*node.id);
                }
                Write::Remove(node) => {
                    // Each removal looks through all edges: a row of them does so once.
                    let mut row = vec![node.clone()];
                    while let Some(Write::Remove(next)) =
                        writes.next_if(|next| matches!(next, Write::Remove(_)))
                    {
                        row.push(next.clone());
                    }
                    schema::remove_nodes(txn, &row);
                    for node in &row {
                        complete.remove(&**node);
                    }
                }
                Write::Connect(connection, z) => {
                    schema::connect_at(txn, connection, z);
                }
                Write::Disconnect(key) => schema::disconnect(txn, key),
                Write::Meta(key, value) => schema::set_meta(txn, key, value),
                Write::Fields { node, fields, items, asset, output } => {
                    // What a foreign writer put where a Y type belongs becomes one first, with its values.
                    if complete.insert(node) {
                        schema::repair(txn, node);
                    }
                    write_fields(txn, node, fields);
                    if fields.plain.contains_key("title") {
                        titled.insert(node.clone());
                    }
                    if let Some(items) = items {
                        schema::set_items(txn, node, items);
                    }
                    if let Some(asset) = asset {
                        schema::set_node_value(txn, node, "asset", asset);
                    }
                    for (item, choice) in output {
                        let choice = choice.as_ref();
                        let choice =
                            choice.map(|(chosen, after)| (chosen.clone(), after.as_deref()));
                        schema::set_output(txn, node, item, choice);
                    }
                }
            }
        }
        if !titled.is_empty() {
            schema::follow_titles(txn, &titled);
        }
    }
}

fn write_fields(txn: &mut TransactionMut<'_>, node: &str, fields: &Fields) {
    for (key, value) in &fields.plain {
        schema::set_node_value(txn, node, key, value);
    }
    for (key, value) in &fields.settings {
        schema::set_setting(txn, node, key, value);
    }
    for (field, wanted) in [("text", &fields.text), ("negative", &fields.negative)] {
        if let (Some(wanted), Some(text)) = (wanted, schema::text_of(txn, node, field)) {
            schema::splice_text(txn, &text, wanted);
        }
    }
    for (generation, starred) in &fields.stars {
        schema::set_star(txn, node, generation, *starred);
    }
}

/// Parts of a node that later edits write.
#[derive(Default)]
struct Later {
    is_removed: bool,
    /// Keys, settings, favourites and items' choices, each with a letter in front that tells them apart.
    keys: BTreeSet<(char, String)>,
}

impl Later {
    /// Notes what an edit writes, and takes from it what later ones write.
    fn keep_first(
        &mut self,
        fields: &mut Fields,
        items: &mut Option<Vec<NewItem>>,
        asset: &mut Option<Value>,
        output: &mut Vec<(String, Choice)>,
    ) {
        let is_removed = self.is_removed;
        let mut is_last =
            |of: char, key: &str| !is_removed && self.keys.insert((of, key.to_owned()));
        fields.plain.retain(|key, _| is_last('p', key));
        fields.settings.retain(|key, _| is_last('s', key));
        fields.stars.retain(|generation, _| is_last('f', generation));
        output.retain(|(item, _)| is_last('o', item));
        fields.text.take_if(|_| !is_last('t', "text"));
        fields.negative.take_if(|_| !is_last('t', "negative"));
        items.take_if(|_| !is_last('t', "items"));
        asset.take_if(|_| !is_last('t', "asset"));
    }
}
