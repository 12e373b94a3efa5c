//! flagd's `fractional`, version 2.

use super::Machine;
use super::value::Value;
use crate::hash::{Murmur3, reduce};

impl<'v> Machine<'_, 'v> {
    /// The variant of a unit's bucket; null if the arguments make no sense.
    ///
    /// COMPAT(flagd): the daemon hashes UTF-8, as is done here; flagd-core for JavaScript takes other bytes beyond ASCII.
    #[inline(never)]
    pub(super) fn fractional(
        &mut self,
        arguments: Value<'v>,
        salt: Value<'v>,
        unit: Value<'v>,
    ) -> Option<Value<'v>> {
        let list = arguments.elements()?;
        if list.len() == 0 {
            return Some(Value::Null);
        }
        let mut hash = Murmur3::new(0);
        let mut first = 0;
        let given = list.element(self, 0);
        if given.is_text() {
            hash.update(self.bytes(given)?);
            first = 1;
        } else {
            if !self.is_true(unit) {
                return Some(Value::Null);
            }
            hash.update(self.bytes(salt)?);
            let mark = self.memory.mark();
            let unit = self.written(unit)?;
            hash.update(self.bytes(unit)?);
            self.memory.reset(mark);
        }
        let mut total = 0.0;
        for index in first..list.len() {
            self.step()?;
            let bucket = list.element(self, index);
            let Some((_, weight)) = self.bucket(bucket) else {
                return Some(Value::Null);
            };
            total += weight;
        }
        if total > f64::from(i32::MAX) {
            return Some(Value::Null);
        }
        let position = f64::from(reduce(hash.finish(), total as u32));
        let mut end = 0.0;
        for index in first..list.len() {
            let bucket = list.element(self, index);
            let (variant, weight) = self.bucket(bucket)?;
            end += weight;
            if end > position {
                return Some(variant);
            }
        }
        Some(Value::Null)
    }

    /// The variant and the weight of a bucket; `None` if it is none.
    fn bucket(&self, bucket: Value<'v>) -> Option<(Value<'v>, f64)> {
        let list = bucket.elements()?;
        if list.len() == 0 || list.len() > 2 {
            return None;
        }
        let variant = match list.element(self, 0) {
            Value::Undefined => Value::Null,
            variant => variant,
        };
        if variant.is_object() {
            return None;
        }
        if list.len() == 1 {
            return Some((variant, 1.0));
        }
        let Value::Number(weight) = list.element(self, 1) else {
            return None;
        };
        // Beyond 53 bits every number is whole.
        let is_whole = weight.is_finite()
            && (weight.abs() >= 9_007_199_254_740_992.0 || weight == weight as i64 as f64);
        is_whole.then_some((variant, weight.max(0.0)))
    }
}
