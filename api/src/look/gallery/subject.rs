//! The gallery's subject: one invented building, its grade, why, history, and how its hazard was dealt with.

use maud::{Markup, html};

use super::super::parts::*;
use super::super::qr::{QrView, qr_block};
use super::super::words::Lang;
use super::{HASH, at, grid_worker, officer, on};

/// Everything that a subject page or a case page shows.
pub(super) fn parts(lang: Lang) -> Markup {
    let story = case_columns(lang, timeline(lang, &story(lang)), actions(lang, &choices(lang)));
    let steps = grade_steps(lang, &history(lang), on((2026, 3, 9)));
    html! {
        (column(html! {
            (grade_band(lang, &grade(lang)))
            (facts(&subject_facts(lang)))
            (section(lang.pick("历次等级", "Grades over time"), steps))
            (section(lang.pick("为什么是这个等级", "Why this grade"), lost_points(lang, &lost(lang))))
            (section(lang.pick("逐项结果", "Every indicator"), indicator_groups(lang, &indicators(lang))))
        }))
        (section(lang.pick("隐患办理", "The hazard's case"), story))
        (column(html! {
            (section(
                lang.pick("整改前后", "Before and after"),
                before_after(lang, &photo(lang, "before"), &photo(lang, "after")),
            ))
            (section(lang.pick("扫码", "Scan"), qr_block(lang, &QrView {
                address: "https://wuping.example/s/4403100010010000012".to_owned(),
                caption: lang.say("用手机扫一扫，看这栋楼现在的等级", "Scan to see this building's grade now"),
            })))
            (section(lang.pick("五种状态", "Five states"), html! {
                @for state in states(lang) { (grade_band(lang, &state)) }
            }))
        }))
    }
}

fn rulebook(lang: Lang) -> Link {
    Link::new("/rules/building-2", lang.pick("楼栋评分表 第 2 版", "Building scheme, version 2"))
}

fn grade(lang: Lang) -> GradeView {
    GradeView {
        stars: Some(2),
        word: None,
        level: Some(Level::Attention),
        score: Some(84),
        since: Some(on((2026, 3, 3))),
        rulebook: Some(rulebook(lang)),
        state: GradeState::UnderAppeal,
        banned: Vec::new(),
        pending: None,
        remarks: vec![lang.say(
            "得分够四星，因为有一处较大隐患还没有整改好，最高二星级。整改验收合格后可以申请复评。",
            "The score would give four stars; a serious hazard still open allows two at most.",
        )],
    }
}

fn states(lang: Lang) -> Vec<GradeView> {
    let base = || GradeView { remarks: Vec::new(), score: None, state: GradeState::InForce, ..grade(lang) };
    vec![
        GradeView { stars: Some(4), level: Some(Level::Lenient), ..base() },
        GradeView {
            stars: Some(1),
            level: Some(Level::Strict),
            state: GradeState::AwaitingConfirmation,
            pending: Some(lang.say(
                "业主可以在 2026-03-12 周四前陈述申辩，之后由确认人决定。",
                "The owner may make a statement until 2026-03-12 Thu; then a confirmer decides.",
            )),
            ..base()
        },
        GradeView {
            stars: Some(0),
            level: Some(Level::Prohibited),
            remarks: vec![lang.say(
                "禁租级是等级，不等于已经依法禁止租赁。",
                "Star zero is a grade; by itself it bans no letting.",
            )],
            ..base()
        },
        GradeView {
            stars: Some(3),
            level: Some(Level::Lenient),
            banned: vec![lang.say(
                "所在楼栋自 2026-03-05 周四 起禁止出租：限期搬离",
                "Letting is prohibited in the whole building since 2026-03-05 Thu: to be vacated",
            )],
            ..base()
        },
        GradeView {
            stars: None,
            level: None,
            state: GradeState::NotAssessed,
            since: None,
            rulebook: None,
            ..base()
        },
        GradeView { stars: Some(3), level: Some(Level::Lenient), state: GradeState::Void, ..base() },
    ]
}

fn subject_facts(lang: Lang) -> Vec<Fact> {
    vec![
        Fact::text(lang.pick("哪一层", "Layer"), lang.layer("building")),
        Fact::code(lang.pick("房屋编码", "House code"), "4403100010010000012"),
        Fact::text(lang.pick("能不能出租", "Letting"), lang.letting("to_let")),
        Fact::new(
            lang.pick("楼栋长", "Steward"),
            person_and_role(
                lang,
                &PersonView {
                    role: "steward".to_owned(),
                    erased_on: Some(on((2026, 2, 1))),
                    ..PersonView::default()
                },
            ),
        ),
        Fact::new(
            lang.pick("整改期限", "Repair due"),
            deadline(lang, &due(DeadlineStanding::Running, (2026, 3, 11))),
        ),
        Fact::new(
            lang.pick("申诉期限", "Appeal until"),
            deadline(lang, &due(DeadlineStanding::Ended, (2026, 3, 7))),
        ),
        Fact::new(
            lang.pick("起诉期限", "Suit until"),
            deadline(lang, &due(DeadlineStanding::Provisional, (2027, 1, 4))),
        ),
        Fact::new(
            lang.pick("验收", "Acceptance"),
            deadline(lang, &due(DeadlineStanding::Held(on((2026, 3, 6))), (2026, 3, 5))),
        ),
        Fact::new(
            lang.pick("书面告知", "Written notice"),
            deadline(lang, &due(DeadlineStanding::Met(on((2026, 3, 4))), (2026, 3, 10))),
        ),
        Fact::new(
            lang.pick("等级标记", "Chips"),
            html! {
                @for level in Level::ALL { (level_chip(lang, Some(level))) " " }
                (level_chip(lang, None))
            },
        ),
    ]
}

