//! What a matter is and how it stands, in plain words.

use chrono::NaiveDate;
use wuping_domain::appeal;
use wuping_domain::association::Association;
use wuping_domain::board::Board;
use wuping_domain::campaign::Campaign;
use wuping_domain::incident::Incident;
use wuping_domain::inspection::Inspection;
use wuping_domain::listing::Listing;
use wuping_domain::measure::Measure;
use wuping_domain::meeting::Meeting;
use wuping_domain::party::{Kind, Party};
use wuping_domain::reevaluation::Answer;
use wuping_domain::resting::Rest;
use wuping_domain::subject::HazardOf;
use wuping_domain::survey::Survey;
use wuping_domain::visit::Visit;
use wuping_projections::undertakings::Undertaking;

use super::reading::Matter;
use crate::look::words::Lang;

/// What kind of matter a stream is.
pub(crate) fn kind(lang: Lang, concept: &str) -> &'static str {
    match concept {
        "alert" => lang.pick("天气预警", "Weather alert"),
        "appeal" => lang.pick("申诉", "Appeal"),
        "association" => lang.pick("楼栋长联合会", "Association of building stewards"),
        "board" => lang.pick("公告栏", "Notice board"),
        "campaign" => lang.pick("专项行动", "Campaign"),
        "credit" => lang.pick("信用档案", "Credit file"),
        "dispute" => lang.pick("复议或诉讼", "Dispute"),
        "grade" => lang.pick("等级", "Grade"),
        "hazard" => lang.pick("隐患", "Hazard"),
        "incident" => lang.pick("事件", "Incident"),
        "inspection" => lang.pick("检查", "Inspection"),
        "listing" => lang.pick("房源", "Listing"),
        "measure" => lang.pick("处置措施", "Measure"),
        "meeting" => lang.pick("联席会议", "Joint meeting"),
        "notice" => lang.pick("文书", "Notice"),
        "party" => lang.pick("主体", "Party"),
        "patrol" => lang.pick("巡查", "Rounds"),
        "premises" => lang.pick("房屋", "Premises"),
        "record" => lang.pick("关于记录", "About records"),
        "reevaluation" => lang.pick("复评申请", "Request to be graded again"),
        "report" => lang.pick("举报", "Report"),
        "survey" => lang.pick("住户问卷", "Residents' survey"),
        "task" => lang.pick("任务", "Task"),
        "visit" => lang.pick("上门", "Visit"),
        _ => lang.pick("事项", "Matter"),
    }
}

/// What this one is about.
pub(crate) fn title(matter: &Matter) -> String {
    let lang = matter.lang;
    let kind = kind(lang, matter.concept());
    let Some(subject) = matter.subject() else { return apart(matter).unwrap_or_else(|| kind.to_owned()) };
    let key = matter.key();
    let about = match matter.concept() {
        "hazard" => subject
            .hazards
            .get(key)
            .and_then(|of| of.state.found.as_ref())
            .map(|f| matter.found(&f.indicator)),
        "notice" => subject
            .notices
            .get(key)
            .and_then(|of| of.state.issued.as_ref())
            .map(|issued| format!("{} {}", lang.notice(issued.kind.code()), issued.document_number)),
        "report" => subject.reports.get(key).map(|report| matter.found(&report.category)),
        "measure" => subject
            .measures
            .get(key)
            .and_then(|of| of.state.proposed.as_ref())
            .map(|proposal| matter.measure(&proposal.measure)),
        _ => None,
    };
    let address = matter.register().map(|register| register.address.clone()).unwrap_or_default();
    match about {
        Some(about) => format!("{}{}{address}", about.trim(), lang.pick("，", ", ")),
        None => format!("{address} {kind}"),
    }
}

