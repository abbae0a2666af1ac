//! Typed edits for clients that are not CRDTs (R-HTTP-45): checked against the canvas as a whole, then
//! written in one transaction, all or nothing.

mod checked;
#[cfg(feature = "openapi")]
mod described;
mod model;
mod parse;

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Drag, Graph};
use crate::nodes;
use crate::order;
use crate::problem::{ErrorCode, NodeProblem, Refusal};
use crate::schema::{
    self, Canvas, Connection, Edge, ItemContent, ListItem, NewItem, NewNode, Node, UNREADABLE,
};
use crate::values::AssetRef;
use serde_json::{Value, json};

pub use checked::Checked;
use checked::{Choice, Write};
#[cfg(feature = "openapi")]
pub use described::Edits;
pub use model::{Edit, FieldAsset, FieldChoice, FieldChosen, FieldItem, Fields};

/// Reads a JSON array of edits.
///
/// # Errors
/// `bad_request` with the number of the edit and what is wrong with it.
pub fn parse(value: &Value) -> Result<Vec<Edit>, Refusal> {
    parse::edits(value)
}

/// The ids of all assets that the edits name, for the caller to look up.
pub fn asset_ids(edits: &[Edit]) -> BTreeSet<String> {
    let id = |asset: &FieldAsset| match asset {
        FieldAsset::Id(id) => id.clone(),
        FieldAsset::Whole(asset) => asset.id.clone(),
    };
    let mut ids = BTreeSet::new();
    for edit in edits {
        let (Edit::AddNode { fields, .. } | Edit::Set { fields, .. }) = edit else { continue };
        ids.extend(fields.asset.iter().flatten().map(id));
        let items = fields.items.iter().flatten();
        ids.extend(items.filter_map(|item| item.content.as_ref().err()).map(id));
        let chosen = fields.output.values().flatten().filter_map(|choice| choice.chosen.as_ref());
        ids.extend(chosen.filter_map(|chosen| match chosen {
            FieldChosen::Asset(asset) => Some(id(asset)),
            FieldChosen::Generation(_) => None,
        }));
    }
    ids
}

/// About how many bytes edits add to a document; what only removes adds none.
pub fn weight(edits: &[Edit]) -> usize {
    /// Weight of a node, a connection or an entry of a list besides its words, in bytes.
    const ENTRY: usize = 100;
    let value = |value: &Value| value.to_string().len();
    let of_fields = |fields: &Fields| {
        let texts = fields.text.iter().chain(&fields.negative).map(String::len).sum::<usize>();
        let plain = fields.plain.iter().chain(&fields.settings);
        let plain = plain.map(|(key, held)| key.len() + value(held)).sum::<usize>();
        let items = fields.items.iter().flatten();
        let items = items.map(|item| ENTRY + item.content.as_ref().map_or(ENTRY, String::len));
        let parts = fields.output.len() + fields.stars.len() + usize::from(fields.asset.is_some());
        texts + plain + items.sum::<usize>() + parts * ENTRY
    };
    let of = |edit: &Edit| match edit {
        Edit::AddNode { fields, .. } => ENTRY + of_fields(fields),
        Edit::Set { fields, .. } => of_fields(fields),
        Edit::Connect(_) => ENTRY,
        Edit::SetMeta { name, description } => {
            name.iter().chain(description).map(String::len).sum()
        }
        Edit::RemoveNode { .. } | Edit::Disconnect { .. } => 0,
    };
    edits.iter().map(of).sum()
}

