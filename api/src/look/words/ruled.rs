//! What a rulebook names, in words: the terms that every page uses, else the rulebook's own name for what an office has added, in
//! Chinese where it has no other. A code stands there only where nobody has named it.

use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::policy::Band;

use super::Lang;

/// A language under a rulebook.
#[derive(Clone, Copy)]
pub(crate) struct Ruled<'r> {
    lang: Lang,
    rulebook: Option<&'r Rulebook>,
}

impl Lang {
    /// This language with the names of a rulebook, where one is known.
    pub(crate) const fn under(self, rulebook: Option<&Rulebook>) -> Ruled<'_> {
        Ruled { lang: self, rulebook }
    }
}

impl<'r> Ruled<'r> {
    /// A band: its own name in this language, else that of its grade, else the one that it has.
    pub(crate) fn band(self, band: &Band) -> String {
        let own = self.lang.pick(&band.zh, &band.en);
        let grade = band.grade.as_deref().map(|code| (code, self.lang.grade(code)));
        match grade {
            Some((code, term)) if own.is_empty() && term != code => term.to_owned(),
            _ if band.zh.is_empty() && band.en.is_empty() => band.name().to_owned(),
            _ => self.lang.named(&band.zh, &band.en).to_owned(),
        }
    }

    /// A cap or veto in words: see [`Lang::cause`].
    pub(crate) fn cause(self, code: &str) -> String {
        let indicator = |id: &str| {
            let known = self.rulebook?.indicator(id)?;
            Some(self.lang.named(&known.zh, &known.en).to_owned())
        };
        let term = self.lang.cause(code, indicator);
        if term != code {
            return term;
        }
        let policy = self.rulebook.map(|rulebook| &rulebook.policy);
        let names = policy.and_then(|policy| match code.strip_prefix("rule:") {
            Some(id) => {
                policy.derived_caps.iter().find(|rule| rule.id == id).map(|rule| (&rule.zh, &rule.en))
            }
            None => policy.vetoes.iter().find(|veto| veto.id == code).map(|veto| (&veto.zh, &veto.en)),
        });
        self.own(names).or_else(|| self.of_a_hazard(code)).unwrap_or_else(|| code.to_owned())
    }

    /// A department.
    pub(crate) fn department(self, id: &str) -> String {
        self.else_own(self.lang.department(id), id, |rulebook| {
            let known = rulebook.policy.departments.iter().find(|one| one.id == id)?;
            Some((&known.zh, &known.en))
        })
    }

    /// A ground in law for a ban on letting.
    pub(crate) fn ground(self, id: &str) -> String {
        self.else_own(self.lang.prohibition(id), id, |rulebook| {
            let known = rulebook.policy.prohibition_grounds.iter().find(|one| one.id == id)?;
            Some((&known.zh, &known.en))
        })
    }

    /// A management level.
    pub(crate) fn level(self, id: &str) -> String {
        self.else_own(self.lang.level(id), id, |rulebook| {
            rulebook.level(id).map(|known| (&known.zh, &known.en))
        })
    }

    /// A measure that may follow from a level.
    pub(crate) fn measure(self, id: &str) -> String {
        self.else_own(self.lang.measure(id), id, |rulebook| {
            let known = rulebook.policy.measures.iter().find(|one| one.id == id)?;
            Some((&known.zh, &known.en))
        })
    }

    /// Severity of a hazard.
    pub(crate) fn severity(self, id: &str) -> String {
        self.else_own(self.lang.severity(id), id, |rulebook| {
            rulebook.hazard_rule(id).map(|known| (&known.zh, &known.en))
        })
    }

    /// A class of works.
    pub(crate) fn works(self, id: &str) -> String {
        self.else_own(self.lang.works(id), id, |rulebook| {
            rulebook.works(id).map(|known| (&known.zh, &known.en))
        })
    }

    /// The cap of an open or overdue hazard of a severity that the terms do not know.
    fn of_a_hazard(self, code: &str) -> Option<String> {
        let (severity, stands) = code.strip_prefix("hazard:")?.rsplit_once('_')?;
        let name = self.severity(severity);
        match stands {
            "open" => Some(self.lang.pick(format!("{name}还没有整改好"), format!("{name}, still open"))),
            "overdue" => Some(self.lang.pick(format!("{name}逾期未整改"), format!("{name}, overdue"))),
            _ => None,
        }
    }

    fn else_own(
        self,
        term: &str,
        code: &str,
        find: impl Fn(&'r Rulebook) -> Option<(&'r String, &'r String)>,
    ) -> String {
        if term != code {
            return term.to_owned();
        }
        self.own(self.rulebook.and_then(find)).unwrap_or_else(|| code.to_owned())
    }

    /// A name of the rulebook; none where it names it in neither language.
    fn own(self, names: Option<(&String, &String)>) -> Option<String> {
        let (zh, en) = names?;
        Some(self.lang.named(zh, en).to_owned()).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf;

    /// The district's rules of units, with what an office has added to them and named in Chinese alone.
    fn added() -> Rulebook {
        let [unit, ..] = shelf::pingshan().unwrap();
        let mut rulebook = Rulebook::clone(&unit.rulebook);
        let policy = &mut rulebook.policy;
        policy.departments[0].id = "heritage".to_owned();
        policy.departments[0].zh = "文物部门".to_owned();
        policy.departments[1].id = "railway".to_owned();
        policy.departments[1].en = "Railway authority".to_owned();
        policy.hazards[0].severity = "slight".to_owned();
        policy.derived_caps[0].id = "three_missing".to_owned();
        policy.vetoes[0].id = "collapse".to_owned();
        rulebook
    }

    #[test]
    fn the_terms_come_first_and_then_what_the_rulebook_calls_it() {
        let rulebook = added();
        let (zh, en) = (Lang::Zh.under(Some(&rulebook)), Lang::En.under(Some(&rulebook)));
        assert_eq!(
            (zh.severity("serious").as_str(), en.severity("serious").as_str()),
            ("较大隐患", "Serious hazard")
        );
        assert_eq!(en.ground("dangerous_building"), "Dangerous building, use stopped");
        assert_eq!(
            en.measure("risk_notice"),
            "Risk notice",
            "the terms have English where the rulebook has none"
        );
        assert_eq!(
            (en.department("heritage").as_str(), en.department("railway").as_str()),
            ("文物部门", "Railway authority")
        );
        assert_eq!(
            (zh.severity("slight").as_str(), en.severity("slight").as_str()),
            ("一般隐患", "一般隐患")
        );
        assert_eq!(en.cause("hazard:slight_overdue"), "一般隐患, overdue");
        assert_eq!(en.cause("rule:three_missing"), "消防“七个一”缺三项及以上");
        assert_eq!(zh.cause("collapse"), "发生生产安全事故");
        assert!(en.cause("indicator:smoke_alarm").starts_with("not met: "));
        let top = &rulebook.policy.bands[0];
        assert_eq!((zh.band(top).as_str(), en.band(top).as_str()), ("五星级", "Five stars"));
        assert_eq!(Lang::En.under(None).department("heritage"), "heritage", "nobody has named it");
    }
}
