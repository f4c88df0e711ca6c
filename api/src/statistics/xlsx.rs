//! A table as a workbook: its rows on the first sheet, what it was made from on the second.

use rust_xlsxwriter::{Color, Format, Workbook, Worksheet, XlsxError};
use wuping_replay::statistics::{Cell, Made};

use super::{WriteError, heading, say, value};
use crate::look::words::Lang;

/// A report.
pub(super) fn write(made: &Made, lang: Option<Lang>) -> Result<Vec<u8>, WriteError> {
    let speaks = lang.unwrap_or(Lang::En);
    let columns = made.table.columns;
    let headings = columns.iter().map(|column| heading(column, lang));
    let rows = made.table.rows.iter().map(|row| {
        let cells = columns.iter().zip(row).map(|(column, cell)| value(column, cell, lang));
        cells.collect::<Vec<_>>()
    });
    table(speaks, speaks.pick("报表", "Report"), headings, rows, provenance(speaks, made))
}

/// Rows under their headings on a sheet of this name, and on another what they were made from.
pub(super) fn table<'h>(
    lang: Lang,
    name: &str,
    headings: impl Iterator<Item = &'h str>,
    rows: impl Iterator<Item = Vec<Cell>>,
    made_from: Vec<(&str, String)>,
) -> Result<Vec<u8>, WriteError> {
    let head = Format::new().set_bold().set_background_color(Color::RGB(0x00E8_EEF4)).set_text_wrap();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name(name)?;
    for (place, heading) in (0_u16..).zip(headings) {
        sheet.write_string_with_format(0, place, heading, &head)?;
        sheet.set_column_width(place, WIDTH)?;
    }
    for (line, row) in (1_u32..).zip(rows) {
        for (place, cell) in (0_u16..).zip(&row) {
            put(sheet, (line, place), cell)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_landscape().set_repeat_rows(0, 0)?.set_print_fit_to_pages(1, 0);
    let told = workbook.add_worksheet().set_name(lang.pick("来源", "Made from"))?;
    for (line, (name, said)) in (0_u32..).zip(made_from) {
        told.write_string_with_format(line, 0, name, &head)?;
        told.write_string(line, 1, said)?;
    }
    told.set_column_width(0, 24)?;
    told.set_column_width(1, 80)?;
    Ok(workbook.save_to_buffer()?)
}

/// A day is written as text, so that no program shows it as another day; a number that a workbook would round is text too.
fn put(sheet: &mut Worksheet, (line, place): (u32, u16), cell: &Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => {}
        Cell::Number(number) => match u32::try_from(*number) {
            Ok(number) => drop(sheet.write_number(line, place, number)?),
            Err(_) => drop(sheet.write_string(line, place, number.to_string())?),
        },
        Cell::Day(_) | Cell::Text(_) => drop(sheet.write_string(line, place, cell.text())?),
    }
    Ok(())
}

/// What it says of itself, in the order in which it is shown.
pub(super) fn provenance(lang: Lang, made: &Made) -> Vec<(&'static str, String)> {
    let pick = |zh, en| lang.pick(zh, en);
    let mut said = vec![
        (pick("报表", "Report"), say(lang, made.statistic.title()).to_owned()),
        (pick("口径", "What it counts"), say(lang, made.statistic.about()).to_owned()),
        (pick("截至", "Day"), made.day.to_string()),
        // two reports of one day may differ in this, and then have another digest
        (
            pick("等级取", "Grades"),
            match made.asked.question.valid_at {
                Some(_) => {
                    lang.say("截至日有效的（指定了日期）", "as valid on that day, which was asked for")
                }
                None => lang.say(
                    "账本位置处生效的（没有指定日期）",
                    "as in force at the position; no day was asked for",
                ),
            },
        ),
    ];
    said.extend(made.from.map(|from| (pick("从", "From"), from.to_string())));
    let subdistrict = made.asked.subdistrict().map(str::to_owned);
    said.extend(subdistrict.map(|subdistrict| (pick("街道", "Subdistrict"), subdistrict)));
    said.extend(made.asked.party.clone().map(|party| (pick("责任人", "Party"), party)));
    said.extend(made.rule.as_ref().map(|rule| {
        (pick("规则", "Rule"), format!("{} · {} · {}", lang.pick(&rule.zh, &rule.en), rule.id, rule.sha256))
    }));
    let position = made.position.map_or_else(|| "-".to_owned(), |position| position.to_string());
    said.extend([
        (pick("账本位置", "Position"), position),
        (pick("树头", "Tree head"), made.tree_head.clone()),
        (pick("内容指纹", "Digest"), made.digest.clone()),
    ]);
    said
}

const WIDTH: f64 = 16.0;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that fails says where")]

    use std::io::Cursor;

    use calamine::{Data, Reader as _, Xlsx};

    use super::*;

    #[test]
    fn another_program_reads_the_same_rows_and_what_they_were_made_from() {
        let day = "2026-11-27".parse().unwrap();
        let rows = vec![vec![Cell::Text("=1+1".into()), Cell::Day(day), Cell::Number(3), Cell::Nothing]];
        let made_from = vec![("筛选", "overdue=true".to_owned())];
        let headings = ["事项", "到期日", "逾期天数", "办结日"];
        let bytes = table(Lang::Zh, "逾期的事项", headings.into_iter(), rows.into_iter(), made_from).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        let list = book.worksheet_range("逾期的事项").unwrap();
        let text = |text: &str| Data::String(text.to_owned());
        let read: Vec<_> = list.rows().map(<[Data]>::to_vec).collect();
        assert_eq!(read[0], headings.map(text));
        assert_eq!(read[1], [text("=1+1"), text("2026-11-27"), Data::Float(3.0), Data::Empty], "no formula");
        let from = book.worksheet_range("来源").unwrap();
        assert_eq!(from.rows().next().unwrap(), [text("筛选"), text("overdue=true")]);
    }
}
