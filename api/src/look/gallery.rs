//! Gallery: every part on one page, with invented data of Pingshan district, in either language.

mod office;
mod subject;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use maud::{Markup, html};

use super::layout::{Area, LedgerFoot, Origin, Page, PrintHeader, Shows, SignedIn, page};
use super::parts::{Link, PersonView, breadcrumbs, page_heading, section};
use super::words::Lang;

/// The whole gallery as a page. Nothing in it is real.
pub fn gallery(lang: Lang) -> Markup {
    let body = html! {
        (breadcrumbs(lang, &[Link::new("/", lang.pick("首页", "Front page"))], lang.pick("样式一览", "Gallery")))
        (page_heading(
            Some(lang.pick("样式一览", "Gallery")),
            lang.pick("坪山区坑梓街道梓兴二巷 12 号 A 栋", "Building A, 12 Zixing 2nd Lane, Kengzi, Pingshan"),
            Some(lang.pick("每个部件一个样，数据都是编的", "One of each part; the data is invented")),
        ))
        (subject::parts(lang))
        (office::parts(lang))
        (section(lang.pick("登录示例", "Sign in to the sample"), office::sign_in(lang)))
    };
    page(&Page {
        here: Some("/".to_owned()),
        areas: vec![
            Link::new("/desk", lang.pick("办公", "Desk")),
            Link::new("/audit", lang.pick("信用与法务", "Credit and legal")),
        ],
        signed_in: Some(SignedIn {
            person: officer(lang),
            account: "a-7".to_owned(),
            csrf: "c5f1".to_owned(),
        }),
        origin: Origin::Sample,
        ledger: Some(LedgerFoot {
            position: 48_213,
            tree_head: HASH.to_owned(),
            checkpoint_at: Some(at((2026, 3, 9), (14, 5))),
        }),
        print: Some(PrintHeader {
            address: "https://wuping.example/s/4403100010010000012".to_owned(),
            shows: Shows::Digest(HASH.to_owned()),
            made_at: at((2026, 3, 9), (14, 6)),
        }),
        wide: true,
        ..Page::new(lang, Area::Public, lang.pick("样式一览", "Gallery"), body)
    })
}

/// A day of the sample.
fn on((year, month, day): (i32, u32, u32)) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// A moment of the sample, at UTC+8.
fn at(day: (i32, u32, u32), (hour, minute): (u32, u32)) -> DateTime<Utc> {
    on(day).and_hms_opt(hour, minute, 0).unwrap_or_default().and_utc() - TimeDelta::hours(8)
}

fn grid_worker(lang: Lang) -> PersonView {
    PersonView {
        name: Some(lang.say("陈志强", "Chen Zhiqiang")),
        account: Some("grid-1".to_owned()),
        role: "grid_worker".to_owned(),
        body: Some(lang.say("坑梓街道", "Kengzi")),
        erased_on: None,
    }
}

fn officer(lang: Lang) -> PersonView {
    PersonView {
        name: Some(lang.say("林秀珍", "Lin Xiuzhen")),
        account: None,
        role: "department_officer".to_owned(),
        body: Some(lang.department("fire").to_owned()),
        erased_on: None,
    }
}

