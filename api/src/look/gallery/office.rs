//! The gallery's office: lists, charts, forms, messages, sign-in.

use maud::{Markup, html};

use super::super::parts::*;
use super::super::words::Lang;
use super::subject::proof;
use super::{at, on};

/// Everything that lists, forms and answers show.
pub(super) fn parts(lang: Lang) -> Markup {
    let shares = level_shares(lang, lang.pick("楼栋数", "Buildings"), &streets(lang));
    let kinds = bar_chart(lang, lang.pick("未整改的隐患", "Open hazards"), &bars(lang));
    html! {
        (section(lang.pick("查等级", "Find a grade"), search_box(lang, &search(lang))))
        (section(lang.pick("今天", "Today"), figures(lang, &numbers(lang))))
        (section(lang.pick("隐患清单", "Hazards"), list(lang)))
        (section(lang.pick("各街道等级", "Grades by subdistrict"), shares))
        (section(lang.pick("隐患种类", "Kinds of hazard"), kinds))
        (section(lang.pick("逐项检查", "Checking"), checking(lang)))
        (section(lang.pick("提出申诉", "File an appeal"), appeal_form(lang)))
        (section(lang.pick("提交前请核对", "Check before sending"), check_answers(lang, &checks(lang))))
        (section(lang.pick("回执", "Receipt"), receipt(lang, &receipt_view(lang))))
        (section(lang.pick("消息", "Messages"), messages(lang)))
        (section(lang.pick("前后比较", "Comparison"), comparison(lang)))
        (section(lang.pick("办不成的时候", "When it cannot be done"), error_page(lang, &refusal(lang))))
    }
}

/// Sign-in cards of the sample.
pub(super) fn sign_in(lang: Lang) -> Markup {
    let card = |role: &str, name: (&str, &str), body: (&str, &str), does: (&str, &str)| RoleCard {
        role: role.to_owned(),
        name: lang.say(name.0, name.1),
        body: lang.say(body.0, body.1),
        does: lang.say(does.0, does.1),
        door: format!("/sign-in/sample/{role}"),
    };
    let cards = [
        card(
            "grid_worker",
            ("陈志强", "Chen Zhiqiang"),
            ("坑梓街道", "Kengzi"),
            ("上门巡查，逐项检查，发现隐患。", "Patrols, checks indicators, finds hazards."),
        ),
        card(
            "department_officer",
            ("林秀珍", "Lin Xiuzhen"),
            ("消防救援机构", "Fire and rescue"),
            ("审核隐患，责令整改，验收。", "Reviews hazards, orders repairs, accepts them."),
        ),
        card(
            "owner",
            ("黄伯", "Uncle Huang"),
            ("梓兴二巷 12 号", "12 Zixing 2nd Lane"),
            ("看自己房屋的等级，申诉，报告整改。", "Sees his grades, appeals, reports repairs."),
        ),
    ];
    sign_in_cards(lang, &cards)
}

fn search(lang: Lang) -> SearchBox {
    SearchBox {
        action: "/search".to_owned(),
        name: "q".to_owned(),
        value: String::new(),
        label: lang.say("地址或房屋编码", "Address or house code"),
        hint: lang.say(
            "例如：梓兴二巷 12 号，或者门牌上的 19 位、25 位数字",
            "For example: Zixing 2nd Lane 12, or the 19 or 25 digits on the door plate",
        ),
    }
}

fn numbers(lang: Lang) -> Vec<Figure> {
    let figure = |zh: &str, en: &str, value, href: &str, note: Option<(&str, &str)>| Figure {
        label: lang.say(zh, en),
        value,
        href: href.to_owned(),
        note: note.map(|(zh, en)| lang.say(zh, en)),
    };
    vec![
        figure("套在管房屋", "units", 61_347, "/desk/premises", None),
        figure(
            "处隐患没有整改",
            "hazards open",
            1_284,
            "/desk/hazards",
            Some(("一周前 1319 处", "1\u{202f}319 a week ago")),
        ),
        figure(
            "处已经逾期",
            "overdue",
            37,
            "/desk/hazards?state=overdue",
            Some(("最久 21 天", "the longest 21 days")),
        ),
    ]
}

