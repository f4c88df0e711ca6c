//! Forms of steps: one renderer for every step of every concept.

use maud::{Markup, html};
use uuid::Uuid;
use wuping_domain::rejection::Rejection;

use super::choices::{choices, told};
use super::filling::{Filled, KEPT, kept_text, parameter};
use super::offering::{Offered, Standing};
use super::reading::Matter;
use super::step::{Field, Kind, Step};
use super::{appeal_times, late_statement};
use crate::look::parts::*;
use crate::look::words::Lang;

/// A form that came back, with what is wrong.
pub(crate) struct Returned {
    /// What was filled in.
    pub(crate) filled: Filled,
    /// The command's id to send it again with.
    pub(crate) command_id: Uuid,
    /// The step.
    pub(crate) step: &'static Step,
    /// What is wrong; the name of a field, or of the step itself.
    pub(crate) errors: Vec<FieldError>,
}

/// Where a form of a step sends, and the token that it sends back.
#[derive(Clone, Copy)]
pub(crate) struct Sending<'a> {
    /// The page's own address.
    pub(crate) here: &'a str,
    /// The session's token.
    pub(crate) csrf: &'a str,
}

/// What can be done now, each as a form to open; what others must do is said below.
pub(crate) fn steps_now(
    matter: &Matter,
    offered: &[Offered],
    sending: Sending<'_>,
    returned: Option<&Returned>,
) -> Markup {
    let lang = matter.lang;
    let mine = |one: &&Offered| matches!(one.standing, Standing::Mine);
    let only = offered.iter().filter(mine).count() == 1;
    html! {
        @for one in offered {
            @match &one.standing {
                Standing::Mine => (step_form(matter, one.step, sending, returned.filter(|returned| std::ptr::eq(returned.step, one.step)), only)),
                Standing::Barred(why) => div.step-barred {
                    p.refused { span.refused-label { (label(lang, one.step)) } " " span.refused-word { (lang.pick("现在不能办", "not now")) } }
                    p.refused-why { (lang.pick(why.zh(), why.en())) }
                    (who_names_them(matter, why))
                },
                Standing::Others(_) => {},
            }
        }
        @if !offered.iter().any(|one| !matches!(one.standing, Standing::Others(_))) {
            (empty_state(lang.pick("现在没有您要办的事。", "Nothing here is yours to do now."), None))
        }
        (others(lang, offered))
    }
}

/// Where an order has nobody to be addressed to: who names somebody, and who answers for the building.
fn who_names_them(matter: &Matter, why: &Rejection) -> Markup {
    let (lang, Some(premises)) = (matter.lang, matter.premises()) else { return html! {} };
    if why.code() != "order_without_party" {
        return html! {};
    }
    let parent = matter.register().and_then(|register| register.parent.as_deref());
    let building = parent.filter(|_| !matter.of_the_building.is_empty());
    let names: Vec<String> =
        matter.of_the_building.iter().map(|party| matter.parties.say(lang, party)).collect();
    html! {
        p.hint {
            (lang.pick("由数据管理员在", "A data clerk names them on "))
            a href={ "/desk/premises/" (premises) } { (lang.pick("本房屋的页面", "the page of these premises")) }
            (lang.pick("登记责任人。", "."))
        }
        @if let Some(building) = building {
            p.hint {
                (lang.pick("所在楼栋的责任人是", "Who answers for the building: "))
                (lang.list(&names)) (lang.pick("，见", ", see "))
                a href={ "/desk/premises/" (building) } { (lang.pick("楼栋的页面", "the building's page")) }
                (lang.pick("；是否也为本套负责，由数据管理员核实后登记。", "; whether they answer for this unit too is for a data clerk to find out and record."))
            }
        }
    }
}

