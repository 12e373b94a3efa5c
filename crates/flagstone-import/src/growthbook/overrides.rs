//! What one request says about features and experiments: it changes what is read from the definitions.

use flagstone_json::Json;

/// What a context has beside attributes. The default is nothing.
#[derive(Clone, Copy, Default)]
pub(super) struct Overrides<'o> {
    /// The context. Without answers there is none, and nothing of what follows is part of the program.
    #[cfg(feature = "answers")]
    pub context: Option<&'o Json<'o>>,
    #[cfg(not(feature = "answers"))]
    pub nothing: std::marker::PhantomData<&'o Json<'o>>,
}

/// What a request says about an experiment.
#[cfg_attr(
    not(feature = "answers"),
    expect(dead_code, reason = "requests say nothing then")
)]
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Forced {
    No,
    /// Nobody is in it.
    Out,
    /// It is this variation, for whoever gets here.
    Variation(usize),
    /// The SDK goes on with a variation that there is not.
    Nonsense,
}

/// What a store of sticky buckets says about an experiment.
#[cfg_attr(
    not(feature = "answers"),
    expect(dead_code, reason = "there is no store then")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sticky {
    No,
    /// The visitor was in a version of it that is over.
    Blocked,
    /// The visitor has had this variation.
    Variation(usize),
}

#[cfg(not(feature = "answers"))]
impl<'o> Overrides<'o> {
    pub fn values(&self) -> Vec<(&'o str, &'o Json<'o>)> {
        Vec::new()
    }

    pub fn variation(&self, _: &str, _: usize) -> Forced {
        Forced::No
    }

    pub fn nobody_is_assigned(&self) -> bool {
        false
    }

    pub fn is_sticky(&self, _: &Json<'_>) -> bool {
        false
    }

    pub fn sticky(&self, _: &Json<'_>, _: &str) -> Sticky {
        Sticky::No
    }
}

#[cfg(feature = "answers")]
impl<'o> Overrides<'o> {
    /// What a context says beside attributes, if it does.
    pub fn of(context: &'o Json<'o>) -> Option<Self> {
        const MEMBERS: [&str; 6] = [
            "forcedFeatureValues",
            "forcedVariations",
            "url",
            "enabled",
            "qaMode",
            "stickyBucketAssignmentDocs",
        ];
        let says = MEMBERS.iter().any(|name| context.some(name).is_some());
        says.then_some(Self {
            context: Some(context),
        })
    }

    pub fn member(&self, name: &str) -> Option<&'o Json<'o>> {
        self.context.and_then(|context| context.get(name))
    }

    /// Values of features.
    pub fn values(&self) -> Vec<(&'o str, &'o Json<'o>)> {
        let values = self.member("forcedFeatureValues");
        values.map(super::wire::entries).unwrap_or_default()
    }

    /// What is said about an experiment of `count` variations.
    pub fn variation(&self, key: &str, count: usize) -> Forced {
        if self.member("enabled") == Some(&Json::Boolean(false)) {
            return Forced::Out;
        }
        let url = self.member("url").and_then(Json::text).unwrap_or_default();
        if let Some(variation) = in_query(url, key, count) {
            return Forced::Variation(variation);
        }
        let forced = self.member("forcedVariations");
        match forced.and_then(|forced| forced.get(key)) {
            None => Forced::No,
            Some(Json::Number(number)) if *number < 0.0 || *number >= count as f64 => Forced::Out,
            Some(Json::Number(number)) if number.fract() == 0.0 => {
                Forced::Variation(*number as usize)
            }
            Some(_) => Forced::Nonsense,
        }
    }

    /// Whether experiments have only those in them that were forced to be.
    pub fn nobody_is_assigned(&self) -> bool {
        self.member("qaMode").is_some_and(super::wire::is_truthy)
    }
}

/// The variation that a URL's query names. Source: `getQueryStringOverride`.
#[cfg(feature = "answers")]
fn in_query(url: &str, key: &str, count: usize) -> Option<usize> {
    let search = url.split('?').nth(1)?;
    let search = search.split('#').next()?;
    let value = search.split('&').find_map(|pair| {
        let mut parts = pair.split('=');
        (parts.next() == Some(key)).then(|| parts.next().unwrap_or_default())
    })?;
    parse_int(value).filter(|number| *number < count)
}

/// JavaScript's `parseInt(text)`, if it is not below 0.
#[cfg(feature = "answers")]
fn parse_int(text: &str) -> Option<usize> {
    let is_blank = |c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}';
    let text = text.trim_start_matches(is_blank);
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (radix, digits) = hex.map_or((10, text), |hex| (16, hex));
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|digits| !digits.is_empty())?;
    let number = digits.chars().try_fold(0usize, |number, digit| {
        let digit = digit.to_digit(radix)? as usize;
        Some(number.saturating_mul(radix as usize).saturating_add(digit))
    })?;
    (!is_negative || number == 0).then_some(number)
}
