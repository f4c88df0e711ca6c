//! Pages of a list: which is asked for, by a person and by a program, and the way from one to the next.

use axum::http::StatusCode;
use axum::response::Response;
use maud::Markup;
use wuping_projections::queries::{Page, Paged};

use crate::look::parts::{PagesView, pagination};
use crate::look::words::Lang;
use crate::web::api::problem;

/// The page that a person asks for; the first where it is none.
pub(super) fn page_number(text: &str) -> u64 {
    stated(text).unwrap_or(1)
}

/// The page that is stated, the first where none is: a program that asks for none there is has a mistake to mend.
pub(super) fn stated(text: &str) -> Option<u64> {
    match text {
        "" => Some(1),
        text => text.parse().ok().filter(|number| (1..=PAGES_MAX).contains(number)),
    }
}

/// The page that a program asks for, or what it must write instead.
pub(super) fn asked(lang: Lang, text: &str) -> Result<u64, Box<Response>> {
    stated(text).ok_or_else(|| {
        let detail = lang.pick(
            format!("page：要写页码，从 1 到 {PAGES_MAX} 的整数"),
            format!("page: write a whole number from 1 to {PAGES_MAX}"),
        );
        Box::new(problem(StatusCode::BAD_REQUEST, "malformed", &detail))
    })
}

/// Which rows of how many are shown, and the pages before and after; `at` is the address of a page.
pub(super) fn ways<T>(lang: Lang, found: &Paged<T>, at: impl Fn(u64) -> String) -> Markup {
    let shown = found.rows.len() as u64;
    let first = if shown == 0 { 0 } else { (found.page - 1) * Page::of(1).size + 1 };
    let pages = PagesView {
        total: found.total,
        first,
        last: (first + shown).saturating_sub(1),
        position: None,
        previous: (found.page > 1).then(|| at(found.page - 1)),
        next: (found.page < found.pages).then(|| at(found.page + 1)),
    };
    pagination(lang, &pages)
}

/// Pages of a list.
pub(super) const PAGES_MAX: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_there_is_not_is_the_first_for_a_person_and_a_mistake_for_a_program() {
        for (text, page) in [("", Some(1)), ("1", Some(1)), ("1000000", Some(PAGES_MAX))] {
            assert_eq!(stated(text), page, "{text}");
        }
        for text in ["0", "-1", "x", "1000001", "18446744073709551615"] {
            assert_eq!((stated(text), page_number(text)), (None, 1), "{text}");
        }
    }
}