/// What is wrong with a form that came back, at the head of the page. Where its step is not offered any more, for somebody
/// was first, what was typed is shown all the same.
pub(crate) fn returned_head(matter: &Matter, offered: &[Offered], returned: &Returned) -> Markup {
    let lang = matter.lang;
    let still =
        |one: &Offered| std::ptr::eq(one.step, returned.step) && matches!(one.standing, Standing::Mine);
    let mine = offered.iter().any(still);
    let beside = |error: &&FieldError| mine && error.name.contains('.');
    let fields: Vec<FieldError> = returned.errors.iter().filter(beside).cloned().collect();
    let others = returned.errors.iter().filter(|error| !beside(error));
    let others: Vec<String> = others.map(|error| error.text.clone()).collect();
    let typed = returned.step.fields.iter().map(|field| CheckAnswer {
        question: lang.say(field.label[0], field.label[1]),
        answer: answered(matter, returned.step, field, &returned.filled),
        change: None,
    });
    html! {
        @if !others.is_empty() {
            (notice_box(Tone::Grave, lang.pick("没有记录", "Nothing was recorded"), &others))
            @if mine { p { a href={ "#step-" (returned.step.id) } { (label(lang, returned.step)) } } }
        }
        (error_summary(lang, &fields))
        @if !mine {
            (section(lang.pick("您填写的内容", "What you filled in"), check_answers(lang, &typed.collect::<Vec<_>>())))
        }
    }
}

/// A step's form, folded until it is wanted.
pub(crate) fn step_form(
    matter: &Matter,
    step: &'static Step,
    sending: Sending<'_>,
    returned: Option<&Returned>,
    unfolded: bool,
) -> Markup {
    let lang = matter.lang;
    let nothing = Filled::default();
    let (filled, errors) =
        returned.map_or((&nothing, &[][..]), |returned| (&returned.filled, &returned.errors[..]));
    let view = FormView {
        action: sending.here.to_owned(),
        csrf: sending.csrf.to_owned(),
        command_id: returned.map_or_else(Uuid::now_v7, |returned| returned.command_id).to_string(),
        expected: (!step.adds && !step.starts).then(|| matter.version().to_string()),
        files: true,
        submit: if step.sure.is_some() {
            lang.say("下一步：核对", "Next: check")
        } else {
            label(lang, step).to_owned()
        },
    };
    html! {
        details.step #{ "step-" (step.id) } open[unfolded || returned.is_some()] {
            summary { (label(lang, step)) }
            @if let Some(note) = step.note { p.hint { (lang.pick(note[0], note[1])) } }
            (appeal_times::beside(matter, step))
            (late_statement::beside(matter, step))
            (form(&view, html! {
                input type="hidden" name="step" value=(step.id);
                @for field in step.fields { (control(matter, step, field, filled, errors)) }
            }))
        }
    }
}

/// All answers of a step in sight, and the question whether to record them.
pub(crate) fn check_page(
    matter: &Matter,
    step: &'static Step,
    sending: Sending<'_>,
    filled: &Filled,
    command_id: Uuid,
) -> Markup {
    let lang = matter.lang;
    let question = step.sure.map_or("", |sure| lang.pick(sure[0], sure[1]));
    let answers: Vec<CheckAnswer> = step
        .fields
        .iter()
        .map(|field| CheckAnswer {
            question: lang.say(field.label[0], field.label[1]),
            answer: answered(matter, step, field, filled),
            change: None,
        })
        .collect();
    html! {
        (page_heading(Some(label(lang, step)), lang.pick("请核对", "Check your answers"), Some(question)))
        (check_answers(lang, &answers))
        form.form method="post" action=(sending.here) enctype="multipart/form-data" {
            input type="hidden" name="csrf" value=(sending.csrf);
            input type="hidden" name="command_id" value=(command_id);
            @if let Some(expected) = filled.expected { input type="hidden" name="expected" value=(expected); }
            input type="hidden" name="step" value=(step.id);
            @for (name, texts) in &filled.texts { @for text in texts { input type="hidden" name=(name) value=(text); } }
            @for (name, photos) in &filled.kept { @for photo in photos { input type="hidden" name={ (name) (KEPT) } value=(kept_text(photo)); } }
            p.form-end {
                button.button.button-grave type="submit" name="sure" value="yes" { (lang.pick("确定，记录", "Yes, record it")) }
                " " button.button.button-plain type="submit" name="back" value="yes" { (lang.pick("返回修改", "Go back and change it")) }
            }
        }
    }
}

