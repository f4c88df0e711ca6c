//! Templates: for each kind an empty workbook with its columns, an example, and what stands in each.

use rust_xlsxwriter::{Color, Format, Workbook, XlsxError};

use crate::lists::Kind;
use crate::lists::cells::Column;

/// A workbook: the first sheet is to be filled in, the second explains. `chinese` names the columns in Chinese, which are
/// read as well as the others.
///
/// # Errors
/// If it cannot be made.
pub fn workbook(kind: Kind, chinese: bool) -> Result<Vec<u8>, XlsxError> {
    let pick = |zh: &'static str, en: &'static str| if chinese { zh } else { en };
    let name = |column: &Column| if chinese { column.zh } else { column.name };
    let (head, text) = (
        Format::new().set_bold().set_background_color(Color::RGB(0x00E8_EEF4)),
        Format::new().set_num_format("@"),
    );
    let mut workbook = Workbook::new();
    let fill = workbook.add_worksheet().set_name(pick("清单", "List"))?;
    let explain = {
        for (place, column) in (0_u16..).zip(kind.columns()) {
            fill.write_string_with_format(0, place, name(column), &head)?;
            fill.set_column_width(place, 18)?;
            // as text, so that Excel rounds no long number and cuts off no zero
            fill.set_column_format(place, &text)?;
        }
        fill.set_freeze_panes(1, 0)?;
        workbook.add_worksheet().set_name(pick("说明", "How"))?
    };
    let heads = [
        pick("列", "Column"),
        pick("必填", "Needed"),
        pick("内容", "What stands in it"),
        pick("例", "Example"),
    ];
    for (place, told) in (0_u16..).zip(heads) {
        explain.write_string_with_format(0, place, told, &head)?;
    }
    for (line, column) in (1_u32..).zip(kind.columns()) {
        explain.write_string(line, 0, name(column))?;
        explain.write_string(line, 1, if column.needed { pick("是", "yes") } else { "" })?;
        explain.write_string(line, 2, pick(column.told_zh, column.told_en))?;
        explain.write_string(line, 3, column.example)?;
    }
    explain.set_column_width(0, 18)?;
    explain.set_column_width(2, 60)?;
    workbook.save_to_buffer()
}
