//! Flags that act on a request, as counters and breakers know them.

use super::harm::Harm;
use crate::append::Append;
use crate::dictionary::push_encoded;
use crate::digits::{hex, number, push_hex, push_number};
use flagstone_core::text_split;
use flagstone_rollout::tally::Key;
use flagstone_rollout::{Arm, Serve, Share, UnitHash};

/// A flag that acts on a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Watched {
    /// Flag, stage, the variant that was decided, and the route.
    pub key: Key,
    /// Whether the request is an exposure.
    pub is_exposure: bool,
    /// What is harm on the route, beside what is a failure everywhere.
    pub harm: Option<Harm>,
    /// Where its variants are compared.
    pub compared: Option<Compared>,
}

/// A side of a comparison that a request is on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// The rollout: flag, plan and attempt.
    pub id: u64,
    /// The stage in which the request was assigned, from 0.
    pub stage: u8,
    /// The canary's part in this stage.
    pub share: Share,
    pub(crate) arm: Arm,
    /// Of a canary: what is served.
    pub(crate) serve: Serve,
    /// Whether the arm was drawn.
    pub(crate) is_randomised: bool,
    pub(crate) is_prefetch: bool,
    /// Whether the visitor is new.
    pub(crate) is_first: bool,
    /// Whether the visitor has had control in place of the canary since the browser was opened.
    pub(crate) is_washout: bool,
    /// `None` where requests are randomised.
    pub(crate) unit: Option<UnitHash>,
}

impl Compared {
    /// Whether the visitor gets control in place of the canary.
    pub(crate) fn is_moved(&self) -> bool {
        self.arm == Arm::Canary && self.serve == Serve::Control
    }

    /// Whether the canary answers.
    pub(crate) fn is_canary(&self) -> bool {
        self.arm == Arm::Canary && matches!(self.serve, Serve::Canary | Serve::Probe)
    }
}

impl Watched {
    /// Whether what an origin reports matters.
    pub fn reads_events(&self) -> bool {
        let harm = self.harm.as_ref();
        harm.is_some_and(|harm| !harm.events.is_empty())
    }

    /// Whether its arm was drawn for this visitor, who gets what was drawn and has had nothing else: an exposure.
    pub fn is_drawn(&self) -> bool {
        self.compared.as_ref().is_some_and(|of| {
            self.is_exposure
                && of.is_randomised
                && !of.is_washout
                && !of.is_moved()
                && of.unit.is_some()
        })
    }

    /// The arm that an exposure is to of a rollout.
    pub fn entrant(&self, rollout: u64) -> Option<Arm> {
        let of = self.compared.as_ref().filter(|_| self.is_drawn())?;
        (of.id == rollout).then_some(of.arm)
    }

    /// Adds it as text that [`parse`](Self::parse) reads: parts between commas, without semicolons.
    pub fn push(&self, text: &mut String) {
        push_encoded(text, &self.key.flag);
        for part in [&self.key.variant, &self.key.route] {
            text.append(",");
            push_encoded(text, part);
        }
        let bit = |set: bool| if set { '1' } else { '0' };
        for part in [self.key.revision, self.key.stage.into()] {
            text.append(",");
            push_number(text, part);
        }
        text.extend([',', bit(self.is_exposure), ',']);
        if let Some(harm) = &self.harm {
            harm.push(text);
        }
        if let Some(of) = &self.compared {
            for part in [of.id, of.share.as_f64().to_bits()] {
                text.append(",");
                push_hex(text, part, 1);
            }
            let arm = match of.arm {
                Arm::Control => '0',
                Arm::Canary => '1',
            };
            let serve = match of.serve {
                Serve::Canary => '0',
                Serve::Probe => '1',
                Serve::Control | Serve::Stopped => '2',
            };
            let bits = [of.is_randomised, of.is_prefetch, of.is_first, of.is_washout];
            text.extend([',', arm, ',', serve, ',']);
            text.extend(bits.map(bit));
            text.append(",");
            // A unit that there is not has no number of 32 bits.
            push_hex(text, of.unit.map_or(u64::MAX, |unit| unit.0.into()), 1);
        }
    }

    /// Reads what [`push`](Self::push) wrote. `None` for what it would never write.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text_split(text, b',');
        let key = Key {
            flag: decoded(parts.next()?)?,
            variant: decoded(parts.next()?)?,
            route: decoded(parts.next()?)?,
            revision: number(parts.next()?)?,
            stage: number(parts.next()?)?,
        };
        let is_exposure = parts.next()? == "1";
        let harm = Harm::parse(parts.next()?);
        let compared = match parts.next() {
            None => None,
            Some(id) => Some(Compared {
                id: hex(id)?,
                stage: key.stage,
                share: Share::new(f64::from_bits(hex(parts.next()?)?))?,
                arm: match parts.next()? {
                    "0" => Arm::Control,
                    _ => Arm::Canary,
                },
                serve: match parts.next()? {
                    "0" => Serve::Canary,
                    "1" => Serve::Probe,
                    _ => Serve::Control,
                },
                is_randomised: false,
                is_prefetch: false,
                is_first: false,
                is_washout: false,
                unit: None,
            }),
        };
        let Some(mut of) = compared else {
            return Some(Self {
                key,
                is_exposure,
                harm,
                compared,
            });
        };
        let bits = parts.next()?.as_bytes();
        let bit = |place: usize| bits.get(place) == Some(&b'1');
        (of.is_randomised, of.is_prefetch) = (bit(0), bit(1));
        (of.is_first, of.is_washout) = (bit(2), bit(3));
        of.unit = hex(parts.next()?).map(UnitHash);
        Some(Self {
            key,
            is_exposure,
            harm,
            compared: Some(of),
        })
    }
}

/// Undoes `push_encoded`.
pub(super) fn decoded(text: &str) -> Option<String> {
    // Most texts are as they were.
    if !text.as_bytes().contains(&b'%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                (digit()? << 4 | digit()?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
