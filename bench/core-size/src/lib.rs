//! The core as a bare wasm with one export, to be weighed: `bench/budgets.toml` holds its ceiling.
//!
//! The host puts a snapshot, a flag's key and attributes into memory and calls [`evaluate`]. Nothing else is linked in;
//! there is no allocator.
#![cfg_attr(target_arch = "wasm32", no_std)]

use flagstone_core::{AttributeIndex, AttributeValue, Attributes, Evaluator, Snapshot, UnixMillis};

/// Attributes one behind the other: number (2 bytes), kind (1), length (4), value; all little-endian.
struct Flat<'a>(&'a [u8]);

impl Attributes for Flat<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let mut rest = self.0;
        while let Some(([a, b, kind, c, d, e, f], tail)) = rest.split_first_chunk::<7>() {
            let len = u32::from_le_bytes([*c, *d, *e, *f]) as usize;
            let Some((value, next)) = tail.split_at_checked(len) else {
                break;
            };
            if u16::from_le_bytes([*a, *b]) == index.0 {
                return read(*kind, value);
            }
            rest = next;
        }
        AttributeValue::Missing
    }
}

fn read(kind: u8, value: &[u8]) -> AttributeValue<'_> {
    match kind {
        0 => core::str::from_utf8(value).map_or(AttributeValue::Object(&()), AttributeValue::Text),
        1 => value
            .first_chunk()
            .map_or(AttributeValue::Object(&()), |bits| {
                AttributeValue::Number(f64::from_le_bytes(*bits))
            }),
        2 => AttributeValue::Boolean(value.first().is_some_and(|byte| *byte != 0)),
        _ => AttributeValue::Object(&()),
    }
}

/// Decides a flag: the variant's position in the lower 16 bits, the reason in the next 8; -1 if there is none.
///
/// # Safety
/// Each pointer leads to as many readable bytes as its length says.
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn evaluate(
    snapshot: *const u8,
    snapshot_len: usize,
    key: *const u8,
    key_len: usize,
    attributes: *const u8,
    attributes_len: usize,
    now: i64,
) -> i32 {
    // SAFETY: as the caller promises.
    let (bytes, key, attributes) = unsafe {
        (
            core::slice::from_raw_parts(snapshot, snapshot_len),
            core::slice::from_raw_parts(key, key_len),
            core::slice::from_raw_parts(attributes, attributes_len),
        )
    };
    decide(bytes, key, attributes, UnixMillis(now)).unwrap_or(-1)
}

fn decide(bytes: &[u8], key: &[u8], attributes: &[u8], now: UnixMillis) -> Option<i32> {
    let snapshot = Snapshot::open(bytes).ok()?;
    let flag = snapshot.find(core::str::from_utf8(key).ok()?)?;
    let attributes = Flat(attributes);
    let evaluator = Evaluator::new(snapshot, &attributes, now);
    let decision = evaluator.evaluate(flag);
    let variant = decision.variant?.index.0;
    Some(i32::from(variant) | (decision.reason as i32) << 16)
}

/// Nothing above panics; the language wants to know all the same.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
