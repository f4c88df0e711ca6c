//! Form fields: every one with a label, a hint where it helps, and its error beside it.

use maud::{Markup, html};

use super::super::words::Lang;
use super::Choice;

/// Where a form sends, and what goes with it unseen.
#[derive(Clone, Debug)]
pub struct FormView {
    /// Where to.
    pub action: String,
    /// The session's token against forged forms; sent as `csrf`.
    pub csrf: String,
    /// The command's id, made with the page, so that a second tap says nothing new; sent as `command_id`.
    pub command_id: String,
    /// The version the person has seen, for forms that judge; sent as `expected`.
    pub expected: Option<String>,
    /// Whether photos or files go with it.
    pub files: bool,
    /// What the button says.
    pub submit: String,
}

/// A form that posts, with `body` above its button.
pub fn form(view: &FormView, body: Markup) -> Markup {
    html! {
        form.form method="post" action=(view.action) enctype=[view.files.then_some("multipart/form-data")] {
            input type="hidden" name="csrf" value=(view.csrf);
            input type="hidden" name="command_id" value=(view.command_id);
            @if let Some(expected) = &view.expected { input type="hidden" name="expected" value=(expected); }
            (body)
            p.form-end { button.button type="submit" { (view.submit) } }
        }
    }
}

/// What a text field takes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TextKind {
    /// A day.
    Day,
    /// Several lines.
    Long,
    /// A day and a time, at the clock of the office.
    Moment,
    /// A whole number.
    Number,
    /// A password, already known to the browser.
    Password,
    /// One line.
    #[default]
    Short,
    /// A telephone number.
    Telephone,
}

/// A text field.
#[derive(Clone, Debug, Default)]
pub struct TextField {
    /// Name of the parameter.
    pub name: String,
    /// Label in words.
    pub label: String,
    /// What to write, with an example.
    pub hint: Option<String>,
    /// What is in it now.
    pub value: String,
    /// What is wrong with it and what to do.
    pub error: Option<String>,
    /// Whether it must be filled.
    pub required: bool,
    /// What it takes.
    pub kind: TextKind,
}

/// A text field with label, hint and error.
pub fn text_field(lang: Lang, field: &TextField) -> Markup {
    let id = field_id(&field.name);
    let described = described_by(&id, field.hint.is_some(), field.error.is_some());
    let invalid = field.error.as_ref().map(|_| "true");
    let (input_type, mode, fill) = match field.kind {
        TextKind::Day => ("date", None, None),
        TextKind::Long | TextKind::Short => ("text", None, None),
        TextKind::Moment => ("datetime-local", None, None),
        TextKind::Number => ("text", Some("numeric"), Some("off")),
        TextKind::Password => ("password", None, Some("current-password")),
        TextKind::Telephone => ("tel", Some("tel"), Some("tel")),
    };
    html! {
        div.field.field-wrong[field.error.is_some()] {
            label.label for=(id) {
                (field.label) @if !field.required { " " span.quiet { (lang.pick("（可不填）", "(optional)")) } }
            }
            (hint_and_error(lang, &id, field.hint.as_deref(), field.error.as_deref()))
            @if field.kind == TextKind::Long {
                textarea.input #(id) name=(field.name) rows="4" required[field.required]
                    aria-describedby=[described.as_ref()] aria-invalid=[invalid] {
                    (field.value)
                }
            } @else {
                input.input #(id) type=(input_type) name=(field.name) value=(field.value)
                    required[field.required] inputmode=[mode] autocomplete=[fill]
                    aria-describedby=[described.as_ref()] aria-invalid=[invalid];
            }
        }
    }
}

/// A field that takes one of several, as a list to open: for many choices. For few, see `choice_field`.
pub fn select_field(lang: Lang, name: &str, label: &str, choices: &[Choice], error: Option<&str>) -> Markup {
    let id = field_id(name);
    let described = described_by(&id, false, error.is_some());
    html! {
        div.field.field-wrong[error.is_some()] {
            label.label for=(id) { (label) }
            (hint_and_error(lang, &id, None, error))
            select.input #(id) name=(name) aria-describedby=[described] aria-invalid=[error.map(|_| "true")] {
                @for choice in choices {
                    option value=(choice.value) selected[choice.chosen] { (choice.label) }
                }
            }
        }
    }
}

/// A field that takes one of few, all in sight.
pub fn choice_field(
    lang: Lang,
    name: &str,
    label: &str,
    hint: Option<&str>,
    choices: &[Choice],
    error: Option<&str>,
) -> Markup {
    all_in_sight("radio", (lang, name, label), hint, choices, error)
}

/// A field that takes several of a list.
pub fn several_field(
    lang: Lang,
    name: &str,
    label: &str,
    hint: Option<&str>,
    choices: &[Choice],
    error: Option<&str>,
) -> Markup {
    all_in_sight("checkbox", (lang, name, label), hint, choices, error)
}

fn all_in_sight(
    input: &str,
    (lang, name, label): (Lang, &str, &str),
    hint: Option<&str>,
    choices: &[Choice],
    error: Option<&str>,
) -> Markup {
    let id = field_id(name);
    let described = described_by(&id, hint.is_some(), error.is_some());
    html! {
        fieldset.field.field-wrong[error.is_some()] #(id) aria-describedby=[described] {
            legend.label { (label) }
            (hint_and_error(lang, &id, hint, error))
            div.choices {
                @for (i, choice) in choices.iter().enumerate() {
                    div.choice {
                        input #{ (id) "-" (i) } type=(input) name=(name) value=(choice.value)
                            checked[choice.chosen];
                        label for={ (id) "-" (i) } { (choice.label) }
                    }
                }
            }
            @if choices.is_empty() { p.quiet { (lang.pick("没有可选的。", "There is nothing to choose from.")) } }
        }
    }
}

/// A box to tick.
pub fn tick_field(name: &str, label: &str, ticked: bool) -> Markup {
    let id = field_id(name);
    html! {
        div.choice {
            input #(id) type="checkbox" name=(name) value="yes" checked[ticked];
            label for=(id) { (label) }
        }
    }
}

/// What is wrong with a form.
#[derive(Clone, Debug)]
pub struct FieldError {
    /// Name of the field.
    pub name: String,
    /// What is wrong and what to do.
    pub text: String,
}

/// What is wrong, at the head of the form, each a link to its field.
pub fn error_summary(lang: Lang, errors: &[FieldError]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.notice.notice-grave role="alert" {
                p.notice-head {
                    strong {
                        (lang.pick(
                            format!("还有 {} 处要改，改好再提交", errors.len()),
                            format!("{} to put right before sending", errors.len()),
                        ))
                    }
                }
                ul { @for error in errors { li { a href={ "#" (field_id(&error.name)) } { (error.text) } } } }
            }
        }
    }
}

/// The id of a field's control, from its name.
pub(super) fn field_id(name: &str) -> String {
    let safe: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    format!("field-{safe}")
}

pub(super) fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    match (hint, error) {
        (false, false) => None,
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-error")),
        (true, true) => Some(format!("{id}-hint {id}-error")),
    }
}

pub(super) fn hint_and_error(lang: Lang, id: &str, hint: Option<&str>, error: Option<&str>) -> Markup {
    html! {
        @if let Some(hint) = hint { p.hint #{ (id) "-hint" } { (hint) } }
        @if let Some(error) = error {
            p.field-error #{ (id) "-error" } { strong { (lang.pick("要改：", "To put right: ")) } (error) }
        }
    }
}
