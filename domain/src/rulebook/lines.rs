//! Lines: where in a written file the member of a path stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line, from 1, on which a member begins, by its path: `indicator[3].cap`. Where the path leads further than the file, the
/// line of the last that is there; none where nothing of it is.
pub(super) fn line_of(written: &str, path: &str) -> Option<usize> {
    let document = DeTable::parse(written).ok()?;
    let mut steps =
        path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty());
    let first = document.get_ref().get_key_value(steps.next()?)?;
    let (mut value, mut starts) = (first.1, first.0.span().start);
    for step in steps {
        let Some((inner, at)) = below(value, step) else { break };
        (value, starts) = (inner, at);
    }
    Some(line_at(written, starts))
}

/// What a step leads to, and where it begins: an entry of a table with its key, one of a list by itself.
fn below<'t, 'i>(value: &'t Spanned<DeValue<'i>>, step: &str) -> Option<(&'t Spanned<DeValue<'i>>, usize)> {
    match value.get_ref() {
        DeValue::Array(values) => {
            let inner = values.get(step.parse::<usize>().ok()?)?;
            Some((inner, inner.span().start))
        }
        DeValue::Table(table) => {
            let (key, inner) = table.get_key_value(step)?;
            Some((inner, key.span().start))
        }
        _ => None,
    }
}

/// The line, from 1, of a byte of a file.
pub(super) fn line_at(written: &str, byte: usize) -> usize {
    let before = written.as_bytes().iter().take(byte);
    before.filter(|one| **one == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "layer = \"unit\"\n\n[[indicator]]\nid = \"a\"\nlevels = [\n  { id = \"met\" },\n  { id = \"not\", cpa = 3 },\n]\n\n[[indicator]]\nid = \"b\"\n\n[scoring]\ntotal = 99\n";

    #[test]
    fn a_member_is_found_on_its_line() {
        for (path, line) in [
            ("layer", 1),
            ("indicator[0]", 3),
            ("indicator[0].levels[1]", 7),
            ("indicator[0].levels[1].cpa", 7),
            ("indicator[1].id", 11),
            ("indicator[1].missing", 10),
            ("scoring.total", 14),
        ] {
            assert_eq!(line_of(WRITTEN, path), Some(line), "{path}");
        }
        assert_eq!(line_of(WRITTEN, "bands"), None);
        assert_eq!(line_of("not toml", "not"), None);
        assert_eq!(line_at("a\nb\n", 99), 3, "the end of the file");
    }
}
