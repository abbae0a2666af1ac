//! Problems as values: stable codes, their HTTP status, and problems bound to nodes.

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident, $id:literal, $status:literal, $title:literal;)*) => {
        /// A stable code of R-HTTP-12; answers carry it as `code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ErrorCode { $( $(#[$doc])* #[serde(rename = $id)] $variant, )* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Name in answers.
            pub fn id(self) -> &'static str { match self { $(Self::$variant => $id,)* } }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 { match self { $(Self::$variant => $status,)* } }

            /// A short title for people.
            pub fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }
        }
    };
}

error_codes! {
    /// The request makes no sense as it is.
    BadRequest, "bad_request", 400, "The request is not right";
    /// Nobody is signed in.
    Unauthorized, "unauthorized", 401, "Sign in first";
    /// The balance is too small.
    InsufficientCredits, "insufficient_credits", 402, "Not enough credits";
    /// This person may not do that.
    Forbidden, "forbidden", 403, "Not allowed";
    /// There is no such thing.
    NotFound, "not_found", 404, "Not found";
    /// This address does not take that method; `Allow` names those it takes.
    MethodNotAllowed, "method_not_allowed", 405, "Method not allowed";
    /// The request did not arrive in time.
    Timeout, "timeout", 408, "The request took too long";
    /// It contradicts what happened meanwhile.
    Conflict, "conflict", 409, "Conflict";
    /// Something it needs is being made right now.
    UpstreamInProgress, "upstream_in_progress", 409, "Upstream task in progress";
    /// It is larger than allowed.
    TooLarge, "too_large", 413, "Too large";
    /// Files of this type are not taken.
    UnsupportedMedia, "unsupported_media", 415, "Unsupported file type";
    /// The file has no such bytes; `Content-Range` tells its length.
    RangeNotSatisfiable, "range_not_satisfiable", 416, "No such part";
    /// Connections form a loop.
    CycleDetected, "cycle_detected", 422, "Cycle detected";
    /// A connection carries another type than its input takes.
    TypeMismatch, "type_mismatch", 422, "Types do not match";
    /// A required input is empty.
    MissingInput, "missing_input", 422, "An input is missing";
    /// Lists of unequal length meet.
    BatchMismatch, "batch_mismatch", 422, "Lists of different length";
    /// A connection that cannot be.
    InvalidEdge, "invalid_edge", 422, "Invalid connection";
    /// The price is above the caller's limit.
    CostExceeded, "cost_exceeded", 422, "It would cost too much";
    /// There is no such model, or it cannot run here.
    ModelUnavailable, "model_unavailable", 422, "Model unavailable";
    /// Too many requests.
    RateLimited, "rate_limited", 429, "Too many requests";
    /// The server failed.
    Internal, "internal", 500, "The server failed";
    /// The server has too much in hand, or is stopping; `Retry-After` tells when to try again.
    Unavailable, "unavailable", 503, "Busy right now";
    /// The database itself is damaged where this is stored.
    StorageDamaged, "storage_damaged", 503, "The stored data is damaged";
}

// The derive would not see the names, which are a macro's here.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ErrorCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.id())))
            .description(Some("A stable code."))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ErrorCode {}

/// A problem of the graph, bound to a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeProblem {
    /// The node.
    pub node: String,
    /// The port of it, where one is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Kind of problem.
    pub code: ErrorCode,
    /// A sentence that says what is wrong and what to do.
    pub detail: String,
}

/// The most nodes that one answer names.
pub const NODES_TOLD_MAX: usize = 1_000;
/// The longest sentence about a node, in characters.
const DETAIL_CHARS_MAX: usize = 600;
/// The longest sentence of a refusal, in characters.
const REFUSAL_CHARS_MAX: usize = 2_000;
/// The longest id or port that is repeated in a problem, in characters. Sound ones are shorter.
const ID_CHARS_MAX: usize = 200;
/// The longest name within a sentence, in characters.
const NAME_CHARS_MAX: usize = 80;
/// Number of names a sentence lists before it counts the rest.
const NAMES_LISTED_MAX: usize = 5;

/// A text of at most so many characters: the beginning and an ellipsis where it is longer. What people wrote can be
/// megabytes long, and a sentence that repeats it is shown for many nodes.
pub fn brief(text: &str, chars_max: usize) -> std::borrow::Cow<'_, str> {
    // A text of so few bytes has no more characters.
    if text.len() <= chars_max {
        return text.into();
    }
    match text.char_indices().nth(chars_max) {
        None => text.into(),
        Some(_) => {
            let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end()).into()
        }
    }
}

/// A name as it stands in a sentence: in quotes, and short.
pub fn quoted(name: &str) -> String {
    format!("“{}”", brief(name, NAME_CHARS_MAX))
}

/// Names as they stand in a sentence: the first few, and how many more there are.
pub fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let told: Vec<String> = names.take(NAMES_LISTED_MAX).map(quoted).collect();
    match count.checked_sub(told.len()) {
        None | Some(0) => told.join(", "),
        Some(more) => format!("{} and {more} more", told.join(", ")),
    }
}

impl NodeProblem {
    /// A problem of a node, its sentence cut where it repeats something long.
    pub fn new(node: &str, port: Option<&str>, code: ErrorCode, detail: &str) -> Self {
        Self {
            node: brief(node, ID_CHARS_MAX).into_owned(),
            port: port.map(|port| brief(port, ID_CHARS_MAX).into_owned()),
            code,
            detail: brief(detail, DETAIL_CHARS_MAX).into_owned(),
        }
    }
}

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// The code of the answer.
    pub code: ErrorCode,
    /// A sentence that says what is wrong and what to do.
    pub detail: String,
    /// The nodes at fault, where it is about the graph.
    pub nodes: Vec<NodeProblem>,
}

impl Refusal {
    /// One that names no node.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let mut detail: String = detail.into();
        if let std::borrow::Cow::Owned(cut) = brief(&detail, REFUSAL_CHARS_MAX) {
            detail = cut;
        }
        Self { code, detail, nodes: Vec::new() }
    }

    /// One made of node problems; cycles come before other problems (R-GRAPH-17). Of very many the first
    /// [`NODES_TOLD_MAX`] are named. `None` when there are none.
    pub fn of_nodes(mut nodes: Vec<NodeProblem>) -> Option<Self> {
        nodes.sort_by_key(|problem| problem.code != ErrorCode::CycleDetected);
        nodes.truncate(NODES_TOLD_MAX);
        let first = nodes.first()?;
        Some(Self { code: first.code, detail: first.detail.clone(), nodes })
    }
}