/// Checks all edits against `canvas`, one after the other, each in the light of those before it.
/// `assets` holds the facts of every asset they name, `nodes_max` is the most entries `nodes` may have, `fresh_id`
/// makes up ids.
///
/// # Errors
/// The first refusal; nothing may be written then.
pub fn check(
    canvas: &Canvas,
    edits: &[Edit],
    assets: &BTreeMap<String, AssetRef>,
    nodes_max: usize,
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Checked, Refusal> {
    let mut checker = Checker {
        graph: None,
        loose: BTreeMap::new(),
        connected: Vec::new(),
        canvas: canvas.clone(),
        assets,
        nodes_max,
        fresh_id,
        checked: Checked::default(),
    };
    let of = |number: usize| {
        move |mut refusal: Refusal| {
            refusal.detail = format!("Edit {}: {}", number + 1, refusal.detail);
            refusal
        }
    };
    for (number, edit) in edits.iter().enumerate() {
        checker.edit(number, edit).map_err(of(number))?;
    }
    checker.check_loops().map_err(|(number, refusal)| of(number)(refusal))?;
    Ok(checker.checked.without_overwritten())
}

struct Checker<'a> {
    /// Read when it is first asked for, then kept in line with the edits: reading it for each would take time that
    /// grows with the square of the canvas.
    graph: Option<Graph>,
    /// Node → edges of the canvas that touch it and do not count, as they were when the graph was read.
    loose: BTreeMap<String, Vec<String>>,
    /// Connections made: the number of the edit and the key.
    connected: Vec<(usize, String)>,
    canvas: Canvas,
    assets: &'a BTreeMap<String, AssetRef>,
    nodes_max: usize,
    fresh_id: &'a mut dyn FnMut() -> String,
    checked: Checked,
}

