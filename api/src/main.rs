//! The program `wuping`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Reading the log is mostly small pieces made in one thread and dropped in another, which the system's allocator is
/// slow at: a rebuild runs at 1.4 times the speed with this one.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    wuping::cli::run()
}
