//! The kinds of findings.

use crate::Severity;

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// For example `unknown-key`. Names are stable.
    pub name: &'static str,
    /// Errors leave no model; warnings do.
    pub severity: Severity,
    /// What it means, in one sentence.
    pub about: &'static str,
}

macro_rules! codes {
    ($($severity:ident $constant:ident $name:literal $about:literal;)*) => {
        $(pub(crate) const $constant: Code = Code {
            name: $name,
            severity: Severity::$severity,
            about: $about,
        };)*

        /// Every kind of finding that [`read()`](crate::read()) can report.
        pub const CODES: &[Code] = &[$($constant),*];
    };
}

codes! {
    Error SYNTAX "syntax" "The file is not TOML.";
    Error UNKNOWN_KEY "unknown-key" "A key that the format does not know.";
    Error WRONG_TYPE "wrong-type" "A value of another type than its key takes.";
    Error MISSING_KEY "missing-key" "A key that must be there is not.";
    Error BAD_NAME "bad-name" "A key or name is empty, too long or has characters that are not allowed.";
    Error BAD_VALUE "bad-value" "A value of the right type that its key does not take.";
    Error BAD_DATE "bad-date" "A date or date-time that its key does not take, such as one without a zone.";
    Error SOURCE_AND_FLAGS "source-and-flags" "Flags or segments in a file whose flags come from a service's document.";
    Error BAD_SHARE "bad-share" "A share that is not a number of per cent from 0 to 100 with at most 4 decimals.";
    Error BAD_RAMP "bad-ramp" "A ramp without points, or whose points are not in ascending time.";
    Error BAD_PLAN "bad-plan" "A plan of a rollout whose stages, windows or freezes cannot be used, or that no rule goes by.";
    Error NO_PLAN "no-plan" "A share that goes by a plan, in a flag that has none.";
    Error SHARES_SUM "shares-sum" "Shares of a rollout that add up to more than 100 per cent, or do not fill it.";
    Error BAD_RESERVE "bad-reserve" "Slots that add up to more than 100 per cent or are smaller than a share.";
    Error SERVE_OR_ROLLOUT "serve-or-rollout" "A rule must have one of `serve` and `rollout`, and only one.";
    Error BAD_BUCKETING "bad-bucketing" "A bucketing of a flag service, or ranges of it, that cannot be used.";
    Error BAD_EXPRESSION "bad-expression" "An expression that cannot be read.";
    Error EMPTY_WINDOW "empty-window" "`stop` is not after `start`.";
    Error UNKNOWN_ENVIRONMENT "unknown-environment" "An environment that the file does not have.";
    Error UNKNOWN_FLAG "unknown-flag" "A flag that the file does not have.";
    Error UNKNOWN_VARIANT "unknown-variant" "A variant that the flag does not have.";
    Error UNKNOWN_SEGMENT "unknown-segment" "A segment that the file does not have.";
    Error UNKNOWN_ORIGIN "unknown-origin" "An origin that the file does not have.";
    Error UNKNOWN_GOAL "unknown-goal" "A goal that the file does not have.";
    Error UNKNOWN_ATTRIBUTE "unknown-attribute" "An attribute of the request, the place or the client that does not exist.";
    Error SELF_REFERENCE "self-reference" "A flag that depends on itself.";
    Error DUPLICATE_TARGET "duplicate-target" "A targeting key that is listed for two variants.";
    Error FALLBACK_CYCLE "fallback-cycle" "Origins that fall back to each other in a circle.";
    Error BAD_SOURCE "bad-source" "A source of an attribute or of the identity that cannot be read.";
    Error BAD_CORS "bad-cors" "An origin of pages that no browser sends.";
    Error RESERVED_ATTRIBUTE "reserved-attribute" "An attribute whose source is fixed.";
    Error RESERVED_NAME "reserved-name" "A header or cookie that is not for routes to set.";
    Error BAD_PATTERN "bad-pattern" "A host or path pattern, or a rewrite, that cannot be used.";
    Error BAD_GOAL "bad-goal" "A goal that every request reaches, or goals of a plan that cannot be compared.";
    Error IDLE_ROUTE "idle-route" "A route that does nothing.";
    Error UNREADABLE_FILE "unreadable-file" "A file of segment keys that cannot be read.";
    Error CONDITION_SYNTAX "condition-syntax" "A condition that is not CEL.";
    Error CONDITION_FORM "condition-form" "CEL that is not one of the forms a condition may have.";
    Error CONDITION_SIZE "condition-size" "A condition that is too large.";
    Error BAD_CONSTANT "bad-constant" "A constant in a condition that is not what its place requires.";
    Warning TYPE_MISMATCH "type-mismatch" "A comparison with a type that the attribute never has.";
    Warning NO_SOURCE "no-source" "An attribute that is never there at the edge.";
    Warning ONLY_IN_ENVIRONMENT "only-in-environment" "A flag or segment that exists in one environment only.";
    Warning UNREACHABLE_RULE "unreachable-rule" "A rule behind one that matches everybody.";
    Warning DUPLICATE_RULE_NAME "duplicate-rule-name" "Two rules of a flag have the same name.";
    Warning MIXED_VARIANTS "mixed-variants" "Variants of one flag with values of different types.";
    Warning MATCHES_NOTHING "matches-nothing" "A pattern of flag keys that no flag matches.";
    Warning EMPTY_SEGMENT "empty-segment" "A segment that nobody can belong to.";
}