impl Checker<'_> {
    fn graph(&mut self) -> &mut Graph {
        let (canvas, loose) = (&self.canvas, &mut self.loose);
        self.graph.get_or_insert_with(|| {
            let graph = Graph::materialize(canvas);
            for edge in canvas.edges.values().filter(|edge| graph.edge(&edge.key).is_none()) {
                for node in [&edge.from_node, &edge.to_node] {
                    loose.entry(node.clone()).or_default().push(edge.key.clone());
                }
            }
            graph
        })
    }

    fn edit(&mut self, number: usize, edit: &Edit) -> Result<(), Refusal> {
        let (write, id) = match edit {
            Edit::AddNode { id, kind, fields } => self.add_node(id.as_deref(), kind, fields)?,
            Edit::Set { node, fields } => (self.set(node, fields)?, None),
            Edit::RemoveNode { node } => (self.remove_node(node)?, None),
            Edit::Connect(connection) => self.connect(number, connection)?,
            Edit::Disconnect { key } => {
                if self.canvas.edges.remove(key).is_none() && !self.canvas.odd_edges.remove(key) {
                    return Err(not_found(format!("There is no connection {key}.")));
                }
                if let Some(graph) = &mut self.graph {
                    graph.remove_edge(key);
                }
                (Write::Disconnect(key.clone()), None)
            }
            Edit::SetMeta { name, description } => {
                let name = name.iter().map(|name| Write::Meta("name", name.clone()));
                let about = description.iter().map(|d| Write::Meta("description", d.clone()));
                self.checked.writes.extend(name.chain(about));
                self.checked.ids.push(None);
                return Ok(());
            }
        };
        self.checked.writes.push(write);
        self.checked.ids.push(id);
        Ok(())
    }

    fn known(&self, node: &str) -> Result<&Node, Refusal> {
        let missing = || not_found(format!("There is no node {node}."));
        self.canvas.nodes.get(node).ok_or_else(missing)
    }

    /// Removes whatever stands under a key of `nodes`, and the edges that touch it.
    fn remove_node(&mut self, node: &str) -> Result<Write, Refusal> {
        if !self.canvas.odd_nodes.remove(node) {
            self.known(node)?;
        }
        let mut keys = self.graph().remove_node(node);
        keys.extend(self.loose.remove(node).unwrap_or_default());
        self.canvas.nodes.remove(node);
        for key in keys {
            self.canvas.edges.remove(&key);
        }
        Ok(Write::Remove(node.to_owned()))
    }

    fn add_node(
        &mut self,
        id: Option<&str>,
        kind: &str,
        fields: &Fields,
    ) -> Result<(Write, Option<String>), Refusal> {
        if nodes::spec(kind).is_none() {
            let detail = format!("There is no node kind “{kind}”.");
            return Err(Refusal::new(ErrorCode::BadRequest, detail));
        }
        let nodes_max = self.nodes_max;
        if self.canvas.nodes.len() + self.canvas.odd_nodes.len() >= nodes_max {
            let detail = format!("A canvas holds at most {nodes_max} nodes. Start another one.");
            return Err(Refusal::new(ErrorCode::TooLarge, detail));
        }
        let id = id.map_or_else(|| (self.fresh_id)(), str::to_owned);
        if self.canvas.nodes.contains_key(&id) {
            return Err(Refusal::new(
                ErrorCode::Conflict,
                format!("There is a node {id} already."),
            ));
        }
        let text = |key: &str| fields.plain.get(key).and_then(Value::as_str).map(str::to_owned);
        let flag = |key: &str| fields.plain.get(key) == Some(&Value::Bool(true));
        let pair = |key: &str| fields.plain.get(key).and_then(parse::pair);
        let items = self.items(fields)?.unwrap_or_default();
        let asset = self.asset(fields)?.flatten();
        let node = NewNode {
            id: id.clone(),
            kind: kind.to_owned(),
            pos: pair("pos").unwrap_or_default(),
            size: pair("size"),
            z: text("z"),
            parent: text("parent"),
            title: text("title"),
            color: text("color"),
            locked: flag("locked"),
            fixed: flag("fixed"),
            settings: fields
                .settings
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            text: fields.text.clone().unwrap_or_default(),
            negative: fields.negative.clone().unwrap_or_default(),
            items: items.clone(),
            asset: asset.clone(),
        };
        let read = Node {
            id: id.clone(),
            kind: kind.to_owned(),
            title: node.title.clone(),
            items: listed(&items),
            asset,
            ..Node::default()
        };
        if let Some(graph) = &mut self.graph {
            graph.change_node(&read);
        }
        self.canvas.nodes.insert(id.clone(), read);
        let add = Write::Add(Box::new(node));
        if fields.output.is_empty() && fields.stars.is_empty() {
            return Ok((add, Some(id)));
        }
        self.checked.writes.push(add);
        let stars = Fields { stars: fields.stars.clone(), ..Fields::default() };
        let write = Write::Fields {
            node: id.clone(),
            fields: Box::new(stars),
            items: None,
            asset: None,
            output: self.output(kind, fields)?,
        };
        Ok((write, Some(id)))
    }

    fn set(&mut self, node: &str, fields: &Fields) -> Result<Write, Refusal> {
        let kind = self.known(node)?.kind.clone();
        if kind == UNREADABLE {
            let detail = format!("{node} is no node that can be changed. Remove it.");
            return Err(Refusal::new(ErrorCode::BadRequest, detail));
        }
        let items = self.items(fields)?;
        let asset = self.asset(fields)?;
        let output = self.output(&kind, fields)?;
        if let Some(read) = self.canvas.nodes.get_mut(node) {
            if let Some(items) = &items {
                read.items = listed(items);
            }
            if let Some(asset) = &asset {
                read.asset.clone_from(asset);
            }
            if let Some(graph) = self.graph.as_mut().filter(|_| items.is_some() || asset.is_some())
            {
                graph.change_node(read);
            }
        }
        let asset = asset.map(|asset| asset.map_or(Value::Null, |asset| asset.to_value()));
        let (node, fields) = (node.to_owned(), Box::new(fields.clone()));
        Ok(Write::Fields { node, fields, items, asset, output })
    }

    fn connect(
        &mut self,
        number: usize,
        connection: &Connection,
    ) -> Result<(Write, Option<String>), Refusal> {
        let Connection { from, to, items_all } = connection;
        self.known(&from.0)?;
        let kind = self.known(&to.0)?.kind.clone();
        let graph = self.graph();
        // Whether it closes a loop is looked at once for all of them.
        let drag = Drag::between_ports(graph, &to.0, &to.1);
        let fit = drag.fits(graph, &from.0, &from.1);
        fit.map_err(|refusal| at_input(refusal, &to.0, &to.1))?;
        let key = schema::edge_key(&kind, (&from.0, &from.1), (&to.0, &to.1))
            .ok_or_else(|| not_found(format!("There is no input {}.", to.1)))?;
        let last = graph.sources(&to.0, &to.1).next_back().map(|edge| edge.edge.z.clone());
        let edge = Edge {
            key: key.clone(),
            from_node: from.0.clone(),
            from_port: from.1.clone(),
            to_node: to.0.clone(),
            to_port: to.1.clone(),
            z: order::after(&last.unwrap_or_default()),
            items_all: *items_all,
            is_plain: false,
        };
        graph.add_fitting_edge(edge.clone());
        let write = Write::Connect(connection.clone(), edge.z.clone());
        self.canvas.odd_edges.remove(&key);
        self.canvas.edges.insert(key.clone(), edge);
        self.connected.push((number, key.clone()));
        Ok((write, Some(key)))
    }

    /// Refuses the first connection that is on a loop after all edits. Loops that were there before are no fault of
    /// theirs.
    fn check_loops(&mut self) -> Result<(), (usize, Refusal)> {
        let Some(graph) = self.graph.as_mut().filter(|_| !self.connected.is_empty()) else {
            return Ok(());
        };
        graph.find_cycles();
        for (number, key) in &self.connected {
            let Some(edge) = graph.edge(key).map(|edge| &edge.edge) else { continue };
            let cycle = graph.cycle_of(&edge.from_node);
            if cycle.is_some() && cycle == graph.cycle_of(&edge.to_node) {
                return Err((*number, at_input(Drag::loops(), &edge.to_node, &edge.to_port)));
            }
        }
        Ok(())
    }

    fn fill_in(&self, asset: &FieldAsset) -> Result<AssetRef, Refusal> {
        let id = match asset {
            FieldAsset::Id(id) => id,
            FieldAsset::Whole(asset) => &asset.id,
        };
        let unknown = || not_found(format!("There is no asset {id}. Upload it first."));
        self.assets.get(id).cloned().ok_or_else(unknown)
    }

    fn asset(&self, fields: &Fields) -> Result<Option<Option<AssetRef>>, Refusal> {
        match &fields.asset {
            None => Ok(None),
            Some(None) => Ok(Some(None)),
            Some(Some(asset)) => self.fill_in(asset).map(|asset| Some(Some(asset))),
        }
    }

    fn output(&self, kind: &str, fields: &Fields) -> Result<Vec<(String, Choice)>, Refusal> {
        let choice = |(item, choice): (&String, &Option<FieldChoice>)| {
            let Some(FieldChoice { chosen, after }) = choice else {
                return Ok((item.clone(), None));
            };
            let chosen = match chosen {
                None => Value::Null,
                Some(FieldChosen::Generation(id)) => json!({"generation": id}),
                Some(FieldChosen::Asset(asset)) => {
                    let asset = self.fill_in(asset)?;
                    check_shown(kind, &asset)?;
                    json!({"asset": asset.to_value()})
                }
            };
            Ok((item.clone(), Some((chosen, after.clone()))))
        };
        fields.output.iter().map(choice).collect()
    }

    fn items(&mut self, fields: &Fields) -> Result<Option<Vec<NewItem>>, Refusal> {
        let Some(items) = &fields.items else { return Ok(None) };
        let mut new = Vec::with_capacity(items.len());
        let mut seen = BTreeSet::new();
        for item in items {
            let id = item.id.clone().unwrap_or_else(|| (self.fresh_id)());
            if !seen.insert(id.clone()) {
                let detail = format!("Two items have the id {id}.");
                return Err(Refusal::new(ErrorCode::BadRequest, detail));
            }
            let content = match &item.content {
                Ok(text) => ItemContent::Text(text.clone()),
                Err(asset) => ItemContent::Asset(self.fill_in(asset)?),
            };
            new.push(NewItem { id, content });
        }
        Ok(Some(new))
    }
}

/// Refuses a file in the place of results of another type (R-DOC-17).
fn check_shown(kind: &str, asset: &AssetRef) -> Result<(), Refusal> {
    let Some((spec, given)) = nodes::spec(kind).zip(asset.ty) else { return Ok(()) };
    if spec.may_show(Some(given)) {
        return Ok(());
    }
    let detail = format!(
        "A node of kind {kind} does not make {}. Choose a file of the type it makes.",
        given.article_label()
    );
    Err(Refusal::new(ErrorCode::TypeMismatch, detail))
}

fn listed(items: &[NewItem]) -> Vec<ListItem> {
    let item = |item: &NewItem| ListItem {
        id: item.id.clone(),
        z: String::new(),
        content: item.content.clone(),
    };
    items.iter().map(item).collect()
}

/// A refusal of a connection, as a sentence about its input.
fn at_input(mut refusal: Refusal, node: &str, port: &str) -> Refusal {
    refusal.detail.push('.');
    refusal.nodes = vec![NodeProblem::new(node, Some(port), refusal.code, &refusal.detail)];
    refusal
}

fn not_found(detail: String) -> Refusal {
    Refusal::new(ErrorCode::NotFound, detail)
}

#[cfg(test)]
mod tests;
