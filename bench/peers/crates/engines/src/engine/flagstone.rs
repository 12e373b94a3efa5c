//! Ours.

use super::Engine;
use crate::workload::User;
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, FlagIndex, Snapshot, UnixMillis, Value,
};

const NOW: UnixMillis = UnixMillis(1_795_376_100_000);

pub struct Flagstone {
    source: &'static [u8],
    copies: bool,
    snapshot: Option<Snapshot<'static>>,
    evaluators: Vec<Evaluator<'static, 'static, Visitor>>,
}

/// What each attribute of the snapshot is for one user.
struct Visitor(Vec<AttributeValue<'static>>);

impl Attributes for Visitor {
    #[inline]
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let value = self.0.get(usize::from(index.0)).copied();
        value.unwrap_or(AttributeValue::Missing)
    }
}

impl Flagstone {
    /// Reads the bytes where they lie, as a caller may who has read or received them, or a copy of them.
    pub fn new(source: Vec<u8>, copies: bool) -> Self {
        Self {
            source: source.leak(),
            copies,
            snapshot: None,
            evaluators: Vec::new(),
        }
    }

    fn snapshot(&self) -> Snapshot<'static> {
        self.snapshot.expect("loaded")
    }

    #[inline(always)]
    fn is_on(&self, evaluator: &Evaluator<'_, '_, Visitor>, flag: FlagIndex) -> bool {
        let variant = evaluator.evaluate(flag).variant;
        variant.is_some_and(|variant| matches!(variant.value(), Value::Boolean(true)))
    }
}

impl Engine for Flagstone {
    /// As a node does: opened, and compared with their digest.
    fn load(&mut self) {
        let bytes = if self.copies {
            self.source.to_vec().leak()
        } else {
            self.source
        };
        let snapshot = Snapshot::open(bytes).expect("a snapshot");
        assert!(snapshot.is_intact(), "a snapshot as it was written");
        let nobody = Evaluator::new(snapshot, &(), NOW);
        let first = snapshot.flags().next().expect("a flag");
        std::hint::black_box(nobody.evaluate(first.index()));
        self.snapshot = Some(snapshot);
    }

    fn unload(&mut self) {
        self.evaluators.clear();
        if let Some(snapshot) = self.snapshot.take().filter(|_| self.copies) {
            let bytes = snapshot.bytes();
            // SAFETY: `load` has leaked exactly these bytes, and what has pointed there is gone.
            drop(unsafe {
                Vec::from_raw_parts(bytes.as_ptr().cast_mut(), bytes.len(), bytes.len())
            });
        }
    }

    fn borrowed(&self) -> usize {
        if self.copies { 0 } else { self.source.len() }
    }

    fn prepare(&mut self, users: &[User]) {
        let snapshot = self.snapshot();
        let visitor = |user: &User| {
            let text = |text: &str| AttributeValue::Text(text.to_owned().leak());
            let values = (0..snapshot.attribute_count()).map(|index| {
                let attribute = snapshot.attribute(AttributeIndex(index));
                match attribute.map_or("", |attribute| attribute.name) {
                    "user.key" => text(&user.key),
                    "visitor.country" => text(&user.country),
                    "visitor.version" => text(&user.app_version),
                    "visitor.email" => text(&user.email),
                    _ => AttributeValue::Missing,
                }
            });
            let visitor: &'static Visitor = Box::leak(Box::new(Visitor(values.collect())));
            Evaluator::new(snapshot, visitor, NOW)
        };
        self.evaluators = users.iter().map(visitor).collect();
    }

    fn evaluate(&self, key: &str, user: usize) -> bool {
        let evaluator = &self.evaluators[user];
        let flag = evaluator.find(key);
        flag.is_some_and(|flag| self.is_on(evaluator, flag))
    }

    fn evaluate_all(&self, _: &[&str], user: usize) -> u32 {
        let evaluator = &self.evaluators[user];
        let flags = (0..self.snapshot().flag_count()).map(FlagIndex);
        flags.filter(|flag| self.is_on(evaluator, *flag)).count() as u32
    }
}
