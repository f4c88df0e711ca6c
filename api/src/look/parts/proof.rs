//! Proof mark: whether a record is proven, in a word; hashes and numbers folded behind it.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::super::words::Lang;
use super::moment;

/// What checking a record found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProofState {
    /// Proven, but somebody disputes it or its key is under doubt.
    Contested,
    /// It does not check.
    Failed,
    /// In the ledger; the signed checkpoint over it is not there yet.
    Pending,
    /// Signature and place in the ledger check.
    Verified,
}

/// A record's proof.
#[derive(Clone, Debug)]
pub struct ProofView {
    /// What checking found.
    pub state: ProofState,
    /// One sentence more, such as why it is contested.
    pub reason: Option<String>,
    /// Position in the ledger.
    pub position: u64,
    /// The event's id.
    pub event_id: String,
    /// Id of the key that signed.
    pub key_id: String,
    /// Hash of the entry, hexadecimal.
    pub entry_hash: String,
    /// Root of the tree that the checkpoint signs, hexadecimal; empty while pending.
    pub tree_head: String,
    /// When that checkpoint was signed.
    pub checkpoint_at: Option<DateTime<Utc>>,
    /// Where the full proof can be fetched.
    pub href: Option<String>,
}

/// The mark; unfolded it shows position, id, key and hashes.
pub fn proof_mark(lang: Lang, proof: &ProofView) -> Markup {
    let (class, sign, word) = match proof.state {
        ProofState::Contested => ("contested", "!", lang.pick("存疑", "Contested")),
        ProofState::Failed => ("failed", "✕", lang.pick("核验不通过", "Does not verify")),
        ProofState::Pending => {
            ("pending", "…", lang.pick("已记账，等待检查点", "Recorded, checkpoint pending"))
        }
        ProofState::Verified => ("verified", "✓", lang.pick("已核验", "Verified")),
    };
    html! {
        details class={ "proof proof-" (class) } {
            summary {
                span.proof-sign aria-hidden="true" { (sign) } " " (word)
                span.quiet {
                    (lang.pick(
                        format!(" 第 {} 条", lang.count(proof.position)),
                        format!(" entry {}", lang.count(proof.position)),
                    ))
                }
            }
            @if let Some(reason) = &proof.reason { p.proof-reason { (reason) } }
            dl.facts.facts-tight {
                (hash(lang.pick("记录编号", "Event"), &proof.event_id))
                (hash(lang.pick("签名密钥", "Key"), &proof.key_id))
                (hash(lang.pick("本条指纹", "Entry hash"), &proof.entry_hash))
                @if !proof.tree_head.is_empty() { (hash(lang.pick("树头", "Tree head"), &proof.tree_head)) }
                @if let Some(at) = proof.checkpoint_at {
                    div.fact { dt { (lang.pick("检查点时间", "Checkpoint")) } dd { (moment(lang, at)) } }
                }
            }
            @if let Some(href) = &proof.href {
                p { a href=(href) { (lang.pick("下载证明", "Download the proof")) } }
            }
        }
    }
}

fn hash(label: &str, value: &str) -> Markup {
    html! { div.fact { dt { (label) } dd { code.hash { (value) } } } }
}
