//! An area assigned: its premises, part after part, to a grid worker or an officer of a department.

use serde_json::json;
use wuping_domain::facts::Actor;
use wuping_domain::premises::ASSESSING;
use wuping_projections::queries::PremisesLine;

use super::{AT_ONCE, Kind, OF_PREMISES, Part, Sent, Unclear, Work, account};
use crate::app::App;
use crate::look::words::Lang;
use crate::people::{People, Told};

/// The premises of an area that a grid worker or officer does not assess yet, as many as are assigned at once.
pub(super) fn of_area(app: &App, actor: &Actor, lang: Lang, sent: &Sent) -> Result<Work, Unclear> {
    let (area, worker) = (sent.area.trim(), account(app, lang, &sent.worker)?);
    let told = |why| Err(Unclear::Told(why));
    if area.is_empty() {
        return told(lang.say("请写街道、社区或网格的名称。", "Name a subdistrict, community or grid cell."));
    }
    let grants = app.actor(&worker).map_err(|error| Unclear::Failed(error.into()))?.grants;
    let Some(grant) = grants.into_iter().find(|grant| ASSESSING.contains(&grant.role)) else {
        return told(lang.pick(
            format!("“{}”不是网格员，也不是部门工作人员，不能评定房屋。请选择另一位同志。", sent.worker),
            format!("“{}” is neither a grid worker nor an officer of a department, and assesses no premises. Choose somebody who does.", sent.worker),
        ));
    };
    let reach = actor.grants.iter().filter(|grant| OF_PREMISES.contains(&grant.role));
    let within: Option<Vec<String>> = reach.map(|grant| grant.area.clone()).collect();
    let views = app.views.views();
    let (found, total) = views.premises_to_assign(area, &worker, &within.unwrap_or_default(), AT_ONCE)?;
    if found.is_empty() {
        return told(lang.pick(
            format!("“{area}”没有还可以分派给这位同志的房屋：名称不对、不在您的辖区，或者都已分派。请核对。"),
            format!("There are no premises in “{area}” left to be assigned: the name is wrong, the area is not yours, or all are assigned. Check it."),
        ));
    }
    let people = People::of(app, Told::to(actor), [worker.as_str()]);
    let role = lang.role(grant.role.code());
    let who = people.say(lang, &worker);
    let mut notes = vec![lang.pick(format!("分派给：{role} {who}"), format!("To: {role} {who}"))];
    if total > AT_ONCE {
        let (total, now) = (lang.count(total), lang.count(AT_ONCE));
        notes.push(lang.pick(
            format!("“{area}”还有 {total} 处没有分派给这位同志，这一次分派前 {now} 处；记录后再来一次，接着分派其余的。"),
            format!("{total} premises of “{area}” are not assigned to this person yet. These are the first {now}: do the same again for the rest."),
        ));
    }
    let part = |line: PremisesLine| Part {
        stream: format!("premises/{}", line.id),
        command: json!({ "command": "assign_assessor", "account": worker }),
        kind: Kind::Premises,
        address: line.address,
    };
    Ok(Work { parts: found.into_iter().map(part).collect(), left: 0, notes })
}
