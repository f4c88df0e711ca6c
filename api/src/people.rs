//! People: how somebody with an account is told on a page. The office reads the name, with the account beside it, which is what the
//! ledger knows them by, or, where that is a long pseudonym, the name that they sign in with; whoever only reads the register reads
//! the account; everybody outside reads as what they act, for whom.

use std::collections::{BTreeMap, BTreeSet};

use wuping_domain::facts::{Actor, Grant};
use wuping_ledger::disclosure::digests_in;

use crate::app::{App, ExecuteError};
use crate::look::parts::PersonView;
use crate::look::words::Lang;

/// How a reader is told of people.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Told {
    /// By account.
    #[default]
    Account,
    /// By name.
    Name,
    /// By role and body.
    Role,
}

/// The people whom a page tells of.
#[derive(Debug, Default)]
pub(crate) struct People {
    told: Told,
    names: BTreeMap<String, String>,
    /// Names to sign in by, of those whom the office knows by a pseudonym.
    logins: BTreeMap<String, String>,
    /// What each may do first, of those told by what they are.
    grants: BTreeMap<String, Option<Grant>>,
}

impl Told {
    /// How a person is told of others on lists: colleagues by name.
    pub(crate) fn to(actor: &Actor) -> Self {
        if actor.is_of_the_office() { Self::Name } else { Self::Role }
    }
}

impl People {
    /// These people, as a reader is told of them. Who cannot be looked up is told by the account, or as somebody of the office.
    pub(crate) fn of<'a>(app: &App, told: Told, accounts: impl IntoIterator<Item = &'a str>) -> Self {
        let accounts: BTreeSet<&str> = accounts.into_iter().collect();
        let names = match told {
            Told::Name => names(app, &accounts).unwrap_or_default(),
            Told::Account | Told::Role => BTreeMap::new(),
        };
        let pseudonyms = accounts.iter().filter(|account| told == Told::Name && account.len() > PSEUDONYM);
        let login = |account: &&str| Some(((*account).to_owned(), app.office.login_of(account).ok()??));
        let logins = pseudonyms.filter_map(login).collect();
        let granted = |account: &str| app.actor(account).ok()?.grants.into_iter().next();
        let grants = accounts.into_iter().map(|account| (account.to_owned(), granted(account))).collect();
        Self { told, names, logins, grants }
    }

    /// Somebody with role and body, for a record.
    pub(crate) fn view(&self, lang: Lang, account: &str) -> PersonView {
        let grant = self.grants.get(account).and_then(Option::as_ref);
        let role = grant.map_or("officer", |grant| grant.role.code()).to_owned();
        let code = (self.told != Told::Role).then(|| self.code(account).to_owned());
        let (name, account) = match self.names.get(account) {
            Some(name) => (Some(name.clone()), code),
            None => (code, None),
        };
        PersonView { name, account, role, body: grant.and_then(|grant| body(lang, grant)), erased_on: None }
    }

    /// Somebody in a sentence or a list.
    pub(crate) fn say(&self, lang: Lang, account: &str) -> String {
        match (self.told, self.names.get(account), self.grants.get(account)) {
            (Told::Name, Some(name), _) => {
                let code = self.code(account);
                lang.pick(format!("{name}（{code}）"), format!("{name} ({code})"))
            }
            (Told::Name | Told::Account, ..) => self.code(account).to_owned(),
            (Told::Role, _, Some(Some(grant))) => {
                let role = lang.role(grant.role.code());
                body(lang, grant).map_or_else(|| role.to_owned(), |body| format!("{role} · {body}"))
            }
            (Told::Role, ..) => lang.say("经办人员", "an officer"),
        }
    }
}

impl People {
    fn code<'a>(&'a self, account: &'a str) -> &'a str {
        self.logins.get(account).map_or(account, String::as_str)
    }
}

/// How long an account's id is at most that somebody chose.
const PSEUDONYM: usize = 24;

/// For whom somebody acts: the department, else the area.
fn body(lang: Lang, grant: &Grant) -> Option<String> {
    let department = grant.department.as_deref().map(|department| lang.department(department).to_owned());
    department.or_else(|| grant.area.clone())
}

