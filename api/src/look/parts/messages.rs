//! Messages: notice box, receipt, empty state, error page. Each says what happened, why, and what to do.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::super::words::Lang;
use super::{Link, ProofView, Tone, TwoTimes, moment, proof_mark, two_times};

/// A box with a heading in words and sentences under it. Grave ones are read out at once to who cannot see
/// them.
pub fn notice_box(tone: Tone, heading: &str, sentences: &[String]) -> Markup {
    let role = if tone == Tone::Grave { "alert" } else { "note" };
    html! {
        div class={ "notice notice-" (tone.class()) } role=(role) {
            p.notice-head { strong { (heading) } }
            @for sentence in sentences { p { (sentence) } }
        }
    }
}

/// What a person gets after something was recorded.
#[derive(Clone, Debug)]
pub struct ReceiptView {
    /// What was recorded, in words.
    pub what: String,
    /// The number to quote.
    pub number: String,
    /// When it happened by the author's claim, and when it was received.
    pub times: TwoTimes,
    /// Position in the ledger.
    pub position: u64,
    /// What happens next, each step a sentence with its date.
    pub next: Vec<String>,
    /// Where to go from here.
    pub links: Vec<Link>,
    /// Its proof.
    pub proof: Option<ProofView>,
}

/// The receipt: number, time, what happens next.
pub fn receipt(lang: Lang, view: &ReceiptView) -> Markup {
    html! {
        section.receipt aria-labelledby="receipt-head" {
            h2 #receipt-head { (lang.pick("已收到：", "Received: ")) (view.what) }
            p.receipt-number { span.quiet { (lang.pick("编号", "Number")) } " " code { (view.number) } }
            dl.facts {
                div.fact { dt { (lang.pick("时间", "Time")) } dd { (two_times(lang, &view.times)) } }
                div.fact {
                    dt { (lang.pick("账本位置", "Ledger entry")) }
                    dd {
                        (lang.pick(format!("第 {} 条", lang.count(view.position)), lang.count(view.position)))
                    }
                }
            }
            @if !view.next.is_empty() {
                h3 { (lang.pick("接下来", "What happens next")) }
                ol { @for step in &view.next { li { (step) } } }
            }
            @if let Some(proof) = &view.proof { (proof_mark(lang, proof)) }
            @if !view.links.is_empty() { (link_list(&view.links)) }
            (print_button(lang))
        }
    }
}

/// A print button; it shows itself only where the script runs.
pub fn print_button(lang: Lang) -> Markup {
    html! { button.button.button-plain type="button" data-print hidden { (lang.pick("打印", "Print")) } }
}

/// An empty list: why it is empty, and what to do.
pub fn empty_state(why: &str, next: Option<&Link>) -> Markup {
    html! {
        div.empty {
            p { (why) }
            @if let Some(next) = next { p { a href=(next.href) { (next.label) } } }
        }
    }
}

/// Why a page cannot be shown or a thing not be done.
#[derive(Clone, Debug)]
pub struct ErrorView {
    /// What happened, as a sentence; the page's heading.
    pub what: String,
    /// Why: the rule or the cause, in words.
    pub why: String,
    /// What to do, each a sentence.
    pub todo: Vec<String>,
    /// Ways on from here.
    pub links: Vec<Link>,
    /// A number to quote on the telephone, and when it happened.
    pub reference: Option<(String, DateTime<Utc>)>,
}

/// The body of an error page.
pub fn error_page(lang: Lang, view: &ErrorView) -> Markup {
    html! {
        section.error-page {
            h1 { (view.what) }
            h2 { (lang.pick("为什么", "Why")) }
            p { (view.why) }
            h2 { (lang.pick("怎么办", "What to do")) }
            ul { @for sentence in &view.todo { li { (sentence) } } }
            @if !view.links.is_empty() { (link_list(&view.links)) }
            @if let Some((number, at)) = &view.reference {
                p.quiet {
                    (lang.pick("打电话来问时，请报编号", "When you call us, quote")) " " code { (number) }
                    " · " (moment(lang, *at))
                }
            }
        }
    }
}

/// The words where nothing more is known: the server could not do it, and nothing was recorded.
pub fn could_not(lang: Lang, reference: Option<(String, DateTime<Utc>)>) -> ErrorView {
    ErrorView {
        what: lang.say("这一步没有办成", "This could not be done"),
        why: lang.say(
            "平台自己出了故障，不是您填错了。没有记下任何东西。",
            "The platform itself failed; you did nothing wrong. Nothing was recorded.",
        ),
        todo: vec![
            lang.say(
                "回到上一页，再提交一次。同一件事提交两次，只会记一次。",
                "Go back and send it again. The same thing sent twice is recorded once.",
            ),
            lang.say(
                "还是不行，请打电话给街道办事处，报下面的编号。",
                "If it fails again, call the subdistrict office and quote the number below.",
            ),
        ],
        links: vec![Link::new("/", lang.pick("回首页", "Front page"))],
        reference,
    }
}

/// Links one under the other.
pub fn link_list(links: &[Link]) -> Markup {
    html! { ul.links { @for link in links { li { a href=(link.href) { (link.label) } } } } }
}
