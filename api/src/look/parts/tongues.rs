//! Tongues: Chinese that stands on an English page, marked as what it is, so that it is read aloud and set as Chinese. A rulebook
//! may have a name in Chinese alone, and people write what they write.

use maud::{Markup, html};

use super::super::words::Lang;

/// A text of a page. On an English page each piece of Chinese in it is marked.
pub fn in_tongues(lang: Lang, text: &str) -> Markup {
    if lang == Lang::Zh {
        return html! { (text) };
    }
    html! {
        @for (tongue, piece) in pieces(text) {
            @if tongue == Lang::Zh { span lang=(Lang::Zh.tag()) { (piece) } } @else { (piece) }
        }
    }
}

/// The text in pieces of one language each. Figures before a Chinese word belong to it, and what stands between two of them
/// without a Latin letter.
fn pieces(text: &str) -> Vec<(Lang, &str)> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.find(is_chinese) {
        let begins = rest[..first].trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        let (before, from) = rest.split_at(begins);
        let latin = from.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(from.len());
        let last = from[..latin].char_indices().rev().find(|(_, letter)| is_chinese(*letter));
        let ends = last.map_or(latin, |(at, letter)| at + letter.len_utf8());
        let (chinese, after) = from.split_at(ends);
        if !before.is_empty() {
            pieces.push((Lang::En, before));
        }
        pieces.push((Lang::Zh, chinese));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push((Lang::En, rest));
    }
    pieces
}

/// A Chinese character, or a mark that only Chinese is written with.
const fn is_chinese(letter: char) -> bool {
    matches!(letter, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_of_chinese_is_marked_on_an_english_page_and_nothing_else_is() {
        for (text, shown) in [
            ("The result: Five stars.", "The result: Five stars."),
            (
                "Smoke alarm: 未安装或失效; 6 points lost.",
                "Smoke alarm: <span lang=\"zh-CN\">未安装或失效</span>; 6 points lost.",
            ),
            (
                "Extinguisher: 4公斤以上，有效期正常; 2 points lost.",
                "Extinguisher: <span lang=\"zh-CN\">4公斤以上，有效期正常</span>; 2 points lost.",
            ),
            ("缺1具", "<span lang=\"zh-CN\">缺1具</span>"),
            (
                "To: the owner of 坑梓路1号 <b>",
                "To: the owner of <span lang=\"zh-CN\">坑梓路1号</span> &lt;b&gt;",
            ),
            (
                "No. 坪房评告〔甲〕11号, of 住建局",
                "No. <span lang=\"zh-CN\">坪房评告〔甲〕11号</span>, of <span lang=\"zh-CN\">住建局</span>",
            ),
            ("", ""),
        ] {
            assert_eq!(in_tongues(Lang::En, text).into_string(), shown, "{text}");
        }
        assert_eq!(in_tongues(Lang::Zh, "缺1具 LPG").into_string(), "缺1具 LPG");
    }
}
