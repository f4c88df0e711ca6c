//! Photos that go with a form, those that are kept already among them.

use maud::{Markup, html};

use super::super::words::Lang;
use super::form::{described_by, field_id, hint_and_error};

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
