//! What `wuping verify` says to a person, in Chinese and in English. What a finding means is in [`meaning`]; what was found stands
//! behind it in the words of the program that found it, which has one language.

use wuping_replay::verify::{BATCH, Finding, PrivateValues, Verified};
use wuping_replay::witnessed::{Another, Stamped, Witnessed, moment};

use crate::look::words::Lang;
use crate::look::words::findings::meaning;

/// What was verified, as it is in the hands of whoever asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Held {
    Backup,
    Files,
    Folder,
}

/// One thing that is not as it was written.
pub(super) fn finding(found: &Finding, lang: Lang) -> String {
    let Finding { position, level, code, detail } = found;
    match lang {
        Lang::En => {
            let place = position.map_or_else(|| "ledger".to_owned(), |position| format!("entry {position}"));
            format!("L{level} {place}: {code}: {detail}")
        }
        Lang::Zh => {
            let place = position.map_or_else(|| "账本".to_owned(), |position| format!("第 {position} 条"));
            let found = if detail.is_empty() { String::new() } else { format!("：{detail}") };
            format!("L{level} {place}：{}（{code}{found}）", meaning(code))
        }
    }
}

/// The outcome in one line.
pub(super) fn outcome(verified: &Verified, lang: Lang) -> String {
    let Verified { origin, size, root, level, .. } = verified;
    let held = match verified.findings.len() {
        0 => lang.pick("没有发现问题".to_owned(), "sound".to_owned()),
        n => lang.pick(format!("发现{n}处问题"), format!("{n} finding(s)")),
    };
    let signatures = match verified.signatures {
        BATCH => lang.pick("，签名是成批验证的", ", signatures verified by batch"),
        _ => "",
    };
    let equal = verified.results_rederived;
    let rederived = if *level >= 5 {
        lang.pick(
            format!("；L5：{equal}项计算结果重新算过，一致"),
            format!("; L5 {equal} computed results re-derived and equal"),
        )
    } else {
        String::new()
    };
    let private = match private_values(verified.private_values, lang).as_str() {
        "" => String::new(),
        told => lang.pick(format!("；隐私内容：{told}"), format!("; private values: {told}")),
    };
    let seen = seen(verified, lang);
    lang.pick(
        format!("{origin}：{size}条记录，树根 {root}，验证到 L{level}，{held}{signatures}{seen}{rederived}{private}"),
        format!(
            "{origin}: {size} entries, root {root}, {held} up to L{level}{signatures}{seen}{rederived}{private}"
        ),
    )
}

/// What a reader must know beside the outcome, one remark a line.
pub(super) fn remarks(verified: &Verified, lang: Lang) -> Vec<String> {
    let mut remarks = Vec::new();
    if !verified.log_key_brought {
        let key = verified.log_key.as_deref().unwrap_or(lang.pick("没有", "none"));
        remarks.push(lang.pick(
            format!(
                "日志公钥不是另外给出的，而是日志自己写明的（{key}）。请与运营方公布的公钥比对，或者用 --log-key、--trust 给出"
            ),
            format!(
                "the log key was not brought along: it is the one that the log itself states ({key}). Compare it with what \
                 its operator publishes, or give it with --log-key or --trust"
            ),
        ));
    }
    if let Some(newest) = verified.continues.last() {
        remarks.push(lang.pick(
            format!("它接续了另外保存的{newest}条记录的检查点：在那之前的都没有改写"),
            format!("it continues the kept checkpoint of {newest} entries: nothing before it was rewritten"),
        ));
    }
    if let Some(first) = verified.contested_positions.first() {
        let contested = verified.contested;
        remarks.push(lang.pick(
            format!(
                "有{contested}条记录存疑：它们有效，但签名所用的密钥在作废时被怀疑（第一条是第 {first} 条；--json 列出全部）"
            ),
            format!(
                "{contested} entries are contested: valid, and suspected by the revocation of the key that signed them (the \
                 first at {first}; --json lists them)"
            ),
        ));
    }
    remarks
}

