use super::is_bot;

#[test]
fn user_agents() {
    for (user_agent, expected) in [
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            true,
        ),
        ("Googlebot-Image/1.0", true),
        ("AdsBot-Google (+http://www.google.com/adsbot.html)", true),
        ("Mediapartners-Google", true),
        (
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            true,
        ),
        (
            "Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)",
            true,
        ),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0)", true),
        (
            "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
            true,
        ),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            true,
        ),
        (
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            true,
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
            true,
        ),
        ("ia_archiver", true),
        ("my-crawler", true),
        (
            "Mozilla/5.0 (Linux; Android 11) Chrome/94 Mobile Safari/537.36 Chrome-Lighthouse",
            true,
        ),
        // Telephones.
        (
            "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/90",
            false,
        ),
        (
            "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) Chrome/90 Mobile",
            false,
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; Cubot) Chrome/90 Mobile",
            false,
        ),
        // Programs and browsers.
        ("curl/8.5.0", false),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
            false,
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0",
            false,
        ),
        ("bottle/0.12", false),
        ("", false),
    ] {
        assert_eq!(is_bot(user_agent.as_bytes()), expected, "{user_agent}");
    }
    assert!(is_bot(b"\xff Googlebot"));
}
