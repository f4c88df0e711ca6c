//! wuping
fn main() {}