/// What to do about what was found; none where nothing was.
pub(super) fn what_to_do(findings: &[Finding], held: Held, lang: Lang) -> Option<&'static str> {
    if findings.is_empty() {
        return None;
    }
    let nothing_is_wrong = findings.iter().all(|finding| finding.code == "not-established");
    Some(match held {
        _ if nothing_is_wrong => lang.pick(
            "怎么办：没有发现改动，缺的是所要求的一级；上面写明了缺什么（见 docs/operators.md 的“Verify”）",
            "What to do: nothing was found altered; what is required is lacking, as said above (docs/operators.md, “Verify”)",
        ),
        Held::Folder => lang.pick(
            "怎么办：让这个文件夹保持原样，与最近一份验证过没有问题的备份比对，再用备份恢复；不要手工修补（见 docs/operators.md 的\
             “When something is wrong”）",
            "What to do: keep the folder as it is, compare with the last sound backup, and restore; mend nothing by hand \
             (docs/operators.md, “When something is wrong”)",
        ),
        Held::Backup => lang.pick(
            "怎么办：让这份备份保持原样，与账本和另一份验证过没有问题的备份比对；不要用它恢复（见 docs/operators.md 的“When something is \
             wrong”）",
            "What to do: keep the backup as it is, compare with the ledger and with the last sound backup, and do not restore \
             from it (docs/operators.md, “When something is wrong”)",
        ),
        Held::Files => lang.pick(
            "怎么办：让这些文件保持原样，与最近一份验证过没有问题的备份或副本比对，并告诉账本的运营方（见 docs/operators.md 的“When \
             something is wrong”）",
            "What to do: keep the files as they are, compare with the last sound backup or copy, and tell whoever runs the \
             ledger (docs/operators.md, “When something is wrong”)",
        ),
    })
}

/// Level 3, where it was asked for: what others have seen, or why that establishes nothing.
fn seen(verified: &Verified, lang: Lang) -> String {
    let by_witnesses = by_witnesses(&verified.witnessed, lang);
    let told = match by_authorities(&verified.stamped, lang).as_str() {
        "" => by_witnesses,
        stamped => format!("{by_witnesses}{}{stamped}", lang.pick("；", "; ")),
    };
    match (verified.level >= 3, verified.l3_established) {
        (false, _) => String::new(),
        (true, true) => lang.pick(format!("；L3：{told}"), format!("; L3 {told}")),
        (true, false) => lang.pick(format!("；L3 没有确立：{told}"), format!("; L3 not established: {told}")),
    }
}

fn by_witnesses(witnessed: &Witnessed, lang: Lang) -> String {
    match (lang, witnessed) {
        (Lang::En, _) => witnessed.to_string(),
        (Lang::Zh, Witnessed::By { size, names }) => {
            format!("前{size}条记录由 {} 会签", names.join("、"))
        }
        (Lang::Zh, Witnessed::NoLogKey) => NO_LOG_KEY.to_owned(),
        (Lang::Zh, Witnessed::NoWitness) => "没有配置见证人".to_owned(),
        (Lang::Zh, Witnessed::TooFew { quorum, of }) if of < quorum => {
            format!("列出或受信任的见证人只有{of}个，而要有{quorum}个会签才算数")
        }
        (Lang::Zh, Witnessed::TooFew { quorum, of }) => {
            format!("受信任的见证人有{of}个，而没有一个检查点得到其中{quorum}个的会签")
        }
        (Lang::Zh, Witnessed::Another(another)) => otherwise(*another, "见证人会签"),
        (Lang::Zh, Witnessed::NotAsked) => String::new(),
    }
}

fn by_authorities(stamped: &Stamped, lang: Lang) -> String {
    match (lang, stamped) {
        (Lang::En, _) => stamped.to_string(),
        (Lang::Zh, Stamped::At { size, time, authority }) => {
            format!("{authority} 证明前{size}条记录在 {} 已经存在", moment(*time))
        }
        (Lang::Zh, Stamped::NoLogKey) => NO_LOG_KEY.to_owned(),
        (Lang::Zh, Stamped::NoneBeside) => "检查点旁边没有时间戳".to_owned(),
        (Lang::Zh, Stamped::BesideRefused(why)) => {
            format!("checkpoint.tsr 验证不通过：{}（{why}）", meaning(why.code))
        }
        (Lang::Zh, Stamped::NoneKept) => "没有一个检查点有时间戳".to_owned(),
        (Lang::Zh, Stamped::AllRefused { newest, why }) => {
            let (newest, meaning) = (newest.display(), meaning(why.code));
            format!("没有一个时间戳验证通过；最新的是 {newest}：{meaning}（{why}）")
        }
        (Lang::Zh, Stamped::Another(another)) => otherwise(*another, "时间戳机构证明"),
        (Lang::Zh, Stamped::NotAsked) => String::new(),
    }
}

