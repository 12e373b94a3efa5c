//! Records of rollouts' plans. Evaluation reads a plan's ramp; the rest is for whoever advances the rollout.

use super::define_records;

define_records! {
    /// The plan of a rollout.
    PlanRecord {
        /// Its id, in data.
        id_offset: u32 = 0,
        /// The flag.
        flag: u32 = 4,
        /// The share over the plan's own time, which is the sum of the dwells so far.
        ramp: u32 = 8,
        /// The first of its stages.
        stages: u32 = 12,
        /// The first of its windows.
        windows: u32 = 16,
        /// The first of its freezes.
        freezes: u32 = 20,
        /// The first of its zone's offsets.
        offsets: u32 = 24,
        /// The zone's name, in data.
        zone_offset: u32 = 28,
        /// Bytes of the id.
        id_len: u16 = 32,
        /// Bytes of the zone's name.
        zone_len: u16 = 34,
        /// The variant that is rolled out, counted from the flag's first.
        variant: u16 = 36,
        /// Number of stages.
        stages_count: u16 = 38,
        /// Number of windows; 0 if it may grow at any time.
        windows_count: u16 = 40,
        /// Number of freezes.
        freezes_count: u16 = 42,
        /// Number of offsets; 0 without windows.
        offsets_count: u16 = 44,
        /// Bits: [`PLAN_STRAIGHT`](super::PLAN_STRAIGHT).
        flags: u16 = 46,
        /// Until when the offsets are known: milliseconds since 1970.
        known_until: i64 = 48,
        /// The first index of its goals, which are in the order of their weight.
        goals: u32 = 56,
        /// How many; up to 4.
        goals_count: u16 = 60,
        /// 0.
        reserved: u16 = 62,
    } = 64;

    /// A stage of a rollout.
    StageRecord {
        /// The least time in it, in milliseconds.
        dwell: i64 = 0,
        /// Parts per million, at its beginning.
        share: u32 = 8,
    } = 12;

    /// A time of the week, in the plan's zone.
    WindowRecord {
        /// Bit 0 is Monday, bit 6 Sunday.
        days: u16 = 0,
        /// The first minute of the day.
        from: u16 = 2,
        /// The minute after the last; up to 1440.
        to: u16 = 4,
        /// 0.
        reserved: u16 = 6,
    } = 8;

    /// A time in which a rollout may not grow.
    FreezeRecord {
        /// Its beginning: milliseconds since 1970.
        from: i64 = 0,
        /// Its end, not included.
        to: i64 = 8,
        /// Why, in data.
        why_offset: u32 = 16,
        /// Bytes of that text.
        why_len: u16 = 20,
        /// 0.
        reserved: u16 = 22,
    } = 24;

    /// What a zone adds to UTC.
    OffsetRecord {
        /// From when on: milliseconds since 1970.
        at: i64 = 0,
        /// Seconds.
        seconds: i32 = 8,
    } = 12;

    /// What visitors are to reach: requests that an origin answers well, or with an event.
    GoalRecord {
        /// The name, in data.
        name_offset: u32 = 0,
        /// The host pattern, in data.
        host_offset: u32 = 4,
        /// The path pattern, in data.
        path_offset: u32 = 8,
        /// The method, in data.
        method_offset: u32 = 12,
        /// The name of the event, in data.
        event_offset: u32 = 16,
        /// Bytes of the name.
        name_len: u16 = 20,
        /// Bytes of the host pattern; 0 for every host.
        host_len: u16 = 22,
        /// Bytes of the path pattern.
        path_len: u16 = 24,
        /// Bytes of the method; 0 for every method.
        method_len: u16 = 26,
        /// Bytes of the event's name; 0 if a status from 200 to 399 is enough.
        event_len: u16 = 28,
        /// 0.
        reserved: u16 = 30,
    } = 32;
}
