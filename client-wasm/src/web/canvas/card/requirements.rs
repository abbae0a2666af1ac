//! Requirements that a node lacks before it can run here, and how to get them.

use gesso_protocol::plan::model_of;
use gesso_protocol::pricing::value_key;
use leptos::prelude::*;

use crate::core::words::listed;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;

/// Why a node cannot run here, whatever comes into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The things that are missing, in a few words: "Needs ffmpeg".
    pub title: String,
    /// Ways to get them, a sentence each.
    pub hints: Vec<String>,
    /// Another model of the same kind that could run.
    pub instead: Option<(String, String)>,
}

impl Lack {
    /// All of it in one line.
    pub fn line(&self) -> String {
        format!("{}. {}", self.title, self.hints.join(" "))
    }
}

/// Returns the lack of the model that a node would run with; `None` where it can run.
pub fn lack(
    page: Page,
    kind: &str,
    settings: &std::collections::BTreeMap<String, serde_json::Value>,
) -> Option<Lack> {
    let catalog = page.catalog.get();
    if catalog.is_empty() {
        // The server has not told yet.
        return None;
    }
    let unusable = page.unusable.get();
    let usable = |m: &gesso_protocol::catalog::Model| !unusable.contains_key(&m.id);
    let Err(why) = model_of(&catalog, kind, settings, &usable) else { return None };
    let named = settings.get("model").filter(|v| !v.is_null()).map(value_key);
    let model = match &named {
        Some(id) => catalog.model(id).filter(|m| m.kind == kind),
        None => catalog.models_of(kind).next(),
    };
    let instead =
        catalog.models_of(kind).find(|m| usable(m)).map(|m| (m.id.clone(), m.name.clone()));
    let Some(model) = model else {
        let hint = match &instead {
            Some(_) => String::new(),
            None => "Whoever runs this server can add one to its catalogue.".to_owned(),
        };
        let title = match named {
            Some(id) => format!("There is no model “{id}” here"),
            None => "No model for this is installed here".to_owned(),
        };
        return Some(Lack { title, hints: vec![hint], instead });
    };
    let needs = unusable.get(&model.id).cloned().unwrap_or_default();
    let words: Vec<&str> = needs.split(", ").filter(|w| !w.is_empty()).collect();
    let hints = page.overlays.hints.with(|all| all.get(&model.id).cloned()).unwrap_or_default();
    let title = if words.is_empty() { why.clone() } else { format!("Needs {}", listed(&words)) };
    let hints = if hints.is_empty() && !words.is_empty() { vec![why] } else { hints };
    Some(Lack { title, hints, instead })
}

/// The same for a card.
pub fn of_card(card: &Card) -> Option<Lack> {
    let runs = card.signals.view.with(|v| {
        gesso_protocol::nodes::spec(&v.node.kind)
            .is_some_and(|s| s.runs() && s.kind != gesso_protocol::nodes::NodeKind::Evaluator)
    });
    let (kind, settings) =
        card.signals.view.with(|v| (v.node.kind.clone(), v.node.settings.clone()));
    if runs { lack(card.page, &kind, &settings) } else { None }
}

/// Says it, before anybody runs into it; a card has room for what, and its panel for what to do.
#[component]
pub fn Requirements(card: Card, #[prop(optional)] brief: bool) -> impl IntoView {
    let (page, id) = (card.page, card.id);
    let lack = Memo::new(move |_| of_card(&card));
    move || {
        lack.get().map(|lack| {
            let mut hints: Vec<String> = lack.hints.into_iter().filter(|h| !h.is_empty()).collect();
            if brief && !hints.is_empty() {
                hints = vec!["Select this node to see how to get it.".to_owned()];
            }
            let hints = hints.into_iter().map(|h| view! { <p>{h}</p> }).collect_view();
            let instead = lack.instead.map(|(model, name)| {
                let take = move |_| {
                    crate::web::canvas::actions::edit::set_setting(page, &id.get_value(), "model", &serde_json::json!(model));
                };
                view! { <div data-needs="edit" class="acts"><button class="btn s" on:click=take>{format!("Use {name}")}</button></div> }
            });
            view! {
                <div class="banner warn" role="note" data-code="missing">
                    {icon("warn")}<div><b>{lack.title}</b>{hints}{instead}</div>
                </div>
            }
        })
    }
}