fn otherwise(another: Another, saw: &str) -> String {
    match another {
        Another::LogKey => "它的日志公钥不是信任文件中的那一把".to_owned(),
        Another::FirstEntry => "它的第一条记录不是信任文件中的那一条".to_owned(),
        Another::Entries { size } => format!("{saw}的前{size}条记录与这里的不同"),
        Another::Fewer { seen, here } => format!("{saw}了{seen}条记录，而这里只有{here}条"),
    }
}

fn private_values(looked_at: PrivateValues, lang: Lang) -> String {
    match (lang, looked_at) {
        (Lang::En, _) => looked_at.to_string(),
        (Lang::Zh, PrivateValues::NotBeside) => String::new(),
        (Lang::Zh, PrivateValues::NoVault) => "这里没有隐私库".to_owned(),
        (Lang::Zh, PrivateValues::Opened(values)) => format!("打开了{values}项，与摘要比对过"),
        (Lang::Zh, PrivateValues::NotOpened(values)) => format!(
            "没有打开：{values}项的摘要都在，但隐私库的密钥不在，内容有改动也发现不了；设置 WUPING_VAULT_KEY 后再验证，就会比对"
        ),
    }
}

const NO_LOG_KEY: &str = "账本没有写明日志公钥";

#[cfg(test)]
mod tests {
    use wuping_ledger::refusal::Refusal;

    use super::*;
    use crate::look::words::is_chinese;

    fn found(position: Option<u64>, code: &str, detail: &str) -> Finding {
        Finding { position, level: 0, code: code.to_owned(), detail: detail.to_owned() }
    }

    #[test]
    fn a_finding_says_where_what_it_means_and_what_was_found() {
        let gone = found(Some(12), "row-missing", "the entry is gone");
        assert_eq!(finding(&gone, Lang::Zh), "L0 第 12 条：这条记录不在了（row-missing：the entry is gone）");
        assert_eq!(finding(&gone, Lang::En), "L0 entry 12: row-missing: the entry is gone");
        let unknown = found(None, "some-new-code", "");
        assert_eq!(
            finding(&unknown, Lang::Zh),
            "L0 账本：不符合账本格式的规则 some-new-code（some-new-code）"
        );
    }

    /// Seven entries, verified up to a level in batches, with some findings.
    fn verified(level: u8, findings: Vec<Finding>) -> Verified {
        Verified {
            origin: "ledger.example/words".to_owned(),
            size: 7,
            root: "ab".to_owned(),
            level,
            levels: vec![],
            l3_established: false,
            witnessed: Witnessed::NoWitness,
            stamped: Stamped::NoneKept,
            private_values: PrivateValues::Opened(3),
            log_key: None,
            log_key_brought: false,
            signatures: BATCH,
            results_rederived: 2,
            continues: vec![4, 6],
            contested: 2,
            contested_positions: vec![3, 5],
            findings,
            more: false,
        }
    }

    #[test]
    fn the_outcome_is_one_line_and_every_remark_another() {
        let whole = verified(5, vec![]);
        assert_eq!(
            outcome(&whole, Lang::Zh),
            "ledger.example/words：7条记录，树根 ab，验证到 L5，没有发现问题，签名是成批验证的；L3 没有确立：没有配置见证人；\
             没有一个检查点有时间戳；L5：2项计算结果重新算过，一致；隐私内容：打开了3项，与摘要比对过"
        );
        assert_eq!(
            outcome(&whole, Lang::En),
            "ledger.example/words: 7 entries, root ab, sound up to L5, signatures verified by batch; L3 not established: no \
             witness is configured; no checkpoint is time-stamped; L5 2 computed results re-derived and equal; private \
             values: 3 opened, and compared with their digests"
        );
        let damaged = Verified {
            private_values: PrivateValues::NotBeside,
            signatures: "strict",
            ..verified(2, vec![found(Some(3), "row-missing", "")])
        };
        let due = "ledger.example/words：7条记录，树根 ab，验证到 L2，发现1处问题";
        assert_eq!(outcome(&damaged, Lang::Zh), due);
        let due = "ledger.example/words: 7 entries, root ab, 1 finding(s) up to L2";
        assert_eq!(outcome(&damaged, Lang::En), due);
        for (lang, due) in [
            (
                Lang::Zh,
                [
                    "写明的（没有）",
                    "6条记录的检查点",
                    "有2条记录存疑：它们有效，但签名所用的密钥在作废时被怀疑（第一条是第 3 条",
                ],
            ),
            (
                Lang::En,
                [
                    "states (none)",
                    "checkpoint of 6 entries",
                    "2 entries are contested: valid, and suspected by the revocation of the key that signed them (the first at 3;",
                ],
            ),
        ] {
            let remarks = remarks(&whole, lang);
            assert_eq!(remarks.len(), due.len());
            assert!(remarks.iter().zip(due).all(|(remark, due)| remark.contains(due)), "{remarks:#?}");
        }
    }