/// How it stands.
pub(crate) fn stage(matter: &Matter) -> String {
    let lang = matter.lang;
    let Some(subject) = matter.subject() else {
        return match matter.concept() {
            "alert" => alert(matter),
            "party" => party(matter),
            _ => undertaking(matter),
        };
    };
    let key = matter.key();
    match matter.concept() {
        "appeal" => subject.appeals.get(key).map_or_else(String::new, |of| appeal(lang, &of.state)),
        "dispute" => subject.disputes.get(key).map_or_else(String::new, |of| {
            let dispute = &of.state;
            match (&dispute.outcome, dispute.carried_out_on, dispute.replied_on) {
                (Some(_), Some(_), _) => lang.say("已有结果，已执行", "Ended and carried out"),
                (Some(_), None, _) => lang.say("已有结果，等待执行", "Ended, to be carried out"),
                (None, _, Some(_)) => lang.say("已答复，等待结果", "Replied, awaiting the outcome"),
                (None, _, None) => lang.say("等待本机关答复", "The office's reply is due"),
            }
        }),
        "grade" => grade(matter),
        "hazard" => {
            subject.hazards.get(key).map_or_else(String::new, |of| match resting(lang, of, matter.today()) {
                Some(resting) => format!("{}{resting}", lang.case_state(of.state.stage.code())),
                None => lang.case_state(of.state.stage.code()).to_owned(),
            })
        }
        "incident" => {
            let incident: Incident = matter.trial.state();
            match (incident.linked, incident.confirmed) {
                (false, _) => lang.say("不是这处房屋的", "Of another house"),
                (true, true) => lang.say("已确认，影响等级", "Confirmed: it acts on the grade"),
                (true, false) => lang.say(
                    "等待主管部门确认，还不影响等级",
                    "Awaiting its department: no effect on the grade yet",
                ),
            }
        }
        "notice" => subject.notices.get(key).map_or_else(String::new, |of| match of.state.served {
            Some((on, _)) => lang.pick(format!("已于 {on} 送达"), format!("Served on {on}")),
            None if of.state.failed > 0 => lang.pick(
                format!("已试送 {} 次，还没有送达", of.state.failed),
                format!("Not served yet, tried {} time(s)", of.state.failed),
            ),
            None => lang.say("已发出，还没有送达，期限没有开始", "Issued, not served yet: no period runs"),
        }),
        "patrol" => match &subject.rounds.patrol.open {
            Some(_) => lang.say("有一次巡查要做", "A round is due"),
            None => lang.say("没有到期的巡查", "No round is due"),
        },
        "reevaluation" => {
            subject.reevaluations.get(key).map_or_else(String::new, |of| match &of.state.answer {
                Some(Answer::Granted { .. }) => lang.say("已同意，重新评定", "Granted: assessed anew"),
                Some(Answer::Declined) => lang.say("不同意", "Declined"),
                Some(Answer::Turned) => lang.say("已转为申诉办理", "Goes on as an appeal"),
                None => lang.say("等待答复", "Awaiting an answer"),
            })
        }
        "report" => subject.reports.get(key).map_or_else(String::new, |report| report_stage(lang, report)),
        "task" => subject
            .tasks
            .get(key)
            .map_or_else(String::new, |task| lang.case_state(task.stage.code()).to_owned()),
        "survey" => {
            let survey: Survey = matter.trial.state();
            let (satisfied, answered) = survey.counted();
            let over = !survey.is_open(matter.trial.facts.today);
            match over {
                true => lang.pick(
                    format!("已结束：{answered} 户回答，{satisfied} 户满意"),
                    format!("Over: {answered} households answered, {satisfied} are satisfied"),
                ),
                false => lang.pick(
                    format!("进行中：已有 {answered} 户回答"),
                    format!("Runs: {answered} households have answered"),
                ),
            }
        }
        "visit" => {
            let visit: Visit = matter.trial.state();
            if visit.ended {
                lang.say("已结束", "Over")
            } else {
                lang.say("已约定，还没有上门", "Announced")
            }
        }
        "inspection" | "listing" | "measure" => undertaking(matter),
        "premises" => subject
            .premises
            .closed_on
            .map_or_else(String::new, |on| lang.pick(format!("已于 {on} 注销"), format!("Closed on {on}"))),
        _ => String::new(),
    }
}

