//! The program `wuping`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Reading the log is mostly small pieces made in one thread and dropped in another, which the system's allocator is
/// slow at: a rebuild runs at 1.4 times the speed with this one.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    end_with_whoever_reads();
    wuping::cli::run()
}

/// Whoever reads what is printed may have read enough, as `wuping history … | head` does: that is no fault of the program.
fn end_with_whoever_reads() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if said.starts_with("failed printing to std") && said.contains("Broken pipe") {
            std::process::exit(0);
        }
        tell(panic);
    }));
}
