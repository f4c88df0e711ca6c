//! What is said of a bundle in both languages: what is wrong with it, who has seen its checkpoint, what it lacks, and why none is given out.

use std::fmt;

use serde::{Serialize, Serializer};
use wuping_ledger::bundle::compose::ComposeError;
use wuping_replay::evidence::{BundleFinding, SeenBy};
use wuping_replay::witnessed::moment;

use super::IssueError;
use crate::app::ExecuteError;
use crate::look::words::Lang;
use crate::look::words::findings::meaning;

/// What a bundle lacks without being wrong. As text, and so in JSON, it is an English sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Lack {
    /// No witness has cosigned its checkpoint.
    Cosignature,
    /// A photo that it discloses is not kept here.
    Photo {
        /// Its digest, lower-case hex.
        sha256: String,
    },
    /// No authority has time-stamped its checkpoint.
    Stamp,
    /// An authority that was asked has not.
    StampRefused {
        /// Why, with its causes.
        why: String,
    },
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cosignature => f.write_str("no witness has cosigned its checkpoint"),
            Self::Photo { sha256 } => write!(f, "the photo {sha256} is not kept here"),
            Self::Stamp => f.write_str("no authority has time-stamped its checkpoint"),
            Self::StampRefused { why } => f.write_str(why),
        }
    }
}

impl Serialize for Lack {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Lack {
    /// The same in Chinese; what an authority answered is in its own words.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Cosignature => "没有见证人会签它的检查点".to_owned(),
            Self::Photo { sha256 } => format!("照片 {sha256} 不在这里"),
            Self::Stamp => "没有时间戳机构为它的检查点盖时间戳".to_owned(),
            Self::StampRefused { why } => format!("没有得到时间戳：{why}"),
        }
    }
}

/// Who has seen a bundle's checkpoint.
#[must_use]
pub fn seen(seen: &SeenBy, lang: Lang) -> String {
    match (lang, seen) {
        (Lang::En, _) => seen.to_string(),
        (Lang::Zh, SeenBy::NobodyTrusted) => {
            "没有确立：请用 --trust 给出信任文件，写明承认谁的会签和时间戳".to_owned()
        }
        (Lang::Zh, SeenBy::NotByTrusted) => {
            "没有确立：信任文件所承认的见证人和时间戳机构没有证明它".to_owned()
        }
        (Lang::Zh, SeenBy::Trusted { witnesses, authority, time }) => {
            format!("由 {} 会签；{authority} 证明它在 {} 已经存在", witnesses.join("、"), moment(*time))
        }
    }
}

/// One thing that is wrong with a bundle: where, what that means, and what was found, in the words of the program that found it.
#[must_use]
pub fn finding(found: &BundleFinding, lang: Lang) -> String {
    let BundleFinding { level, file, position, code, detail } = found;
    match lang {
        Lang::En if detail.is_empty() => format!("L{level} {file}: {code}"),
        Lang::En => format!("L{level} {file}: {code}: {detail}"),
        Lang::Zh => {
            let place =
                position.map_or_else(|| file.clone(), |position| format!("第 {position} 条（{file}）"));
            let found = if detail.is_empty() { String::new() } else { format!("：{detail}") };
            format!("L{level} {place}：{}（{code}{found}）", meaning(code))
        }
    }
}