fn list(lang: Lang) -> Markup {
    let bar = FilterBar {
        action: "/desk/hazards".to_owned(),
        filters: vec![
            Filter {
                name: "severity".to_owned(),
                label: lang.say("轻重", "Severity"),
                kind: FilterKind::Choice(vec![
                    Choice::new("", lang.pick("全部", "All"), "serious"),
                    Choice::new("serious", lang.severity("serious"), "serious"),
                ]),
            },
            Filter {
                name: "until".to_owned(),
                label: lang.say("到期不晚于", "Due by"),
                kind: FilterKind::Day(Some(on((2026, 3, 31)))),
            },
            Filter {
                name: "words".to_owned(),
                label: lang.say("地址", "Address"),
                kind: FilterKind::Words(String::new()),
            },
        ],
        hidden: vec![("order".to_owned(), "due".to_owned())],
        clear: Some("/desk/hazards".to_owned()),
    };
    let pages = PagesView {
        total: 1_284,
        first: 1,
        last: 3,
        position: Some(48_213),
        previous: None,
        next: Some("/desk/hazards?from=4".to_owned()),
    };
    let none = lang.pick(
        "今天没有要巡查的房屋，下一次是 2026-03-11 周三。",
        "No rounds today; the next is on 2026-03-11 Wed.",
    );
    let next = Link::new("/field?day=2026-03-11", lang.pick("看周三的", "See Wednesday's"));
    html! {
        (filter_bar(lang, &bar))
        (data_table(&hazards(lang)))
        (pagination(lang, &pages))
        (downloads(lang, &[Link::new("/desk/hazards.csv", "CSV"), Link::new("/desk/hazards.xlsx", "XLSX")]))
        (empty_state(none, Some(&next)))
    }
}

fn hazards(lang: Lang) -> TableView {
    let row =
        |address: (&str, &str), severity: &str, level, stars, due: (i32, u32, u32), days: u64, tone| Row {
            href: Some("/desk/hazards/7".to_owned()),
            cells: vec![
                html! { (lang.pick(address.0, address.1)) },
                html! { (lang.severity(severity)) },
                grade_line(lang, stars, level),
                deadline(
                    lang,
                    &DeadlineView {
                        due: on(due),
                        today: on((2026, 3, 9)),
                        standing: DeadlineStanding::Running,
                    },
                ),
                html! { (lang.count(days)) },
            ],
            tone,
        };
    TableView {
        caption: lang.say("隐患，逾期的在前", "Hazards, overdue first"),
        columns: vec![
            Column::text(lang.pick("地址", "Address")),
            Column::text(lang.pick("轻重", "Severity")),
            Column::text(lang.pick("现在等级", "Grade now")),
            Column::text(lang.pick("到期", "Due"))
                .ordered(Order { href: "/desk/hazards?order=-due".to_owned(), now: Some(Ordered::Rising) }),
            Column::number(lang.pick("已过天数", "Days open"))
                .ordered(Order { href: "/desk/hazards?order=days".to_owned(), now: None }),
        ],
        rows: vec![
            row(
                ("梓兴二巷 12 号 A 栋", "12 Zixing 2nd Lane, A"),
                "serious",
                Some(Level::Strict),
                Some(1),
                (2026, 2, 16),
                28,
                Tone::Grave,
            ),
            row(
                ("龙窝老围 5 号 302 房", "5 Longwo Laowei, room 302"),
                "major",
                Some(Level::Prohibited),
                Some(0),
                (2026, 3, 10),
                6,
                Tone::Warning,
            ),
            row(
                ("沙坣新村 44 号", "44 Shatang New Village"),
                "general",
                Some(Level::Lenient),
                Some(4),
                (2026, 3, 24),
                3,
                Tone::Calm,
            ),
        ],
    }
}

fn streets(lang: Lang) -> Vec<LevelShares> {
    let street = |zh: &str, en: &str, counts, not_assessed| LevelShares {
        label: lang.say(zh, en),
        href: Some("/desk/premises?street=1".to_owned()),
        counts,
        not_assessed,
    };
    vec![
        street("坑梓街道", "Kengzi", [2_310, 214, 61, 4], 38),
        street("龙田街道", "Longtian", [1_846, 96, 22, 1], 9),
        street("石井街道", "Shijing", [702, 143, 55, 12], 71),
    ]
}

fn bars(lang: Lang) -> Vec<Bar> {
    let bar = |zh: &str, en: &str, value| Bar {
        label: lang.say(zh, en),
        value,
        href: Some("/desk/hazards?kind=1".to_owned()),
        level: None,
    };
    vec![
        bar("电动车进楼", "E-bikes indoors", 512),
        bar("疏散通道堵塞", "Escape route blocked", 304),
        bar("电线老化", "Old wiring", 187),
        bar("燃气", "Gas", 9),
    ]
}

