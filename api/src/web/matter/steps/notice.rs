//! Steps of a notice: issued, served, read.

use crate::web::matter::step::*;

const KIND: Field = field(
    "kind",
    ["文书种类", "What kind of notice"],
    Kind::One(&[
        Code("rectification", "责令整改通知书", "Order to rectify"),
        Code("result_notice", "评定结果告知书", "Notice of the grade"),
        Code("proposal", "事先告知书", "Notice of what is proposed"),
        Code("downgrade", "降级告知书", "Notice of a lower grade"),
        Code("hearing", "听证通知书", "Notice of a hearing"),
        Code("prohibition", "禁止租赁决定书", "Decision banning letting"),
        Code("appeal_decision", "申诉决定书", "Decision on the appeal"),
        Code("risk_notice", "风险提示", "Risk notice"),
    ]),
);
const ABOUT: Field = field("about", ["关于", "About"], Kind::Case { flat: true });
const TO: Field = open("to", ["送给", "To"], Kind::OneOf(Source::Parties));
const AUTHORITY: Field =
    open("authority", ["以哪个机关的名义", "In whose name"], Kind::OneOf(Source::Authorities));
const NUMBER: Field = open("document_number", ["文号", "Number of the document"], Kind::Short);
const BASIS: Field = open("legal_basis", ["法律依据", "Legal basis"], Kind::Short);
const OFFICERS: Field =
    open("handling_officers", ["经办人", "Handling officers"], Kind::ManyOf(Source::Officers)).hint(
        "机关是一个部门的，经办人要是该部门的人",
        "Of a department’s notice, officers of that department",
    );
const REMEDIES: Field = open("remedies", ["救济途径", "Remedies told"], Kind::ManyOf(Source::Remedies));
const TEXT: Field = open("text", ["文书内容", "The letter's words"], Kind::Long);
const DOCUMENT_PAGE: Field = open("document", ["盖章文书的照片", "The signed letter"], Kind::Photo);
const METHOD: Field = field(
    "method",
    ["送达方式", "How it was served"],
    Kind::One(&[
        Code("direct", "当面送达", "Handed over"),
        Code("household_adult", "交同住成年家属", "To an adult of the household"),
        Code("left_in_place", "留置送达", "Left in place"),
        Code("post", "邮寄送达", "By post"),
        Code("electronic", "电子送达", "Electronically"),
        Code("agent", "交代理人", "To an agent"),
    ]),
);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[KIND, ABOUT, TO, AUTHORITY, NUMBER, BASIS, OFFICERS, REMEDIES, TEXT, DOCUMENT_PAGE],
        note: Some([
            "除风险提示外，机关、文号、法律依据和经办人都要写明；告知结果或者作出决定的，还要写明救济途径。期限从送达之日起算，发出后请尽快送达。",
            "But for a risk notice, name the authority, the number, the legal basis and who handles it; what tells a result or decides tells the remedies too. Periods run from service, so serve it soon.",
        ]),
        sure: Some([
            "文书发出后对当事人有约束力，内容公开。确定发出吗？",
            "A notice binds its party and what it says is public. Issue it?",
        ]),
        starts: true,
        ..step("notice", "issue", "issue", ["发出通知书", "Issue a notice"])
    },
    Step {
        fields: &[
            METHOD,
            field("on", ["送达日期", "Served on"], Kind::Day),
            open("recipient", ["签收人", "Who took it"], Kind::Short),
            open("relation", ["与当事人的关系", "What they are to the party"], Kind::Short),
            open("witnesses", ["见证人", "Witnesses"], Kind::Lines)
                .hint("留置送达必填，一行一人", "Needed where it was left in place; one a line"),
            open("receipt", ["送达回证的照片", "The signed receipt"], Kind::Photo),
        ],
        note: Some([
            "整改、申诉、复议的期限都从这一天起算。",
            "The terms to rectify, to appeal and to go further run from this day.",
        ]),
        sure: Some([
            "送达日期决定各项期限。确定按以下内容记录吗？",
            "All periods run from the day of service. Record it?",
        ]),
        ..step("notice", "serve", "serve", ["记录送达", "Record the service"])
    },
    Step {
        fields: &[
            METHOD,
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("no_answer", "没有人应门", "Nobody answered"),
                    Code("refused", "拒收", "Refused"),
                    Code("moved", "已搬走", "Moved away"),
                    Code("unknown_address", "地址不明", "Address unknown"),
                    Code("returned", "邮件退回", "Returned by the post"),
                ]),
            ),
            open("note", ["说明", "In your words"], Kind::Long),
        ],
        ..step("notice", "fail", "fail", ["没有送达", "It could not be served"])
    },
    Step {
        fields: &[field("place", ["公告在哪里", "Where it is announced"], Kind::Short)],
        sure: Some([
            "公告期满即视为送达。确定公告吗？",
            "It counts as served once the announcement's period is over. Announce it?",
        ]),
        ..step("notice", "announce", "announce", ["公告送达", "Serve by announcement"])
    },
    Step {
        fields: &[
            field("address", ["送达地址", "Address"], Kind::Short),
            open("contact", ["电话或邮箱", "Telephone or mailbox"], Kind::Short),
            open("electronic", ["同意电子送达", "Electronic service is agreed"], Kind::Tick),
        ],
        ..step("notice", "address", "confirm_address", ["确认送达地址", "Confirm the address for service"])
    },
    Step {
        note: Some([
            "表示已经看到，不表示同意，不影响申诉。",
            "It says that you have read it, not that you agree; you may still appeal.",
        ]),
        ..step("notice", "acknowledge", "acknowledge", ["我已阅知", "I have read it"])
    },
    Step {
        fields: &[
            field(
                "why",
                ["为什么重发", "Why"],
                Kind::One(&[
                    Code("wrong_party", "送错当事人", "Wrong party"),
                    Code("wrong_date", "日期有误", "Wrong date"),
                    Code("put_right", "内容更正", "Put right"),
                ]),
            ),
            KIND,
            ABOUT,
            TO,
            AUTHORITY,
            NUMBER,
            BASIS,
            OFFICERS,
            REMEDIES,
            TEXT,
            DOCUMENT_PAGE,
        ],
        sure: Some([
            "重新发出后要重新送达，期限重新起算。确定吗？",
            "It has to be served again, and its periods begin anew. Issue it?",
        ]),
        ..step("notice", "reissue", "reissue", ["重新发出", "Issue it anew"])
    },
];
