//! What the code of a finding means, in plain Chinese. Codes are stable; the English that stands behind them says what was found.

/// What a code means; of one that is not known here, that a rule of the format does not hold.
pub(crate) fn meaning(code: &str) -> String {
    let known = KNOWN.into_iter().flatten().find(|means| means.0 == code);
    known.map_or_else(|| format!("不符合账本格式的规则 {code}"), |means| means.1.to_owned())
}

/// A code, and what it means.
struct Means(&'static str, &'static str);

const KNOWN: [&[Means]; 7] = [FOUND, ENTRY, CHAIN, KEYS, ANCHORS, BUNDLE, PROOFS];

/// What a verification finds by itself.
const FOUND: &[Means] = &[
    Means("attachment", "附件的内容与它的名称不符，被改动过"),
    Means("attachment-missing", "这条记录所指的附件不在了，而且从未删除过"),
    Means("author-mark", "为签名人记下的最后一条，与记录不一致"),
    Means("bundle-missing", "存放这些记录的文件不在了"),
    Means("checkpoint", "签过名的检查点与这些记录不一致，或者它本身被改动过"),
    Means("checkpoint-missing", "检查点应当在数据库和 checkpoints.txt 中各有一份，其中一份不在了"),
    Means("checkpoint-origin", "检查点是另一个账本的"),
    Means("cursor", "后台办理的进度超过了账本的末尾"),
    Means("entry-bundle", "存放记录的文件被截断或者改动，从这里起读不出来"),
    Means("head", "账本的末端标记不在了"),
    Means("head-frontier", "账本的末端标记与从记录算出的散列树不一致"),
    Means("head-recorded_at", "账本的末端标记中的时间，不是最后一条记录的时间"),
    Means("head-root", "账本的末端标记中的树根，与从记录算出的不一致"),
    Means("head-size", "账本的末端标记中的条数，与记录不一致"),
    Means(
        "history-rewritten",
        "历史被改写过：另外保存的检查点所签的记录，与这里的不同或者已经不在。两份检查点都要留好，它们是证据",
    ),
    Means("kept-checkpoint", "另外保存的检查点不是本日志的密钥签的，或者无法比对"),
    Means("log-key", "账本开头写明的日志公钥，不是给出的那一把"),
    Means("master-key", "主密钥不能用"),
    Means("more", "问题太多，没有全部列出"),
    Means("not-established", "所要求的一级没有确立"),
    Means("origin", "从开头的几条记录看不出这是哪个账本"),
    Means("outcome", "一次办理的结果与它所指的记录不一致"),
    Means("outcome-missing", "这里的记录没有办理结果与它们对应"),
    Means("result-differs", "这条计算结果不能从它的依据重新得出"),
    Means("row-columns", "这条记录有的栏目与签名的内容不一致，或者类型不对"),
    Means("row-leaf_hash", "这条记录与它的散列值不符，被改动过"),
    Means("row-missing", "这条记录不在了"),
    Means("row-position", "有一行没有位置"),
    Means("row-stray", "这一行不在账本的条数之内，是多出来的"),
    Means("rulebook-missing", "这条记录公布的评分规则不在了，或者被改动过"),
    Means("scheme", "评分规则与它的摘要或者编号不符，被改动过"),
    Means("sealed-key", "服务器保管的一个密钥被改动过，或者不是登记的那一个"),
    Means("sealed-key-missing", "服务器签名要用的一个密钥不在了"),
    Means("sequence", "这条记录写明的位置，不是它所在的位置"),
    Means("stamped-otherwise", "时间戳机构证明的是另一份历史"),
    Means("subject-changed", "同一对象的记录，再读一遍时与第一遍不同"),
    Means("tile", "散列树的一块与从记录算出的不一致，或者不在了"),
    Means("tile-count", "散列树保存的块数不对"),
    Means("unreadable", "这条记录的内容看不懂，以它为依据的结果不能重新计算"),
    Means("vault-missing", "这条记录所指的隐私内容不在隐私库中，而且从未删除过"),
    Means("vault-value", "有一项隐私内容与它的摘要不符，被改动过"),
    Means("witnessed-otherwise", "见证人会签的、或者信任文件所说的，不是这份历史"),
];