fn checking(lang: Lang) -> Markup {
    let answer = |value: &str, zh: &str, en: &str, points, fails, chosen| Answer {
        value: value.to_owned(),
        label: lang.say(zh, en),
        points: Some(points),
        fails,
        chosen,
    };
    let question = AnswerField {
        name: "dry_powder_extinguisher".to_owned(),
        question: lang.say("干粉灭火器（4 公斤以上）", "Dry-powder extinguisher, 4 kg or more"),
        hint: Some(lang.say("看压力表指针在不在绿色区", "Look whether the gauge is in the green")),
        answers: vec![
            answer("met", "有，压力正常，没有过期", "there, pressure good, in date", 6, false, false),
            answer("light", "有，但不到 4 公斤", "there, but under 4 kg", 3, true, false),
            answer("unmet", "没有、失压或过期", "missing, no pressure or out of date", 0, true, true),
        ],
        error: Some(
            lang.say("这个答案要有一张照片才能提交", "this answer needs a photo before it can be submitted"),
        ),
        photo: Some(PhotoField { name: "photo".to_owned(), needed: true, ..PhotoField::default() }),
        measured: vec![TextField {
            name: "kilograms".to_owned(),
            label: lang.say("多少公斤", "Kilograms"),
            value: "3".to_owned(),
            kind: TextKind::Number,
            required: true,
            ..TextField::default()
        }],
        note: Some(TextField {
            name: "note".to_owned(),
            label: lang.say("说明", "Note"),
            kind: TextKind::Long,
            ..TextField::default()
        }),
    };
    let view = FormView {
        action: "/field/assessments/3/check".to_owned(),
        csrf: "c5f1".to_owned(),
        command_id: "0195a3c2-7f10-7c11-9d2e-5b1f0c3a9e77".to_owned(),
        expected: Some("12".to_owned()),
        files: true,
        submit: lang.say("保存，看下一项", "Save and go on"),
    };
    let full = lang.say("手机空间满了，请先删掉一些照片。", "the phone is full; remove some photos first.");
    html! {
        (progress(lang, &Progress { done: 23, total: 30, yours_left: 4 }))
        (saved_state(lang, &SavedState::OnPhone(at((2026, 3, 9), (10, 12)))))
        (form(&view, answer_field(lang, &question)))
        (saved_state(lang, &SavedState::OnServer(at((2026, 3, 9), (16, 40)))))
        (saved_state(lang, &SavedState::NotSaved(full)))
        (saved_state(lang, &SavedState::Sending))
    }
}

fn appeal_form(lang: Lang) -> Markup {
    let view = FormView {
        action: "/my/appeals".to_owned(),
        csrf: "c5f1".to_owned(),
        command_id: "0195a3c2-7f10-7c11-9d2e-5b1f0c3a9e78".to_owned(),
        expected: None,
        files: true,
        submit: lang.say("下一步：核对", "Next: check"),
    };
    let missing = lang.say("请写出哪一项评错了、为什么", "say which indicator is wrong, and why");
    let field = |name: &str, zh: &str, en: &str, kind| TextField {
        name: name.to_owned(),
        label: lang.say(zh, en),
        required: true,
        kind,
        ..TextField::default()
    };
    let against = [
        Choice::new("points", lang.pick("某一项的分数", "points of an indicator"), "points"),
        Choice::new("cap", lang.pick("最高星级的限制", "the cap on the stars"), "points"),
    ];
    let units = [Choice::new("302", lang.pick("302 房", "room 302"), "302")];
    let grounds = TextField {
        error: Some(missing.clone()),
        hint: Some(lang.say("写短句就行，可以附照片", "short sentences will do; photos may be added")),
        ..field("grounds", "理由", "Grounds", TextKind::Long)
    };
    let since =
        TextField { required: false, ..field("since", "从哪天开始", "Since when", TextKind::Day) };
    let choose = Some(lang.pick("只能选一个", "choose one"));
    let body = html! {
        (error_summary(lang, &[FieldError { name: "grounds".to_owned(), text: missing }]))
        (choice_field(lang, "against", lang.pick("对什么不服", "What you appeal against"), choose, &against, None))
        (text_field(lang, &grounds))
        (select_field(lang, "unit", lang.pick("哪一套", "Which unit"), &units, None))
        (text_field(lang, &field("phone", "电话", "Telephone", TextKind::Telephone)))
        (text_field(lang, &since))
        (tick_field("truth", lang.pick("以上都是真的，我愿意负责", "All this is true, and I answer for it"), false))
    };
    form(&view, body)
}

