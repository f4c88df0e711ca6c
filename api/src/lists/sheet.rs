//! A table as somebody sends it: rows of cells with their lines, from CSV, from an Excel workbook or from JSON.
//!
//! A row that cannot be read spoils nothing but itself; a file that is no table is refused whole.

use std::borrow::Cow;
use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use csv::ByteRecord;
use encoding_rs::GB18030;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::strict_json;

/// A table, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The header's cells.
    pub columns: Vec<String>,
    /// The rows below it in their order; empty ones are left out.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// On which line of the file it begins, from 1.
    pub line: u64,
    /// Its cells, from the first column on.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What stands in it, without blanks around it. A day is `2026-03-02`, a moment `2026-03-02 14:05:00`.
    pub text: String,
    /// Why that cannot be relied on.
    pub spoilt: Option<Spoilt>,
}

/// Why what stands in a cell cannot be relied on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spoilt {
    /// A formula that has no value, `#REF!`.
    Formula,
    /// A number of so many digits that Excel has rounded it.
    Rounded,
    /// Not text as UTF-8 has it.
    NotText,
}

/// Why a file is no table.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SheetError {
    /// There are no rows.
    #[error("the file has no rows; nothing was changed. If there is really nothing to report, send nothing")]
    Empty,
    /// An old workbook.
    #[error(
        "this is a workbook of the old kind (.xls); save it as .xlsx or as “CSV UTF-8” and send it again. Nothing was recorded"
    )]
    OldWorkbook,
    /// A workbook that cannot be read.
    #[error(
        "the workbook cannot be read: it is damaged, protected by a password or far too large. Save it anew as .xlsx, or as “CSV UTF-8”. Nothing was recorded"
    )]
    Workbook,
    /// A file in another encoding.
    #[error(
        "the file is neither UTF-8 nor GBK text: in Excel save it as “CSV UTF-8”, or send the workbook (.xlsx) itself. Nothing was recorded"
    )]
    Encoding,
    /// A document that is not of the right form.
    #[error(
        "the document has not the form {{\"rows\": [{{column: value, …}}, …]}} with texts, numbers or null as values (line {line}). Nothing was recorded"
    )]
    Document {
        /// Where it went wrong.
        line: usize,
    },
}

impl SheetError {
    /// The same in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "文件中没有数据行，没有任何更改。确实无数据时不必发送。".to_owned(),
            Self::OldWorkbook => {
                "这是旧版工作簿（.xls）。请另存为 .xlsx 或“CSV UTF-8”后再发送。没有记录任何内容。".to_owned()
            }
            Self::Workbook => {
                "工作簿无法读取：文件损坏、有密码或过大。请重新另存为 .xlsx 或“CSV UTF-8”。没有记录任何内容。"
                    .to_owned()
            }
            Self::Encoding => {
                "文件既不是 UTF-8 也不是 GBK 文本。请在 Excel 中另存为“CSV UTF-8”，或直接发送工作簿（.xlsx）。没有记录任何内容。"
                    .to_owned()
            }
            Self::Document { line } => format!(
                "数据格式应为 {{\"rows\": [{{列名: 值, …}}, …]}}，值为文本、数字或 null（第{line}行）。没有记录任何内容。"
            ),
        }
    }
}