const HASH: &str = "3f9ac21b7d0e4458a1b6c9d2e8f70315466b8da9c0e1f2a3b4c5d6e7f8091a2b";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::words::is_chinese;
    use crate::look::{script, style};
    use std::{fs, path::Path};

    /// What a reader sees or hears: text between tags and the attributes that are read out; without codes,
    /// scripts and pieces marked as being in the other language.
    fn words_read(lang: Lang) -> String {
        let page = gallery(lang).into_string();
        let other = format!(" lang=\"{}\"", lang.other().tag());
        let mut out = String::new();
        let mut muted: Vec<String> = Vec::new();
        for piece in page.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap();
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
            let opens = !tag.starts_with('/');
            if opens && (["code", "script"].contains(&name.as_str()) || (tag.contains(&other))) {
                muted.push(name.clone());
            } else if !opens && muted.last() == Some(&name) {
                muted.pop();
            }
            for read in ["alt=\"", "aria-label=\"", "title=\"", "data-label=\"", "placeholder=\""] {
                if let Some((_, rest)) = tag.split_once(read).filter(|_| name != "code") {
                    out.push_str(rest.split('"').next().unwrap());
                    out.push('\n');
                }
            }
            if muted.is_empty() {
                out.push_str(text);
                out.push('\n');
            }
        }
        out
    }

    #[test]
    fn the_gallery_is_written_out_for_the_eye() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"));
        fs::create_dir_all(folder).unwrap();
        for lang in Lang::ALL {
            let page = gallery(lang).into_string();
            let link = format!("<link rel=\"stylesheet\" href=\"{}\">", style().path);
            assert!(page.contains(&link), "one style sheet");
            let alone = page.replace(&link, &format!("<style>{}</style>", style().body));
            fs::write(folder.join(format!("gallery-{}.html", lang.code())), alone).unwrap();
        }
        for (name, wall) in [("before", "#c9b9a4"), ("after", "#d9dfe4")] {
            let svg = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 160 120\">\
                 <path fill=\"{wall}\" d=\"M0 0h160v120H0z\"/>\
                 <path fill=\"#8a7a66\" d=\"M0 96h160v24H0z\"/>\
                 <circle cx=\"96\" cy=\"34\" r=\"14\" fill=\"#f4f4f0\"/></svg>"
            );
            fs::write(folder.join(format!("gallery-{name}.svg")), svg).unwrap();
        }
    }

    #[test]
    fn the_chinese_page_speaks_chinese() {
        for line in words_read(Lang::Zh).lines() {
            let mut letters = 0;
            for c in line.chars() {
                letters = if c.is_ascii_alphabetic() { letters + 1 } else { 0 };
                assert!(letters < 2, "untranslated: {line}");
            }
        }
    }

    #[test]
    fn the_english_page_speaks_english() {
        for line in words_read(Lang::En).lines() {
            assert!(!is_chinese(line), "untranslated: {line}");
        }
    }

    #[test]
    fn a_page_with_every_part_stays_under_a_hundred_kilobytes() {
        for lang in Lang::ALL {
            let total = gallery(lang).into_string().len() + style().body.len() + script().body.len();
            assert!(total < 100_000, "{total} bytes");
        }
    }

    #[test]
    fn every_label_leads_to_a_control_and_every_control_has_one() {
        for lang in Lang::ALL {
            let page = gallery(lang).into_string();
            let ids: Vec<&str> =
                page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            let mut once = ids.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), ids.len(), "an id stands twice");
            let labels: Vec<&str> = page
                .split("<label")
                .skip(1)
                .map(|rest| rest.split("for=\"").nth(1).unwrap().split('"').next().unwrap())
                .collect();
            assert!(labels.len() > 15);
            for label in &labels {
                assert!(ids.contains(label), "no control {label}");
            }
            let controls = ["<input", "<select", "<textarea"].iter().flat_map(|tag| page.split(tag).skip(1));
            for control in controls
                .map(|rest| rest.split('>').next().unwrap())
                .filter(|tag| !tag.contains("type=\"hidden\""))
            {
                let id = control
                    .split(" id=\"")
                    .nth(1)
                    .unwrap_or_else(|| panic!("no id: {control}"))
                    .split('"')
                    .next()
                    .unwrap();
                assert!(labels.contains(&id), "no label for {id}");
            }
            for described in page
                .split("aria-describedby=\"")
                .skip(1)
                .flat_map(|rest| rest.split('"').next().unwrap().split(' '))
            {
                assert!(ids.contains(&described), "no description {described}");
            }
        }
    }

    #[test]
    fn a_page_asks_for_nothing_inline() {
        let page = gallery(Lang::Zh).into_string();
        for forbidden in [" style=", "<style", " onclick=", " onsubmit=", "javascript:", "data:"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("></script>"), "the script is a file");
    }
}
