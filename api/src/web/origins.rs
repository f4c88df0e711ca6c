//! Where what is shown comes from: other offices' published data are named with their publisher and licence wherever any of
//! it is shown.

use chrono::NaiveDate;
use wuping_projections::queries::PremisesLine;

use crate::look::layout::Origin;
use crate::look::parts::Link;
use crate::look::words::Lang;

/// A publisher whose rows can be imported.
struct Publisher {
    /// What the ids of its premises and rulebooks begin with.
    begins: &'static str,
    source: [&'static str; 2],
    /// Address and name.
    licence: [&'static str; 2],
    as_of: (i32, u32, u32),
}

/// Where premises come from: `None` for the ledger's own, else the publisher's banner. `rulebook` is that of the result
/// in force.
pub(super) fn origin_of_premises(lang: Lang, id: &str, rulebook: Option<&str>) -> Option<Origin> {
    let of_premises = publisher(id)?;
    Some(banner(lang, rulebook.and_then(publisher).unwrap_or(of_premises)))
}

/// Where a rulebook comes from: `None` for one of the ledger's own, else the banner of the publisher whose rules it
/// restates.
pub(super) fn origin_of_rulebook(lang: Lang, rulebook: &str) -> Option<Origin> {
    publisher(rulebook).map(|publisher| banner(lang, publisher))
}

/// Where a list of premises comes from: a list in which everything is one publisher's carries that publisher's banner, one
/// in which something is says so; `None` where nothing is.
pub(super) fn origin_of_list(lang: Lang, rows: &[PremisesLine], whole: &Origin) -> Option<Origin> {
    let theirs: Vec<&Publisher> = rows.iter().filter_map(|line| publisher(&line.id)).collect();
    let first = theirs.first()?;
    match whole {
        Origin::Sample if theirs.len() < rows.len() => {
            Some(Origin::Mixed { source: source(lang, first), licence: licence(first) })
        }
        _ => (theirs.len() == rows.len()).then(|| banner(lang, first)),
    }
}

fn publisher(key: &str) -> Option<&'static Publisher> {
    PUBLISHERS.iter().find(|publisher| key.starts_with(publisher.begins))
}

fn banner(lang: Lang, publisher: &Publisher) -> Origin {
    let (year, month, day) = publisher.as_of;
    let as_of = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    Origin::Imported { source: source(lang, publisher), licence: licence(publisher), as_of }
}

fn source(lang: Lang, publisher: &Publisher) -> String {
    let [zh, en] = publisher.source;
    lang.say(zh, en)
}

fn licence(publisher: &Publisher) -> Link {
    let [address, name] = publisher.licence;
    Link::new(address, name)
}

const TORONTO: [&str; 2] =
    ["https://open.toronto.ca/open-data-licence/", "Open Government Licence – Toronto"];
/// Of several beginnings that fit the first one counts.
const PUBLISHERS: [Publisher; 6] = [
    Publisher {
        begins: "toronto-fire",
        source: [
            "多伦多市开放数据，Highrise Residential Fire Inspection Results",
            "City of Toronto Open Data, Highrise Residential Fire Inspection Results",
        ],
        licence: TORONTO,
        as_of: (2019, 9, 6),
    },
    Publisher {
        begins: "toronto-2023",
        source: [
            "多伦多市开放数据，Apartment Building Evaluation",
            "City of Toronto Open Data, Apartment Building Evaluation",
        ],
        licence: TORONTO,
        as_of: (2026, 8, 22),
    },
    Publisher {
        begins: "toronto-",
        source: [
            "多伦多市开放数据，Apartment Building Evaluation",
            "City of Toronto Open Data, Apartment Building Evaluation",
        ],
        licence: TORONTO,
        as_of: (2023, 5, 30),
    },
    Publisher {
        begins: "nyc-hpd",
        source: [
            "纽约市开放数据，住房保护与发展局（经 palewire/nyc-hpd-violations）",
            "NYC Open Data, Department of Housing Preservation and Development, via palewire/nyc-hpd-violations",
        ],
        licence: [
            "https://opendata.cityofnewyork.us/overview/#termsofuse",
            "NYC Administrative Code § 23-502(d)",
        ],
        as_of: (2026, 3, 23),
    },
    Publisher {
        begins: "uk-fhrs",
        source: ["英国食品标准局，食品卫生评级", "Food Standards Agency, Food Hygiene Rating Scheme"],
        licence: [
            "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
            "Open Government Licence v3.0",
        ],
        as_of: (2026, 7, 21),
    },
    Publisher {
        begins: "sf-lives",
        source: [
            "旧金山市县公共卫生局（DataSF）",
            "City and County of San Francisco, Department of Public Health (DataSF)",
        ],
        licence: ["https://opendatacommons.org/licenses/pddl/", "Open Data Commons PDDL"],
        as_of: (2017, 12, 22),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wuping_domain::rulebook::Layer;

    use super::*;

    #[test]
    fn a_list_of_both_says_so_and_a_list_of_one_says_whose_it_is() {
        let (own, theirs) = (line("p-1"), line("toronto-4155584"));
        let origin = |rows: &[&PremisesLine]| {
            let rows: Vec<_> = rows.iter().map(|line| (*line).clone()).collect();
            origin_of_list(Lang::Zh, &rows, &Origin::Sample)
        };
        assert!(origin(&[]).is_none() && origin(&[&own]).is_none());
        assert!(matches!(origin(&[&theirs, &theirs]), Some(Origin::Imported { .. })));
        assert!(matches!(origin(&[&own, &theirs]), Some(Origin::Mixed { .. })));
    }

    #[test]
    fn each_publisher_is_named_by_the_premises_it_published() {
        let named = |id: &str| match origin_of_premises(Lang::En, id, None) {
            Some(Origin::Imported { source, .. }) => source,
            _ => String::new(),
        };
        assert!(named("toronto-fire-1_yonge_st").contains("Fire Inspection"));
        assert!(named("toronto-4155584").contains("Apartment Building Evaluation"));
        assert!(named("nyc-hpd-121299-2b").contains("Housing Preservation"));
        assert!(named("uk-fhrs-24962").contains("Food Standards Agency"));
        assert!(named("sf-lives-19").contains("San Francisco"));
        assert_eq!(named("p-1"), "");
    }

    fn line(id: &str) -> PremisesLine {
        PremisesLine {
            id: id.to_owned(),
            layer: Layer::Building,
            name: None,
            address: String::new(),
            codes: BTreeMap::new(),
            subdistrict: String::new(),
            community: String::new(),
            grid_cell: String::new(),
            closed_on: None,
            score: None,
            star: None,
            grade: None,
            band: None,
            management_level: None,
            color: None,
            effective_from: None,
            waiting_for: None,
            prohibited: false,
            bans: Vec::new(),
        }
    }
}
