//! Audit page: every entry about premises with who signed it, its two times, its place and its proof.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::facts::Role as Grants;
use wuping_ledger::entry::Entry;
use wuping_ledger::key_state::KeyRecord;
use wuping_ledger::keys::{Kid, Role};
use wuping_ledger::merkle::check_inclusion;
use wuping_ledger::note::Checkpoint;
use wuping_ledger::reader::Reader;
use wuping_ledger::recorded::RecordedEntry;
use wuping_ledger::refusal::Refusal;
use wuping_projections::queries::{KeyView, PremisesView};

use crate::app::App;

use super::front::code_of;
use super::origins::origin_of_premises;
use super::paging::page_number;
use super::session::{SESSION, cookie, now_seconds};
use super::state::{Asking, ReadError, Site, address, encoded, nothing_here};
use crate::look::layout::{Area, Page, SignedIn, page};
use crate::look::parts::*;
use crate::look::words::Lang;

/// Put into a request by whoever has checked that its sender may read entries whole. Without it the page shows what
/// happened, who signed it and the proof, but not the content: bundles of entries are for auditors too.
#[derive(Clone, Copy, Debug)]
pub struct MayReadEntries;

/// Put into a request by whoever has checked that its sender is an auditor: bundles of entries are for nobody else.
#[derive(Clone, Copy, Debug)]
pub struct MayReadBundles;

/// `/audit/{code}`.
pub fn routes() -> Router<Site> {
    Router::new().route("/audit/{code}", get(audit))
}

/// Put into a request by whoever has checked that its sender is a legal officer, who gives out evidence.
#[derive(Clone, Copy, Debug)]
pub struct MayGiveEvidence;

/// Marks the requests of signed-in auditors, credit and legal officers with [`MayReadEntries`], those of auditors with
/// [`MayReadBundles`] too; a layer over these routes and the log's.
pub async fn mark_readers(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_for_readers = path.starts_with("/audit/") || path.starts_with("/log/tile/entries/");
    let token = cookie(request.headers(), SESSION).filter(|_| is_for_readers);
    if let Some(token) = token {
        let reads = tokio::task::spawn_blocking(move || {
            let session = app.office.session(&token, now_seconds()).ok().flatten()?;
            let actor = app.actor(&session.account).ok()?;
            let role = actor.grants.first().map(|grant| grant.role.code().to_owned()).unwrap_or_default();
            let signed_in = SignedIn {
                person: PersonView { role, ..PersonView::default() },
                account: session.account,
                csrf: session.csrf,
            };
            let has_one_of = |roles: &[Grants]| actor.grants.iter().any(|grant| roles.contains(&grant.role));
            let gives = has_one_of(&[Grants::LegalOfficer]);
            Some((signed_in, has_one_of(&READERS), has_one_of(&[Grants::Auditor]), gives))
        });
        // Whoever cannot be asked about is not let in.
        if let Ok(Some((signed_in, reads, audits, gives))) = reads.await {
            request.extensions_mut().insert(signed_in);
            if reads {
                request.extensions_mut().insert(MayReadEntries);
            }
            if audits {
                request.extensions_mut().insert(MayReadBundles);
            }
            if gives {
                request.extensions_mut().insert(MayGiveEvidence);
            }
        }
    }
    next.run(request).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    page: String,
}

/// One entry with what checking it found.
struct Checked {
    entry: RecordedEntry,
    by: By,
    times: TwoTimes,
    proof: ProofView,
}

struct Story {
    premises: PremisesView,
    total: u64,
    page: u64,
    entries: Vec<Checked>,
}

async fn audit(
    State(site): State<Site>,
    asking: Asking,
    reads: Option<Extension<MayReadEntries>>,
    gives: Option<Extension<MayGiveEvidence>>,
    signed_in: Option<Extension<SignedIn>>,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let lang = asking.lang;
    let number = page_number(&asked.page);
    let story = match site.read(move |site| story(site, lang, &code, number)).await {
        Ok(Some(story)) => story,
        Ok(None) => return site.not_found(&asking, &nothing_here(lang)).await,
        Err(error) => return site.broken(&asking, &error).await,
    };
    let body = shown(lang, &story, reads.is_some(), gives.is_some());
    let title = format!("{} · {}", lang.pick("记录和证明", "Records and proofs"), story.premises.address);
    let shown = site.shown(&asking, Area::Audit, &title, body).await;
    let origin = origin_of_premises(lang, &story.premises.id, None).unwrap_or_else(|| site.origin.clone());
    let desk = signed_in.as_ref().map(|_| Link::new("/desk", lang.say("待办", "Your work")));
    let nav = desk.into_iter().chain([Link::new("/", lang.say("查询", "Find a grade"))]).collect();
    let signed_in = signed_in.map(|Extension(signed_in)| signed_in);
    page(&Page { nav, origin, signed_in, ..shown }).into_response()
}