impl Sheet {
    /// Reads a file: a workbook if it begins as one does, else separated text.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn of_file(bytes: &[u8]) -> Result<Self, SheetError> {
        let sheet = if bytes.starts_with(WORKBOOK) {
            of_workbook(bytes)?
        } else if bytes.starts_with(OLD_WORKBOOK) {
            return Err(SheetError::OldWorkbook);
        } else {
            let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
            match of_text(text) {
                Err(SheetError::Encoding) => of_text(from_gb18030(text)?.as_bytes())?,
                read => read?,
            }
        };
        sheet.with_rows()
    }

    /// Reads a document `{"rows": [{column: value}]}`; a row's line is its place from 1.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn of_json(bytes: &[u8]) -> Result<Self, SheetError> {
        let document: Document =
            strict_json::read(bytes).map_err(|error| SheetError::Document { line: error.line() })?;
        let mut sheet = Self::default();
        for (row, line) in document.rows.into_iter().zip(1..) {
            let mut cells = vec![Cell::default(); sheet.columns.len()];
            for (column, value) in row {
                let text = match value {
                    Value::Null => String::new(),
                    Value::String(text) => text.trim().to_owned(),
                    Value::Number(number) => number.to_string(),
                    _ => return Err(SheetError::Document { line: 1 }),
                };
                let place = sheet.columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                    sheet.columns.push(column);
                    sheet.columns.len() - 1
                });
                cells.resize(cells.len().max(place + 1), Cell::default());
                cells[place].text = text;
            }
            sheet.rows.push(Row { line, cells });
        }
        sheet.with_rows()
    }

    fn with_rows(mut self) -> Result<Self, SheetError> {
        self.rows.retain(|row| row.cells.iter().any(|cell| !cell.text.is_empty() || cell.spoilt.is_some()));
        if self.rows.is_empty() { Err(SheetError::Empty) } else { Ok(self) }
    }

    /// A row as it came, by column.
    #[must_use]
    pub fn raw(&self, row: &Row) -> Map<String, Value> {
        let cells = self.columns.iter().zip(&row.cells).filter(|(column, _)| !column.is_empty());
        cells.map(|(column, cell)| (column.clone(), Value::String(cell.text.clone()))).collect()
    }
}

#[derive(Deserialize)]
struct Document {
    rows: Vec<Map<String, Value>>,
}

fn of_text(bytes: &[u8]) -> Result<Sheet, SheetError> {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = [b',', b'\t', b';'].into_iter().find(|byte| header.contains(byte)).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut sheet = Sheet::default();
    let mut record = ByteRecord::new();
    // reading from memory, and rows of any length, cannot fail
    let mut lines = Lines { bytes, at: 0, line: 1 };
    while reader.read_byte_record(&mut record).map_err(|_| SheetError::Encoding)? {
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        let cells: Vec<Cell> = record.iter().map(text_cell).collect();
        if sheet.columns.is_empty() {
            if cells.iter().any(|cell| cell.spoilt.is_some()) {
                return Err(SheetError::Encoding);
            }
            sheet.columns = cells.into_iter().map(|cell| cell.text).collect();
        } else {
            sheet.rows.push(Row { line, cells });
        }
    }
    // where nothing but the header is readable, it is the encoding and not the rows
    let spoilt = |row: &Row| row.cells.iter().any(|cell| cell.spoilt == Some(Spoilt::NotText));
    if !sheet.rows.is_empty() && sheet.rows.iter().all(spoilt) {
        return Err(SheetError::Encoding);
    }
    Ok(sheet)
}

/// A text as Excel saves it as CSV on a Chinese computer: GB 18030, which takes in GBK and GB 2312.
fn from_gb18030(bytes: &[u8]) -> Result<Cow<'_, str>, SheetError> {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).ok_or(SheetError::Encoding)
}

/// The lines of a text as an editor counts them, asked for from the first to the last.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins here, behind what ends the record before it and empty lines.
    fn at(&mut self, byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(usize::MAX).clamp(self.at, self.bytes.len());
        let ends = self.bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &self.bytes[self.at..from + ends];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = from + ends;
        self.line
    }
}

fn text_cell(bytes: &[u8]) -> Cell {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cell { text: text.trim().to_owned(), spoilt: None },
        Err(_) => {
            Cell { text: String::from_utf8_lossy(bytes).trim().to_owned(), spoilt: Some(Spoilt::NotText) }
        }
    }
}

