//! Every part is given texts that try to break out of the page, and none does.

use chrono::{DateTime, NaiveDate, Utc};
use maud::Markup;

use super::super::layout::{Area, LedgerFoot, Origin, Page, PrintHeader, Shows, SignedIn, page};
use super::super::words::Lang;
use super::*;

/// An address as a malicious importer would write it: a tag, an end of an attribute, an entity.
const HOSTILE: &str = "12 号<script>alert(\"x\")</script>' onload='y' &amp;";

fn text() -> String {
    HOSTILE.to_owned()
}

fn some() -> Option<String> {
    Some(text())
}

fn link() -> Link {
    Link::new(HOSTILE, HOSTILE)
}

fn today() -> NaiveDate {
    NaiveDate::default()
}

fn now() -> DateTime<Utc> {
    DateTime::default()
}

fn times() -> TwoTimes {
    TwoTimes { claimed: now(), received: now(), flag: Some(ClockFlag::BeforePrevious) }
}

fn person() -> PersonView {
    PersonView { name: some(), account: some(), role: text(), body: some(), erased_on: None }
}

fn proof() -> ProofView {
    ProofView {
        state: ProofState::Contested,
        reason: some(),
        position: 1,
        event_id: text(),
        key_id: text(),
        entry_hash: text(),
        tree_head: text(),
        checkpoint_at: Some(now()),
        href: some(),
    }
}

fn photo() -> Photo {
    let standing = PhotoStanding::Here { small: text(), full: text() };
    Photo { what: text(), taken_at: Some(now()), standing }
}

fn choices() -> [Choice; 1] {
    [Choice::new(HOSTILE, HOSTILE, HOSTILE)]
}

fn field(kind: TextKind) -> TextField {
    TextField {
        name: text(),
        label: text(),
        hint: some(),
        value: text(),
        error: some(),
        required: false,
        kind,
    }
}

fn grade_parts(lang: Lang) -> Vec<Markup> {
    let grade = GradeView {
        stars: None,
        word: some(),
        level: Some(Level::Strict),
        score: Some(1),
        since: Some(today()),
        rulebook: Some(link()),
        state: GradeState::InForce,
        banned: vec![text()],
        pending: some(),
        remarks: vec![text()],
    };
    let row = IndicatorRow {
        id: text(),
        name: text(),
        answer: text(),
        earned: 0,
        points: 1,
        collect: text(),
        carried_from: None,
        note: some(),
        cap: Some(1),
        photos: vec![photo()],
    };
    let group = IndicatorGroup { name: text(), earned: 0, applicable: 1, rows: vec![row] };
    let lost = LostPoints { name: text(), lost: 1, found: text(), remedy: some(), cap: None };
    let point = GradePoint { on: today(), stars: Some(1), level: None, why: text(), href: some() };
    let shares = LevelShares { label: text(), href: some(), counts: [1, 0, 0, 0], not_assessed: 0 };
    vec![
        grade_band(lang, &grade),
        indicator_groups(lang, &[group]),
        lost_points(lang, &[lost]),
        grade_steps(lang, &[point], today()),
        bar_chart(lang, HOSTILE, &[Bar { label: text(), value: 1, href: some(), level: None }]),
        level_shares(lang, HOSTILE, &[shares]),
    ]
}

fn case_parts(lang: Lang) -> Vec<Markup> {
    let entry = |by| TimelineEntry {
        event: text(),
        by,
        times: times(),
        text: vec![text()],
        photos: vec![photo()],
        proof: Some(proof()),
        tone: Tone::Calm,
    };
    let action = |how| Action { label: text(), kind: ActionKind::Plain, how, rule: some() };
    let post = ActionHow::Post { action: text(), csrf: text(), fields: vec![(text(), text())] };
    let card = RoleCard { role: text(), name: text(), body: text(), does: text(), door: text() };
    vec![
        person_and_role(lang, &person()),
        proof_mark(lang, &proof()),
        photo_strip(lang, &[photo()]),
        before_after(lang, &photo(), &photo()),
        timeline(lang, &[entry(By::Person(person()))]),
        timeline(lang, &[entry(By::Rule { rulebook: text(), authority: some() })]),
        timeline(lang, &[entry(By::Received(text()))]),
        actions(lang, &[action(ActionHow::Open { href: text() })]),
        actions(lang, &[action(post)]),
        actions(lang, &[action(ActionHow::Refused { why: text(), instead: some() })]),
        sign_in_cards(lang, &[card]),
    ]
}