fn story(site: &Site, lang: Lang, code: &str, number: u64) -> Result<Option<Story>, ReadError> {
    let Some(premises) = site.views().premises_by_code(code)? else { return Ok(None) };
    let path = format!("premises/{}", premises.id);
    let total = site.reader.positions_of_subject(&path, None)?.len() as u64;
    let (first, mut place) = ((number - 1).saturating_mul(ENTRIES_A_PAGE), 0);
    let mut entries = Vec::new();
    site.reader.each_of_subject(&path, None, |row| {
        if (first..first.saturating_add(ENTRIES_A_PAGE)).contains(&place) {
            entries.push(row.keep());
        }
        place += 1;
        Ok::<_, ReadError>(())
    })?;
    let checkpoint = site.checkpoint()?.map(|(_, checkpoint)| checkpoint);
    let keys = site.reader.keys()?;
    let mut holders = BTreeMap::new();
    let mut checked = Vec::with_capacity(entries.len());
    for entry in entries {
        if !holders.contains_key(&entry.kid) {
            holders.insert(entry.kid.clone(), site.views().account_of_kid(&entry.kid)?);
        }
        let kid = Kid::parse(entry.kid.clone())?;
        let holder = holders.get(&entry.kid).and_then(Option::as_ref);
        let (by, times) = (signer(lang, &entry, holder), times(&entry));
        let proof = proven(lang, &site.reader, &entry, checkpoint.as_ref(), keys.record(&kid))?;
        checked.push(Checked { entry, by, times, proof });
    }
    Ok(Some(Story { premises, total, page: number, entries: checked }))
}

/// What the entry's signature and its inclusion proof say, both computed now.
fn proven(
    lang: Lang,
    reader: &Reader,
    entry: &RecordedEntry,
    checkpoint: Option<&Checkpoint>,
    key: Option<&KeyRecord>,
) -> Result<ProofView, ReadError> {
    let mut proof = ProofView {
        state: ProofState::Pending,
        reason: None,
        position: entry.position,
        event_id: entry.event_id.clone(),
        key_id: entry.kid.clone(),
        entry_hash: String::new(),
        tree_head: String::new(),
        checkpoint_at: None,
        href: None,
    };
    let Some(row) = reader.row(entry.position)? else { return Ok(proof) };
    proof.entry_hash = row.leaf_hash.hex();
    if let Err(refusal) = row.check(reader.origin()?).and_then(|entry| signed(&entry, key)) {
        proof.state = ProofState::Failed;
        proof.reason = Some(refusal.to_string());
        return Ok(proof);
    }
    let Some(checkpoint) = checkpoint.filter(|checkpoint| entry.position < checkpoint.size) else {
        return Ok(proof);
    };
    let hashes = reader.inclusion_proof(entry.position, checkpoint.size)?;
    let held = check_inclusion(row.leaf_hash, entry.position, checkpoint.size, &hashes, &checkpoint.root);
    proof.tree_head = checkpoint.root.hex();
    proof.href = Some(format!("/log/proof/inclusion/{}", entry.position));
    (proof.state, proof.reason) = match held {
        Err(refusal) => (ProofState::Failed, Some(refusal.to_string())),
        Ok(()) if key.is_some_and(|key| key.contested_at(entry.position)) => (
            ProofState::Contested,
            Some(lang.say(
                "签名的密钥后来被作废，这一条要再核实。",
                "Its key was revoked later; it must be looked at again.",
            )),
        ),
        Ok(()) => (ProofState::Verified, None),
    };
    Ok(proof)
}

/// Whether an enrolled key signed the entry while it was allowed to.
fn signed(entry: &Entry, key: Option<&KeyRecord>) -> Result<(), Refusal> {
    match key.filter(|key| key.signs_at(entry.sequence)) {
        Some(key) => entry.verify(&key.public),
        None => Err(Refusal::new("key", "no key that was valid there signed it")),
    }
}

