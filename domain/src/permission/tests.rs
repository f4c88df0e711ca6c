//! Every command is tried in every role, in reach and out of it; docs/roles.md says what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::*;
use crate::facts::Actor;
use crate::given::day;
use crate::rulebook::Layer;
use crate::subject::Subject;
use crate::*;

/// To whom each command is open, by concept and command.
type Matrix = BTreeMap<(&'static str, String), &'static [Permission]>;

#[test]
fn the_written_matrix_is_what_the_gate_does() {
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/roles.md");
    let told = told(&matrix());
    if std::env::var_os("WUPING_WRITE_ROLES").is_some() {
        std::fs::write(&written, &told).unwrap();
    }
    let kept = std::fs::read_to_string(&written).unwrap();
    assert_eq!(kept, told, "the rules have changed: WUPING_WRITE_ROLES=1 writes docs/roles.md anew");
}

fn matrix() -> Matrix {
    let mut matrix = Matrix::new();
    tried(&access::Access::default(), &mut matrix);
    tried(&account::Account::default(), &mut matrix);
    tried(&alert::Alert::default(), &mut matrix);
    tried(
        &begun::<appeal::Appeal>(&[
            json!({ "type": "AppealFiled", "against": { "stream": "premises/p-1/grade" }, "on": "2026-03-01", "authorised": true,
                    "by": "a-owner" }),
            json!({ "type": "AppealAssigned", "reviewer": "a-1", "by": "a-legal" }),
        ]),
        &mut matrix,
    );
    let opened = json!({ "type": "AssessmentOpened", "scheme": { "id": "s", "sha256": "00" }, "reason": "first",
        "lead": "a-1" });
    tried(&begun::<assessment::Assessment>(&[opened]), &mut matrix);
    let registered = json!({ "type": "AssociationRegistered", "name": "x", "area": "石井", "administrator": "a-1", "by": "a-9" });
    tried(&begun::<association::Association>(&[registered]), &mut matrix);
    tried(&authority::Authority::default(), &mut matrix);
    tried(&board::Board::default(), &mut matrix);
    tried(&campaign::Campaign::default(), &mut matrix);
    tried(&credit::CreditFile::default(), &mut matrix);
    tried(&dispute::Dispute::default(), &mut matrix);
    tried(&draft::Draft::default(), &mut matrix);
    tried(&grade::Grade::default(), &mut matrix);
    let found = json!({ "type": "HazardFound", "indicator": "fire_exits", "severity": "general", "competent": "fire",
        "works": "minor", "found_on": "2026-03-01", "by": "a-9", "source": "officer" });
    tried(&begun::<hazard::Hazard>(&[found]), &mut matrix);
    let recorded = json!({ "type": "IncidentRecorded", "source": "110", "source_id": "7", "category": "fire", "severity": "general",
        "happened_at": "2026-02-01T04:00:00Z" });
    tried(&begun::<incident::Incident>(&[recorded]), &mut matrix);
    tried(&inspection::Inspection::default(), &mut matrix);
    tried(&listing::Listing::default(), &mut matrix);
    tried(&measure::Measure::default(), &mut matrix);
    let held = json!({ "type": "JointMeetingHeld", "from": "2026-01-01", "until": "2026-02-28", "departments": ["fire"],
        "shown": { "report": "desk", "at": 7, "sha256": "00" }, "scheme": { "id": "s", "sha256": "00" },
        "resolutions": [{ "number": 1, "owner": "fire", "due": "2026-03-09" }], "on": "2026-03-01", "by": "a-9" });
    tried(&begun::<meeting::Meeting>(&[held]), &mut matrix);
    tried(&notice::Notice::default(), &mut matrix);
    tried(&party::Party::default(), &mut matrix);
    tried(&patrol::Patrol::default(), &mut matrix);
    tried(&premises::Premises::default(), &mut matrix);
    tried(&publication::Publication::default(), &mut matrix);
    tried(&record::Record::default(), &mut matrix);
    tried(&reevaluation::Reevaluation::default(), &mut matrix);
    tried(&report::Report::default(), &mut matrix);
    tried(&survey::Survey::default(), &mut matrix);
    let taken = [
        json!({ "type": "TaskDispatched", "kind": "check", "to": "grid", "by": "a-9" }),
        json!({ "type": "TaskTaken", "by": "a-1" }),
    ];
    tried(&begun::<task::Task>(&taken), &mut matrix);
    tried(&visit::Visit::default(), &mut matrix);
    matrix
}

fn begun<C: Concept>(events: &[Value]) -> C {
    let mut state = C::default();
    for event in events {
        state.evolve(&serde_json::from_value(event.clone()).unwrap());
    }
    state
}

/// Every command of a concept in every role: refused for the role, taken in reach, refused out of reach.
fn tried<C: Concept<Command: JsonSchema + DeserializeOwned>>(state: &C, matrix: &mut Matrix) {
    for (name, written) in commands_of::<C::Command>() {
        let command: C::Command = serde_json::from_value(written.clone())
            .unwrap_or_else(|error| panic!("{} {name}: {error}: {written}", C::TYPE));
        let open_to = C::open_to(&command);
        let ask = |by: &Person| permit(state, &command, &facts(by, C::TYPE));
        assert!(open_to.iter().all(|one| Role::ALL.contains(&one.role)));
        for role in Role::ALL {
            let reaches: Vec<Within> =
                open_to.iter().filter(|one| one.role == role).map(|one| one.within).collect();
            let near = Person { role, ..here() };
            let case = format!("{} {name} as {role:?}", C::TYPE);
            let Some(within) = reaches.first() else {
                assert!(matches!(ask(&near), Err(Rejection::RoleNeeded { .. })), "{case}: {:?}", ask(&near));
                continue;
            };
            assert_eq!(reaches.len(), 1, "{case}: one reach a role");
            assert_eq!(ask(&competent_for(state, &command, near.clone())), Ok(()), "{case}");
            let code = |by: Person| ask(&by).map_err(|rejection| rejection.code().to_owned());
            match within {
                Within::District => assert_eq!(ask(&Person { role, ..far() }), Ok(()), "{case}"),
                Within::Area => {
                    assert_eq!(code(Person { role, ..far() }), Err("not_your_area".into()), "{case}")
                }
                Within::Beat => {
                    assert_eq!(code(Person { role, ..far() }), Err("not_assigned".into()), "{case}");
                    let passing = ask(&Person { role, account: "a-3", ..here() });
                    assert_eq!(passing.is_ok(), role == Role::GridWorker, "{case}: an area alone");
                }
                Within::Department => {
                    assert_eq!(code(Person { role, ..far() }), Err("department_needed".into()), "{case}");
                }
                Within::Premises => {
                    assert_eq!(code(Person { role, ..far() }), Err("not_your_premises".into()), "{case}");
                    // named as its steward, a party looks after the house and owns nothing of it
                    let steward = ask(&Person { role, account: "a-3", party: "y-3", ..far() });
                    let looks_after = C::TYPE != "party" && role == Role::Steward;
                    assert_eq!(steward.is_ok(), looks_after, "{case}: as a steward");
                }
                Within::Hands => assert!(ask(&Person { role, ..far() }).is_err(), "{case}"),
            }
        }
        matrix.insert((C::TYPE, name), open_to);
    }
}

/// Who asks, and what the grant says.
#[derive(Clone, Debug)]
struct Person {
    account: &'static str,
    role: Role,
    department: String,
    area: &'static str,
    party: &'static str,
}

/// Somebody of the house, the area and the department, in whose hands the work is.
fn here() -> Person {
    Person { account: "a-1", role: Role::Auditor, department: "fire".into(), area: "石井", party: "y-1" }
}

/// Somebody of another house, area and department.
fn far() -> Person {
    Person { account: "a-2", role: Role::Auditor, department: "water".into(), area: "坑梓", party: "y-2" }
}

fn competent_for<C: Concept>(state: &C, command: &C::Command, person: Person) -> Person {
    let department = state.competent(command, &facts(&person, C::TYPE));
    Person { department: department.unwrap_or_else(|| person.department.clone()), ..person }
}

fn facts(by: &Person, concept: &str) -> Facts {
    let grant = Grant {
        role: by.role,
        department: Some(by.department.clone()),
        area: Some(by.area.into()),
        party: Some(by.party.into()),
    };
    let premises = begun(&[
        json!({ "type": "PremisesRegistered", "layer": "building", "address": "石井街道1号", "subdistrict": "石井",
                "community": "金龟", "grid_cell": "g-01" }),
        json!({ "type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner" }),
        json!({ "type": "ResponsiblePartyNamed", "party": "y-3", "role": "steward" }),
        json!({ "type": "AssessorAssigned", "account": "a-1" }),
    ]);
    let stream = match concept {
        "access" => "access/y-1",
        "account" => "account/a-1",
        "credit" => "party/y-1/credit",
        "party" => "party/y-1",
        _ => "premises/p-1/x/1",
    };
    Facts {
        rulebook: Some(Arc::new(shipped::pingshan(Layer::Building))),
        subject: stream
            .starts_with("premises/")
            .then(|| Arc::new(Subject { premises, ..Subject::default() })),
        ..Facts::by(
            Actor { account: by.account.into(), grants: vec![grant], received: false },
            stream,
            day("2026-03-02"),
        )
    }
}

/// Each command, made up from its description.
fn commands_of<C: JsonSchema>() -> Vec<(String, Value)> {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let schema = C::json_schema(&mut generator).to_value();
    let parts = Value::Object(generator.take_definitions(true));
    let variants = schema["oneOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    let mut made_up = Vec::new();
    for variant in &variants {
        let command = example(variant, &parts);
        let name = command["command"].as_str().unwrap().to_owned();
        // the gate looks at these members
        for (member, value, title) in [
            ("association", json!("x"), "of an association's member"),
            ("handed_in_on", json!("2026-03-01"), "at the counter"),
            ("uscc", json!("x"), "the code"),
        ] {
            if variant["properties"].get(member).is_some()
                && command.get(member).is_none()
                && name != "register"
            {
                let mut other = command.clone();
                other[member] = value;
                made_up.push((format!("{name}, {title}"), other));
            }
        }
        made_up.push((name, command));
    }
    made_up
}

/// A value of this shape.
fn example(schema: &Value, parts: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let part = &parts[name.rsplit('/').next().unwrap()];
        let (of_the_part, own) = (example(part, parts), example_object(schema, parts));
        return match (of_the_part, own) {
            (Value::Object(mut members), Value::Object(own)) => {
                members.extend(own);
                Value::Object(members)
            }
            (part, _) => part,
        };
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    for several in ["enum", "oneOf", "anyOf"] {
        if let Some(first) = schema[several].as_array().and_then(|of| of.first()) {
            let chosen = if several == "enum" { first.clone() } else { example(first, parts) };
            return match (chosen, example_object(schema, parts)) {
                (Value::Object(mut members), Value::Object(own)) => {
                    members.extend(own);
                    Value::Object(members)
                }
                (chosen, _) => chosen,
            };
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("object") => example_object(schema, parts),
        Some("array") => json!([example(&schema["items"], parts)]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("string") if schema["format"] == "date" => json!("2026-03-02"),
        Some("string") if schema["format"] == "date-time" => json!("2026-03-02T00:00:00Z"),
        Some("string") => json!("x"),
        _ => json!({}),
    }
}

fn example_object(schema: &Value, parts: &Value) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let members = required
        .iter()
        .filter_map(Value::as_str)
        .map(|name| (name.to_owned(), example(&schema["properties"][name], parts)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn told(matrix: &Matrix) -> String {
    let mut told = HEAD.to_owned();
    let mut concept = "";
    for ((of, command), open_to) in matrix {
        if *of != concept {
            concept = of;
            let _ = write!(told, "\n### {of}\n\n| command | who, within |\n|---|---|\n");
        }
        let who: Vec<String> =
            open_to.iter().map(|one| format!("{}: {}", one.role.en(), reach(one.within))).collect();
        let who = match who.len() {
            0 => "nobody by hand: it comes in from another system".to_owned(),
            len if len == Role::ALL.len() => format!("every role: {}", reach(open_to[0].within)),
            _ => who.join("; "),
        };
        let _ = writeln!(told, "| `{command}` | {who} |");
    }
    told.push_str("\n## By role\n\n| role | commands |\n|---|---|\n");
    for role in Role::ALL {
        let of_role = matrix.iter().filter(|(_, open_to)| {
            open_to.len() < Role::ALL.len() && open_to.iter().any(|one| one.role == role)
        });
        let commands: BTreeSet<String> =
            of_role.map(|((of, command), _)| format!("`{of} {command}`")).collect();
        let commands = commands.into_iter().collect::<Vec<_>>().join(", ");
        let commands = if commands.is_empty() { "none: this role reads".to_owned() } else { commands };
        let _ = writeln!(told, "| {} | {commands} |", role.en());
    }
    told
}

const fn reach(within: Within) -> &'static str {
    match within {
        Within::District => "district",
        Within::Area => "own area",
        Within::Beat => "own area or assignment",
        Within::Department => "competent department",
        Within::Premises => "own premises",
        Within::Hands => "own work",
    }
}

const HEAD: &str = "# Who may ask for what

One gate stands before every rule (`domain/src/permission.rs`): it looks at the roles that an account holds at the moment, and
how far each reaches. This page is written from that gate by a test, which also tries every command in every role, in reach and out of it.
What comes in through a channel (an import, a feed, the counter's paper) passes the gate: it attests receipt, and each channel
delivers only what it was opened for.

| within | means | otherwise |
|---|---|---|
| district | everywhere | |
| own area | the subdistrict, community or grid cell of the grant takes in the premises; a grant without one takes in all | `not_your_area` |
| own area or assignment | that, for a grid worker; or the account is assigned to the premises as an assessor | `not_assigned` |
| competent department | the department of the grant answers for the matter | `department_needed` |
| own premises | the party answers for the premises as owner or operator, a steward looks after them; or the account filed the matter, or is addressed by it | `not_your_premises` |
| own work | the assessment it leads, the appeal it reviews, the task it took, its own account | says in whose hands it is |

A role that is not named is refused with `role_needed`, whatever the state of the matter, so that nobody learns from a refusal what
there is. What a rule asks of a person besides (whoever found a hazard does not review it, whoever assessed does not confirm, a ban
is proposed by somebody of its ground's authority, confirmed by another and not lifted by that one, kin step aside) is the rule's, and tested there. Commands marked “at the counter” are the same command with the day on which a party handed
it in.

## By concept
";
