//! Fields that take several: ticks of one question, and photos, those that are kept already among them.

use maud::{Markup, html};

use super::super::words::Lang;
use super::Choice;
use super::form::{described_by, field_id, hint_and_error};

/// A field that takes several of a list.
pub fn several_field(
    lang: Lang,
    name: &str,
    label: &str,
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
                        input #{ (id) "-" (i) } type="checkbox" name=(name) value=(choice.value) checked[choice.chosen];
                        label for={ (id) "-" (i) } { (choice.label) }
                    }
                }
            }
            @if choices.is_empty() { p.quiet { (lang.pick("没有可选的。", "There is nothing to choose from.")) } }
        }
    }
}

/// Photos that go with a form.
#[derive(Clone, Debug, Default)]
pub struct PhotosField {
    /// Name of the parameter.
    pub name: String,
    /// Label in words.
    pub label: String,
    /// What should be seen.
    pub hint: Option<String>,
    /// What is wrong and what to do.
    pub error: Option<String>,
    /// Whether one at least must be there.
    pub required: bool,
    /// Whether there may be several.
    pub several: bool,
    /// Those that came with the form before, as it sends them back.
    pub kept: Vec<String>,
}

/// A field for photos: the camera on a phone, files on a desk. What was sent before is not asked for again.
pub fn photos_field(lang: Lang, field: &PhotosField) -> Markup {
    let id = field_id(&field.name);
    let kept = field.kept.len();
    let described = described_by(&id, field.hint.is_some(), field.error.is_some());
    html! {
        div.field.field-wrong[field.error.is_some()] {
            label.label for=(id) {
                (field.label) @if !field.required { " " span.quiet { (lang.pick("（可不拍）", "(optional)")) } }
            }
            (hint_and_error(lang, &id, field.hint.as_deref(), field.error.as_deref()))
            @if kept > 0 {
                p.hint { (lang.pick(format!("已收到 {kept} 张，不用再选。"), format!("{kept} received already; no need to choose again."))) }
                @for one in &field.kept { input type="hidden" name={ (field.name) ".kept" } value=(one); }
            }
            input.file #(id) type="file" name=(field.name) accept="image/*" multiple[field.several]
                aria-describedby=[described] aria-invalid=[field.error.as_ref().map(|_| "true")];
        }
    }
}
