//! What `wuping verify-bundle` and `wuping evidence` say of a bundle to a person, in Chinese and in English. Whoever reads it may be
//! a court: it has neither the ledger nor its documentation, only what was handed over.

use wuping_ledger::bundle::UnreadableBundle;
use wuping_replay::evidence::{BundleFinding, Ended, Gone, SeenBy, VerifiedBundle};

use crate::evidence::seen;
use crate::look::words::Lang;
use crate::look::words::findings::meaning;

/// The outcome in one line.
pub(super) fn outcome(verified: &VerifiedBundle, lang: Lang) -> String {
    let VerifiedBundle { subject, origin, entries, reached, results_rederived: equal, .. } = verified;
    let held = match verified.findings.len() {
        0 => lang.pick("没有发现问题".to_owned(), "sound".to_owned()),
        n => lang.pick(format!("发现{n}处问题"), format!("{n} finding(s)")),
    };
    let reached_to = reached.map_or_else(
        || lang.pick("一级也没有达到".to_owned(), "reached no level".to_owned()),
        |level| lang.pick(format!("达到 L{level}"), format!("reached L{level}")),
    );
    let rederived = match reached {
        Some(5) => lang.pick(
            format!("；{equal}项计算结果重新算过，一致"),
            format!("; {equal} computed results re-derived and equal"),
        ),
        _ => String::new(),
    };
    let bundle = match (lang, subject.as_deref(), origin.as_deref()) {
        (Lang::Zh, Some(subject), Some(origin)) => format!("关于 {subject} 的证据包，取自账本 {origin}"),
        (Lang::Zh, _, _) => "证据包".to_owned(),
        (Lang::En, subject, origin) => format!("{} of {}", subject.unwrap_or("?"), origin.unwrap_or("?")),
    };
    lang.pick(
        format!("{bundle}：{entries}条记录，{held}，{reached_to}{rederived}"),
        format!("{bundle}: {entries} entries, {held}, {reached_to}{rederived}"),
    )
}

/// Up to where nothing is left out.
pub(super) fn complete(verified: &VerifiedBundle, lang: Lang) -> Option<String> {
    let (at, time) = (verified.complete_as_of?, verified.complete_as_of_time.as_ref()?);
    Some(match verified.reached >= Some(COMPLETE) {
        true => lang.pick(
            format!("截至第 {at} 条（记录于 {time}，世界时），一条不少；之后的记录不在内"),
            format!("complete as of entry {at}, recorded {time}; what came later is not in it"),
        ),
        false => lang.pick(
            format!("证据包称截至第 {at} 条（记录于 {time}，世界时）一条不少，这一点没有确立（达到 L{COMPLETE} 才确立）"),
            format!(
                "it says that it is complete as of entry {at}, recorded {time}; that is not established below L{COMPLETE}"
            ),
        ),
    })
}

/// What a reader must know beside the outcome, one remark a line.
pub(super) fn remarks(verified: &VerifiedBundle, lang: Lang) -> Vec<String> {
    let mut remarks = Vec::from_iter(complete(verified, lang));
    if verified.level >= 3 {
        let colon = match verified.seen {
            SeenBy::Trusted { .. } => lang.pick("：", " "),
            SeenBy::NobodyTrusted | SeenBy::NotByTrusted => " ",
        };
        remarks.push(format!("L3{colon}{}", seen(&verified.seen, lang)));
    }
    if let Some(key) = verified.log_key.as_deref().filter(|_| !verified.log_key_brought) {
        remarks.push(lang.pick(
            format!(
                "日志公钥不是另外给出的，而是证据包自己写明的（{key}）。请与账本的运营方公布的公钥比对，或者用 --trust 给出信任文件"
            ),
            format!(
                "its log key is what it says of itself: {key}; compare it with the one that the ledger's keeper publishes, or \
                 bring --trust"
            ),
        ));
    }
    remarks.extend(verified.erased.iter().map(|gone| erased(gone, lang)));
    remarks.extend(verified.ended_keys.iter().map(|key| ended(key, lang)));
    let contested = &verified.contested_positions;
    if !contested.is_empty() {
        let listed = contested.iter().map(u64::to_string).collect::<Vec<_>>().join("、");
        remarks.push(lang.pick(
            format!(
                "有{}条记录存疑：它们有效，但签名所用的密钥在作废时被怀疑（第 {listed} 条）",
                contested.len()
            ),
            format!("contested (key reported compromised): entries {contested:?}"),
        ));
    }
    remarks
}