/// On whose word an entry stands: a person's, the service's own computing, or a channel's.
fn signer(lang: Lang, entry: &RecordedEntry, holder: Option<&KeyView>) -> By {
    let stated: serde_json::Value = serde_json::from_str(&entry.data).unwrap_or_default();
    let text = |pointer: &str| stated.pointer(pointer).and_then(serde_json::Value::as_str).map(str::to_owned);
    let role = holder.map_or("", |key| key.role.as_str());
    if role == Role::Officer.as_str() || role == Role::Registrar.as_str() || role == Role::Root.as_str() {
        let account = holder.map(|key| key.account.clone());
        return By::Person(PersonView { name: account, role: role.to_owned(), ..PersonView::default() });
    }
    match (text("/derivation/scheme/id"), text("/received/channel")) {
        (Some(rulebook), _) => By::Rule { rulebook, authority: None },
        (None, Some(channel)) => By::Received(lang.channel(&channel).to_owned()),
        (None, None) if role == Role::Intake.as_str() => By::Received(lang.say("收件口", "the intake")),
        (None, None) => By::Rule {
            rulebook: lang.say("平台自己的规则（service）", "the service's own rules"),
            authority: None,
        },
    }
}

fn times(entry: &RecordedEntry) -> TwoTimes {
    let parsed = |text: &str| text.parse().unwrap_or_default();
    let (claimed, received) = (parsed(&entry.occurred_at), parsed(&entry.recorded_at));
    let flag = (claimed > received).then_some(ClockFlag::AheadOfReceipt);
    TwoTimes { claimed, received, flag }
}

fn shown(lang: Lang, story: &Story, reads: bool, gives: bool) -> Markup {
    let code = code_of(&story.premises.codes, &story.premises.id);
    let path = format!("/audit/{}", encoded(code));
    let above = [Link::new(format!("/s/{}", encoded(code)), story.premises.address.as_str())];
    let here = lang.pick("记录和证明", "Records and proofs");
    let shown = story.entries.len() as u64;
    let first = if shown == 0 { 0 } else { (story.page - 1) * ENTRIES_A_PAGE + 1 };
    let last = if shown == 0 { 0 } else { first + shown - 1 };
    let at = |number: u64| address(&path, &[("page", &number.to_string())]);
    let pages = PagesView {
        total: story.total,
        first,
        last,
        position: None,
        previous: (story.page > 1).then(|| at(story.page - 1)),
        next: (last > 0 && last < story.total).then(|| at(story.page + 1)),
    };
    column(html! {
        (breadcrumbs(lang, &above, here))
        (page_heading(Some(here), &story.premises.address, None))
        @if !reads {
            (notice_box(Tone::Calm, lang.pick("内容只给审计人员看", "Contents are for auditors"), &[lang.say(
                "这里能核对每一条是谁、何时记的，有没有被改过。",
                "Here anyone can check who recorded each entry, when, and that it is unchanged.",
            )]))
        }
        @if gives {
            (link_list(&[Link::new(format!("{path}/evidence"), lang.say("出具证据包", "Give out evidence"))]))
        }
        ol.timeline {
            @for checked in &story.entries {
                (timeline_entry(lang, &TimelineEntry {
                    event: checked.entry.event_type.clone(),
                    by: checked.by.clone(),
                    times: checked.times,
                    text: vec![format!("{} · {}", checked.entry.stream, checked.entry.version)],
                    photos: Vec::new(),
                    proof: Some(checked.proof.clone()),
                    tone: if checked.proof.state == ProofState::Failed { Tone::Grave } else { Tone::Calm },
                }))
                @if reads {
                    li.entry {
                        details {
                            summary { (lang.pick("原始内容", "Raw data")) " " code { (checked.entry.schema) } }
                            pre { code.hash { (checked.entry.data) } }
                        }
                    }
                }
            }
        }
        (pagination(lang, &pages))
        (print_button(lang))
    })
}

/// Who may read entries whole.
const READERS: [Grants; 3] = [Grants::Auditor, Grants::CreditOfficer, Grants::LegalOfficer];

/// Each entry's proof is computed for the page, so a page has not too many.
const ENTRIES_A_PAGE: u64 = 50;
