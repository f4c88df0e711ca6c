//! Indicator data as one of the lists: each row a result, which goes into the assessment that waits for it.

use std::collections::HashMap;

use serde_json::json;

use crate::app::App;
use crate::feeds::{self, DeliveryError, Line};
use crate::lists::cells::{Cells, Column, Fault};
use crate::lists::sheet::{Row, Sheet, SheetError};
use crate::lists::{Became, Delivery, Fate, Kind, ListError, Spoken, header};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "code",
        zh: "房屋编码",
        needed: true,
        told_zh: "哪处房屋",
        told_en: "code of the premises",
        example: "4403100001",
    },
    Column {
        name: "indicator",
        zh: "指标",
        needed: true,
        told_zh: "指标代码",
        told_en: "the indicator's code",
        example: "tenant_registration",
    },
    Column {
        name: "outcome",
        zh: "结果",
        needed: true,
        told_zh: "选项代码、整数、2/5 这样的比例，或 not_applicable",
        told_en: "a row's code, a whole number, a share such as 2/5, or not_applicable",
        example: "0",
    },
    Column {
        name: "observed_on",
        zh: "采集日期",
        needed: false,
        told_zh: "哪天的情况",
        told_en: "the day it was observed",
        example: "2026-03-02",
    },
];

/// The results in a table that a system delivers as its own: all of them, or none.
///
/// # Errors
/// [`DeliveryError::Empty`]; [`DeliveryError::Malformed`] with the first line that is not in order.
pub(crate) fn lines_of_table(bytes: &[u8]) -> Result<Vec<Line>, DeliveryError> {
    let malformed = |line: u64, detail: String| DeliveryError::Malformed { line, detail };
    let sheet = Sheet::of_file(bytes).map_err(|error| match error {
        SheetError::Empty => DeliveryError::Empty,
        error => malformed(1, error.to_string()),
    })?;
    let (places, _) = header(Kind::Indicators, &sheet).map_err(|error| malformed(1, error.to_string()))?;
    let (columns, places) = (Kind::Indicators.columns(), &places);
    let read = |row: &Row| line(&Cells { columns, places, row }).map_err(|fault| (row.line, fault.en));
    sheet.rows.iter().map(read).collect::<Result<_, _>>().map_err(|(line, why)| malformed(line, why))
}

/// Takes the rows that are in order as one delivery, or says what that would do.
pub(super) async fn take(
    app: &App,
    delivery: &Delivery,
    sheet: &Sheet,
    places: &HashMap<&'static str, usize>,
) -> Result<Vec<Fate>, ListError> {
    let columns = Kind::Indicators.columns();
    let read: Vec<Result<Line, Fault>> =
        sheet.rows.iter().map(|row| line(&Cells { columns, places, row })).collect();
    let lines: Vec<Line> = read.iter().flatten().cloned().collect();
    let told = match (lines.is_empty(), delivery.dry_run) {
        (true, _) => feeds::Delivery::default(),
        (false, true) => feeds::try_out(app, &delivery.channel, &delivery.reference, &lines).await?,
        (false, false) => feeds::take(app, &delivery.channel, &delivery.reference, &lines).await?,
    };
    let mut told = told.lines.into_iter();
    let fate = |(row, read): (&Row, Result<Line, Fault>)| {
        let (name, said, became, refused) = match read {
            Err(fault) => (String::new(), vec![], Became::Refused, Some(fault)),
            Ok(line) => {
                let told = told.next();
                let position = told.as_ref().and_then(|told| told.position);
                let stream = told.as_ref().map(|told| told.stream.clone()).unwrap_or_default();
                let nothing = told.as_ref().is_some_and(|told| told.nothing_new);
                let refused = told.and_then(|told| told.refused);
                let refused = refused.map(|refused| Fault::new(&refused.code, refused.zh, refused.en));
                let became = match (&refused, nothing) {
                    (Some(_), _) => Became::Refused,
                    (None, true) => Became::Same,
                    (None, false) => Became::New,
                };
                let spoken = Spoken {
                    stream,
                    command: "supply".to_owned(),
                    fields: vec![line.indicator.clone()],
                    position,
                };
                let said = if became == Became::New { vec![spoken] } else { vec![] };
                (format!("{} {}", line.code, line.indicator), said, became, refused)
            }
        };
        Fate { line: row.line, name, became, said, refused }
    };
    Ok(sheet.rows.iter().zip(read).map(fate).collect())
}

fn line(cells: &Cells<'_>) -> Result<Line, Fault> {
    let observed = cells.day("observed_on")?.map(|day| ("observed_on".to_owned(), json!(day)));
    Ok(Line {
        code: cells.needed("code")?.to_owned(),
        indicator: cells.needed("indicator")?.to_owned(),
        outcome: json!(cells.needed("outcome")?),
        measured: observed.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_with_what_was_observed_when() {
        let table = "\u{feff}code, indicator ,outcome,observed_on\n4403,tenant_registration,0,2026-03-02\n4404,lease_filing,met,\n";
        let lines = lines_of_table(table.as_bytes()).unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].measured["observed_on"], "2026-03-02");
        assert!(lines[1].measured.is_empty());
    }

    #[test]
    fn a_table_that_is_none_says_what_is_wrong_and_where() {
        for (table, told) in [
            ("name,age\nA,3\n", "line 1: "),
            ("code,indicator,outcome\n4403,tenant_registration\n", "line 2: outcome: must be filled in"),
            ("code,indicator,outcome\n4403,,0\n", "line 2: indicator: must be filled in"),
            ("code,indicator,outcome\n", "the delivery is empty"),
            ("", "the delivery is empty"),
        ] {
            let error = lines_of_table(table.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
        let none = lines_of_table(b"name,age\nA,3\n").unwrap_err().to_string();
        assert!(["code", "indicator", "outcome"].iter().all(|column| none.contains(column)), "{none}");
    }
}
