//! Modal dialogs over the browser's own `<dialog>`: it traps focus, closes on Escape and gives focus back.

use leptos::prelude::*;

use crate::web::ui::icons::icon;

/// A modal dialog, open for as long as it is in the page.
#[component]
pub fn Dialog(
    /// Heading.
    #[prop(into)]
    title: Signal<String>,
    /// Asked to close: Escape, the cross, a click beside it.
    on_close: Callback<()>,
    /// Widest width in px.
    #[prop(default = 440)]
    width: u32,
    /// Content of the dialog.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<leptos::html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = node.get()
            && !dialog.open()
            && dialog.show_modal().is_err()
        {
            dialog.set_open(true);
        }
    });
    let beside = move |event: web_sys::MouseEvent| {
        // A click on the backdrop has the dialog itself as its target, a click inside one of its children.
        let on_backdrop = node
            .get_untracked()
            .is_some_and(|dialog| event.target().as_ref() == Some(dialog.as_ref()));
        if on_backdrop {
            on_close.run(());
        }
    };
    let cancel = move |event: web_sys::Event| {
        event.prevent_default();
        on_close.run(());
    };
    view! {
        <dialog
            class="dialog"
            node_ref=node
            style=format!("--dw:{width}px")
            aria-label=move || title.get()
            on:mousedown=beside
            on:cancel=cancel
        >
            <header>
                <h2>{move || title.get()}</h2>
                <button class="ib s" aria-label="Close" type="button" on:click=move |_| on_close.run(())>
                    {icon("x")}
                </button>
            </header>
            <div class="body">{children()}</div>
        </dialog>
    }
}

/// A question before something that cannot be taken back.
#[component]
pub fn Confirm(
    /// The question.
    #[prop(into)]
    title: String,
    /// Text that says what will happen.
    #[prop(into)]
    text: String,
    /// The word on the button that does it.
    #[prop(into)]
    act: String,
    /// Do it.
    on_yes: Callback<()>,
    /// Leave it.
    on_close: Callback<()>,
) -> impl IntoView {
    view! {
        <Dialog title on_close>
            <p>{text}</p>
            <div class="acts">
                <button class="btn" autofocus type="button" on:click=move |_| on_close.run(())>"Cancel"</button>
                <button class="btn primary danger" type="button" on:click=move |_| on_yes.run(())>{act}</button>
            </div>
        </Dialog>
    }
}
