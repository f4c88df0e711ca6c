//! Refusal words: what the rules of notices, appeals and records say when they refuse, in Chinese and English. A name in
//! braces stands for that member of the refusal's detail.

use serde_json::Value;

use crate::rejection::Rejection;

impl Rejection {
    /// Refused by the rule of this code, with what it names.
    pub fn because(code: &str, detail: Value) -> Self {
        Self::Rule { code: code.to_owned(), detail }
    }
}

/// The sentence of a code in English, where it is one of these.
pub(crate) fn in_english(code: &str, detail: &Value) -> Option<String> {
    WORDS.iter().find(|words| words.0 == code).map(|words| filled(words.2, detail))
}

/// The sentence of a code in Chinese, where it is one of these.
pub(crate) fn in_chinese(code: &str, detail: &Value) -> Option<String> {
    WORDS.iter().find(|words| words.0 == code).map(|words| filled(words.1, detail))
}

fn filled(template: &str, detail: &Value) -> String {
    let members = detail.as_object().into_iter().flatten();
    members.fold(template.to_owned(), |text, (name, value)| {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.replace(&format!("{{{name}}}"), &shown)
    })
}

/// Code, Chinese, English.
struct Words(&'static str, &'static str, &'static str);

const WORDS: &[Words] = &[
    Words(
        "address_not_confirmed",
        "当事人没有书面同意电子送达，请先登记送达地址确认书，或改用其他方式送达。",
        "The party has not agreed to electronic service in writing. Record the confirmed address first, or serve in another way.",
    ),
    Words(
        "announcement_too_soon",
        "还没有一次送达失败的记录，不能公告送达。请先用其他方式送达。",
        "No other service has failed yet, so nothing is served by announcement. Try another way first.",
    ),
    Words(
        "answered_already",
        "这一户已经答过本次问卷，一户只计一份，请不要重复填写。",
        "This household has answered this survey already; each counts once. There is nothing more to do.",
    ),
    Words(
        "appeal_in_time",
        "申诉期限到{due}为止，申诉于{filed_on}提出，没有超期，不能以超期为由不予受理。请受理，或者写明其他理由。",
        "The time to appeal runs until {due} and the appeal came on {filed_on}: it is in time, and cannot be turned away as late. Admit it, or give another reason.",
    ),
    Words(
        "appeal_late",
        "结果于{served_on}送达，申诉期限到{due}为止，申诉于{filed_on}提出，已超期。请作出不予受理的决定，并由机关依职权复查；行政复议和诉讼另有期限。",
        "The result was served on {served_on}, the time to appeal ended on {due}, and the appeal came on {filed_on}. Refuse admission and look at the case of the authority's own motion; reconsideration and court have times of their own.",
    ),
    Words(
        "area_not_yours",
        "“{area}”不在您的工作辖区内，请联系负责该区域的同志。",
        "“{area}” lies outside the area you work in. Ask whoever leads there.",
    ),
    Words(
        "association_of_another",
        "该联合会由{administrator}管理，请由其办理。",
        "This association is administered by {administrator}. Ask that account to do it.",
    ),
    Words(
        "ban_has_its_own_decision",
        "禁止租赁有单独的决定程序，不能作为处置措施提出。请在等级页面提请确认禁止租赁。",
        "Letting is prohibited by a decision of its own and not as a measure. Have it confirmed on the page of the grade.",
    ),
    Words(
        "ban_holds_or_not",
        "对禁止租赁决定的申诉只能决定“成立，撤销”或“不成立”，不能更正指标结果；要改评定结果，请对等级结果另行申诉。",
        "An appeal against a prohibition of letting is upheld or rejected; no results are put right in it. Those are contested in an appeal against the grade.",
    ),
    Words(
        "ban_without_hearing",
        "禁止租赁以前必须听取当事人陈述申辩：请先发出通知书并送达，听取、审议以后再确认。情况危急的，选择“紧急危险”并写明理由。",
        "The party is heard before letting is banned: issue and serve the notice, hear and consider what is said, then confirm. Where danger is imminent choose that ground and give the reason.",
    ),
    Words(
        "calendar_not_covered",
        "这段期限落在还没有公布节假日的年份，暂时不能确定日期。请等节假日公布后再办。",
        "The period reaches into a year whose holidays are not published yet. Wait until they are.",
    ),
    Words(
        "campaign_not_begun",
        "专项行动从{from}开始，现在还不能登记上门，请到时再登记。",
        "The campaign begins on {from}; no call is recorded before. Record it from that day on.",
    ),
    Words(
        "campaign_not_joined",
        "部门（{department}）还没有参加这次专项行动，请先登记参加。",
        "The department “{department}” has not joined this campaign. Join it first.",
    ),
    Words(
        "campaign_past",
        "专项行动到{until}为止，以后的上门不再登记。请登记为普通巡查，或者启动新的专项行动。",
        "The campaign lasted until {until}, and no later call is one of it. Record it as a round of its own, or launch another campaign.",
    ),
    Words(
        "campaign_over",
        "专项行动已于{on}结束，不能再登记。请把这次上门登记为普通巡查。",
        "The campaign was concluded on {on} and takes nothing more. Record the call as a round of its own.",
    ),
    Words(
        "campaign_without_premises",
        "筛选条件没有选出任何房屋，请调整条件。",
        "The filter chooses no premises. Change it.",
    ),
    Words(
        "carrying_out_suspended",
        "复议机关或法院已决定停止执行（{document}），停止期间不能确认，也不能执行。请等停止期满或案件审结。",
        "Carrying out is suspended by the organ or court ({document}), so nothing is confirmed or carried out meanwhile. Wait until the suspension or the dispute ends.",
    ),
    Words(
        "check_before_naming",
        "{on}房屋还没有登记，或者您那天还没有负责这处房屋，不能记录那天的日常查看。请填写您负责之后的日期。",
        "On {on} the premises were not registered, or you did not look after them yet. Give a day since then.",
    ),
    Words(
        "check_of_nothing",
        "没有选看了什么，也没有写看到什么。请至少选一项，或者写几个字。",
        "Nothing is said to have been looked at, and nothing seen. Choose one thing at least, or write a few words.",
    ),
    Words(
        "check_recorded_already",
        "{on}的日常查看已经记录过，每天计一次，请不要重复记录。",
        "The look round of {on} is recorded already; each day counts once. There is nothing more to do.",
    ),
    Words(
        "check_too_long_ago",
        "日常查看要当天记录，最多补记前两天的。请填写{oldest}或者以后的日期。",
        "A look round is recorded on its day, and of the two days before at most. Give {oldest} or a later day.",
    ),
    Words(
        "conduct_does_not_count",
        "这条记录今天不计入信用，不能公布。请看最新信用结果列出的记录。",
        "This record does not count today, so it is not published. See which records the newest rating lists.",
    ),
    Words(
        "conduct_ended",
        "这条记录已经终止（异议成立或者已经修复），不用再办理，请核对记录编号。",
        "This record has ended: an objection to it was upheld, or it was repaired. Nothing is left to do; check its number.",
    ),
    Words(
        "confirmer_is_assessor",
        "评定人不能确认自己评定的等级，请另一位确认人决定。",
        "Whoever assessed does not confirm. Another confirmer decides.",
    ),
    Words(
        "confirmer_is_proposer",
        "提出禁止租赁的人不能自己确认，请另一位确认人决定。",
        "Whoever proposed the ban does not confirm it. Another confirmer decides.",
    ),
    Words(
        "confirmer_recorded_it",
        "记录或者查办过这些失信行为的人不能确认最低信用等级，请另一位确认人决定。",
        "Whoever recorded the conduct, or had a hand in its case, does not confirm the lowest class. Another confirmer must decide.",
    ),
    Words(
        "counter_had_a_hand",
        "{account}参加过本房屋的评定、隐患办理或者确认，不能代录更正或撤回。请由没有经手过的同志代录，或请当事人自己办理。",
        "{account} took part in the assessment of these premises, in a hazard of theirs or in confirming a result, and cannot record what is changed or taken back. Have somebody without a hand in it record it, or let the person do it without help.",
    ),
    Words(
        "counter_without_paper",
        "代录更正或撤回要有当事人签名的书面材料。请拍下材料一并提交。",
        "A change or a withdrawal is recorded from a paper that the person has signed. Add a photo of the paper.",
    ),
    Words(
        "decided_already",
        "这一件已经作出答复，不能再次答复。请打开原来的答复查看。",
        "This was decided already and is not decided again. Open it to see the decision.",
    ),
    Words(
        "decider_recorded_it",
        "记录这条失信行为的人不能答复针对它的申请，请另一位信用管理人员办理。",
        "Whoever recorded the conduct does not decide on it. Another credit officer must.",
    ),
    Words(
        "decision_without_remedy",
        "决定必须告知救济途径和期限，请至少选一项。",
        "A decision must tell what can be done against it, and by when. Choose at least one remedy.",
    ),
    Words(
        "degree_differs",
        "按现行政策，这一失信行为的程度是“{degree}”，请核对决定文书。",
        "By the policy this conduct is of the degree “{degree}”. Check the document.",
    ),
    Words(
        "department_not_asked",
        "这次专项行动没有邀请该部门（{department}），受邀部门：{asked}。",
        "The department “{department}” was not asked to this campaign. Asked were: {asked}.",
    ),
    Words(
        "document_not_kept",
        "规则 {id} 的文件没有上传，或者不成立。请先在“评分规则”页面上传并通过检查。",
        "The document of {id} was not uploaded or does not hold together. Upload it on the page of rulebooks, and mend what is found.",
    ),
    Words(
        "estate_not_let",
        "小区不整体出租，不能禁止租赁。请在有危险的楼栋或房屋上确认禁止租赁。",
        "An estate is not let as a whole, so letting is not prohibited in it. Confirm the ban on the building or unit that is dangerous.",
    ),
    Words(
        "extended_already",
        "办理期限只能延长一次，请在现在的期限内作出决定。",
        "The time to decide is extended once only. Decide within the time that runs now.",
    ),
    Words(
        "extension_too_late",
        "办理期限已于{due}届满，不能再延长，请尽快作出决定。",
        "The time to decide ended on {due}; it cannot be extended any more. Decide without delay.",
    ),
    Words(
        "hearing_late",
        "申请听证的期限已于{due}届满。仍可提出说明或申请复评。",
        "The time to ask for a hearing ended on {due}. A reply or a re-evaluation can still be asked for.",
    ),
    Words(
        "incentive_is_offered",
        "激励不作为处置措施提出，请通过“提供激励”办理。",
        "An incentive is offered, and not proposed as a measure. Choose to offer it.",
    ),
    Words(
        "inspection_not_joined",
        "您的部门还没有参加这次检查，请先登记参加。",
        "Your department has not joined this inspection. Join it first.",
    ),
    Words(
        "letting_prohibited",
        "该{of_zh}自{on}起依法禁止租赁（依据：{ground_zh}），不能报送、公布或出租。请先整改并申请解除禁止租赁。",
        "Letting has been prohibited in this {of_en} since {on} (ground: {ground_en}). Have the cause put right and the prohibition lifted; then it can be listed and let again.",
    ),
    Words(
        "lifter_confirmed_ban",
        "确认禁止租赁的人不能自己解除，请另一位确认人决定。",
        "Whoever confirmed the ban does not lift it. Another confirmer decides.",
    ),
    Words(
        "list_differs",
        "账本位置 {at} 的等级名单共 {lines} 行，摘要是 {sha256}，和登记的不一样。请重新取这一位置的名单。",
        "The list of grades at position {at} has {lines} lines and the digest {sha256}, which is not what was named. Get the list of that position again.",
    ),
    Words(
        "list_not_made",
        "那一位置的等级名单正在整理。请半分钟后再提交一次。",
        "The list of grades of that position is still being made. Send it again in half a minute.",
    ),
    Words(
        "list_of_another_kind",
        "张贴的是等级名单（sheet），不是{report}。请从等级名单取位置和摘要。",
        "What hangs is the list of grades (sheet), and not “{report}”. Take position and digest from that list.",
    ),
    Words(
        "list_of_no_entry",
        "账本只有 {entries} 条记录，没有位置 {at}。请重新取等级名单。",
        "The ledger has {entries} entries, and none at position {at}. Get the list of grades again.",
    ),
    Words(
        "measure_decided_by_proposer",
        "提出措施的人不能自己决定，请另一位同志决定。",
        "Whoever proposed a measure does not decide on it. Somebody else must.",
    ),
    Words(
        "measure_does_not_fit",
        "当前管理等级是{level_zh}，不适用“{measure_zh}”。请从适用的措施中选择：{fits_zh}。",
        "The management level in force is “{level_en}”; “{measure_en}” does not go with it. Choose one of these: {fits_en}.",
    ),
    Words(
        "measure_over",
        "这项措施的期限到{until}为止，已经过期，请重新提出。",
        "The time of this measure ended on {until}. Propose it again.",
    ),
    Words(
        "measure_waits",
        "这项措施所依据的等级正在申诉（{filed_on}提出），按现行规则，申诉办结前暂缓决定和执行。请等申诉决定；涉及安全的措施照常进行。",
        "The grade that this measure follows from is under appeal, filed on {filed_on}, and by the rulebook such measures wait for its decision. Wait until the appeal is decided; measures of safety go on.",
    ),
    Words(
        "merged_into_itself",
        "主体不能与自己合并，请填写另一主体的编号。",
        "A party is not merged into itself. Name the other party.",
    ),
    Words(
        "minor_not_published",
        "轻微失信行为只记入档案，不公布，请留在档案中。",
        "Minor conduct is on file only; it is never published. Leave it there.",
    ),
    Words(
        "no_commitment",
        "没有正在履行的信用承诺，请先登记承诺书。",
        "There is no commitment letter that runs. Record the signed letter first.",
    ),
    Words(
        "no_extension",
        "这一期限按规则不能延长，请在原期限内办理。",
        "This period is not one that can be extended. Do it within the period.",
    ),
    Words(
        "no_legality_review",
        "施行的评分规则发布前应经合法性审核，请填写审核意见的文号。",
        "A rulebook to work by is reviewed for its legality before it is published. Give the number of the document that says so.",
    ),
    Words(
        "no_level",
        "该房屋没有生效的管理等级，不能采取分级处置措施。请先完成评定。",
        "No management level is in force for these premises, so that no measure follows from it. Have them assessed first.",
    ),
    Words(
        "no_lowest_class_waits",
        "没有等待确认的最低信用等级。请刷新信用档案，看最新结果。",
        "No lowest class waits for a confirmer. Reload the file to see the newest rating.",
    ),
    Words(
        "no_rating",
        "还没有算出信用结果，请等有评定过的房屋以后再办理。",
        "There is no rating yet. It comes once premises of this party are graded.",
    ),
    Words(
        "not_a_member",
        "{account}不是该联合会的成员，请先登记为成员，再开通账号。",
        "{account} is no member of the association. Take it in first, then open the account.",
    ),
    Words(
        "not_in_campaign",
        "房屋（{premises}）不在这次专项行动的名单内，请核对。",
        "The premises “{premises}” are not among those of this campaign. Check the code.",
    ),
    Words(
        "not_in_doubt",
        "这条记录（{event_id}）没有存疑，不用补录。请去掉 Records-Again 再发送。",
        "The record {event_id} is under no doubt, so nothing is to be said again. Send the command without Records-Again.",
    ),
    Words(
        "not_in_rulebook",
        "现行规则没有这一程序，请先核对规则。",
        "The rulebook in force has no such procedure. Look at the rulebook first.",
    ),
    Words(
        "not_published",
        "这一项没有公布，不用撤下，请核对所选的记录。",
        "This is not public, so there is nothing to take back. Check which record you chose.",
    ),
    Words(
        "not_recalled",
        "这一项报送没有撤回，不能登记撤回回执。请核对报送编号。",
        "This report was not recalled, so no receipt of a recall is recorded. Check the number of the report.",
    ),
    Words(
        "not_the_assessor",
        "评定的完成日期只能由参加评定的人或数据专员更正，请他们办理。",
        "The day of an assessment is put right by whoever took part in it, or by the data clerk. Ask one of them.",
    ),
    Words(
        "not_the_newest_rating",
        "信用结果已经重新计算，最新的是第{rating}次。请按最新结果办理。",
        "The class was computed anew: the newest rating is number {rating}. Look at that one.",
    ),
    Words(
        "not_your_account",
        "这是别人的账号，不能由您办理。请用本人账号登录后再办。",
        "This is somebody else's account. Sign in with that account, or ask its holder to do it.",
    ),
    Words(
        "nothing_varied",
        "变更决定要写明改成什么结果，请填写更正的指标。",
        "A decision that varies a result must say what is right instead. Name the indicators that are put right.",
    ),
    Words(
        "notice_first",
        "对当事人不利的信用结果要先告知本人，再公布。请先登记告知。",
        "What is adverse is told to the party before it is published. Give the notice first.",
    ),
    Words(
        "notice_not_of_a_party",
        "这类文书针对的是房屋，不能在主体名下发出。请在房屋的办事页发出。",
        "A notice of this kind concerns premises and is not issued under a party. Issue it on the page of the premises.",
    ),
    Words(
        "naming_without_basis",
        "登记业主、管理人要写明依据。请选择不动产权证书、租赁合同、委托管理合同、当事人说明、其他部门的登记或者本单位原有台账，并附材料。",
        "An owner or operator is named with what that rests on. Choose the property certificate, lease, contract of management, the party’s own statement, another office’s register or the office’s earlier list, and add the papers.",
    ),
    Words(
        "notice_of_no_credit",
        "主体的信用档案里没有这份文书要告知的等级或者失信记录。请先在信用档案里评定或者登记，再在该主体名下发出。",
        "The party's credit file holds no class or record that this notice could tell of. Have it rated or recorded first, then issue the notice under the party.",
    ),
    Words(
        "notice_of_no_decision",
        "申诉还没有决定。请先由复核人作出决定（或者不予受理），再发出申诉决定书，并选择这宗申诉。",
        "The appeal is not decided. Have the reviewer decide it, or its admission be refused, then issue the notice and choose that appeal.",
    ),
    Words(
        "notice_of_no_downgrade",
        "所选的等级结果没有下降，不能发出降级告知书。请选择下降的那一次结果，或者改发评定结果告知书。",
        "The result chosen did not fall, so there is no downgrade to tell of. Choose the result that fell, or issue a notice of the grade.",
    ),
    Words(
        "notice_of_no_order",
        "这处隐患还没有责令整改。请选择隐患，由主管部门先责令整改，再发出责令整改通知书。",
        "Nobody has ordered that hazard to be put right. Choose the hazard and have its department order it first, then issue the notice.",
    ),
    Words(
        "notice_of_no_prohibition",
        "这处房屋没有经确认的禁止租赁决定。请先在等级页面由确认人确认禁止租赁，再发出禁止租赁决定书。",
        "Letting is not prohibited here by any confirmed decision. Have the prohibition confirmed on the page of the grade first, then issue the notice.",
    ),
    Words(
        "notice_of_no_result",
        "评定结果告知书要写明是哪一次等级结果。请选择这处房屋的一次等级结果。",
        "A notice of the grade names the result that it tells of. Choose a result of these premises.",
    ),
    Words(
        "notice_without_authority",
        "通知书必须写明以哪个机关的名义发出，请选择机关。",
        "A notice needs the authority in whose name it is issued. Choose one.",
    ),
    Words(
        "notice_without_basis",
        "通知书必须写明法律依据，请填写依据的法条。",
        "A notice needs its legal basis. Name the law and article.",
    ),
    Words(
        "notice_without_document",
        "通知书必须写明文号，请填写文号。",
        "A notice needs its document number. Write the number on the document.",
    ),
    Words(
        "notice_without_officers",
        "通知书必须写明经办人，请填写经办人。",
        "A notice needs the officers who handle it. Name them.",
    ),
    Words(
        "notice_without_remedy",
        "通知书必须告知救济途径和期限，请至少选一项。",
        "A notice must tell what can be done against it, and by when. Choose at least one remedy.",
    ),
    Words(
        "objection_pending",
        "当事人的异议还没有答复，答复前不公布。请先答复异议。",
        "The party's objection is not decided yet; nothing is published before it is. Decide on it first.",
    ),
    Words(
        "objection_was_upheld",
        "针对这一项的异议已经成立，不能公布，请核对所选的记录。",
        "An objection to this was upheld; it is not published. Check which record you chose.",
    ),
    Words(
        "officers_of_another_department",
        "{officers}只是其他部门的人员，不能为{department_zh}经办。请改填该部门的经办人，或者改选机关。",
        "{officers} is of another department only and handles nothing for {department_en}. Name officers of that department, or choose the authority that is theirs.",
    ),
    Words(
        "only_the_reviewer",
        "本案由{account}复核，请由其办理。",
        "This case is reviewed by {account}. Ask that reviewer to do it.",
    ),
    Words(
        "own_record_in_doubt",
        "存疑记录不能由记录人自己确认，请另一位负责人确认。",
        "A doubtful record is not confirmed by whoever recorded it. Another lead must.",
    ),
    Words(
        "party_merged",
        "这一主体已经并入{into}，请在并入后的档案中办理。",
        "This party was merged into {into}. Record it in the file that goes on.",
    ),
    Words(
        "penalty_is_referred",
        "平台不作处罚，只能移送有权机关。请把性质选为“移送”。",
        "The platform imposes no penalty; it refers the case. Choose the nature “referral”.",
    ),
    Words(
        "person_not_published",
        "自然人只有信用档案，不公布信用等级和失信行为，请留在档案中。",
        "A natural person has a file, but no published class and no published conduct. Leave it in the file.",
    ),
    Words(
        "plaque_not_due",
        "当前等级不需要挂监督牌，请核对房屋和等级。",
        "The grade in force asks for no supervision plaque. Check the premises and their grade.",
    ),
    Words(
        "plaque_shows_other",
        "牌子上写的是{shows}星，当前等级是{star}星，请换上正确的牌子。",
        "The plaque shows {shows} star(s), the grade in force has {star}. Put up the right one.",
    ),
    Words(
        "plaque_still_due",
        "当前等级仍需挂监督牌，不能摘下，请继续挂牌。",
        "The grade in force still asks for the supervision plaque. Leave it up.",
    ),
    Words(
        "proposer_of_another_authority",
        "{account}不是该依据主管机关（{department}）的工作人员，不能作为提出人。请核对依据，写明主管机关里实际提出的人。",
        "{account} is nobody of the authority that acts on this ground ({department}) and cannot have proposed it. Check the ground, and name whoever there proposed it.",
    ),
    Words(
        "published_too_soon",
        "{on}才告知当事人，最早{from}公布。请到时再公布。",
        "The party was told on {on}: it may be public from {from}. Publish it from that day on.",
    ),
    Words(
        "purpose_missing",
        "查看他人的信用档案要写明用途，请选择用途后再打开。",
        "Say for what the file is read, then open it; the purpose is kept in the log of readings.",
    ),
    Words(
        "recusal_by_reviewer",
        "被申请回避的人不能自己决定是否回避，请另一位同志决定。",
        "Whoever is asked to step aside does not decide on it. Somebody else must.",
    ),
    Words(
        "recusal_open",
        "回避申请还没有决定，请先决定回避，再继续办理。",
        "A request that the reviewer step aside is not decided yet. Decide it first.",
    ),
    Words(
        "rejected_changes_nothing",
        "驳回申诉不能同时更正结果。如需更正，请选择撤销或变更。",
        "A rejected appeal changes no result. Choose upheld or varied if something is put right.",
    ),
    Words(
        "remedy_of_another_decision",
        "“{remedy_zh}”的期限从复议决定送达起算，不是对这份文书的救济途径。请去掉这一项，由复议机关在决定书中告知。",
        "The time of “{remedy_en}” runs from service of the decision on reconsideration, and is no remedy against this one. Leave it out: the organ that decides tells it.",
    ),
    Words(
        "repair_not_eligible",
        "还不符合修复条件（{missing}），最早可以修复的日期是{earliest}。请补齐条件后再申请。",
        "The conditions of a repair are not met ({missing}); the earliest day is {earliest}. Ask again once they are.",
    ),
    Words(
        "repair_too_early",
        "这条记录的最短公示期还没有满，{earliest}起可以申请修复。",
        "The shortest span of this record is not over. Ask from {earliest} on.",
    ),
    Words(
        "result_in_force",
        "这个结果正在生效，生效的结果对公众公开，不能撤下。结果有误的，请更正事实、重新评定或者按申诉处理。",
        "This result is in force, and what is in force is public: it cannot be taken off. If it is wrong, correct the fact, assess anew, or decide an appeal.",
    ),
    Words(
        "reviewer_dealt_with_hazard",
        "{account}参与过本案隐患的核查、认定或责令整改，不能担任复核人，请另行指定。",
        "{account} reviewed, determined or ordered something in a hazard of this case and cannot review it. Name another reviewer.",
    ),
    Words(
        "reviewer_filed_it",
        "申诉由{account}提出或代录，不能由其复核，请另行指定。",
        "{account} filed this appeal or wrote it down and cannot review it. Name another reviewer.",
    ),
    Words(
        "reviewer_is_assessor",
        "{account}参加过本案的评定，不能担任复核人，请另行指定。",
        "{account} took part in the assessment of this case and cannot review it. Name another reviewer.",
    ),
    Words(
        "reviewer_is_confirmer",
        "{account}是本案的确认人，不能担任复核人，请另行指定。",
        "{account} confirmed the result of this case and cannot review it. Name another reviewer.",
    ),
    Words(
        "reviewer_is_related",
        "{account}与本案房屋或当事人有利害关系（{relation}），不能担任复核人，请另行指定。",
        "{account} is related to these premises or their party ({relation}) and cannot review the case. Name another reviewer.",
    ),
    Words(
        "reviewer_of_case_is_finder",
        "{account}是本案隐患的发现人，不能担任复核人，请另行指定。",
        "{account} found a hazard of this case and cannot review it. Name another reviewer.",
    ),
    Words(
        "reviewer_proposed_ban",
        "{account}提出了这项禁止租赁，不能担任复核人，请另行指定。",
        "{account} proposed this prohibition and cannot review it. Name another reviewer.",
    ),
    Words(
        "reviewer_recused",
        "{account}已经回避，不能再次担任本案复核人，请另行指定。",
        "{account} has stepped aside from this case and cannot review it again. Name another reviewer.",
    ),
    Words(
        "reviewer_without_role",
        "{account}没有复核人权限，请指定有权限的人。",
        "{account} does not have the role of reviewer. Name somebody who has.",
    ),
    Words(
        "second_officer_not_joined",
        "{account}不是参加本次检查的部门的人员，请填写参加部门的另一名检查人员。",
        "{account} is no officer of a department that takes part in this inspection. Name another officer of one that does.",
    ),
    Words(
        "sheet_is_older",
        "现在张贴的名单（位置{hangs}）比这一份（位置{at}）新，请打印最新名单。",
        "What hangs (made at position {hangs}) is newer than this list (made at {at}). Print the newest one.",
    ),
    Words(
        "situation_differs",
        "账本位置 {at} 的风险形势分析共 {lines} 行，指纹是 {sha256}，和登记的不一样。请按同样的时段重新取这一位置的分析。",
        "The analysis of the situation at position {at} has {lines} rows and the digest {sha256}, which is not what was named. Get that of the same days and that position again.",
    ),
    Words(
        "situation_not_made",
        "那一位置的风险形势分析没有做出来。请稍后再提交一次。",
        "The analysis of the situation at that position could not be made. Send it again a little later.",
    ),
    Words(
        "situation_of_another_kind",
        "会上看的是风险形势分析（situation），不是{report}。请从这张报表取位置和指纹。",
        "What lies before a meeting is the analysis of the situation (situation), and not “{report}”. Take position and digest from that report.",
    ),
    Words(
        "situation_of_no_entry",
        "账本只有 {entries} 条记录，没有位置 {at}。请重新取风险形势分析。",
        "The ledger has {entries} entries, and none at position {at}. Get the analysis of the situation again.",
    ),
    Words(
        "stale_draft",
        "起草之后发布了新的规则 {newest}，改动了：{changed}。请在它的基础上重新起草。",
        "Since it was begun, {newest} was published, which changed: {changed}. Draft it anew on that one.",
    ),
    Words(
        "statement_adopted",
        "当事人的陈述已被采纳，原认定不能照原样确认。请不予确认，或者更正事实、重新评定。",
        "What the party said was adopted, so the determination is not confirmed as it is. Refuse it, or correct the fact or assess anew.",
    ),
    Words(
        "survey_closed",
        "本次问卷已于{on}结束，不再收答卷。请等下一次问卷。",
        "This survey was closed on {on} and takes no more answers. Wait for the next one.",
    ),
    Words(
        "survey_without_paper",
        "工作人员只能补录住户交来的纸质答卷。请填收到日期并拍下答卷；住户也可以扫自家门牌上的码自己填。",
        "Staff record only what a household has handed in on paper: give the day and a photo of it. Residents answer by the code at their own door.",
    ),
    Words(
        "training_of_no_house",
        "培训不属于某一处房屋，请在培训登记里办理。",
        "A training is of no one house. Record it among the trainings.",
    ),
    Words(
        "unknown_area",
        "没有登记的房屋位于“{area}”。请核对街道、社区或网格的写法，要和房屋登记里的一样；新的片区先登记那里的房屋。",
        "No registered premises lie in “{area}”. Check the name: it is written as the subdistrict, community or grid cell of the register. Of a new area, register its premises first.",
    ),
    Words(
        "unknown_attribution",
        "责任归属请从当事人、承租人、公共机构、不明中选择一种。",
        "Say whom it is put down to: party, tenant, public_body or unknown.",
    ),
    Words(
        "unknown_authority",
        "本系统没有“{authority}”这个机关。请从部门名录或者已登记的机关中选择；没有登记的，请系统管理员先登记。",
        "There is no authority “{authority}” here. Choose a department of the rulebook’s list or a registered authority; one that is missing, an administrator registers first.",
    ),
    Words(
        "unknown_conduct",
        "现行政策没有这一种失信行为，请从给出的选项中选择。",
        "The policy knows no such conduct. Choose one of those shown.",
    ),
    Words(
        "unknown_department",
        "政策清单中没有这个部门（{department}），请从给出的选项中选择。",
        "The policy's list has no department “{department}”. Choose one of those shown.",
    ),
    Words(
        "unknown_measure",
        "政策清单中没有这项措施（{measure}），请从给出的选项中选择。",
        "The policy's list has no measure “{measure}”. Choose one of those shown.",
    ),
    Words(
        "unknown_colleague",
        "没有担任{roles_zh}的账号“{account}”，或者账号已经停用。请从在岗人员中选择，或者请系统管理员先开通账号、授予角色。",
        "No open account “{account}” acts as {roles_en}. Choose somebody who does, or have an administrator open the account or grant the role first.",
    ),
    Words(
        "unknown_officers",
        "没有这些工作人员账号，或者账号已经停用：{officers}。请核对账号，或者请系统管理员先开通。",
        "No such account of the office is open: {officers}. Check the accounts, or have an administrator open them first.",
    ),
    Words(
        "unknown_party",
        "没有登记这些主体，或者已并入别的主体：{party}。请在主体名录（/desk/parties）里核对编号，没有登记的先登记。",
        "No such party is registered, or it was merged into another: {party}. Look the id up at /desk/parties, or register the party there first.",
    ),
    Words(
        "unknown_premises",
        "没有登记这些房屋，或者已经注销：{premises}。请核对编号，或者从名单里去掉。",
        "No such premises are registered, or they were closed: {premises}. Check the ids, or take them out of the list.",
    ),
    Words(
        "unknown_rule",
        "规则中没有这一期限或救济途径，请从给出的选项中选择。",
        "The rulebook has no such deadline or remedy. Choose one of those shown.",
    ),
    Words(
        "unknown_scope",
        "所选范围不在政策清单内，请从给出的选项中选择。",
        "That scope is not in the policy's list. Choose one of those shown.",
    ),
    Words(
        "witness_needed",
        "留置送达需要见证人签名，请至少登记一位见证人。",
        "A notice left in place needs a witness. Record at least one.",
    ),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_refusal_is_said_in_both_languages_and_fills_what_it_names() {
        let mut detail = json!({
            "account": "a-9", "due": "2026-03-10", "filed_on": "2026-03-11", "served_on": "2026-02-24", "on": "2026-03-12", "event_id": "0190",
            "relation": "kin", "shows": 5, "star": 2, "degree": "minor", "rating": 2, "into": "y-1", "missing": "min_span",
            "earliest": "2026-04-01", "oldest": "2026-03-08", "area": "石井", "administrator": "a-8", "from": "2026-03-13",
            "department": "fire", "asked": "grid", "of_zh": "房屋", "of_en": "unit", "ground_zh": "危险房屋",
            "ground_en": "dangerous", "level_zh": "严管级", "level_en": "strict", "measure_zh": "激励", "measure_en": "x",
            "fits_zh": "约谈", "fits_en": "y", "until": "2026-03-14", "premises": "p-1", "hangs": 9, "at": 8, "measure": "z",
            "id": "pingshan-unit-3", "newest": "pingshan-unit-4", "changed": "total",
            "document": "行停〔2026〕1号", "party": "y-9",
        });
        let more = [
            ("authority", "x"),
            ("department_en", "fire"),
            ("department_zh", "消防"),
            ("officers", "a-9"),
            ("remedy_en", "sue"),
            ("remedy_zh", "起诉"),
            ("report", "desk"),
            ("roles_en", "auditor"),
            ("roles_zh", "审计"),
            ("sha256", "ab"),
        ];
        more.iter().for_each(|(name, value)| detail[*name] = json!(value));
        for (name, value) in [("entries", 7), ("lines", 3)] {
            detail[name] = json!(value);
        }
        for Words(code, ..) in WORDS {
            let refusal = Rejection::because(code, detail.clone());
            for said in [refusal.en(), refusal.zh()] {
                assert!(!said.contains('{') && !said.contains(*code), "{code}: {said}");
            }
            assert!(crate::test_refusals::says_what_to_do(&refusal), "{code}: {refusal} {}", refusal.zh());
            assert_ne!(refusal.en(), refusal.zh());
        }
    }
}