fn list_parts(lang: Lang) -> Vec<Markup> {
    let filter = |kind| Filter { name: text(), label: text(), kind };
    let bar = FilterBar {
        action: text(),
        filters: vec![filter(FilterKind::Choice(choices().to_vec())), filter(FilterKind::Words(text()))],
        hidden: vec![(text(), text())],
        clear: some(),
    };
    let order = Order { href: text(), now: None };
    let table = TableView {
        caption: text(),
        columns: vec![Column::text(HOSTILE), Column::number(HOSTILE).ordered(order)],
        rows: vec![Row {
            href: some(),
            cells: vec![Fact::text("", HOSTILE).value, Fact::code("", HOSTILE).value],
            tone: Tone::Grave,
        }],
    };
    let pages = PagesView { total: 1, first: 1, last: 1, position: None, previous: some(), next: some() };
    let figure = Figure { label: text(), value: 1, href: text(), note: some() };
    let search = SearchBox { action: text(), name: text(), value: text(), label: text(), hint: text() };
    let answer = CheckAnswer { question: text(), answer: Fact::text("", HOSTILE).value, change: some() };
    let row = CompareRow { label: text(), left: text(), right: text() };
    vec![
        filter_bar(lang, &bar),
        data_table(&table),
        pagination(lang, &pages),
        empty_state(HOSTILE, Some(&link())),
        figures(lang, &[figure]),
        search_box(lang, &search),
        check_answers(lang, &[answer]),
        compare(lang, HOSTILE, HOSTILE, &[row]),
        downloads(lang, &[link()]),
        facts(&[Fact::text(HOSTILE, HOSTILE)]),
        page_heading(Some(HOSTILE), HOSTILE, Some(HOSTILE)),
        breadcrumbs(lang, &[link()], HOSTILE),
        section(HOSTILE, Markup::default()),
    ]
}

fn form_parts(lang: Lang) -> Vec<Markup> {
    let view = FormView {
        action: text(),
        csrf: text(),
        command_id: text(),
        expected: some(),
        files: true,
        submit: text(),
    };
    let answer = Answer { value: text(), label: text(), points: Some(1), fails: true, chosen: true };
    let question = AnswerField {
        name: text(),
        question: text(),
        hint: some(),
        answers: vec![answer],
        error: some(),
        photo: Some(PhotoField { name: text(), needed: true, taken: 0, error: some(), kept: vec![text()] }),
        measured: vec![field(TextKind::Number)],
        note: Some(field(TextKind::Long)),
    };
    vec![
        form(&view, Markup::default()),
        answer_field(lang, &question),
        choice_field(lang, HOSTILE, HOSTILE, Some(HOSTILE), &choices(), Some(HOSTILE)),
        select_field(lang, HOSTILE, HOSTILE, &choices(), Some(HOSTILE)),
        text_field(lang, &field(TextKind::Short)),
        tick_field(HOSTILE, HOSTILE, true),
        error_summary(lang, &[FieldError { name: text(), text: text() }]),
        saved_state(lang, &SavedState::NotSaved(text())),
    ]
}

fn message_parts(lang: Lang) -> Vec<Markup> {
    let receipt_view = ReceiptView {
        what: text(),
        number: text(),
        times: times(),
        position: 1,
        next: vec![text()],
        links: vec![link()],
        proof: Some(proof()),
    };
    let error = ErrorView {
        what: text(),
        why: text(),
        todo: vec![text()],
        links: vec![link()],
        reference: Some((text(), now())),
    };
    let whole = Page {
        nav: vec![link()],
        areas: vec![link()],
        other_language: text(),
        signed_in: Some(SignedIn { person: person(), account: text(), csrf: text() }),
        origin: Origin::Imported { source: text(), licence: link(), as_of: today() },
        ledger: Some(LedgerFoot { position: 1, tree_head: text(), checkpoint_at: None }),
        print: Some(PrintHeader { address: text(), shows: Shows::Digest(text()), made_at: now() }),
        ..Page::new(lang, Area::Public, HOSTILE, Markup::default())
    };
    vec![
        notice_box(Tone::Grave, HOSTILE, &[text()]),
        receipt(lang, &receipt_view),
        error_page(lang, &error),
        page(&whole),
    ]
}

#[test]
fn no_part_lets_a_text_become_markup() {
    for lang in Lang::ALL {
        let parts =
            [grade_parts(lang), case_parts(lang), list_parts(lang), form_parts(lang), message_parts(lang)];
        for part in parts.concat() {
            let part = part.into_string();
            assert!(
                part.contains("&lt;script&gt;") && part.contains("&amp;amp;"),
                "the text is shown: {part}"
            );
            assert!(!part.contains("<script>") && !part.contains("</script>alert"), "{part}");
            assert!(!part.contains("alert(\"x\")"), "an attribute was left early: {part}");
        }
    }
}

#[test]
fn an_id_made_from_a_hostile_name_holds_only_letters_digits_and_dashes() {
    let page = text_field(Lang::Zh, &field(TextKind::Short)).into_string();
    let id = page.split(" id=\"field-").nth(1).unwrap().split('"').next().unwrap();
    assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{id}");
}
