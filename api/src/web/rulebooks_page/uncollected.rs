//! The indicators that nobody can collect, of the rulebooks that govern today or will: an assessment under them waits for ever.

use std::collections::BTreeSet;

use maud::{Markup, html};
use wuping_domain::derivation::SchemeRef;
use wuping_domain::facts::{Grant, Role};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::scheme::{Collect, Indicator};

use super::InOrder;
use crate::app::App;
use crate::lists::Kind;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::docket_api::Failure;

/// Who can collect, as things are now.
struct Collectors {
    /// What the open accounts may do.
    grants: Vec<Grant>,
    /// Departments whose systems have an open channel for results.
    shared: BTreeSet<String>,
}

impl Collectors {
    fn of(app: &App) -> Result<Self, Failure> {
        let open = app.views.views().open_accounts()?;
        let feeds = app.office.feeds()?;
        let feeds = feeds.into_iter().filter(|feed| feed.kinds.contains(&Kind::Indicators));
        Ok(Self {
            grants: open.into_iter().flat_map(|(_, grants)| grants).collect(),
            shared: feeds.flat_map(|feed| feed.departments).collect(),
        })
    }

    /// Whether somebody does.
    fn collect(&self, indicator: &Indicator) -> bool {
        let holds = |role: Role, department: Option<&str>| {
            let fits = |own: &Grant| {
                own.role == role && (department.is_none() || own.department.as_deref() == department)
            };
            self.grants.iter().any(fits)
        };
        match indicator.collect {
            Collect::Department => holds(Role::DepartmentOfficer, Some(&indicator.competent)),
            Collect::Feed => self.shared.contains(&indicator.competent),
            Collect::Grid => holds(Role::GridWorker, None),
            Collect::Ledger => true,
        }
    }
}

/// The section that lists those of these rulebooks, with what to do; that there are none where that is so.
///
/// # Errors
/// If accounts or channels cannot be read.
pub(in crate::web) fn uncollected(app: &App, lang: Lang, rules: &[InOrder]) -> Result<Markup, Failure> {
    let collectors = Collectors::of(app)?;
    let mut rows = Vec::new();
    for one in rules.iter().filter(|one| one.in_force || one.to_come) {
        let SchemeRef { id, .. } = &one.rulebook.scheme;
        let rulebook = app.shelf.rulebook(&one.rulebook.scheme);
        let ruled = lang.under(rulebook.as_deref());
        let all = rulebook.iter().flat_map(|rulebook| &rulebook.scheme.indicators);
        rows.extend(all.filter(|indicator| !collectors.collect(indicator)).map(|indicator| {
            let collect = serde_json::to_value(indicator.collect).unwrap_or_default();
            Row {
                href: Some(format!("/rules/{id}#{}", indicator.id)),
                cells: vec![
                    html! { (lang.named(&indicator.zh, &indicator.en)) },
                    html! { (ruled.department(&indicator.competent)) },
                    html! { (lang.collect(collect.as_str().unwrap_or_default())) },
                    html! { (id) },
                ],
                tone: Tone::Warning,
            }
        }));
    }
    let columns = [("指标", "Indicator"), ("部门", "Department"), ("怎样采集", "How"), ("规则", "Rulebook")];
    let caption = lang.pick("现在没有人采集的指标", "Indicators that nobody collects now");
    let columns = columns.map(|(zh, en)| Column::text(lang.pick(zh, en))).to_vec();
    Ok(section(
        caption,
        html! {
            @if rows.is_empty() {
                (empty_state(lang.pick("施行中和将要施行的规则，每项指标都有人采集。", "Every indicator of the rulebooks in force, now or later, has somebody who collects it."), None))
            } @else {
                p { (lang.pick(
                    "缺了这些结果，评定交不上去。请系统管理员给部门开设账号，部门系统共享的请运行人员开通通道。",
                    "Without these an assessment cannot be submitted. Have an administrator open an account of the department; what its system shares needs a channel, which the operator opens.",
                )) }
                (data_table(&TableView { caption: caption.to_owned(), columns, rows }))
            }
        },
    ))
}
