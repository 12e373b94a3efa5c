//! Any text as a condition of a rule.
#![no_main]

libfuzzer_sys::fuzz_target!(|condition: &str| {
    // A text of TOML cannot hold these.
    if condition.contains("'''")
        || condition
            .contains(|letter: char| letter.is_control() && letter != '\n' && letter != '\t')
    {
        return;
    }
    let text = format!(
        "[flags.f]\nvariants = {{ off = false, on = true }}\ndefault = \"off\"\n[[flags.f.rules]]\nwhen = '''{condition} '''\nserve = \"on\"\n\
         [context]\n\"user.email\" = \"cookie:email\"\n\"app.version\" = \"header:x-app-version\"\n\"user.age\" = \"query:age\"\n"
    );
    flagstone_fuzz::configuration(&text, None);
});
