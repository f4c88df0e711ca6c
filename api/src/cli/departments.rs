//! Departments as the published rulebooks name them: whoever is given a misspelt one would wait for work that never comes.

use wuping_ledger::reader::Reader;

use super::failing::Failure;
use crate::rulemaking::departments;

/// Refuses a department that no published rulebook names; where none names any, each is taken.
pub(super) fn must_be_known(reader: &Reader, department: &str) -> Result<(), Failure> {
    let known = departments(reader)?;
    if known.is_empty() || known.contains(department) {
        return Ok(());
    }
    let there = Vec::from_iter(known).join(", ");
    Err(Failure::asked_in_both(
        format!("没有部门“{department}”；评分规则中的部门有：{there}"),
        format!("there is no department “{department}”; the rulebooks name {there}"),
    ))
}