/// An entry by itself: how it is spelled, and what it has.
const ENTRY: &[Means] = &[
    Means("alg", "签名算法不是账本所用的那一种"),
    Means("data-type", "记录没有写明事件类型，或者写法不对"),
    Means("derivation-members", "计算结果写明的依据不完整，或者多了别的内容"),
    Means("derivation-subjects", "计算结果写明的对象不对，或者有的还没有任何记录"),
    Means("entry-header", "记录的头部不完整，或者多了别的内容"),
    Means("entry-length", "记录是空的，或者太长"),
    Means("entry-members", "记录应有的部分不齐，或者多了别的部分"),
    Means("entry-payload", "记录的内容部分被改动，读不出来"),
    Means("entry-protected", "记录中写明签名方式的部分被改动，读不出来"),
    Means("entry-signature", "记录的签名不是文字"),
    Means("hash-length", "散列值的长度不对"),
    Means("hex", "十六进制的写法不对"),
    Means("jcs", "内容不能写成规范的形式"),
    Means("jcs-not-canonical", "内容不是规范的写法，被改动过"),
    Means("json-bom", "内容开头有不该有的标记"),
    Means("json-depth", "内容的层次太深"),
    Means("json-duplicate-name", "内容中同一个名称出现两次"),
    Means("json-float", "内容中有小数，账本只用整数"),
    Means("json-int-range", "内容中的数字太大"),
    Means("json-surrogate", "内容中有不完整的字符"),
    Means("json-syntax", "内容被改动，不能读成 JSON"),
    Means("kid", "密钥的编号不对"),
    Means("meta-author_seq", "签名人自己的流水号不对"),
    Means("meta-event_id", "事件编号的写法不对"),
    Means("meta-log", "这条记录属于另一个账本"),
    Means("meta-members", "记录的说明部分不完整，或者多了别的内容"),
    Means("meta-occurred_at", "发生时间的写法不对"),
    Means("meta-schema", "记录写明的格式版本不对"),
    Means("meta-stream", "记录所在的流写法不对"),
    Means("meta-version", "记录在流中的序号不对"),
    Means("payload-members", "记录的内容部分不完整，或者多了别的内容"),
    Means("photo_count", "照片的张数不是数字"),
    Means("photos-public", "照片只能放在隐私库中，这里却是公开的"),
    Means("received-channel", "代收的来源写法不对"),
    Means("received-members", "代收的说明不完整，或者多了别的内容"),
    Means("received-ref", "代收的编号写法不对"),
    Means("received-sha256", "代收原件的摘要写法不对"),
    Means("recorded_at", "记录时间的写法不对"),
    Means("sd-digest", "隐私内容的摘要写法不对"),
    Means("sd-list", "隐私内容的摘要清单不对"),
    Means("sd-name", "公开内容用了不许用的名称"),
    Means("sd-nested", "隐私内容的摘要放错了地方"),
    Means("sd-order", "隐私内容的摘要没有按顺序排列，或者有重复"),
    Means("typ", "记录没有写明它是账本的记录"),
    Means("utf8", "文字的编码被改动，读不出来"),
];

/// The rules over the whole log.
const CHAIN: &[Means] = &[
    Means("author_seq-gap", "签名人自己的流水号断了或者重复：有记录被拿走、插入或者调换"),
    Means("erasure-targets", "删除的记录没有写明删除什么"),
    Means("erasure-twice", "同一项隐私内容删除了两次"),
    Means("erasure-unknown-digest", "所删除的隐私内容，在它所指的记录中没有"),
    Means("event_id-replayed", "同一个事件编号用了两次：这条记录是重复的"),
    Means("heads-count", "流首承诺中的条数，与记录不一致"),
    Means("heads-members", "流首承诺不完整，或者多了别的内容"),
    Means("heads-root", "流首承诺与从记录算出的不一致"),
    Means("heads-stream", "流首承诺放错了流，或者别的记录放进了它的流"),
    Means("recorded_at-order", "记录时间早于前一条：时间被改动，或者记录被调换"),
    Means("version-gap", "流中的序号断了或者重复：有记录被拿走、插入或者调换"),
];

