//! Shipped: the rulebooks that come with the project, for the tests.

use serde_json::Value;

use crate::rulebook::{Layer, Rulebook};

/// The district's rulebook for a layer.
pub(crate) fn pingshan(layer: Layer) -> Rulebook {
    rulebook("pingshan", layer)
}

/// Toronto's scheme until 2023.
pub(crate) fn toronto_2017() -> Rulebook {
    rulebook("toronto-2017", Layer::Building)
}

/// Toronto's scheme since 2023.
pub(crate) fn toronto_2023() -> Rulebook {
    rulebook("toronto-2023", Layer::Building)
}

/// A shipped file as it is written.
pub(crate) fn written(name: &str, file: &str) -> String {
    let path = format!("{}/../rulebooks/{name}/{file}.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// A shipped rulebook's document.
pub(crate) fn document(name: &str, layer: Layer) -> Value {
    let [indicators, policy, calendar] =
        [layer.to_string().as_str(), "policy", "holidays"].map(|file| written(name, file));
    Rulebook::compile(name, &indicators, &policy, &calendar).unwrap()
}

fn rulebook(name: &str, layer: Layer) -> Rulebook {
    Rulebook::from_document(&document(name, layer)).unwrap()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::grading::{Grading, Question, grade};
    use crate::outcome::Outcome;

    /// Grades a published row: outcomes in the scheme's order, `NA` where the thing does not exist, and the
    /// points of one open hazard.
    #[track_caller]
    fn published_row(rulebook: &Rulebook, cells: &str, hazard_points: u64) -> Grading {
        let cells: Vec<&str> = cells.split_whitespace().collect();
        assert_eq!(cells.len(), rulebook.scheme.indicators.len());
        let outcomes = rulebook.scheme.indicators.iter().zip(cells).map(|(indicator, cell)| {
            let outcome = if cell == "NA" { Outcome::NotApplicable } else { Outcome::row(cell) };
            (indicator.id.clone(), outcome)
        });
        let mut question = Question::of("2024-01-15".parse().unwrap(), outcomes.collect::<BTreeMap<_, _>>());
        if hazard_points > 0 {
            let hazard =
                serde_json::json!([{"severity": "open", "status": "confirmed", "points": hazard_points}]);
            question.open_hazards = serde_json::from_value(hazard).unwrap();
        }
        grade(rulebook, &question).unwrap()
    }

    #[test]
    fn every_shipped_rulebook_compiles_and_reads_back() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../rulebooks");
        let mut ids = Vec::new();
        for name in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            if !name.file_type().unwrap().is_dir() {
                continue;
            }
            let (path, name) = (name.path(), name.file_name().into_string().unwrap());
            for layer in [Layer::Building, Layer::Estate, Layer::Unit] {
                if path.join(format!("{layer}.toml")).exists() {
                    let document = document(&name, layer);
                    let id = Rulebook::from_document(&document).unwrap().id;
                    assert_eq!(document["id"], id);
                    assert_eq!(document["indicators"]["layer"], layer.to_string());
                    ids.push(id);
                }
            }
        }
        ids.sort_unstable();
        for id in [
            "pingshan-building-2",
            "pingshan-estate-2",
            "pingshan-unit-2",
            "toronto-2017-building-1",
            "toronto-2023-building-1",
            "toronto-fire-building-1",
            "nyc-hpd-building-1",
            "uk-fhrs-building-1",
            "sf-lives-building-1",
        ] {
            assert!(ids.iter().any(|found| found == id), "{id} is not among {ids:?}");
        }
    }

    #[test]
    fn toronto_rows_until_2023_give_the_published_score_and_word() {
        let rulebook = toronto_2017();
        let years = |n: u8| {
            let plural = if n == 1 { "" } else { "s" };
            format!("Evaluation needs to be conducted in {n} year{plural}")
        };
        for (cells, score, word) in [
            ("4 3 5 3 NA 4 NA 5 NA NA 3 5 5 3 3 5 5 4 3 4", 80, years(2)),
            ("3 3 4 1 4 2 2 4 4 2 2 4 2 4 3 4 3 4 3 3", 61, years(1)),
            ("3 2 5 1 NA 4 NA 3 NA NA 1 2 1 2 1 1 3 3 NA NA", 46, "Building Audit".to_owned()),
            ("4 4 4 5 5 5 NA 5 NA 5 5 5 5 5 4 5 NA 4 4 NA", 93, years(3)),
            // 82.5, a half, is rounded up.
            ("4 3 5 4 NA 4 NA 5 NA NA 4 5 5 5 3 3 5 4 3 4", 83, years(2)),
            ("3 4 4 2 1 2 NA 3 NA NA 2 2 5 1 4 4 3 3 3 NA", 58, years(1)),
        ] {
            let grading = published_row(&rulebook, cells, 0);
            assert_eq!((grading.score, grading.band), (score, word), "{cells}");
            assert_eq!((grading.star, grading.management_level, grading.patrol_rule), (None, None, None));
        }
    }

    #[test]
    fn toronto_rows_since_2023_give_the_published_scores_and_colour() {
        let rulebook = toronto_2023();
        for (cells, proactive, reactive, current, colour) in [
            (
                "3 3 NA NA 3 2 NA 3 3 2 NA NA 3 3 3 3 3 NA 3 3 NA NA 3 NA 3 2 3 3 3 2 2 3 3 3 3 2 2 3 2 3 2 3 \
                 3 3 2 1 3 3 3 2",
                92,
                0,
                92,
                "green",
            ),
            (
                "3 3 NA 1 3 1 1 3 3 3 NA NA 3 3 2 3 3 NA 3 1 NA NA 2 3 3 3 3 1 1 1 3 1 3 1 1 1 3 3 1 1 1 3 3 3 \
                 3 3 3 3 3 3",
                78,
                1,
                77,
                "yellow",
            ),
            (
                "3 3 1 1 3 1 2 2 3 1 NA NA 3 3 1 1 2 NA 1 2 NA NA NA 1 3 1 3 1 2 1 2 3 3 2 1 1 3 3 1 2 1 3 1 1 \
                 1 1 3 1 3 1",
                67,
                1,
                66,
                "red",
            ),
            (
                "2 1 1 2 3 1 1 1 2 2 NA 1 1 2 1 1 0 0 1 1 0 NA 0 2 0 0 3 1 1 1 1 2 2 2 1 2 1 3 1 0 1 1 1 0 0 0 \
                 0 0 0 0",
                42,
                0,
                42,
                "red",
            ),
        ] {
            let grading = published_row(&rulebook, cells, reactive);
            assert_eq!((grading.score_before_deduction, grading.deducted), (proactive, reactive), "{cells}");
            assert_eq!((grading.score, grading.band.as_str()), (current, colour), "{cells}");
            assert_eq!(grading.color.as_deref(), Some(colour));
        }
        let worst = published_row(&rulebook, &["0"; 50].join(" "), 5);
        assert_eq!((worst.score, worst.deducted), (0, 0), "no deduction brings a score below 0");
    }

    #[test]
    fn other_schemes_are_imported_from_columns_and_not_operated() {
        for rulebook in [toronto_2017(), toronto_2023()] {
            assert!(!rulebook.policy.operating);
            assert!(rulebook.scheme.indicators.iter().all(|one| one.column.is_some() && one.not_applicable));
        }
        assert!(pingshan(Layer::Unit).policy.operating);
    }

    /// The UK's food hygiene rating: three parts, lower is better, and the worst part caps the rating.
    #[test]
    fn a_worst_part_caps_the_uks_rating() {
        let rulebook = rulebook("uk-fhrs", Layer::Building);
        let thresholds =
            [(5, 15, 5), (4, 20, 10), (3, 30, 10), (2, 40, 15), (1, 50, 20), (0, u64::MAX, u64::MAX)];
        for hygiene in [0, 5, 10, 15, 20, 25] {
            for structural in [0, 5, 10, 15, 20, 25] {
                for confidence in [0, 5, 10, 20, 30] {
                    let (total, worst) =
                        (hygiene + structural + confidence, hygiene.max(structural).max(confidence));
                    let rating = thresholds.iter().find(|(_, t, w)| total <= *t && worst <= *w).unwrap().0;
                    let cells = format!("{hygiene} {structural} {confidence}");
                    assert_eq!(published_row(&rulebook, &cells, 0).star, Some(rating), "{cells}");
                }
            }
        }
    }
}
