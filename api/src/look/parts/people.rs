//! Person and role; sign-in cards for the sample.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::super::words::Lang;

/// A person in a role. What the ledger knows of a person is a key and a role; the name may have been erased.
#[derive(Clone, Debug, Default)]
pub struct PersonView {
    /// The name, where it may be shown.
    pub name: Option<String>,
    /// The account, which the ledger knows the person by, where it stands beside the name.
    pub account: Option<String>,
    /// The role's code, as in `Lang::role`.
    pub role: String,
    /// Department, authority or subdistrict, in words.
    pub body: Option<String>,
    /// The day on which the name was erased, if it was.
    pub erased_on: Option<NaiveDate>,
}

/// Name, account, role and body: `陈志强 grid-1 网格员 · 坑梓街道`.
pub fn person_and_role(lang: Lang, person: &PersonView) -> Markup {
    html! {
        span.person {
            @if let Some(erased_on) = person.erased_on {
                span.erased { (lang.pick("姓名", "name ")) (erased(lang, erased_on)) } " "
            } @else if let Some(name) = &person.name {
                strong { (name) } " "
                @if let Some(account) = &person.account { code.quiet.small { (account) } " " }
            }
            span.quiet {
                (lang.role(&person.role))
                @if let Some(body) = &person.body { " · " (body) }
            }
        }
    }
}

/// What stands in place of an erased value, on pages, exports and bundles alike.
pub fn erased(lang: Lang, on: NaiveDate) -> String {
    lang.pick(format!("已于 {on} 依法删除"), format!("erased on {on}"))
}

/// One role of the sample that a visitor may try.
#[derive(Clone, Debug)]
pub struct RoleCard {
    /// The role's code, as in `Lang::role`.
    pub role: String,
    /// The invented person's name.
    pub name: String,
    /// Department or subdistrict, in words.
    pub body: String,
    /// One sentence: what this role sees and does.
    pub does: String,
    /// Where its form sends.
    pub door: String,
}

/// Sign-in cards, one a role; each is a form that posts to the login under `action`.
pub fn sign_in_cards(lang: Lang, cards: &[RoleCard]) -> Markup {
    html! {
        ul.cards {
            @for card in cards {
                li.card {
                    h3.card-title { (lang.role(&card.role)) }
                    p { strong { (card.name) } " " span.quiet { (card.body) } }
                    p.card-text { (card.does) }
                    form method="post" action=(card.door) {
                        button.button type="submit" {
                            (lang.pick(
                                format!("用{}的身份进入", lang.role(&card.role)),
                                format!("Enter as {}", lang.role(&card.role).to_lowercase()),
                            ))
                        }
                    }
                }
            }
        }
    }
}
