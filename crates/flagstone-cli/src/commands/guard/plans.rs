//! The plans of a snapshot, as a guard goes by them.

use flagstone_core::{Plan, Snapshot, Weight};
use flagstone_rollout::{Calendar, Freeze, Ladder, LadderError, Offset, Timetable, Window};

/// The plan of a flag's rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Key of the flag.
    pub flag: String,
    /// The plan's id.
    pub plan: String,
    /// Key of the variant that is rolled out.
    pub variant: String,
    pub ladder: Ladder,
    pub timetable: Timetable,
}

/// Why a plan cannot be led by a guard.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfit {
    /// Its share grows within a stage, so that there is no share to compare with.
    Straight,
    /// Its shares are no ladder.
    Ladder(LadderError),
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Straight => f.write_str(
                "grows on a straight line, a guard needs stages: there is no share to compare with",
            ),
            Self::Ladder(error) => error.fmt(f),
        }
    }
}

/// The plans of a snapshot, and which of them cannot be led.
pub fn all(snapshot: &Snapshot<'_>) -> (Vec<Planned>, Vec<(String, Unfit)>) {
    let (mut plans, mut unfit) = (Vec::new(), Vec::new());
    for plan in snapshot.plans() {
        let flag = snapshot.flag(plan.flag);
        let key = flag.map_or("", |flag| flag.key()).to_owned();
        let variant = flag.and_then(|flag| flag.variant(plan.variant));
        let variant = variant.map_or("", |variant| variant.key()).to_owned();
        match read(&plan) {
            Ok((ladder, timetable)) => plans.push(Planned {
                flag: key,
                plan: plan.id.to_owned(),
                variant,
                ladder,
                timetable,
            }),
            Err(why) => unfit.push((key, why)),
        }
    }
    (plans, unfit)
}

fn read(plan: &Plan<'_>) -> Result<(Ladder, Timetable), Unfit> {
    if plan.is_straight() {
        return Err(Unfit::Straight);
    }
    let shares: Vec<f64> = plan
        .stages()
        .map(|stage| f64::from(stage.share) / f64::from(Weight::TOTAL.0))
        .collect();
    let ladder = Ladder::new(&shares).map_err(Unfit::Ladder)?;
    let timetable = Timetable {
        dwells_ms: plan.stages().map(|stage| stage.dwell).collect(),
        straight: false,
        calendar: Calendar {
            offsets: plan
                .offsets()
                .map(|offset| Offset {
                    at_ms: offset.at,
                    seconds: offset.seconds,
                })
                .collect(),
            known_until_ms: plan.known_until(),
            windows: plan
                .windows()
                .map(|window| Window {
                    days: window.days as u8,
                    from: window.from,
                    to: window.to,
                })
                .collect(),
            freezes: plan
                .freezes()
                .map(|(freeze, why)| Freeze {
                    from_ms: freeze.from,
                    to_ms: freeze.to,
                    why: why.to_owned(),
                })
                .collect(),
        },
    };
    Ok((ladder, timetable))
}
