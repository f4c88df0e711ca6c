use super::*;
use crate::facts::Grant;
use crate::given::{Given, day, given};
use crate::rulebook::Layer;
use crate::subject::Subject;

fn dispatch(to: &str, account: Option<&str>, due: Option<&str>) -> Dispatch {
    Dispatch {
        kind: "visit".into(),
        to: to.into(),
        account: account.map(str::to_owned),
        due: due.map(day),
        caused_by: None,
    }
}

fn dispatched() -> Event {
    Event::TaskDispatched { dispatch: dispatch("grid", None, None), by: "a-9".into() }
}

fn taken(by: &str) -> Event {
    Event::TaskTaken { by: by.into() }
}

fn asked(events: impl IntoIterator<Item = Event>) -> Given<Task> {
    let mut subject = Subject::default();
    let register = serde_json::json!({ "layer": "building", "address": "x" });
    subject.premises.register = Some(serde_json::from_value(register).unwrap());
    given::<Task>(events).about(subject).under(crate::shipped::pingshan(Layer::Building))
}

fn send(dispatch: Dispatch) -> Command {
    Command::Dispatch { dispatch, note: Some("请上门".into()) }
}

fn worker(department: &str) -> Grant {
    Grant { role: Role::GridWorker, department: Some(department.into()), area: None, party: None }
}

fn finish(findings: &str) -> Command {
    Command::Finish { findings: findings.into(), photos: vec![] }
}

fn give_back(reason: &str) -> Command {
    Command::Return { reason: reason.into() }
}

#[test]
fn a_task_goes_to_a_department_that_exists_and_not_into_the_past() {
    let said =
        asked([]).by_role(Role::Dispatcher).when(send(dispatch("grid", None, Some("2026-03-02")))).said();
    let expected =
        Event::TaskDispatched { dispatch: dispatch("grid", None, Some("2026-03-02")), by: "a-1".into() };
    assert_eq!(said[0].event, expected);
    asked([]).by_role(Role::Dispatcher).when(send(dispatch("nobody", None, None))).then_rejected("malformed");
    let past = send(dispatch("grid", None, Some("2026-03-01")));
    asked([]).by_role(Role::Dispatcher).when(past).then_rejected("malformed");
    let nothing = send(Dispatch { kind: " ".into(), ..dispatch("grid", None, None) });
    asked([]).by_role(Role::Dispatcher).when(nothing).then_rejected("malformed");
    asked([]).by_role(Role::GridWorker).when(send(dispatch("grid", None, None))).then_rejected("role_needed");
    asked([dispatched()])
        .by_role(Role::Dispatcher)
        .when(send(dispatch("grid", None, None)))
        .then_rejected("already_exists");
    asked([]).by_grant(worker("grid")).when(Command::Take).then_rejected("not_found");
}

#[test]
fn it_is_taken_by_those_it_was_sent_to() {
    asked([dispatched()]).by_grant(worker("grid")).when(Command::Take).then([taken("a-1")]);
    asked([dispatched()]).by_grant(worker("fire")).when(Command::Take).then_rejected("department_needed");
    asked([dispatched()]).by_role(Role::Owner).when(Command::Take).then_rejected("role_needed");
    let meant = |account: &str| Event::TaskDispatched {
        dispatch: dispatch("grid", Some(account), None),
        by: "a-9".into(),
    };
    asked([meant("a-1")]).by_role(Role::Steward).when(Command::Take).then([taken("a-1")]);
    asked([meant("a-2")]).by_grant(worker("grid")).when(Command::Take).then_rejected("wrong_state");
    asked([meant("a-2")]).by_grant(worker("fire")).when(Command::Take).then_rejected("department_needed");
    asked([dispatched(), taken("a-1")]).by_grant(worker("grid")).when(Command::Take).then([]);
    asked([dispatched(), taken("a-2")])
        .by_grant(worker("grid"))
        .when(Command::Take)
        .then_rejected("wrong_state");
}

#[test]
fn who_took_it_says_that_it_is_done() {
    let done = Event::TaskDone { by: "a-1".into() };
    let in_hand = |by: &str| asked([dispatched(), taken(by)]).by_grant(worker("grid"));
    in_hand("a-1").when(finish("已登记")).then([done.clone()]);
    in_hand("a-1").when(finish(" ")).then_rejected("malformed");
    in_hand("a-2").when(finish("x")).then_rejected("wrong_state");
    asked([dispatched()]).by_grant(worker("grid")).when(finish("x")).then_rejected("wrong_state");
    asked([dispatched(), taken("a-1"), done])
        .by_grant(worker("grid"))
        .when(finish("x"))
        .then_rejected("wrong_state");
}

#[test]
fn what_somebody_has_goes_to_somebody_else_and_is_theirs_alone() {
    let to_another =
        |by: &str| Event::TaskDispatched { dispatch: dispatch("grid", Some("a-3"), None), by: by.into() };
    let send_on = || send(dispatch("grid", Some("a-3"), None));
    let lead = Grant { role: Role::StreetLead, department: None, area: None, party: None };
    let sends = || asked([dispatched()]).by_role(Role::Dispatcher);
    sends().when(send_on()).then_rejected("unknown_colleague");
    sends().naming_holder("a-3", Role::Auditor).when(send_on()).then_rejected("unknown_colleague");
    sends().naming_holder("a-3", Role::Steward).when(send_on()).then([to_another("a-1")]);
    asked([dispatched(), taken("a-2")])
        .by_grant(lead)
        .naming_holder("a-3", Role::GridWorker)
        .when(send_on())
        .then([to_another("a-1")]);
    asked([dispatched(), taken("a-3")])
        .by_role(Role::Dispatcher)
        .when(send_on())
        .then_rejected("already_exists");
    asked([dispatched(), taken("a-2")]).by_grant(worker("grid")).when(send_on()).then_rejected("role_needed");
    // who had it has it no longer
    let gone_on = || asked([dispatched(), taken("a-1"), to_another("a-9")]).by_grant(worker("grid"));
    gone_on().when(finish("x")).then_rejected("wrong_state");
    gone_on().when(Command::Take).then_rejected("wrong_state");
    let done = Event::TaskDone { by: "a-2".into() };
    asked([dispatched(), taken("a-2"), done])
        .by_role(Role::Dispatcher)
        .when(send_on())
        .then_rejected("already_exists");
}

#[test]
fn given_back_with_a_reason_it_is_sent_again() {
    let returned = Event::TaskReturned { by: "a-1".into() };
    asked([dispatched()]).by_grant(worker("grid")).when(give_back("不是本网格")).then([returned.clone()]);
    asked([dispatched(), taken("a-1")])
        .by_grant(worker("grid"))
        .when(give_back("x"))
        .then([returned.clone()]);
    asked([dispatched()]).by_grant(worker("grid")).when(give_back("")).then_rejected("malformed");
    asked([dispatched()]).by_grant(worker("fire")).when(give_back("x")).then_rejected("department_needed");
    asked([dispatched(), taken("a-2")])
        .by_grant(worker("grid"))
        .when(give_back("x"))
        .then_rejected("wrong_state");
    let again = asked([dispatched(), returned]).by_role(Role::Dispatcher);
    again.when(send(dispatch("fire", None, None))).said();
}