/// That an organ or court has suspended it, and what that does to its term.
fn resting(lang: Lang, of: &HazardOf, today: NaiveDate) -> Option<String> {
    let rest = of.rests_on(today).filter(|_| of.state.is_open())?;
    Some(match rest.until {
        Some(until) => lang.pick(
            format!("；停止执行至 {until}，这些天不计入整改期限"),
            format!("; suspended until {until}, these days do not count towards the term"),
        ),
        None => lang.say(
            "；已停止执行，整改期限中止，待复议或诉讼结束后继续计算",
            "; suspended, the term rests and runs on once the dispute has ended",
        ),
    })
}

/// That carrying out is suspended, and what that does to a term.
pub(crate) fn suspended(lang: Lang, rest: &Rest) -> String {
    match rest.until {
        Some(until) => lang.pick(
            format!("停止执行至 {until}，这些天不计入期限"),
            format!("suspended until {until}, these days do not count"),
        ),
        None => lang.say(
            "已停止执行，期限中止，待复议或诉讼结束后继续计算",
            "suspended, the term rests and runs on once the dispute has ended",
        ),
    }
}

/// What one is about that lies under no premises.
fn apart(matter: &Matter) -> Option<String> {
    let lang = matter.lang;
    Some(match matter.concept() {
        "association" => matter.trial.state::<Association>().registered?.name,
        "board" => matter.trial.state::<Board>().place?.place,
        "campaign" => {
            let launch = matter.trial.state::<Campaign>().launched?;
            let area = launch.area.unwrap_or_else(|| lang.say("全区", "The whole district"));
            format!("{area} {}", kind(lang, "campaign"))
        }
        "measure" => lang.say("培训", "Training"),
        "party" => matter.parties.say(lang, matter.key()),
        "meeting" => {
            let held = matter.trial.state::<Meeting>().held?;
            format!("{} {} – {}", kind(lang, "meeting"), held.from, held.until)
        }
        _ => return None,
    })
}

/// Of what kind a party is, and what is known of who it is.
fn party(matter: &Matter) -> String {
    let (lang, party) = (matter.lang, matter.trial.state::<Party>());
    let Some(registered) = party.registered else { return String::new() };
    let kind = match registered.kind {
        Kind::Enterprise => lang.pick("企业", "An enterprise"),
        Kind::Person => lang.pick("自然人", "A natural person"),
    };
    let how = match (party.merged_into, party.checked_on) {
        (Some(into), _) => {
            lang.pick(format!("已并入 {into}，不再更改"), format!("merged into {into}, and changed no more"))
        }
        (None, Some(on)) => {
            lang.pick(format!("{on} 核对过身份"), format!("its identity was checked on {on}"))
        }
        (None, None) => lang.say("还没有核对身份", "its identity was not checked yet"),
    };
    format!("{kind}{}{how}", lang.pick("，", ", "))
}

/// How a measure, listing, board, association, campaign or meeting stands.
fn undertaking(matter: &Matter) -> String {
    let (lang, trial) = (matter.lang, &matter.trial);
    let stage = match matter.concept() {
        "association" => trial.state::<Association>().stage(),
        "board" => Undertaking::stage(&trial.state::<Board>()),
        "campaign" => trial.state::<Campaign>().stage(),
        "inspection" => trial.state::<Inspection>().stage(),
        "listing" => Undertaking::stage(&trial.state::<Listing>()),
        "measure" => Undertaking::stage(&trial.state::<Measure>()),
        "meeting" => trial.state::<Meeting>().stage(),
        _ => return String::new(),
    };
    lang.undertaking(stage).to_owned()
}