/// A control with its label, what is in it and what is wrong with it.
pub(crate) fn control(
    matter: &Matter,
    step: &Step,
    field: &Field,
    filled: &Filled,
    errors: &[FieldError],
) -> Markup {
    let lang = matter.lang;
    let name = parameter(step, field);
    let label = lang.say(field.label[0], field.label[1]);
    let hint = field.hint.map(|hint| lang.say(hint[0], hint[1]));
    let error = errors.iter().find(|error| error.name == name).map(|error| error.text.clone());
    let texts = filled.texts_of(step, field);
    let first = || texts.first().cloned().unwrap_or_else(|| prefilled(matter, step, field));
    let text = |kind| {
        let field = TextField {
            name: name.clone(),
            label: label.clone(),
            hint: hint.clone(),
            value: first(),
            error: error.clone(),
            required: field.required,
            kind,
        };
        text_field(lang, &field)
    };
    match field.kind {
        Kind::Day => text(TextKind::Day),
        Kind::Moment => text(TextKind::Moment),
        Kind::Number => text(TextKind::Number),
        Kind::Telephone => text(TextKind::Telephone),
        Kind::Short => text(TextKind::Short),
        Kind::Lines | Kind::Long => text(TextKind::Long),
        Kind::Resolutions => html! { (text(TextKind::Long)) (departments(matter)) },
        Kind::Tick => tick_field(&name, &label, texts.iter().any(|text| text == "yes")),
        Kind::Photo | Kind::Photos => photos_field(
            lang,
            &PhotosField {
                name: name.clone(),
                label,
                hint,
                error,
                required: field.required,
                several: matches!(field.kind, Kind::Photos),
                kept: filled.photos_of(step, field).iter().map(kept_text).collect(),
            },
        ),
        Kind::Many(_) | Kind::ManyOf(_) => {
            let offers = choices(matter, field).into_iter();
            let offers =
                offers.map(|(code, label)| Choice { chosen: texts.contains(&code), value: code, label });
            several_field(
                lang,
                &name,
                &optional(lang, field, label),
                hint.as_deref(),
                &offers.collect::<Vec<_>>(),
                error.as_deref(),
            )
        }
        Kind::Case { .. }
        | Kind::Corrected
        | Kind::Doubtful
        | Kind::Hazard
        | Kind::One(_)
        | Kind::OneOf(_)
        | Kind::Part
        | Kind::YesNo => {
            one_of(matter, field, (&name, &optional(lang, field, label)), &first(), error.as_deref())
        }
    }
}

/// The departments that a resolution may name, each with its code and an example of a line.
fn departments(matter: &Matter) -> Markup {
    let lang = matter.lang;
    let known = matter.rulebook().into_iter().flat_map(|rulebook| &rulebook.policy.departments);
    let known: Vec<(&str, String)> =
        known.map(|one| (one.id.as_str(), matter.ruled().department(&one.id))).collect();
    let Some((_, first)) = known.first() else { return html! {} };
    let example = matter.today().checked_add_days(chrono::Days::new(14)).unwrap_or_default();
    html! {
        p.hint {
            (lang.pick("例如：", "For example: "))
            code { (first) " " (example) " " (lang.pick("排查楼顶门锁", "Check the roof doors")) }
        }
        p.hint {
            (lang.pick("部门：", "Departments: "))
            @for (at, (id, name)) in known.iter().enumerate() {
                @if at > 0 { (lang.pick("、", ", ")) }
                (name) " (" code { (id) } ")"
            }
        }
    }
}