fn due(standing: DeadlineStanding, day: (i32, u32, u32)) -> DeadlineView {
    DeadlineView { due: on(day), today: on((2026, 3, 9)), standing }
}

fn history(lang: Lang) -> Vec<GradePoint> {
    let point = |day, stars, level, why: &str| GradePoint {
        on: on(day),
        stars,
        level,
        why: why.to_owned(),
        href: Some("/s/4403100010010000012".to_owned()),
    };
    vec![
        point((2023, 6, 12), Some(3), Some(Level::Lenient), lang.trigger("first")),
        point((2024, 2, 20), Some(1), Some(Level::Strict), &lang.cause("hazard:serious_overdue", |_| None)),
        point((2024, 5, 8), Some(3), Some(Level::Lenient), lang.trigger("rectification_accepted")),
        point((2024, 11, 1), None, None, lang.pick("三次上门没有进门", "three visits, nobody let us in")),
        point((2025, 2, 10), Some(4), Some(Level::Lenient), lang.trigger("scheduled")),
        point((2026, 3, 3), Some(2), Some(Level::Attention), &lang.cause("hazard:serious_open", |_| None)),
    ]
}

fn lost(lang: Lang) -> Vec<LostPoints> {
    let row = |name: (&str, &str), lost, found: (&str, &str), remedy: Option<(&str, &str)>, cap| LostPoints {
        name: lang.say(name.0, name.1),
        lost,
        found: lang.say(found.0, found.1),
        remedy: remedy.map(|(zh, en)| lang.say(zh, en)),
        cap,
    };
    vec![
        row(("共用电线", "Common wiring"), 3, ("部分电线没有穿管", "some wires without conduit"), None, None),
        row(
            ("疏散通道畅通", "Escape route kept clear"),
            8,
            ("二楼到三楼堆放电动车和杂物", "e-bikes and goods between storeys 2 and 3"),
            Some(("搬走杂物，划出停车位", "clear it and mark a place for bikes")),
            Some(2),
        ),
        row(
            ("消防水带", "Fire hose"),
            5,
            ("水带老化漏水", "hose perished"),
            Some(("换一条新水带，约 300 元", "a new hose, about 300 yuan")),
            Some(3),
        ),
    ]
}

fn indicators(lang: Lang) -> Vec<IndicatorGroup> {
    let row =
        |id: &str, name: (&str, &str), answer: (&str, &str), earned, points, collect: &str| IndicatorRow {
            id: id.to_owned(),
            name: lang.say(name.0, name.1),
            answer: lang.say(answer.0, answer.1),
            earned,
            points,
            collect: collect.to_owned(),
            carried_from: None,
            note: None,
            cap: None,
            photos: Vec::new(),
        };
    vec![IndicatorGroup {
        name: lang.aspect("building_safety").to_owned(),
        earned: 49,
        applicable: 65,
        rows: vec![
            IndicatorRow {
                note: Some(lang.say(
                    "3 辆电动车，住户说周末搬走",
                    "three e-bikes; the residents say they go this weekend",
                )),
                cap: Some(2),
                photos: vec![
                    photo(lang, "before"),
                    Photo { standing: PhotoStanding::NotArrived, ..photo(lang, "before") },
                ],
                ..row(
                    "escape_route_obstructions",
                    ("疏散通道畅通", "Escape route kept clear"),
                    ("堆放杂物，宽度不够", "obstructed, too narrow"),
                    0,
                    8,
                    "grid",
                )
            },
            IndicatorRow {
                carried_from: Some(on((2026, 1, 14))),
                ..row(
                    "common_wiring",
                    ("共用电线", "Common wiring"),
                    ("部分没有穿管", "partly without conduit"),
                    3,
                    6,
                    "department",
                )
            },
            row(
                "structural_condition",
                ("结构安全", "Structure"),
                ("鉴定为 B 级", "appraised: grade B"),
                10,
                10,
                "feed",
            ),
            row(
                "lift_inspection",
                ("电梯检验", "Lift inspection"),
                ("没有电梯", "there is no lift"),
                0,
                0,
                "ledger",
            ),
        ],
    }]
}

fn photo(lang: Lang, which: &str) -> Photo {
    let name = format!("gallery-{which}.svg");
    Photo {
        what: if which == "before" {
            lang.say("楼梯口停着电动车", "e-bikes at the foot of the stairs")
        } else {
            lang.say("楼梯口已清空", "the foot of the stairs cleared")
        },
        taken_at: Some(at((2026, 3, 3), (10, 12))),
        standing: PhotoStanding::Here { small: name.clone(), full: name },
    }
}

