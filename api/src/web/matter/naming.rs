//! Naming: in whose name something is issued, and who of the office can be named beside the one who says it: handles a notice,
//! makes an inspection, examined a hazard, proposed a ban.

use std::collections::BTreeSet;

use wuping_domain::facts::{Grant, Role};
use wuping_domain::inspection::Inspection;

use super::reading::Matter;

/// In whose name a notice goes out or a measure is taken, and whose document conduct is on record by: registered authorities by their names, and those departments of the policy's list that none
/// of them is.
pub(super) fn authorities(matter: &Matter) -> Vec<(String, String)> {
    let known = &matter.authorities;
    let mut offers: Vec<(String, String)> =
        known.iter().map(|one| (one.name.clone(), one.name.clone())).collect();
    let is_registered = |id: &str| known.iter().any(|one| one.department.as_deref() == Some(id));
    let departments = matter.rulebook().into_iter().flat_map(|rulebook| &rulebook.policy.departments);
    let others = departments.filter(|one| !is_registered(&one.id));
    offers.extend(others.map(|one| (one.id.clone(), matter.ruled().department(&one.id))));
    offers
}

/// Who handles a notice or examines a hazard: whoever looks first, then those of the same departments and those of none; to
/// somebody who is of no department, everybody.
pub(super) fn officers(matter: &Matter) -> Vec<(String, String)> {
    let own: BTreeSet<&str> =
        matter.actor().grants.iter().filter_map(|grant| grant.department.as_deref()).collect();
    let fits = |department: Option<&str>| {
        own.is_empty() || department.is_none_or(|department| own.contains(department))
    };
    let mut offers = named(matter, fits);
    let mine = offers.iter().position(|(account, _)| *account == matter.actor().account);
    if let Some(mine) = mine {
        offers[..=mine].rotate_right(1);
    }
    offers
}

/// The second officer of an inspection: somebody else of a department that takes part.
pub(super) fn second_officers(matter: &Matter) -> Vec<(String, String)> {
    let joined = matter.trial.state::<Inspection>().joined;
    let fits = |department: Option<&str>| department.is_some_and(|of| joined.contains(of));
    others(matter, named(matter, fits))
}

/// Who may have proposed a ban on letting: everybody else of an authority that acts on one of its grounds, a line for each authority,
/// those of one together.
pub(super) fn proposers(matter: &Matter) -> Vec<(String, String)> {
    let Some(rulebook) = matter.rulebook() else { return vec![] };
    let acting: BTreeSet<&str> =
        rulebook.policy.prohibition_grounds.iter().map(|ground| ground.competent.as_str()).collect();
    let fits = |department: Option<&str>| department.is_some_and(|of| acting.contains(of));
    others(matter, named(matter, fits))
}

/// To whom something can be given: those who hold one of these roles, those who work where the premises are first, each with the role and
/// where or for whom.
pub(super) fn holders(matter: &Matter, roles: &[Role]) -> Vec<(String, String)> {
    let lang = matter.lang;
    let here = matter.register();
    let works_here = |grant: &Grant| here.is_none_or(|register| grant.takes_in(register));
    let held = matter.hands.iter().filter_map(|(account, grants)| {
        let grant = grants
            .iter()
            .filter(|grant| roles.contains(&grant.role))
            .min_by_key(|grant| !works_here(grant))?;
        let department = grant.department.as_deref().map(|of| matter.ruled().department(of));
        let body = department.or_else(|| grant.area.clone());
        let role = lang.role(grant.role.code());
        let of = body.map_or_else(|| role.to_owned(), |body| format!("{role} · {body}"));
        let who = matter.people.say(lang, account);
        Some((!works_here(grant), lang.pick(format!("{of}：{who}"), format!("{of}: {who}")), account.clone()))
    });
    let mut held: Vec<_> = held.collect();
    held.sort_unstable();
    held.into_iter().map(|(_, label, account)| (account, label)).collect()
}

fn others(matter: &Matter, offers: Vec<(String, String)>) -> Vec<(String, String)> {
    offers.into_iter().filter(|(account, _)| *account != matter.actor().account).collect()
}

/// The colleagues whose department fits, each with it before the name, else with the role; those of one together.
fn named(matter: &Matter, fits: impl Fn(Option<&str>) -> bool) -> Vec<(String, String)> {
    let lang = matter.lang;
    let every = matter.colleagues.iter();
    let of = |grant: &Grant, account: &String| {
        let department = grant.department.clone();
        fits(department.as_deref()).then(|| (department, grant.role, account.clone()))
    };
    let mut found: Vec<(Option<String>, Role, String)> = every
        .flat_map(|(account, grants)| grants.iter().filter_map(move |grant| of(grant, account)))
        .collect();
    found.sort_unstable();
    let mut told = BTreeSet::new();
    found.retain(|(.., account)| told.insert(account.clone()));
    let told = |(department, role, account): (Option<String>, Role, String)| {
        let role = || lang.role(role.code()).to_owned();
        let of = department.as_deref().map_or_else(role, |of| matter.ruled().department(of));
        let who = matter.people.say(lang, &account);
        let label = lang.pick(format!("{of}：{who}"), format!("{of}: {who}"));
        (account, label)
    };
    found.into_iter().map(told).collect()
}