/// Keys and signatures.
const KEYS: &[Means] = &[
    Means("genesis", "账本的第一条记录不在、不合规则或者不是您所知道的那一条，或者又出现了一条"),
    Means("jwk", "登记的公钥写法不对"),
    Means("key-authority", "签名的密钥没有权利签这种记录"),
    Means("key-event-stream", "密钥的记录放错了流"),
    Means("key-event-type", "密钥的流中有别的记录"),
    Means("key-holder", "登记的密钥没有写明持有人"),
    Means("key-length", "登记的公钥长度不对"),
    Means("key-lineage", "密钥的记录不在这个密钥自己的流中"),
    Means("key-not-canonical-point", "登记的公钥不是有效的公钥"),
    Means("key-not-enrolled", "签名的密钥没有登记过"),
    Means("key-pop", "登记密钥时没有证明持有人拿着它"),
    Means("key-reason", "作废密钥时没有写明理由"),
    Means("key-reenrolled", "同一个密钥登记了两次"),
    Means("key-revoked", "签名的密钥已经作废或者更换"),
    Means("key-role", "密钥的用途不是账本所知的"),
    Means("key-small-order", "登记的公钥太弱，谁都能冒签"),
    Means("key-suspect_from", "作废密钥时，存疑的起点没有写明，或者不在账本的条数之内"),
    Means("key-torsion", "登记的公钥不是有效的公钥"),
    Means("received-authority", "代收的记录与签名的密钥不相配"),
    Means("sig-invalid", "签名不符：内容被改动过，或者不是所称的密钥签的"),
    Means("sig-length", "签名的长度不对"),
    Means("sig-r-not-canonical", "签名的写法不合规则，不是账本的程序签的"),
    Means("sig-r-small-order", "签名的写法不合规则，不是账本的程序签的"),
    Means("sig-s-range", "签名的写法不合规则，不是账本的程序签的"),
];

/// Checkpoints, cosignatures and time-stamps.
const ANCHORS: &[Means] = &[
    Means("checkpoint-lines", "检查点应有的几行不齐"),
    Means("checkpoint-root", "检查点的树根写法不对"),
    Means("checkpoint-size", "检查点的条数写法不对"),
    Means("cosignature-duplicate", "同一个见证人会签了两次"),
    Means("cosignature-future", "会签的时间还没有到"),
    Means("cosignature-key", "会签不是所称的见证人签的，或者检查点被改动过"),
    Means("cosignature-length", "会签的长度不对"),
    Means("cosignature-time", "会签的时间不对"),
    Means("note-control-character", "检查点中有不该有的字符"),
    Means("note-log-signature", "检查点不是本日志的密钥签的，或者被改动过"),
    Means("note-no-signature-block", "检查点没有签名"),
    Means("note-signature-count", "检查点的签名太多"),
    Means("note-signature-line", "检查点的签名一行写法不对"),
    Means("note-text", "检查点是空的"),
    Means("note-too-large", "检查点太长"),
    Means("quorum", "会签的见证人不够"),
    Means("time-stamp", "时间戳读不出来，或者被改动过"),
    Means("time-stamp-future", "时间戳的时间还没有到"),
    Means("time-stamp-imprint", "时间戳盖的是另一份检查点"),
    Means("time-stamp-root", "时间戳不是受信任的机构盖的"),
    Means("vkey", "验证用的公钥写法不对"),
    Means("witness-key-reused", "两个见证人用了同一个密钥"),
];

/// An evidence bundle: its files, whether it is complete, and what it discloses.
const BUNDLE: &[Means] = &[
    Means("bundle-path", "证据包中不应当有这个文件"),
    Means("bundle-too-large", "文件太大，不是证据包"),
    Means("bundle-zip", "证据包的文件损坏、被改动过或者由别的程序重新打包"),
    Means("derivation-inputs", "这条计算结果所依据的对象，在证据包中记录不齐全，不能重新计算"),
    Means("disclosed-after-erasure", "出示了已经删除的隐私内容"),
    Means("disclosure", "出示的隐私内容读不出来，被改动过"),
    Means("disclosure-duplicate", "同一项隐私内容出示了两次"),
    Means("disclosure-missing", "有的隐私内容没有出示"),
    Means("disclosure-name", "出示的隐私内容用了不许用的名称"),
    Means("disclosure-salt", "出示的隐私内容中，混入的随机数写法不对"),
    Means("disclosure-unknown", "出示的内容不是这条记录的：记录中没有它的摘要"),
    Means("heads-leaf", "流或者签名人的最后一条记录，不是流首承诺所说的那一条"),
    Means("heads-missing", "没有流首承诺可以证明这些记录是齐全的"),
    Means("heads-order", "流首的证明没有按顺序排列"),
    Means("heads-path", "流首的证明写法不对"),
    Means("heads-range", "流首的证明不连续：有的流没有列出"),
    Means("incomplete", "记录不齐全：有的不在证据包中"),
    Means("key-missing", "证据包中没有登记签名所用密钥的记录，签名无法验证"),
    Means("manifest-checkpoint", "检查点不是清单所写的那一份"),
    Means("manifest-created_at", "清单中的制作时间写法不对"),
    Means("manifest-digest", "这个文件与清单中的摘要不符，被改动过"),
    Means("manifest-entries", "清单所列的记录，与证据包中的文件不一致"),
    Means("manifest-files", "清单所列的文件，与证据包中的不一致"),
    Means("manifest-format", "清单的格式不是证据包的格式"),
    Means("manifest-members", "清单应有的各项不齐，或者多了别的内容"),
    Means("manifest-missing", "清单不在了"),
    Means("manifest-subject", "清单没有写明证据包是关于什么的，或者写法不对"),
    Means("photo", "这张照片不是证据包所出示的，或者被改动过"),
    Means("photos", "出示的照片与记录的张数不一致，或者写法不对"),
    Means("proof-checkpoint", "这份证明所依据的检查点，不是证据包中的那一份"),
    Means("scheme-digest", "评分规则与它的摘要不符，被改动过"),
    Means("timestamp-missing", "检查点没有时间戳"),
    Means("timestamp-token", "信任文件没有写明承认哪个时间戳机构"),
];