fn erased(gone: &Gone, lang: Lang) -> String {
    let Gone { position, values, recorded_at, authority, reason, said_in } = gone;
    lang.pick(
        format!(
            "第 {position} 条：{values}项隐私内容已于 {recorded_at} 永久删除，决定机关：{authority}，原因：{reason}（见第 {said_in} 条）"
        ),
        format!(
            "entry {position}: {values} private value(s) erased {recorded_at} by {authority}: {reason} (entry {said_in})"
        ),
    )
}

fn ended(key: &Ended, lang: Lang) -> String {
    let Ended { kid, holder, ended_at, recorded_at, contested_from } = key;
    match contested_from {
        None => lang.pick(
            format!("{holder} 的密钥 {kid} 已经更换（第 {ended_at} 条）：更换前的签名仍然有效"),
            format!("key {kid} of {holder} was replaced by entry {ended_at}; what it signed before stays good"),
        ),
        Some(from) => lang.pick(
            format!(
                "{holder} 的密钥 {kid} 已于 {recorded_at} 作废（第 {ended_at} 条）：第 {from} 条之前的签名仍然有效，从第 {from} 条起的存疑"
            ),
            format!(
                "key {kid} of {holder} was revoked {recorded_at} by entry {ended_at}: what it signed below entry {from} stays \
                 good, from there on it is contested"
            ),
        ),
    }
}

/// What to do about what was found; none where nothing was.
pub(super) fn what_to_do(findings: &[BundleFinding], lang: Lang) -> Option<&'static str> {
    if findings.is_empty() {
        return None;
    }
    let wrong = || findings.iter().filter(|found| found.code != "not-established");
    Some(match () {
        () if wrong().next().is_none() => lang.pick(
            "怎么办：没有发现改动，缺的是所要求的一级；上面写明了缺什么",
            "What to do: nothing was found altered; what is required is lacking, as said above",
        ),
        () if wrong().all(|found| found.code == "photo") => lang.pick(
            "怎么办：证据包本身没有问题，上面列出的照片不能作为它的照片使用；请出具机关重新提供照片",
            "What to do: the bundle itself is sound, the photos named above are none of it; ask whoever gave it out for the photos \
             again",
        ),
        () if wrong().all(|found| found.level == 3) => lang.pick(
            "怎么办：先核对信任文件是不是账本的运营方公布的那一份；如果是，请出具机关重新出具一份，检查点要有见证人的会签和时间戳",
            "What to do: compare the trust file with the one that the ledger's keeper publishes; if it is that one, ask whoever gave \
             the bundle out for another, with a checkpoint that witnesses have cosigned and an authority has time-stamped",
        ),
        () if wrong().all(|found| found.level == 5) => lang.pick(
            "怎么办：记录没有改动（到 L4 为止都成立），但上面列出的计算结果不能从记录重新得出；不要依据这些结果，请出具机关说明",
            "What to do: the entries are as they were recorded (all holds up to L4), and the results named above do not follow from \
             them; do not rely on these results, and ask whoever gave it out to explain them",
        ),
        () => lang.pick(
            "怎么办：不要依据这份证据包；让收到的文件保持原样，把上面各行告诉出具机关，请它重新出具一份",
            "What to do: do not rely on this bundle; keep the file as it was handed over, tell whoever gave it out the lines above, and \
             ask for another",
        ),
    })
}

/// Why a bundle could not be read at all, in Chinese.
pub(super) fn unreadable(error: &UnreadableBundle) -> String {
    match error {
        UnreadableBundle::Damaged { place, why } => {
            format!("{} 损坏了：{}（{why}）", place.display(), meaning(why.code))
        }
        UnreadableBundle::File { place, .. } => format!("{} 无法读取", place.display()),
        UnreadableBundle::None { place, why } => {
            format!("{} 不是证据包（{why}）。请给出收到的原文件，或者它解开后的文件夹", place.display())
        }
    }
}

