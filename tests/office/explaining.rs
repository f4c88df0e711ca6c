//! Why a house has its grade and what falls with it, as the command line tells it: in the language that is asked for, in words.

use crate::program::{run, said};
use crate::statistics::counting::SAMPLE;

#[test]
fn a_grade_of_the_sample_is_explained_in_either_language() {
    let asked = ["explain", "sample-b21", "--to-star", "5"];
    let zh = tells("zh", &asked);
    for told in [
        "按期复评）：一星级 · 没有生效",
        "得 72 / 92 分，折合 78 分。",
        "  −3  安全出口未锁闭封堵：锁闭或封堵",
        "  “安全出口未锁闭封堵”不合格 — 最高一星级",
        "现在有效：第 1 号评定结果（",
        "要升到五星级，须整改：",
        "  +3  安全出口未锁闭封堵",
        "  须先解除：较大隐患还没有整改好",
        "依据账本第 ",
    ] {
        assert!(zh.contains(told), "{told}: {zh}");
    }
    let en = tells("en", &asked);
    for told in [
        "(Scheduled re-evaluation): One star · Not in force",
        "72 of 92 points, a score of 78.",
        "  −3  Exits neither locked nor walled up: Locked or blocked",
        "  not met: exits neither locked nor walled up — 1 star at most",
        "In force: determination 1 of ",
        "to reach 5 stars, put right:",
        "  to be lifted: serious hazard still open",
        "rests on entries ",
    ] {
        assert!(en.contains(told), "{told}: {en}");
    }
    each_in_its_own(&zh, &en);
}

#[test]
fn what_falls_with_a_grade_of_the_sample_is_told_in_either_language() {
    let asked = ["impact", "sample-b24#2"];
    let zh = tells("zh", &asked);
    for told in [
        "第 2 号评定结果（禁租级，评定 a2）：现在有效",
        "撤销以后，生效的是第 1 号：三星级",
        "（“房屋结构状况(危险性等级)”不合格，已确认）由它的评定发现",
        "一票否决（“房屋结构状况(危险性等级)”不合格）不再成立",
        "（事先告知书，已送达）告知的是它",
        "巡查现在每天不少于一次，撤销以后每月不少于一次",
        "公开网页显示的就是它",
    ] {
        assert!(zh.contains(told), "{told}: {zh}");
    }
    let en = tells("en", &asked);
    for told in [
        "determination 2 (Letting-prohibited grade, assessment a2): In force",
        "then determination 1 holds: Three stars",
        "(Notice of what is proposed, Served) tells of it",
        "rounds at least daily now, then at least monthly",
    ] {
        assert!(en.contains(told), "{told}: {en}");
    }
    each_in_its_own(&zh, &en);

    for (asked, told) in [
        (["impact", "sample-b24#99"], "没有第 99 号评定结果"),
        (["impact", "sample-b24"], "不是评定结果的写法"),
        (["explain", "sample-b99"], "还没有等级"),
    ] {
        let folder = SAMPLE.path().join("ledger");
        let ran = run(&folder, &[&["--lang", "zh"], &asked[..]].concat());
        assert!(ran.status.code() == Some(2) && said(&ran).contains(told), "{}", said(&ran));
    }
}

fn tells(lang: &str, asked: &[&str]) -> String {
    let ran = run(&SAMPLE.path().join("ledger"), &[&["--lang", lang], asked].concat());
    assert!(ran.status.success(), "{}", said(&ran));
    String::from_utf8(ran.stdout).unwrap()
}

/// Each line of the one is Chinese, and none of the other but the first, where the address stands as it is registered; both say as much.
fn each_in_its_own(zh: &str, en: &str) {
    let is_chinese = |line: &str| line.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    assert!(zh.lines().all(is_chinese), "{zh}");
    assert!(!en.lines().skip(1).any(is_chinese), "{en}");
    assert_eq!(zh.lines().count(), en.lines().count());
}
