//! The program `wuping`.

fn main() {}