    #[test]
    fn what_others_have_seen_is_said_in_both_languages() {
        let anothers = [
            Another::LogKey,
            Another::FirstEntry,
            Another::Entries { size: 7 },
            Another::Fewer { seen: 9, here: 7 },
        ];
        let mut witnessed = vec![
            Witnessed::By { size: 7, names: vec!["w1.example".to_owned(), "w2.example".to_owned()] },
            Witnessed::NoLogKey,
            Witnessed::NoWitness,
            Witnessed::TooFew { quorum: 2, of: 3 },
            Witnessed::TooFew { quorum: 2, of: 1 },
        ];
        let why = || Refusal::new("time-stamp-imprint", "it is over another text");
        let mut stamped = vec![
            Stamped::At { size: 7, time: 1_750_000_000, authority: "CN=Test".to_owned() },
            Stamped::NoLogKey,
            Stamped::NoneBeside,
            Stamped::BesideRefused(why()),
            Stamped::NoneKept,
            Stamped::AllRefused { newest: "000000000007.test.tsr".into(), why: why() },
        ];
        witnessed.extend(anothers.map(Witnessed::Another));
        stamped.extend(anothers.map(Stamped::Another));
        let of = |lang| {
            let witnessed = witnessed.iter().map(move |witnessed| by_witnesses(witnessed, lang));
            witnessed.chain(stamped.iter().map(move |stamped| by_authorities(stamped, lang)))
        };
        for (zh, en) in of(Lang::Zh).zip(of(Lang::En)) {
            assert!(is_chinese(&zh) && !is_chinese(&en) && !en.is_empty(), "{zh}: {en}");
        }
        assert_eq!(by_witnesses(&witnessed[0], Lang::Zh), "前7条记录由 w1.example、w2.example 会签");
        assert_eq!(
            by_authorities(&stamped[0], Lang::En),
            "7 entries existed by 2025-06-15T15:06:40Z by the word of CN=Test"
        );
        for lang in [Lang::Zh, Lang::En] {
            assert_eq!(by_witnesses(&Witnessed::NotAsked, lang), "");
            assert_eq!(by_authorities(&Stamped::NotAsked, lang), "");
            assert_eq!(private_values(PrivateValues::NotBeside, lang), "");
        }
    }

    #[test]
    fn what_to_do_follows_what_was_found_and_where() {
        assert_eq!(what_to_do(&[], Held::Folder, Lang::En), None);
        let lacking = [found(None, "not-established", "L3 is required")];
        let altered = [found(None, "not-established", "L3 is required"), found(Some(3), "row-missing", "")];
        let told = |findings: &[Finding], held, lang| what_to_do(findings, held, lang).unwrap();
        assert!(told(&lacking, Held::Folder, Lang::En).contains("nothing was found altered"));
        assert!(told(&altered, Held::Folder, Lang::En).contains("keep the folder as it is"));
        assert!(told(&altered, Held::Folder, Lang::Zh).contains("让这个文件夹保持原样"));
        for held in [Held::Backup, Held::Files, Held::Folder] {
            for lang in [Lang::Zh, Lang::En] {
                assert!(told(&altered, held, lang).contains("docs/operators.md"));
                assert_eq!(is_chinese(told(&altered, held, lang)), lang == Lang::Zh);
            }
        }
    }
}