fn story(lang: Lang) -> Vec<TimelineEntry> {
    let entry = |event: &str, by, times, text: &str, tone| TimelineEntry {
        event: event.to_owned(),
        by,
        times,
        text: vec![text.to_owned()],
        photos: Vec::new(),
        proof: None,
        tone,
    };
    let at_once = |day, time| TwoTimes { claimed: at(day, time), received: at(day, time), flag: None };
    let rule = |authority: Option<&str>| By::Rule {
        rulebook: rulebook(lang).label,
        authority: authority.map(str::to_owned),
    };
    vec![
        TimelineEntry {
            proof: Some(proof(lang, ProofState::Verified)),
            photos: vec![photo(lang, "before")],
            ..entry(
                "HazardFound",
                By::Person(grid_worker(lang)),
                TwoTimes {
                    claimed: at((2026, 3, 3), (10, 12)),
                    received: at((2026, 3, 3), (16, 40)),
                    flag: None,
                },
                lang.pick(
                    "较大隐患：二楼到三楼的楼梯停放电动车，通道只剩 60 厘米。",
                    "Serious hazard: e-bikes on the stairs, 60 cm left to pass.",
                ),
                Tone::Warning,
            )
        },
        TimelineEntry {
            proof: Some(proof(lang, ProofState::Contested)),
            ..entry(
                "GradeDetermined",
                rule(Some(lang.pick("坑梓街道办事处", "Kengzi subdistrict office"))),
                at_once((2026, 3, 3), (16, 40)),
                lang.pick(
                    "四星级降为二星级：较大隐患还没有整改好。",
                    "From four stars to two: serious hazard still open.",
                ),
                Tone::Grave,
            )
        },
        entry(
            "ReportFiled",
            By::Received(lang.say("居民扫码", "a resident's scan")),
            at_once((2026, 3, 4), (19, 2)),
            lang.pick("同一处隐患，已并入本案。", "The same hazard; merged into this case."),
            Tone::Calm,
        ),
        TimelineEntry {
            proof: Some(proof(lang, ProofState::Pending)),
            ..entry(
                "RectificationAccepted",
                By::Person(officer(lang)),
                TwoTimes {
                    claimed: at((2026, 3, 9), (14, 20)),
                    received: at((2026, 3, 9), (14, 5)),
                    flag: Some(ClockFlag::AheadOfReceipt),
                },
                lang.pick("现场查看，通道已清空。", "Seen on the spot: cleared."),
                Tone::Good,
            )
        },
        TimelineEntry {
            proof: Some(proof(lang, ProofState::Failed)),
            ..entry(
                "HazardClosed",
                rule(None),
                at_once((2026, 3, 9), (14, 5)),
                lang.pick("本案办结。", "The case is closed."),
                Tone::Calm,
            )
        },
    ]
}

pub(super) fn proof(lang: Lang, state: ProofState) -> ProofView {
    let reason = match state {
        ProofState::Contested => {
            Some(lang.say("业主已对这个等级提出申诉。", "The owner has appealed against this grade."))
        }
        ProofState::Failed => Some(lang.say(
            "签名与内容对不上。请不要依据这一条，已通知管理员。",
            "Signature and content do not match. Do not rely on this entry.",
        )),
        ProofState::Pending | ProofState::Verified => None,
    };
    ProofView {
        state,
        reason,
        position: 48_102,
        event_id: "0195a3c2-7f10-7c11-9d2e-5b1f0c3a9e77".to_owned(),
        key_id: "pingshan.fire.lin+9c41d7e2".to_owned(),
        entry_hash: HASH.to_owned(),
        tree_head: if state == ProofState::Pending { String::new() } else { HASH.chars().rev().collect() },
        checkpoint_at: (state != ProofState::Pending).then(|| at((2026, 3, 9), (14, 5))),
        href: Some("/log/proof/48102".to_owned()),
    }
}

fn choices(lang: Lang) -> Vec<Action> {
    vec![
        Action {
            label: lang.say("验收", "Record the acceptance"),
            kind: ActionKind::Primary,
            how: ActionHow::Open { href: "/desk/hazards/7/accept".to_owned() },
            rule: Some(lang.say(
                "主管部门验收，发现隐患的人不能验收自己的",
                "the competent department accepts, never the finder",
            )),
        },
        Action {
            label: lang.say("同意延期", "Extend the term"),
            kind: ActionKind::Plain,
            how: ActionHow::Refused {
                why: lang.say("期限已经延过两次。", "The term has been extended twice."),
                instead: Some(lang.say("可以请业主交整改方案。", "Ask the owner for a works plan.")),
            },
            rule: Some(lang.say("最多延期两次", "two extensions at most")),
        },
        Action {
            label: lang.say("认定重大隐患", "Determine it major"),
            kind: ActionKind::Grave,
            how: ActionHow::Post {
                action: "/desk/hazards/7/determine".to_owned(),
                csrf: "c5f1".to_owned(),
                fields: vec![("expected".to_owned(), "6".to_owned())],
            },
            rule: None,
        },
    ]
}
