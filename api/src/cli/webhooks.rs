//! Webhooks on the command line: a department's own system is told of its hazards, the public credit platform of what is published. All of it works beside a running server.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use wuping_ledger::genesis::Ledger;

use crate::cli::departments::must_be_known;
use crate::cli::{Common, Failure, print_json, runtime};
use crate::webhooks::{About, SIGNATURE, add, deliver_test, listed, remove, standings};

#[derive(Debug, Subcommand)]
pub(super) enum Webhook {
    /// Tell a department's system of its hazards from now on, or the public credit platform of what is published and taken back; a
    /// secret that is made is printed once
    #[command(
        after_help = "Examples:\n  wuping webhook add fire-desk --department fire --url https://fire.example/hazards\n  wuping webhook add credit-site --credit --url https://credit.example/reports"
    )]
    Add {
        /// Its name here, `fire-desk`
        name: String,
        /// The department, by its code in the policy
        #[arg(long, required_unless_present = "credit")]
        department: Option<String>,
        /// Of credit: what is reported to the public platform, and taken back
        #[arg(long, conflicts_with = "department")]
        credit: bool,
        /// Where it takes messages
        #[arg(long)]
        url: String,
        /// What signs the messages; WUPING_WEBHOOK_SECRET where it is left out, and made where that is not set
        #[arg(long)]
        secret: Option<String>,
        /// The first position that it is told of; what comes from now on where it is left out
        #[arg(long, value_name = "POSITION")]
        since: Option<u64>,
    },
    /// Who is told, and how it stands with each
    List,
    /// Tell it no more
    Remove {
        /// Its name
        name: String,
    },
    /// Send one signed message that tells of nothing; exit 1 if it is not taken
    Test {
        /// Its name
        name: String,
    },
}

pub(super) fn webhook(common: &Common, webhook: Webhook) -> Result<ExitCode, Failure> {
    let reader = Ledger::open_read_only(&common.data)?;
    match webhook {
        Webhook::Add { name, department, credit: _, url, secret, since } => {
            if let Some(department) = &department {
                must_be_known(&reader, department)?;
            }
            let about = department.clone().map_or(About::Credit, About::HazardsOf);
            let secret = secret.or_else(|| std::env::var("WUPING_WEBHOOK_SECRET").ok());
            let made = secret.is_none();
            let since = since.map_or_else(|| reader.size(), Ok)?;
            let receiver = add(&common.data, (&name, about, &url), secret, since)?;
            if common.json {
                let secret = made.then_some(&receiver.secret);
                print_json(
                    &json!({ "name": name, "department": department, "url": url, "since": since, "secret": secret }),
                )?;
            } else {
                match &department {
                    Some(department) => common.say(
                        format!("从第{since}条起，{department} 的隐患推送给 {name}"),
                        format!("{name} is told of the hazards of {department} from position {since} on"),
                    ),
                    None => common.say(
                        format!("从第{since}条起，信用档案的公布和撤下推送给 {name}"),
                        format!(
                            "{name} is told of what is published of credit files, and taken back, from position {since} on"
                        ),
                    ),
                }
                if made {
                    let secret = &receiver.secret;
                    common.say(
                        format!("它核对 {SIGNATURE} 用的密码：{secret}（只显示这一次）"),
                        format!("its secret, by which it checks {SIGNATURE}: {secret} (shown only now)"),
                    );
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Webhook::List => {
            let standings = standings(&common.data, &reader)?;
            if common.json {
                print_json(&standings)?;
            } else if standings.is_empty() {
                common.say(
                    "没有推送给任何人；见 wuping webhook add --help",
                    "nobody is told; see wuping webhook add --help",
                );
            } else {
                standings.iter().for_each(|standing| println!("{}", standing.in_words_of(common.lang())));
            }
            Ok(ExitCode::SUCCESS)
        }
        Webhook::Remove { name } => {
            if !remove(&common.data, &name)? {
                return Err(unknown(&name));
            }
            common.say(format!("不再推送给 {name}"), format!("{name} is told no more"));
            Ok(ExitCode::SUCCESS)
        }
        Webhook::Test { name } => {
            let receiver = listed(&common.data)?.into_iter().find(|receiver| receiver.name == name);
            let receiver = receiver.ok_or_else(|| unknown(&name))?;
            let answered = runtime()?.block_on(deliver_test(&receiver, reader.origin()?))?;
            if common.json {
                print_json(&json!({ "name": name, "taken": answered.taken, "says": answered.says }))?;
            } else {
                println!("{name}: {}", answered.says);
            }
            Ok(ExitCode::from(u8::from(!answered.taken)))
        }
    }
}

fn unknown(name: &str) -> Failure {
    Failure::asked_in_both(
        format!("没有名为“{name}”的推送对象；见 wuping webhook list"),
        format!("nobody is told under the name “{name}”; see wuping webhook list"),
    )
}