fn of_workbook(bytes: &[u8]) -> Result<Sheet, SheetError> {
    if unfolded_bytes(bytes) > UNFOLDED_BYTES_MAX {
        return Err(SheetError::Workbook);
    }
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|_| SheetError::Workbook)?;
    let first = workbook.worksheet_range_at(0).ok_or(SheetError::Empty)?;
    let range = first.map_err(|_| SheetError::Workbook)?;
    let Some((top, left)) = range.start() else { return Err(SheetError::Empty) };
    let mut sheet = Sheet::default();
    for (row, line) in range.rows().zip(u64::from(top) + 1..) {
        let before = (0..left).map(|_| Cell::default());
        let cells: Vec<Cell> = before.chain(row.iter().map(workbook_cell)).collect();
        if sheet.columns.is_empty() {
            sheet.columns = cells.into_iter().map(|cell| cell.text).collect();
        } else {
            sheet.rows.push(Row { line, cells });
        }
    }
    Ok(sheet)
}

fn workbook_cell(cell: &Data) -> Cell {
    let (text, spoilt) = match cell {
        Data::Empty => (String::new(), None),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => (text.clone(), None),
        Data::Bool(value) => (value.to_string(), None),
        Data::Int(number) => (number.to_string(), None),
        // written out a float is the number that was typed, as long as it is no longer than a float holds
        Data::Float(number) => {
            let text = number.to_string();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            (text, (digits > DIGITS_MAX).then_some(Spoilt::Rounded))
        }
        Data::DateTime(moment) => match moment.as_datetime() {
            Some(moment) if moment.time() == chrono::NaiveTime::MIN => (moment.date().to_string(), None),
            Some(moment) => (moment.format("%Y-%m-%d %H:%M:%S").to_string(), None),
            None => (String::new(), Some(Spoilt::Formula)),
        },
        Data::Error(error) => (error.to_string(), Some(Spoilt::Formula)),
    };
    Cell { text: text.trim().to_owned(), spoilt }
}