/// The level at which nothing was left out.
const COMPLETE: u8 = 4;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wuping_ledger::refusal::Refusal;

    use super::*;
    use crate::evidence::found;
    use crate::look::words::is_chinese;

    /// Seven entries about a house, some of which are contested, and some values erased.
    fn verified(reached: Option<u8>, findings: Vec<BundleFinding>) -> VerifiedBundle {
        let key = |contested_from| Ended {
            kid: "k1".to_owned(),
            holder: "officer-7".to_owned(),
            ended_at: 40,
            recorded_at: "2026-03-02T08:00:00.000Z".to_owned(),
            contested_from,
        };
        VerifiedBundle {
            origin: Some("ledger.example/words".to_owned()),
            subject: Some("premises/p-1".to_owned()),
            entries: 7,
            complete_as_of: Some(50),
            complete_as_of_time: Some("2026-03-03T08:00:00.000Z".to_owned()),
            created_at: None,
            checkpoint_size: Some(60),
            level: 5,
            reached,
            levels: vec![],
            log_key: Some("ledger.example/words+ab12".to_owned()),
            log_key_brought: false,
            seen: SeenBy::NobodyTrusted,
            results_rederived: 2,
            contested_positions: vec![3, 5],
            ended_keys: vec![key(None), key(Some(3))],
            erased: vec![Gone {
                position: 4,
                values: 2,
                recorded_at: "2026-03-01T08:00:00.000Z".to_owned(),
                authority: "数据办".to_owned(),
                reason: "本人申请".to_owned(),
                said_in: 30,
            }],
            disclosed: BTreeMap::new(),
            findings,
        }
    }

    #[test]
    fn the_outcome_is_one_line_in_both_languages() {
        let sound = verified(Some(5), vec![]);
        assert_eq!(
            outcome(&sound, Lang::Zh),
            "关于 premises/p-1 的证据包，取自账本 ledger.example/words：7条记录，没有发现问题，达到 L5；2项计算结果重新算过，一致"
        );
        assert_eq!(
            outcome(&sound, Lang::En),
            "premises/p-1 of ledger.example/words: 7 entries, sound, reached L5; 2 computed results re-derived and equal"
        );
        let no_manifest = VerifiedBundle {
            origin: None,
            subject: None,
            ..verified(None, vec![found(0, None, "manifest-missing", "")])
        };
        assert_eq!(outcome(&no_manifest, Lang::Zh), "证据包：7条记录，发现1处问题，一级也没有达到");
        assert_eq!(outcome(&no_manifest, Lang::En), "? of ?: 7 entries, 1 finding(s), reached no level");
    }

    #[test]
    fn what_a_reader_must_know_is_said_line_by_line_in_both_languages() {
        let told = |lang| remarks(&verified(Some(5), vec![]), lang);
        assert_eq!(
            told(Lang::Zh),
            [
                "截至第 50 条（记录于 2026-03-03T08:00:00.000Z，世界时），一条不少；之后的记录不在内",
                "L3 没有确立：请用 --trust 给出信任文件，写明承认谁的会签和时间戳",
                "日志公钥不是另外给出的，而是证据包自己写明的（ledger.example/words+ab12）。请与账本的运营方公布的公钥比对，或者用 --trust 给出信任文件",
                "第 4 条：2项隐私内容已于 2026-03-01T08:00:00.000Z 永久删除，决定机关：数据办，原因：本人申请（见第 30 条）",
                "officer-7 的密钥 k1 已经更换（第 40 条）：更换前的签名仍然有效",
                "officer-7 的密钥 k1 已于 2026-03-02T08:00:00.000Z 作废（第 40 条）：第 3 条之前的签名仍然有效，从第 3 条起的存疑",
                "有2条记录存疑：它们有效，但签名所用的密钥在作废时被怀疑（第 3、5 条）",
            ]
        );
        assert_eq!(
            told(Lang::En),
            [
                "complete as of entry 50, recorded 2026-03-03T08:00:00.000Z; what came later is not in it",
                "L3 not established: bring a trust file that says whose cosignatures and time-stamps count",
                "its log key is what it says of itself: ledger.example/words+ab12; compare it with the one that the ledger's keeper publishes, or bring \
                 --trust",
                "entry 4: 2 private value(s) erased 2026-03-01T08:00:00.000Z by 数据办: 本人申请 (entry 30)",
                "key k1 of officer-7 was replaced by entry 40; what it signed before stays good",
                "key k1 of officer-7 was revoked 2026-03-02T08:00:00.000Z by entry 40: what it signed below entry 3 stays good, from \
                 there on it is contested",
                "contested (key reported compromised): entries [3, 5]",
            ]
        );
    }

    #[test]
    fn a_bundle_that_was_not_found_whole_is_not_called_complete() {
        let altered =
            VerifiedBundle { log_key: None, ..verified(Some(3), vec![found(4, Some(12), "incomplete", "")]) };
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| remarks(&altered, lang));
        assert!(zh[0].starts_with("证据包称截至第 50 条") && zh[0].contains("没有确立"), "{zh:?}");
        assert!(en[0].starts_with("it says that it is complete as of entry 50"), "{en:?}");
        assert!(!zh.concat().contains("日志公钥") && !en.concat().contains("log key"), "none was found");
        let trusted = SeenBy::Trusted {
            witnesses: vec!["w1.example".to_owned()],
            authority: "CN=Test".to_owned(),
            time: 1_750_000_000,
        };
        let seen = VerifiedBundle { seen: trusted, ..verified(Some(5), vec![]) };
        assert!(remarks(&seen, Lang::Zh)[1].starts_with("L3：由 w1.example 会签"));
        assert!(remarks(&seen, Lang::En)[1].starts_with("L3 cosigned by w1.example"));
    }

    #[test]
    fn what_to_do_follows_what_was_found() {
        assert_eq!(what_to_do(&[], Lang::Zh), None);
        let lacking = || found(3, None, "not-established", "L3 is required");
        let photo = || found(0, None, "photo", "");
        let unseen = || found(3, None, "quorum", "");
        let differs = || found(5, Some(12), "result-differs", "");
        let altered = || found(1, Some(12), "sig-invalid", "");
        let cases = [
            (vec![lacking()], "没有发现改动", "nothing was found altered"),
            (vec![photo(), lacking()], "证据包本身没有问题", "the bundle itself is sound"),
            (vec![unseen()], "先核对信任文件", "compare the trust file"),
            (vec![differs()], "记录没有改动", "the entries are as they were recorded"),
            (vec![altered()], "不要依据这份证据包", "do not rely on this bundle"),
            (vec![photo(), differs()], "不要依据这份证据包", "do not rely on this bundle"),
        ];
        for (findings, zh, en) in cases {
            let told = |lang| what_to_do(&findings, lang).unwrap();
            assert!(told(Lang::Zh).starts_with(&format!("怎么办：{zh}")), "{}", told(Lang::Zh));
            assert!(told(Lang::En).starts_with(&format!("What to do: {en}")), "{}", told(Lang::En));
        }
    }

    #[test]
    fn what_is_no_bundle_is_told_in_chinese_too() {
        let why = || Refusal::new("bundle-zip", "it is no ZIP, or an empty one");
        let place = "p-1.zip".into();
        let told = unreadable(&UnreadableBundle::None { place, why: why() });
        assert!(
            told.starts_with("p-1.zip 不是证据包（bundle-zip") && told.contains("收到的原文件"),
            "{told}"
        );
        let told = unreadable(&UnreadableBundle::Damaged { place: "p-1.zip".into(), why: why() });
        assert!(told.starts_with("p-1.zip 损坏了：证据包的文件损坏"), "{told}");
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert!(is_chinese(&unreadable(&UnreadableBundle::File { place: "p-1.zip".into(), source })));
    }
}