/// Proofs that something is in a tree.
const PROOFS: &[Means] = &[
    Means("inclusion-index", "证明所写的位置超出了总数"),
    Means("inclusion-root", "从证明得不出所签的树根：内容被改动过，或者原来不在这里"),
    Means("inclusion-too-long", "证明太长，多了散列值"),
    Means("inclusion-too-short", "证明太短，少了散列值"),
    Means("tlog-proof-ascii", "证明中有不该有的字符"),
    Means("tlog-proof-extra", "证明中有不该有的一行"),
    Means("tlog-proof-hash", "证明中的散列值写法不对"),
    Means("tlog-proof-header", "证明的第一行写法不对"),
    Means("tlog-proof-index", "证明所写的位置写法不对"),
    Means("tlog-proof-no-checkpoint", "证明中没有检查点"),
    Means("tlog-proof-too-long", "证明太长"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::look::words::is_chinese;

    /// What is written of a source outside its tests.
    fn source(room: &str, name: &str) -> String {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(room).join("src").join(name);
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
    }

    fn is_code(literal: &str) -> bool {
        literal.starts_with(|first: char| first.is_ascii_lowercase())
            && literal.ends_with(|last: char| last.is_ascii_lowercase() || last.is_ascii_digit())
            && literal.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '-' | '_'))
    }

    /// The arguments of a call, of what stands behind its opening bracket.
    fn arguments(behind: &str) -> Vec<String> {
        let (mut arguments, mut depth, mut quoted, mut escaped) = (vec![String::new()], 0, false, false);
        for letter in behind.chars() {
            match letter {
                '"' if !escaped => quoted = !quoted,
                '(' | '[' | '{' if !quoted => depth += 1,
                ')' | ']' | '}' if !quoted && depth == 0 => break,
                ')' | ']' | '}' if !quoted => depth -= 1,
                ',' if !quoted && depth == 0 => {
                    arguments.push(String::new());
                    continue;
                }
                _ => {}
            }
            escaped = quoted && letter == '\\' && !escaped;
            arguments.last_mut().unwrap().push(letter);
        }
        arguments
    }

    /// The codes with which a source asks for something: the second argument of each call of these.
    fn asked_for_in(source: &str) -> Vec<String> {
        let askers = ["need(", "need_that(", "array(", "count(", "text("];
        let calls = askers.iter().flat_map(|asker| source.split(asker).skip(1)).map(arguments);
        let codes =
            calls.filter_map(|of| Some(of.get(1)?.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned()));
        codes.filter(|code| is_code(code)).collect()
    }

    /// The codes of a source: what is the first literal of what makes a finding or a refusal, what is asked for, and every literal
    /// with a hyphen.
    fn codes_in(source: &str) -> BTreeSet<String> {
        let makers = [
            ".add(",
            "Refusal::new(",
            "::of_level_0(",
            "otherwise(",
            "finding(",
            ".found(",
            "code: ",
            "const CODE: &str = ",
        ];
        let first = makers.iter().flat_map(|maker| {
            source.split(maker).skip(1).filter_map(|behind| {
                let statement = behind.split(';').next().unwrap_or_default();
                statement.split('"').nth(1).filter(|literal| is_code(literal))
            })
        });
        let hyphened = source.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| {
            line.split('"').skip(1).step_by(2).filter(|literal| literal.contains('-') && is_code(literal))
        });
        first.chain(hyphened).map(str::to_owned).chain(asked_for_in(source)).collect()
    }

    fn without_words(rooms: &[(&str, &str)]) -> (usize, Vec<String>) {
        let codes: BTreeSet<String> =
            rooms.iter().flat_map(|(room, name)| codes_in(&source(room, name))).collect();
        let known: BTreeSet<&str> = KNOWN.into_iter().flatten().map(|means| means.0).collect();
        let lacking = codes.iter().filter(|code| !known.contains(code.as_str())).cloned().collect();
        (codes.len(), lacking)
    }

    #[test]
    fn every_finding_of_a_verification_has_words() {
        let (codes, lacking) = without_words(&[
            ("ledger", "audit.rs"),
            ("ledger", "audit_entry.rs"),
            ("ledger", "audit_kept.rs"),
            ("ledger", "audit_side.rs"),
            ("ledger", "postgres_audit.rs"),
            ("ledger", "row.rs"),
            ("ledger", "sqlite_audit.rs"),
            ("ledger", "static_audit.rs"),
            ("replay", "continued.rs"),
            ("replay", "derivations.rs"),
            ("replay", "houses.rs"),
            ("replay", "kept.rs"),
            ("replay", "verified.rs"),
            ("replay", "verify.rs"),
        ]);
        assert_eq!(lacking, Vec::<String>::new(), "say in FOUND what they mean");
        assert!(codes >= 40, "{codes} codes were read from the sources");
    }

    #[test]
    fn every_refusal_of_an_entry_and_of_what_vouches_for_it_has_words() {
        let (codes, lacking) = without_words(&[
            ("ledger", "chain.rs"),
            ("ledger", "entry.rs"),
            ("ledger", "jcs.rs"),
            ("ledger", "key_state.rs"),
            ("ledger", "keys.rs"),
            ("ledger", "note.rs"),
            ("ledger", "shape.rs"),
            ("ledger", "stamp/mod.rs"),
            ("ledger", "stamp/signer.rs"),
            ("ledger", "stamps.rs"),
            ("ledger", "stream.rs"),
        ]);
        // what is asked of the machine that makes a key
        let of_making = ["entropy", "seed"];
        let lacking: Vec<String> =
            lacking.into_iter().filter(|code| !of_making.contains(&code.as_str())).collect();
        assert_eq!(lacking, Vec::<String>::new(), "say what they mean");
        assert!(codes >= 80, "{codes} codes were read from the sources");
    }

    #[test]
    fn every_finding_of_a_bundle_has_words() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ledger/src/bundle");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| format!("bundle/{}", name.to_string_lossy()));
        let of_bundles: Vec<String> = names.filter(|name| !name.ends_with("/tests.rs")).collect();
        assert!(of_bundles.len() >= 6, "{of_bundles:?}");
        let mut rooms = vec![
            ("api", "cli/evidence.rs"),
            ("ledger", "disclosure.rs"),
            ("ledger", "encoding.rs"),
            ("ledger", "erasure.rs"),
            ("ledger", "head_proof.rs"),
            ("ledger", "heads.rs"),
            ("ledger", "members.rs"),
            ("ledger", "merkle.rs"),
            ("ledger", "proof_text.rs"),
            ("ledger", "timestamp.rs"),
            ("replay", "evidence.rs"),
        ];
        rooms.extend(of_bundles.iter().map(|name| ("ledger", name.as_str())));
        let (codes, lacking) = without_words(&rooms);
        // of that a log grew, and of the machine that draws salts: no bundle has them
        let of_others = |code: &String| {
            code.starts_with("consistency-") || ["entropy", "frontier"].contains(&code.as_str())
        };
        let lacking: Vec<String> = lacking.into_iter().filter(|code| !of_others(code)).collect();
        assert_eq!(lacking, Vec::<String>::new(), "say in BUNDLE or PROOFS what they mean");
        assert!(codes >= 70, "{codes} codes were read from the sources");
    }

    #[test]
    fn codes_are_read_wherever_they_stand() {
        let source = r#"
            findings.add(None, 2, "tile", format!("{tile} {why}"));
            // not "a-remark"
            Err(Refusal::new(
                "kid", "x"))?;
            need(here, "sig-invalid", "an old-fashioned one")?;
            Refusal::new(GONE, format!("{name} is not there"));
            const GONE: &str = "bundle-missing";
            const CODE: &str = "disclosure";
            need(whole.eq(1..=head.n), "incomplete", &lacking(head, ","))?;
            text(one, "photos")?;
            Finding { position: None, level: 5, code: "more".to_owned(), detail }
        "#;
        let codes: Vec<String> = codes_in(source).into_iter().collect();
        assert_eq!(
            codes,
            ["bundle-missing", "disclosure", "incomplete", "kid", "more", "photos", "sig-invalid", "tile"]
        );
    }

    #[test]
    fn every_code_stands_once_and_is_told_in_chinese() {
        let mut codes = BTreeSet::new();
        for Means(code, told) in KNOWN.into_iter().flatten() {
            assert!(codes.insert(code), "{code} stands twice");
            assert!(is_chinese(told), "{code}: {told}");
            assert!(!told.ends_with('。'), "{code}: what was found stands behind it");
        }
    }
}