fn checks(lang: Lang) -> Vec<CheckAnswer> {
    vec![
        CheckAnswer {
            question: lang.say("对什么不服", "What you appeal against"),
            answer: html! { (lang.pick("某一项的分数", "points of an indicator")) },
            change: Some("/my/appeals/new".to_owned()),
        },
        CheckAnswer {
            question: lang.say("理由", "Grounds"),
            answer: html! {
                (lang.pick(
                    "那天电动车是楼上装修工人临时停的，当天就搬走了。",
                    "The e-bikes were the decorators'; they left the same day.",
                ))
            },
            change: Some("/my/appeals/new".to_owned()),
        },
    ]
}

fn receipt_view(lang: Lang) -> ReceiptView {
    ReceiptView {
        what: lang.say("申诉", "your appeal"),
        number: "SS-2026-000417".to_owned(),
        times: TwoTimes {
            claimed: at((2026, 3, 9), (14, 5)),
            received: at((2026, 3, 9), (14, 5)),
            flag: None,
        },
        position: 48_213,
        next: vec![
            lang.say(
                "2026-03-11 周三前告诉您是否受理。",
                "By 2026-03-11 Wed you are told whether it is admitted.",
            ),
            lang.say(
                "2026-03-30 周一前答复。巡查照常进行。",
                "By 2026-03-30 Mon it is answered. Patrols go on meanwhile.",
            ),
            lang.say(
                "行政复议和诉讼的期限照常计算，申诉不会让它停下。",
                "The periods for reconsideration and court go on; the appeal does not stop them.",
            ),
        ],
        links: vec![Link::new("/my/appeals/417", lang.pick("看办理进度", "Follow it"))],
        proof: Some(proof(lang, ProofState::Pending)),
    }
}

fn messages(lang: Lang) -> Markup {
    let opened = lang.say(
        "用的是楼栋评分表 第 2 版，中途改版不影响这一次。",
        "By building scheme, version 2; a change midway does not touch it.",
    );
    let changed = lang.say(
        "林秀珍在 14:02 同意了延期。请看过再决定。",
        "Lin Xiuzhen extended the term at 14:02. Look at it, then decide.",
    );
    let missing = lang.say(
        "还差 1 项：“燃气报警器”，由消防救援机构采集。",
        "One is missing: “Combustible-gas alarm”, collected by fire and rescue.",
    );
    let changed_head = lang.pick("您看的时候，别人改过这件事", "Somebody else wrote to this case meanwhile");
    html! {
        (notice_box(Tone::Calm, lang.pick("评定已开始", "Assessment opened"), &[opened]))
        (notice_box(Tone::Good, lang.pick("已验收", "Accepted"), &[]))
        (notice_box(Tone::Warning, changed_head, &[changed]))
        (notice_box(Tone::Grave, lang.pick("不能提交", "Cannot be submitted"), &[missing]))
    }
}

fn comparison(lang: Lang) -> Markup {
    let row = |label: (&str, &str), left: &str, right: &str| CompareRow {
        label: lang.say(label.0, label.1),
        left: left.to_owned(),
        right: right.to_owned(),
    };
    compare(
        lang,
        lang.pick("当时知道的", "Known then"),
        lang.pick("现在知道的", "Known now"),
        &[
            row(("等级", "Grade"), lang.stars(Some(4)), lang.stars(Some(2))),
            row(("得分", "Score"), "84", "84"),
        ],
    )
}

fn refusal(lang: Lang) -> ErrorView {
    ErrorView {
        what: lang.say("不能由您来复核", "You cannot review this appeal"),
        why: lang.say(
            "您在 2026-03-03 评定过这栋楼。评定人不能复核自己的评定。",
            "You assessed this building on 2026-03-03. Nobody reviews their own assessment.",
        ),
        todo: vec![lang.say("请法务人员另派复核人。", "Ask legal staff for another reviewer.")],
        links: vec![Link::new("/desk/appeals", lang.pick("回申诉清单", "Back to the appeals"))],
        reference: Some(("R-7F10-9D2E".to_owned(), at((2026, 3, 9), (14, 5)))),
    }
}
