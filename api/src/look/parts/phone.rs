//! The phone form: one indicator a screen, big answers, the photo beside them; progress and saved state in
//! words.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::super::words::Lang;
use super::form::{described_by, field_id, hint_and_error};
use super::{TextField, moment, text_field};

/// One answer to an indicator.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The value sent.
    pub value: String,
    /// The answer in the rulebook's words.
    pub label: String,
    /// What it earns, where the collector may see it.
    pub points: Option<u32>,
    /// Whether it opens a hazard.
    pub fails: bool,
    /// Whether it is the one chosen.
    pub chosen: bool,
}

/// One indicator on a phone.
#[derive(Clone, Debug)]
pub struct AnswerField {
    /// Name of the parameter.
    pub name: String,
    /// The indicator's name, as the question.
    pub question: String,
    /// How to look, in a sentence.
    pub hint: Option<String>,
    /// The answers, best first.
    pub answers: Vec<Answer>,
    /// What is wrong and what to do.
    pub error: Option<String>,
    /// The photo, where the indicator takes one.
    pub photo: Option<PhotoField>,
    /// What a professional writes down besides: kilograms, dates.
    pub measured: Vec<TextField>,
    /// A note.
    pub note: Option<TextField>,
}

/// A photo taken beside an indicator.
#[derive(Clone, Debug, Default)]
pub struct PhotoField {
    /// Name of the parameter.
    pub name: String,
    /// Whether a submission needs it.
    pub needed: bool,
    /// How many are there already.
    pub taken: u32,
    /// What is wrong and what to do.
    pub error: Option<String>,
    /// Those that came with the form before, as it sends them back.
    pub kept: Vec<String>,
}

/// One indicator: big answers, then photo, measured values and note.
pub fn answer_field(lang: Lang, field: &AnswerField) -> Markup {
    let id = field_id(&field.name);
    let described = described_by(&id, field.hint.is_some(), field.error.is_some());
    html! {
        fieldset.question.field-wrong[field.error.is_some()] #(id) aria-describedby=[described] {
            legend.question-head { (field.question) }
            (hint_and_error(lang, &id, field.hint.as_deref(), field.error.as_deref()))
            div.answers {
                @for (i, answer) in field.answers.iter().enumerate() {
                    div.answer.answer-fails[answer.fails] {
                        input #{ (id) "-" (i) } type="radio" name=(field.name) value=(answer.value)
                            checked[answer.chosen];
                        label for={ (id) "-" (i) } {
                            span.answer-label { (answer.label) }
                            @if answer.fails { span.answer-note { (lang.pick("会记为隐患", "opens a hazard")) } }
                            @if let Some(points) = answer.points {
                                span.answer-points {
                                    (lang.pick(format!("{points} 分"), format!("{points} points")))
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(photo) = &field.photo { (photo_field(lang, photo)) }
            @for measured in &field.measured { (text_field(lang, measured)) }
            @if let Some(note) = &field.note { (text_field(lang, note)) }
        }
    }
}

/// A photo input that opens the camera on a phone.
pub fn photo_field(lang: Lang, photo: &PhotoField) -> Markup {
    let id = field_id(&photo.name);
    let state = match (photo.taken, photo.needed) {
        (0, true) => {
            lang.say("必须拍一张，没有照片可以保存，不能提交", "needed: can be saved without, not submitted")
        }
        (0, false) => lang.say("可不拍", "optional"),
        (n, _) => lang.pick(format!("已有 {n} 张"), format!("{n} taken")),
    };
    let kept = photo.kept.len();
    let state = match kept {
        0 => state,
        _ => lang.pick(
            format!("已收到 {kept} 张，不用再选"),
            format!("{kept} received already; no need to choose again"),
        ),
    };
    html! {
        div.field.field-wrong[photo.error.is_some()] {
            label.label for=(id) { (lang.pick("拍照片", "Photo")) }
            (hint_and_error(lang, &id, Some(&state), photo.error.as_deref()))
            @for one in &photo.kept { input type="hidden" name={ (photo.name) ".kept" } value=(one); }
            input.file #(id) type="file" name=(photo.name) accept="image/*" capture="environment"
                aria-describedby=[described_by(&id, true, photo.error.is_some())]
                aria-invalid=[photo.error.as_ref().map(|_| "true")];
        }
    }
}

/// How far a form is filled.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// How many have an answer.
    pub done: u32,
    /// How many there are.
    pub total: u32,
    /// How many without an answer are this person's.
    pub yours_left: u32,
}

/// `23 / 30，您还有 4 项`, with a bar.
pub fn progress(lang: Lang, view: &Progress) -> Markup {
    let Progress { done, total, yours_left } = *view;
    let yours = match yours_left {
        0 => lang.say("您的都填好了", "none of yours left"),
        left => lang.pick(format!("您还有 {left} 项"), format!("{left} of yours left")),
    };
    let words =
        lang.pick(format!("共 {total} 项，已填 {done} 项，{yours}"), format!("{done} of {total}, {yours}"));
    html! {
        div.progress {
            p { (words) }
            progress value=(done) max=(total) aria-label=(words) {}
        }
    }
}

/// Where the answers of a form are.
#[derive(Clone, Debug)]
pub enum SavedState {
    /// Not saved, and why.
    NotSaved(String),
    /// On this phone since; it will send by itself.
    OnPhone(DateTime<Utc>),
    /// On the server since.
    OnServer(DateTime<Utc>),
    /// Being sent.
    Sending,
}

/// The saved state in words.
pub fn saved_state(lang: Lang, state: &SavedState) -> Markup {
    html! {
        p.saved role="status" {
            @match state {
                SavedState::NotSaved(why) => { strong.late { (lang.pick("没有保存：", "Not saved: ")) } (why) },
                SavedState::OnPhone(at) => {
                    strong { (lang.pick("已存在这部手机上", "Saved on this phone")) }
                    " " (moment(lang, *at)) " "
                    (lang.pick(
                        "有信号时自动发出",
                        "sends by itself when there is signal",
                    ))
                },
                SavedState::OnServer(at) => {
                    strong { (lang.pick("已保存", "Saved")) } " " (moment(lang, *at))
                },
                SavedState::Sending => (lang.pick("正在发送……", "Sending…")),
            }
        }
    }
}
