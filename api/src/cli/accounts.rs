//! Accounts: opened by an administrator, with a key of their own and a password.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::facts::{Grant, Role};
use wuping_ledger::encoding::b64u_encode;
use wuping_ledger::keyring::random;
use wuping_ledger::timestamp::Timestamp;

use crate::app::{App, Asked, Who};
use crate::cli::departments::must_be_known;
use crate::cli::{Common, Failure, print_json, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Open an account; the password is printed once
    Open {
        /// Name to sign in by
        login: String,
        /// The person's name: private, it goes into the vault
        #[arg(long)]
        name: String,
        /// A role, `grid_worker`, `department_officer` …
        #[arg(long)]
        role: String,
        /// A department of the policy's list
        #[arg(long)]
        department: Option<String>,
        /// Subdistrict, community or grid cell
        #[arg(long)]
        area: Option<String>,
        /// The party that an owner or operator speaks for
        #[arg(long)]
        party: Option<String>,
    },
    /// Set a new password for an account; it is printed once
    Password {
        /// Name to sign in by
        login: String,
    },
}

pub(super) fn account(common: &Common, account: Account) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let (login, account, password) = match account {
        Account::Open { login, name, role, department, area, party } => {
            let role: Role = serde_json::from_value(json!(role)).map_err(|_| {
                Failure::asked_in_both(
                    format!("没有“{role}”这个角色；可用的角色是 {}", roles()),
                    format!("there is no role “{role}”; the roles are {}", roles()),
                )
            })?;
            if app.office.login(&login)?.is_some() {
                return Err(Failure::asked_in_both(
                    format!("登录名“{login}”已经有人用了，请换一个"),
                    format!("“{login}” is taken; choose another name to sign in by"),
                ));
            }
            match &department {
                Some(department) => must_be_known(app.reader(), department)?,
                None if role == Role::DepartmentOfficer => {
                    return Err(Failure::asked_in_both(
                        "部门工作人员要写明部门：--department fire",
                        "a department officer is of a department: name it, as --department fire",
                    ));
                }
                None => {}
            }
            let grant = Grant { role, department, area, party };
            must_reach(&app, &grant)?;
            let (account, password) = runtime.block_on(open(&app, &login, &name, grant))?;
            (login, account, password)
        }
        Account::Password { login } => {
            let Some((account, kid)) = app.office.login(&login)? else {
                return Err(Failure::asked_in_both(
                    format!("没有人用“{login}”登录；请先开设账号"),
                    format!("nobody signs in as “{login}”; open an account first"),
                ));
            };
            let password = fresh_password()?;
            app.office.set_login(&login, &account, &kid, &password)?;
            (login, account, password)
        }
    };
    runtime.block_on(app.close())?;
    if common.json {
        print_json(&json!({ "login": login, "account": account, "password": password }))?;
    } else {
        common.say(
            format!("{login} 的登录密码是 {password}（只显示这一次）"),
            format!("{login} signs in with the password {password} (shown only now)"),
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a role for an area or a party that there is not. It is asked before the account is opened, which would else be there without
/// a role.
fn must_reach(app: &App, grant: &Grant) -> Result<(), Failure> {
    if grant.area.is_none() && grant.party.is_none() {
        return Ok(());
    }
    // what a list brought a moment ago counts
    app.views.wait_for(app.reader().size()?.saturating_sub(1), VIEWS_WAIT);
    let (counter, asked) = asked_at_the_counter("a-new", granting(grant)?);
    let refused = app.facts(&counter, &asked)?.must_know_reach(grant);
    refused.map_err(|rejection| Failure::asked_in_both(rejection.zh(), rejection.en()))
}

/// Open an account with one role. The commands are received at the counter: whoever runs this program on the server
/// attests that they were asked. Answers the account's id and its password.
pub(crate) async fn open(
    app: &App,
    login: &str,
    name: &str,
    grant: Grant,
) -> Result<(String, String), Failure> {
    let account = format!("a-{}", Uuid::now_v7().simple());
    for command in [json!({ "command": "open", "name": name }), granting(&grant)?] {
        let (counter, asked) = asked_at_the_counter(&account, command);
        app.execute(&counter, asked).await?;
    }
    let kid = app.ledger.enrol_officer(&account).await?;
    let password = fresh_password()?;
    app.office.set_login(login, &account, kid.as_str(), &password)?;
    Ok((account, password))
}

fn granting(grant: &Grant) -> Result<Value, Failure> {
    let mut command = serde_json::to_value(grant)?;
    command["command"] = json!("grant");
    Ok(command)
}

fn asked_at_the_counter(account: &str, command: Value) -> (Who, Asked) {
    let stream = format!("account/{account}");
    let counter = Who::Channel { name: "counter".to_owned(), reference: stream.clone() };
    let (id, occurred_at) = (Uuid::now_v7(), Timestamp::now());
    (counter, Asked { id, stream, command, expected: None, occurred_at })
}

fn fresh_password() -> Result<String, Failure> {
    Ok(b64u_encode(&random::<12>()?))
}

fn roles() -> String {
    Role::ALL.iter().map(|role| role.code()).collect::<Vec<_>>().join(", ")
}

/// How long the pages may take to know what was recorded last.
const VIEWS_WAIT: Duration = Duration::from_secs(30);