impl IssueError {
    /// The same in Chinese; what lies below it, a store or the format, says it in its own words.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Anchors(_) => "没有出具：见证人所知道的历史与这里的不同，或者无法询问".to_owned(),
            Self::Attachment(_) => "有一张照片无法读取".to_owned(),
            Self::Compose(ComposeError::Nothing { path, heads }) => {
                format!("没有出具：第 {heads} 条之前没有关于 {path} 的记录，请核对写法")
            }
            Self::Compose(_) => "证据包没能作成".to_owned(),
            Self::Disclosing(error) => format!("没有出具：{}", error.zh()),
            Self::Ended(_) => "证据包没有作完：请再运行一次".to_owned(),
            Self::Execute(ExecuteError::Rejected(rejection)) => {
                format!("没有记入账本，所以没有出具：{}", rejection.zh())
            }
            Self::Execute(_) => "没有记入账本，所以没有出具".to_owned(),
            Self::NoDetermination { stream, number } => {
                format!("{stream} 中没有第 {number} 次评定；“wuping history”会列出有哪些")
            }
            Self::NoField { field, path, has } => {
                let has = match has.as_slice() {
                    [] => "没有隐私内容".to_owned(),
                    names => format!("有{}", names.join("、")),
                };
                format!("{path} 的记录中没有隐私内容“{field}”；这里{has}")
            }
            Self::Rule(_) => "证据包的格式不允许这样做".to_owned(),
            Self::Seal(_) => "账本没能写下各流的末端，或者没能签名".to_owned(),
            Self::Store(_) => "账本无法读取".to_owned(),
            Self::Unsound { why } => {
                format!("证据包没有通过自己的核对，所以没有出具：{why}；请运行 wuping verify")
            }
            Self::Vault(_) => "隐私库无法读取".to_owned(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::look::words::is_chinese;

    /// Something that is wrong with a bundle, or with one of its entries.
    pub(crate) fn found(level: u8, position: Option<u64>, code: &str, detail: &str) -> BundleFinding {
        let file = position.map_or_else(|| "bundle.json".to_owned(), |at| format!("entries/{at:012}.json"));
        BundleFinding { level, file, position, code: code.to_owned(), detail: detail.to_owned() }
    }

    #[test]
    fn a_finding_says_where_what_it_means_and_what_was_found() {
        let altered = found(0, Some(12), "manifest-digest", "it is not the file that was put in");
        assert_eq!(
            finding(&altered, Lang::Zh),
            "L0 第 12 条（entries/000000000012.json）：这个文件与清单中的摘要不符，被改动过\
             （manifest-digest：it is not the file that was put in）"
        );
        assert_eq!(
            finding(&altered, Lang::En),
            "L0 entries/000000000012.json: manifest-digest: it is not the file that was put in"
        );
        let gone = found(0, None, "manifest-missing", "");
        assert_eq!(finding(&gone, Lang::Zh), "L0 bundle.json：清单不在了（manifest-missing）");
        assert_eq!(finding(&gone, Lang::En), "L0 bundle.json: manifest-missing");
    }

    #[test]
    fn what_a_bundle_lacks_and_who_saw_it_are_told_in_both_languages() {
        let lacks = [
            Lack::Cosignature,
            Lack::Photo { sha256: "ab12".to_owned() },
            Lack::Stamp,
            Lack::StampRefused { why: "tsa.example did not answer".to_owned() },
        ];
        for lack in &lacks {
            assert!(is_chinese(&lack.zh()) && !is_chinese(&lack.to_string()), "{lack}: {}", lack.zh());
            assert_eq!(serde_json::json!(lack), lack.to_string(), "machines read the English");
        }
        let trusted = SeenBy::Trusted {
            witnesses: vec!["w1.example".to_owned(), "w2.example".to_owned()],
            authority: "CN=Test".to_owned(),
            time: 1_750_000_000,
        };
        let told = "由 w1.example、w2.example 会签；CN=Test 证明它在 2025-06-15T15:06:40Z 已经存在";
        assert_eq!(seen(&trusted, Lang::Zh), told);
        let told =
            "cosigned by w1.example, w2.example; existed by 2025-06-15T15:06:40Z by the word of CN=Test";
        assert_eq!(seen(&trusted, Lang::En), told);
        for nobody in [SeenBy::NobodyTrusted, SeenBy::NotByTrusted] {
            assert!(seen(&nobody, Lang::Zh).starts_with("没有确立："), "{nobody}");
            assert!(seen(&nobody, Lang::En).starts_with("not established"), "{nobody}");
        }
    }

    #[test]
    fn why_none_is_given_out_names_what_was_asked_for() {
        let field = |has: &[&str]| IssueError::NoField {
            field: "shoe".to_owned(),
            path: "premises/p-1".to_owned(),
            has: has.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(field(&[]).zh(), "premises/p-1 的记录中没有隐私内容“shoe”；这里没有隐私内容");
        assert!(field(&["name", "phone"]).zh().ends_with("这里有name、phone"));
        let number = IssueError::NoDetermination { stream: "premises/p-1/grade".to_owned(), number: 9 };
        assert!(number.zh().starts_with("premises/p-1/grade 中没有第 9 次评定"), "{}", number.zh());
    }
}