/// How a report stands, told to the office and to whoever made it alike.
pub(crate) fn report_stage(lang: Lang, report: &wuping_domain::report::Report) -> String {
    use wuping_domain::report::{Answer, Stage};
    let with = report.with.as_deref().map(|with| lang.department(with)).unwrap_or_default();
    match (report.stage, report.answer) {
        (Stage::Received, _) if report.reopened > 0 => {
            lang.say("您说没有解决，已重新受理", "Taken up again: said not to be fixed")
        }
        (Stage::Received, _) => lang.say("已收到，等待分派", "Received, to be sent where it belongs"),
        (Stage::Triaged, _) => {
            lang.pick(format!("已交给{with}查看"), format!("With {with}, to be looked at"))
        }
        (Stage::Substantiated, _) => lang.say("已核实属实，正在办理", "Found true, being dealt with"),
        (Stage::Dismissed, _) => lang.say("查看后不成立", "Looked at and dismissed"),
        (Stage::Answered, Some(Answer::Rectified)) => lang.say("已整改，已答复", "Put right, and answered"),
        (Stage::Answered, Some(Answer::Unfixed)) => {
            lang.say("已答复：属实，还没有整改好", "Answered: closed unfixed")
        }
        (Stage::Answered, _) => lang.say("已答复：没有发现", "Answered: nothing was found"),
        (Stage::Merged, _) => {
            lang.say("之前已有人举报，并入前一件", "Reported before: it goes on in the first report")
        }
        (Stage::Withdrawn, _) => lang.say("已撤回", "Taken back"),
        (Stage::Absent, _) => String::new(),
    }
}

fn appeal(lang: Lang, appeal: &appeal::Appeal) -> String {
    use appeal::{Outcome, Stage};
    match appeal.stage {
        Stage::Absent => String::new(),
        Stage::Admitted if appeal.reviewer.is_none() => {
            lang.say("已受理，等待分给复核人", "Admitted, to be given to a reviewer")
        }
        Stage::Admitted => lang.say("已受理，复核中", "Admitted, under review"),
        Stage::AwaitingOwner => {
            lang.say("由代理人提出，等待当事人确认", "Filed by a proxy, awaiting the party's own word")
        }
        Stage::Decided => match appeal.decision.as_ref().map(|decision| decision.outcome) {
            Some(Outcome::Upheld) => {
                lang.say("已决定：成立，原决定撤销", "Decided: upheld, what was decided is set aside")
            }
            Some(Outcome::Varied) => lang.say("已决定：变更", "Decided: varied"),
            _ => lang.say("已决定：不成立", "Decided: rejected"),
        },
        Stage::Filed => lang.say(
            "已提出，等待受理；原决定继续有效",
            "Filed, to be admitted; what was decided stands meanwhile",
        ),
        Stage::NotAdmitted if appeal.own_motion => {
            lang.say("不予受理，由机关依职权复查", "Not admitted, looked at of the authority's own motion")
        }
        Stage::NotAdmitted => lang.say("不予受理", "Not admitted"),
        Stage::Turned => lang.say("已转为复评申请办理", "Goes on as a request to be graded again"),
        Stage::Withdrawn => lang.say("已撤回", "Taken back"),
    }
}

fn grade(matter: &Matter) -> String {
    let lang = matter.lang;
    let Some(grade) = matter.subject().map(|subject| &subject.grade) else { return String::new() };
    let held = grade.in_force().map(|binding| lang.stars(binding.determination.star));
    let mut told = match held {
        Some(stars) => lang.pick(format!("现在有效：{stars}"), format!("In force: {stars}")),
        None => lang.say("还没有生效的等级", "No grade is in force"),
    };
    if let Some((latest, _)) = grade.waiting() {
        let stars = lang.stars(latest.star);
        told.push_str(&lang.pick(format!("；{stars}等待确认"), format!("; {stars} awaits confirmation")));
    }
    let rest = matter.subject().and_then(|subject| subject.rests_on(matter.today()));
    if let Some(rest) = rest {
        told.push_str(&lang.pick(
            format!("；{}，挂牌、摘牌暂缓", suspended(lang, rest)),
            format!("; {}; plaques wait", suspended(lang, rest)),
        ));
    }
    if grade.prohibition.is_some() {
        told.push_str(lang.pick("；禁止出租", "; letting is prohibited"));
    }
    told
}

fn alert(matter: &Matter) -> String {
    let lang = matter.lang;
    let alert: wuping_domain::alert::Alert = matter.trial.state();
    match (alert.issued, alert.safe_on) {
        (Some(_), Some(on)) => lang.pick(format!("已解除，{on} 起安全"), format!("Lifted, safe from {on}")),
        (Some(issued), None) => {
            format!("{} {}", lang.incident(&issued.kind), lang.pick("正在生效", "in effect"))
        }
        (None, _) => String::new(),
    }
}
