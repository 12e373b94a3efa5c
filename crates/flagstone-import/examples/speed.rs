//! How long reading, lowering and compiling a service's document takes.
//!
//!     cargo run --release -p flagstone-import --example speed -- launchdarkly flags.json
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use flagstone_compile::compile_imported;
use flagstone_import::json::Json;
use flagstone_import::{Options, Service, import};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let service = arguments.next().and_then(|name| Service::from_name(&name));
    let service = service.ok_or("the first argument is the name of a service")?;
    for path in arguments {
        let text = fs::read_to_string(&path)?;
        let imported =
            import(service, &text, &Options::default()).map_err(|error| error.to_string())?;
        println!(
            "{path}: {} bytes, {} flags; parse {:?}, parse and lower {:?}, compile {:?}",
            text.len(),
            imported.model.flags.len(),
            quickest(|| Json::read(&text)),
            quickest(|| import(service, &text, &Options::default()).is_ok()),
            quickest(|| compile_imported(&imported.model)),
        );
    }
    Ok(())
}

/// The least time of several.
fn quickest<T>(run: impl Fn() -> T) -> Duration {
    let once = || {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    };
    (0..30).map(|_| once()).min().unwrap_or_default()
}