/// What these people are called, as their accounts were opened. A name is private; where it was erased there is none.
fn names(app: &App, accounts: &BTreeSet<&str>) -> Result<BTreeMap<String, String>, ExecuteError> {
    let (mut digests, mut whose) = (Vec::new(), Vec::new());
    for account in accounts {
        for entry in app.reader().stream(&format!("account/{account}"))? {
            for digest in digests_in(&entry.data) {
                digests.push(digest);
                whose.push(*account);
            }
        }
    }
    let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
    let values = whose.into_iter().zip(app.vault.values(&digests)?);
    let named = values.filter_map(|(account, value)| {
        let value = value.filter(|value| value.name == "name")?;
        Some((account.to_owned(), value.value.as_str()?.to_owned()))
    });
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;
    use wuping_ledger::timestamp::Timestamp;

    use super::*;
    use crate::app::{Asked, Who};

    async fn say(app: &App, stream: &str, command: serde_json::Value) {
        let who = Who::Channel { name: "counter".to_owned(), reference: "test".to_owned() };
        let (id, stream, occurred_at) = (Uuid::now_v7(), stream.to_owned(), Timestamp::now());
        app.execute(&who, Asked { id, stream, command, expected: None, occurred_at }).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_office_reads_names_and_everybody_else_what_somebody_acts_as() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::create(folder.path(), "ledger.example/people", false).unwrap();
        let stream = "account/grid-7";
        say(&app, stream, json!({ "command": "open", "name": "陈志强", "phone": "13800000000" })).await;
        say(&app, stream, json!({ "command": "grant", "role": "grid_worker", "area": "石桥" })).await;
        let people = |told| People::of(&app, told, ["grid-7", "nobody"]);
        let by_name = people(Told::Name);
        assert_eq!(by_name.say(Lang::Zh, "grid-7"), "陈志强（grid-7）");
        assert_eq!(by_name.say(Lang::En, "grid-7"), "陈志强 (grid-7)");
        assert_eq!(by_name.say(Lang::Zh, "nobody"), "nobody", "whom nobody has named");
        let view = by_name.view(Lang::Zh, "grid-7");
        assert_eq!((view.name.as_deref(), view.account.as_deref()), (Some("陈志强"), Some("grid-7")));
        assert_eq!((view.role.as_str(), view.body.as_deref()), ("grid_worker", Some("石桥")));
        assert_eq!(people(Told::Account).say(Lang::Zh, "grid-7"), "grid-7");
        let by_role = people(Told::Role);
        assert_eq!(by_role.say(Lang::Zh, "grid-7"), "网格员 · 石桥");
        assert_eq!(by_role.say(Lang::En, "nobody"), "an officer");
        let view = by_role.view(Lang::Zh, "grid-7");
        assert_eq!((view.name, view.account), (None, None), "neither name nor account goes outside");

        let pseudonym = "a-0190a3c27b1e7c559f006a1d8f1e2c33";
        say(&app, &format!("account/{pseudonym}"), json!({ "command": "open", "name": "审一" })).await;
        app.office.set_login("shenyi", pseudonym, "kid", "a long password").unwrap();
        let of = |told| People::of(&app, told, [pseudonym, "grid-7"]);
        assert_eq!(of(Told::Name).say(Lang::Zh, pseudonym), "审一（shenyi）");
        assert_eq!(of(Told::Name).say(Lang::Zh, "grid-7"), "陈志强（grid-7）");
        assert_eq!(of(Told::Account).say(Lang::Zh, pseudonym), pseudonym, "as the register has it");

        let entries = app.reader().stream(stream).unwrap();
        let digests: Vec<String> = entries.iter().flat_map(|entry| digests_in(&entry.data)).collect();
        app.vault.erase(&digests.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        let erased = people(Told::Name).view(Lang::Zh, "grid-7");
        assert_eq!(
            (erased.name.as_deref(), erased.account),
            (Some("grid-7"), None),
            "an erased name is gone"
        );
    }
}
