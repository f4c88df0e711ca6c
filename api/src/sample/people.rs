//! The people of the sample: a person for each role of the office, each with an account and a key. All are invented.

use serde_json::{Value, json};
use wuping_domain::facts::{Grant, Role};

/// An invented person.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Name to sign in by.
    pub login: &'static str,
    /// The person's name: in the vault, as everybody's.
    pub name: &'static str,
    /// What the person may do.
    pub role: Role,
    /// The department, for those who are of one.
    pub department: Option<&'static str>,
    /// The subdistrict, for those who work in one.
    pub area: Option<&'static str>,
    /// The party that the person speaks for.
    pub party: Option<&'static str>,
    /// What there is to do in this role, in Chinese.
    pub does_zh: &'static str,
    /// The same in English.
    pub does_en: &'static str,
    /// The page to begin with; the desk for most.
    pub first_page: FirstPage,
    /// Whether the person stands for the role on the sign-in page, or only for one more department or area.
    pub stands_for_role: bool,
}

/// Where a person of the sample begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FirstPage {
    /// The work that waits.
    Desk,
    /// Every record of the house with the life story.
    Records,
}

impl Person {
    /// The person's account in the ledger.
    pub fn account(&self) -> String {
        account(self.login)
    }

    /// The command that gives the role.
    pub(super) fn granting(&self) -> Value {
        let grant = Grant {
            role: self.role,
            department: self.department.map(str::to_owned),
            area: self.area.map(str::to_owned),
            party: self.party.map(str::to_owned),
        };
        let mut command = json!(grant);
        command["command"] = json!("grant");
        command
    }
}

/// The account of a login.
pub fn account(login: &str) -> String {
    format!("sample-{}", login.replace('_', "-"))
}

/// The person who signs in by this name.
pub fn person(login: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.login == login)
}

const fn person_of(login: &'static str, name: &'static str, role: Role) -> Person {
    Person {
        login,
        name,
        role,
        department: None,
        area: None,
        party: None,
        does_zh: "",
        does_en: "",
        first_page: FirstPage::Desk,
        stands_for_role: false,
    }
}

const fn officer(login: &'static str, name: &'static str) -> Person {
    Person { department: Some(login), ..person_of(login, name, Role::DepartmentOfficer) }
}

const fn grid_worker(login: &'static str, name: &'static str, area: &'static str) -> Person {
    Person { area: Some(area), ..person_of(login, name, Role::GridWorker) }
}

/// Gives a person the role's card on the sign-in page.
const fn shown(person: Person, does_zh: &'static str, does_en: &'static str) -> Person {
    Person { does_zh, does_en, stands_for_role: true, ..person }
}

/// Everybody, in the order in which their cards are shown. The login of a department's officer is the department's id.
pub const PEOPLE: &[Person] = &[
    shown(
        grid_worker("grid", "陈志强", "榕溪"),
        "上门巡查，逐项检查拍照，由他提交评定。",
        "Goes round the houses, checks each indicator with a photo, and submits the assessment.",
    ),
    shown(
        officer("fire", "李晓燕"),
        "填写本部门负责的指标，审核消防隐患，验收整改。",
        "Enters the indicators of her department, reviews fire hazards and accepts repairs.",
    ),
    shown(
        officer("housing", "张慧敏"),
        "填写房屋结构等本部门的指标，有一次评定正等着她。",
        "Enters her department's indicators, the structure among them; one assessment waits for her.",
    ),
    shown(
        Person {
            department: Some("fire"),
            ..person_of("fire-authority", "王建国", Role::CompetentAuthority)
        },
        "依法认定是否属于重大隐患，写明文号。",
        "Determines in law whether a hazard is major, with the number of the document.",
    ),
    shown(
        person_of("legal", "郑文清", Role::LegalOfficer),
        "通知当事人陈述申辩，审议陈述，说明理由。",
        "Invites the party to be heard, considers the statement and gives reasons.",
    ),
    shown(
        person_of("confirmer", "周雅琴", Role::Confirmer),
        "低等级要由她实名确认才生效；谁评定的，谁不能确认。",
        "A low grade binds only once she has confirmed it by name; whoever assessed may not confirm.",
    ),
    shown(
        Person { area: Some("榕溪"), ..person_of("street", "吴国栋", Role::StreetLead) },
        "指派评定人，掌握全街道的进度。",
        "Assigns assessors and keeps an eye on the whole subdistrict.",
    ),
    shown(
        person_of("clerk", "孙丽", Role::DataClerk),
        "登记楼栋和套间，更正登记信息。",
        "Registers buildings and units and puts the register right.",
    ),
    shown(
        Person { party: Some("y-01"), ..person_of("owner", "黄美兰", Role::Owner) },
        "示例楼1的业主：看为什么是这个等级，怎样能升上去。",
        "Owner of 示例楼1: sees why it has its grade and how to raise it.",
    ),
    shown(
        Person {
            party: Some("y-02"), area: Some("榕溪"), ..person_of("steward", "何伯年", Role::Steward)
        },
        "楼栋长，每天看一看楼道，记下来。",
        "The building's steward: looks round every day and notes it.",
    ),
    Person {
        first_page: FirstPage::Records,
        ..shown(
            person_of("auditor", "赵思远", Role::Auditor),
            "逐条核对：谁签的名、何时收到、有没有被改过。",
            "Checks every entry: who signed it, when it came in, whether it is unchanged.",
        )
    },
    shown(
        person_of("commission", "林海涛", Role::CommissionAdmin),
        "发布评分规则；发布了的规则不能再改。",
        "Publishes the rulebooks; once published, none is ever changed.",
    ),
    shown(
        person_of("admin", "马晓东", Role::Administrator),
        "开通账号、发放密钥、授予角色。",
        "Opens accounts, has keys enrolled and grants roles.",
    ),
    // whoever confirmed a ban on letting does not lift it
    person_of("second-confirmer", "潘志远", Role::Confirmer),
    // whoever found a hazard does not review it
    Person {
        department: Some("housing"),
        ..person_of("housing-inspector", "韩立群", Role::DepartmentOfficer)
    },
    officer("police", "刘振华"),
    officer("emergency", "杨立新"),
    officer("subdistrict", "谢春梅"),
    officer("urban_management", "罗志远"),
    officer("health", "梁静怡"),
    officer("market", "邓伟文"),
    officer("water", "曾建平"),
    officer("natural_resources", "冯晓岚"),
    officer("ecology", "蔡明远"),
    Person { department: Some("grid"), ..person_of("grid-office", "彭家豪", Role::DepartmentOfficer) },
    grid_worker("grid-shiqiao", "叶秋生", "石桥"),
    grid_worker("grid-qingwan", "苏文娟", "青湾"),
    grid_worker("grid-yungang", "卢志明", "云岗"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_department_of_the_policy_has_its_officer() {
        let [unit, ..] = crate::shelf::pingshan().unwrap();
        for department in &unit.rulebook.policy.departments {
            let officer = PEOPLE.iter().find(|person| {
                person.role == Role::DepartmentOfficer && person.department == Some(&department.id)
            });
            assert!(officer.is_some(), "nobody is of {}", department.id);
        }
    }

    #[test]
    fn nobody_shares_a_login_and_every_card_says_what_its_role_does() {
        let logins: std::collections::BTreeSet<_> = PEOPLE.iter().map(|person| person.login).collect();
        assert_eq!(logins.len(), PEOPLE.len());
        let shown = PEOPLE.iter().filter(|person| person.stands_for_role);
        assert!(shown.clone().all(|person| !person.does_zh.is_empty() && !person.does_en.is_empty()));
        assert!(shown.count() >= 10);
    }
}
