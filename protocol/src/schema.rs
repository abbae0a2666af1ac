//! The document of R-DOC-1, R-DOC-5 (docs/spec/document.md) with typed reads and writes. Reading is total: whatever a foreign writer put
//! into a document, a read gives values or leaves them out, and never fails.

mod comments;
mod content;
mod model;
mod outcome;
mod read;
mod repair;
mod rich;
mod shared;
mod shown;
#[cfg(test)]
mod tests;
mod write;

pub use comments::{
    MESSAGE_CHARS_MAX, Message, Place, Thread, add_thread, message_of, read_thread, remove_message,
    reply, set_resolved,
};
pub use content::{Content, Copied, copy_canvas};
pub use model::{
    Canvas, Chosen, Edge, Failure, Generation, ItemContent, ItemResult, ListItem, Meta, Node,
    NodeResult, NodeState, OutputChoice, RunInfo, RunStatus, UNREADABLE,
};
pub use outcome::{
    GENERATIONS_KEPT, Outcome, RUNS_KEPT, append_generations, chosen_generations, forget_nodes,
    is_kind, is_result_of, put_generations, put_result, put_run, remove_generations,
    remove_item_result, set_item, set_result_keys, trim_generations, unheld_choices,
};
pub use read::{
    read_canvas, read_edge, read_generations, read_meta, read_node, read_result, read_run,
};
pub use repair::repair;
pub use rich::{
    Block, Format, Piece, follow_titles, format_text, is_link, mention_text, push_piece,
    read_pieces, replace_with_pieces,
};
pub use shared::{node_count, node_map, stands, text_of};
pub use shown::{Shown, edit_text, lines, splice_text};
pub use write::{
    Connection, NewItem, NewNode, add_items, add_node, connect, connect_at, disconnect, edge_key,
    edges_of, insert_items, mark_schema, move_item, remove_item, remove_node, remove_nodes,
    set_items, set_meta, set_node_value, set_output, set_pos, set_setting, set_star, top_z,
};