/// Few choices are all in sight, many in a list to open; nothing is chosen beforehand.
fn one_of(
    matter: &Matter,
    field: &Field,
    (name, label): (&str, &str),
    chosen: &str,
    error: Option<&str>,
) -> Markup {
    let lang = matter.lang;
    let hint = field.hint.map(|hint| lang.pick(hint[0], hint[1]));
    let offers = choices(matter, field).into_iter();
    let mut offers: Vec<Choice> = offers.map(|(code, label)| Choice::new(code, label, chosen)).collect();
    if offers.is_empty() && !field.required {
        return html! {};
    }
    if offers.len() <= FEW {
        return choice_field(lang, name, label, hint, &offers, error);
    }
    offers.insert(0, Choice::new("", lang.say("请选择", "Choose one"), chosen));
    html! { (select_field(lang, name, label, &offers, error)) @if let Some(hint) = hint { p.hint { (hint) } } }
}

/// What is likely meant: the day that was asked for is offered to whoever grants it.
fn prefilled(matter: &Matter, step: &Step, field: &Field) -> String {
    match (step.concept, step.id, field.name) {
        ("hazard", "extend", "until") => {
            let of = matter.subject().and_then(|subject| subject.hazards.get(matter.key()));
            of.and_then(|of| of.state.course.extension).map(|day| day.to_string()).unwrap_or_default()
        }
        ("campaign", "launch", "area") => matter.chosen.area.clone().unwrap_or_default(),
        ("campaign", "launch", "from") => matter.today().to_string(),
        ("campaign", "launch", "premises") => matter.chosen.premises.join("\n"),
        ("premises", "steward_check", "on") => matter.today().to_string(),
        _ => String::new(),
    }
}

fn optional(lang: Lang, field: &Field, label: String) -> String {
    if field.required { label } else { format!("{label}{}", lang.pick("（可不选）", " (optional)")) }
}

fn answered(matter: &Matter, step: &Step, field: &Field, filled: &Filled) -> Markup {
    let lang = matter.lang;
    let photos = filled.photos_of(step, field).len();
    let texts = filled.texts_of(step, field).iter().filter(|text| !text.is_empty());
    let says: Vec<String> = match field.kind {
        Kind::Photo | Kind::Photos if photos > 0 => {
            vec![lang.pick(format!("{photos} 张"), photos.to_string())]
        }
        Kind::Tick => texts.map(|_| lang.say("是", "Yes")).collect(),
        Kind::Day => {
            texts.map(|text| text.parse().map_or_else(|_| text.clone(), |day| lang.day(day))).collect()
        }
        _ => texts.map(|text| told(matter, field, text)).collect(),
    };
    html! { @if says.is_empty() { "—" } @else { bdi { (says.join(lang.pick("、", ", "))) } } }
}

/// Whose the other steps are.
fn others(lang: Lang, offered: &[Offered]) -> Markup {
    let theirs: Vec<(&Step, String)> = offered
        .iter()
        .filter_map(|one| match &one.standing {
            Standing::Others(Rejection::RoleNeeded { roles }) => {
                let roles: Vec<&str> = roles.iter().map(|role| lang.role(role.code())).collect();
                Some((one.step, lang.list(&roles)))
            }
            Standing::Others(Rejection::DepartmentNeeded { department }) => {
                Some((one.step, lang.department(department).to_owned()))
            }
            _ => None,
        })
        .collect();
    html! {
        @if !theirs.is_empty() {
            details.more {
                summary { (lang.pick("由以下人员办理", "Done by others")) }
                dl.facts.facts-tight {
                    @for (step, who) in &theirs { div.fact { dt { (label(lang, step)) } dd { (who) } } }
                }
            }
        }
    }
}

/// A step's name.
pub(crate) fn label(lang: Lang, step: &Step) -> &'static str {
    lang.pick(step.label[0], step.label[1])
}

/// So many choices are all in sight.
const FEW: usize = 6;
