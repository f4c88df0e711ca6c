//! A list of matters as a file: every matter that the filter chooses, in the words of the page, for whoever may read it there.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use wuping_domain::facts::Actor;
use wuping_projections::queries::{MatterFilter, MatterView};
use wuping_replay::statistics::Cell;

use super::docket::{Teller, hands, rulebooks};
use super::docket_api::blocking;
use crate::app::App;
use crate::look::words::Lang;
use crate::statistics::{List, ListForm};
use crate::web::desk_page::broken_text;

/// A list that somebody takes away.
pub(super) struct MatterList<'a> {
    pub(super) title: &'a str,
    pub(super) filter: MatterFilter,
    /// What was chosen, as the address says it.
    pub(super) chosen: String,
    pub(super) form: ListForm,
}

impl MatterList<'_> {
    /// The file, whole, or in words why there is none.
    pub(super) async fn file(self, app: &Arc<App>, actor: &Actor, lang: Lang) -> Result<Response, String> {
        let (house, asking, filter) = (app.clone(), actor.clone(), self.filter);
        let today = filter.today;
        let read = blocking(move || {
            let views = house.views.views();
            let listed = views.matters(&filter, None, ROWS)?;
            let people = hands(&house, &asking, &listed.rows, &[]);
            Ok((listed, people, rulebooks(&house, today)?, views.progress()?.position().unwrap_or_default()))
        });
        let Ok((listed, people, rulebooks, position)) = read.await else { return Err(broken_text(lang)) };
        if listed.next.is_some() {
            return Err(lang.pick(
                format!("这份清单有 {} 件，一个文件最多 {ROWS} 件。请加上种类、部门或区域筛选后再下载。", listed.total),
                format!("This list holds {} matters, and a file {ROWS} at most. Choose a kind, a department or an area, and take it then.", listed.total),
            ));
        }
        let teller = Teller { lang, today, actor, rulebooks: &rulebooks, people: &people };
        let list = List {
            title: self.title,
            headings: HEADINGS.map(|(zh, en)| lang.pick(zh, en)).to_vec(),
            rows: listed.rows.iter().map(|row| cells(&teller, row)).collect(),
            made_from: vec![
                (lang.pick("清单", "List"), self.title.to_owned()),
                (lang.pick("筛选", "Chosen by"), self.chosen),
                (lang.pick("件数", "Matters"), listed.total.to_string()),
                (lang.pick("日期", "Day"), today.to_string()),
                (lang.pick("账本位置", "Position"), position.to_string()),
            ],
        };
        let form = self.form.form();
        let bytes = list.written(self.form, lang).map_err(|error| {
            tracing::error!(%error, "a list of matters could not be written");
            broken_text(lang)
        })?;
        let name = format!("attachment; filename=\"matters-{today}-{position}.{}\"", form.code());
        let headers =
            [(header::CONTENT_TYPE, form.content_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
        Ok((headers, bytes).into_response())
    }
}

/// A matter, in the order of [`HEADINGS`].
fn cells(teller: &Teller<'_>, row: &MatterView) -> Vec<Cell> {
    let text = |text: Option<&str>| text.map_or(Cell::Nothing, |text| Cell::Text(text.to_owned()));
    let day = |day| match day {
        Some(day) => Cell::Day(day),
        None => Cell::Nothing,
    };
    let lang = teller.lang;
    let late = row.overdue_since.map(|since| (teller.today - since).num_days() + 1);
    vec![
        text(Some(lang.matter_kind(row.kind.code()))),
        text(Some(&teller.about(row))),
        text(teller.detail(row).as_deref()),
        text(Some(&teller.place(row))),
        text(row.subdistrict.as_deref()),
        text(row.community.as_deref()),
        text(row.grid_cell.as_deref()),
        text(Some(teller.stage(row))),
        text(row.department.as_deref().map(|id| lang.department(id))),
        text(Some(&teller.waits_on(row))),
        text(row.due.as_ref().map(|due| lang.deadline(&due.rule))),
        day(row.due.as_ref().map(|due| due.due)),
        late.and_then(|days| u64::try_from(days).ok()).map_or(Cell::Nothing, Cell::Number),
        day(Some(row.opened_on)),
        day(row.ended_on),
        text(Some(&row.stream)),
    ]
}

const HEADINGS: [(&str, &str); 16] = [
    ("种类", "Kind"),
    ("事项", "Matter"),
    ("说明", "Detail"),
    ("地址", "Address"),
    ("街道", "Subdistrict"),
    ("社区", "Community"),
    ("网格", "Grid cell"),
    ("进展", "How far"),
    ("主管部门", "Department"),
    ("等谁", "Waits on"),
    ("期限", "Deadline"),
    ("到期日", "Due day"),
    ("逾期天数", "Days late"),
    ("立案日", "Since"),
    ("办结日", "Ended on"),
    ("编号", "Number"),
];

/// Matters that a file holds at most.
const ROWS: u64 = 10_000;
