//! The program `wuping`.

use std::process::ExitCode;

fn main() -> ExitCode {
    wuping::cli::run()
}