/// How large the parts of a workbook say they are when unfolded: the sum over the directory at its end.
fn unfolded_bytes(bytes: &[u8]) -> u64 {
    let entries = bytes.windows(28).filter(|window| window.starts_with(DIRECTORY_ENTRY));
    let sizes =
        entries.filter_map(|entry| Some(u64::from(u32::from_le_bytes(entry[24..28].try_into().ok()?))));
    sizes.fold(0, u64::saturating_add)
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const WORKBOOK: &[u8] = b"PK\x03\x04";
const OLD_WORKBOOK: &[u8] = b"\xd0\xcf\x11\xe0";
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
/// An office's list of a city's units has some 50 MB.
const UNFOLDED_BYTES_MAX: u64 = 200 * 1024 * 1024;
/// Excel keeps fifteen digits of a number.
const DIGITS_MAX: usize = 15;

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

    use super::*;

    fn texts(sheet: &Sheet) -> Vec<(u64, Vec<&str>)> {
        let cells = |row: &'_ Row| row.cells.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>();
        sheet
            .rows
            .iter()
            .map(|row| {
                assert_eq!(cells(row).len(), row.cells.len());
                (row.line, row.cells.iter().map(|cell| cell.text.as_str()).collect())
            })
            .collect()
    }

    #[test]
    fn a_table_of_any_separator_keeps_its_lines() {
        for text in [
            "\u{feff}编码,名称\r\n1, 甲 \r\n\r\n2,\"乙\n丙\"\r\n,\r\n3,丁\r\n",
            "编码;名称\n1;甲\n\n2;\"乙\n丙\"\n;\n3;丁\n",
            "编码\t名称\n1\t甲\n\n2\t\"乙\n丙\"\n\t\n3\t丁\n",
        ] {
            let sheet = Sheet::of_file(text.as_bytes()).unwrap();
            assert_eq!(sheet.columns, ["编码", "名称"]);
            assert_eq!(texts(&sheet), [(2, vec!["1", "甲"]), (4, vec!["2", "乙\n丙"]), (7, vec!["3", "丁"])]);
        }
    }

    #[test]
    fn a_workbook_reads_as_what_it_shows() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (place, name) in (0_u16..).zip(["编码", "日期", "时间", "证件号"]) {
            sheet.write_string(1, place, name).unwrap();
        }
        let (day, time) =
            (Format::new().set_num_format("yyyy/m/d"), Format::new().set_num_format("yyyy-mm-dd hh:mm"));
        sheet.write_number(2, 0, 44_031_001).unwrap();
        sheet.write_datetime_with_format(2, 1, ExcelDateTime::from_ymd(2026, 3, 2).unwrap(), &day).unwrap();
        let moment = ExcelDateTime::from_ymd(2026, 3, 2).unwrap().and_hms(14, 5, 0).unwrap();
        sheet.write_datetime_with_format(2, 2, &moment, &time).unwrap();
        sheet.write_number(4, 3, 440_301_199_001_011_234_u64 as f64).unwrap();
        let read = Sheet::of_file(&workbook.save_to_buffer().unwrap()).unwrap();
        assert_eq!(read.columns, ["编码", "日期", "时间", "证件号"]);
        assert_eq!(read.rows[0].line, 3);
        assert_eq!(texts(&read)[0].1, ["44031001", "2026-03-02", "2026-03-02 14:05:00", ""]);
        assert_eq!((read.rows[1].line, read.rows[1].cells[3].spoilt), (5, Some(Spoilt::Rounded)));
    }

    #[test]
    fn a_file_that_is_no_table_says_what_to_do() {
        for (bytes, error) in [
            (&b""[..], SheetError::Empty),
            (b"code,name\n", SheetError::Empty),
            (b"\xff\xfec\x00,\x00n\x00\n\x00", SheetError::Encoding),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", SheetError::OldWorkbook),
            (b"PK\x03\x04 broken", SheetError::Workbook),
        ] {
            assert_eq!(Sheet::of_file(bytes).unwrap_err(), error);
            assert!(error.zh().contains('。'));
        }
        let one_spoilt = Sheet::of_file(b"code,name\n1,\xbc\xd7\n2,b\n").unwrap();
        assert_eq!(one_spoilt.rows[0].cells[1].spoilt, Some(Spoilt::NotText));
        assert!(matches!(Sheet::of_json(br#"{"rows":[{"a":[1]}]}"#), Err(SheetError::Document { .. })));
        assert!(matches!(Sheet::of_json(b"{"), Err(SheetError::Document { .. })));
    }

    #[test]
    fn a_table_that_excel_saved_on_a_chinese_computer_is_read() {
        let (header, rows): (&[u8], &[u8]) = (b"\xb1\xe0\xc2\xeb,a\n1,2\n", b"code,name\n1,\xbc\xd7\n");
        assert_eq!(Sheet::of_file(header).unwrap().columns, ["编码", "a"]);
        assert_eq!(texts(&Sheet::of_file(rows).unwrap()), [(2, vec!["1", "甲"])]);
    }

    #[test]
    fn a_workbook_that_unfolds_without_end_is_left_alone() {
        let mut bomb = WORKBOOK.to_vec();
        for _ in 0..2 {
            let mut entry = [0_u8; 46];
            entry[..4].copy_from_slice(DIRECTORY_ENTRY);
            entry[24..28].copy_from_slice(&(150_u32 << 20).to_le_bytes());
            bomb.extend(entry);
        }
        assert_eq!(Sheet::of_file(&bomb), Err(SheetError::Workbook));
    }

    #[test]
    fn a_document_reads_as_the_table_it_is() {
        let sheet =
            Sheet::of_json(r#"{"rows":[{"code":1,"名称":" 甲 "},{"storeys":null,"code":"2"}]}"#.as_bytes());
        let sheet = sheet.unwrap();
        assert_eq!(sheet.columns, ["code", "名称", "storeys"]);
        assert_eq!(texts(&sheet), [(1, vec!["1", "甲"]), (2, vec!["2", "", ""])]);
    }
}
