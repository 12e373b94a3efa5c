//! Expressions, a node a record.

use super::Writer;
use super::reads::Reader;
use crate::finding::Finding;
use crate::model::{Expression, Model, Operation, TARGETING_KEY};
use flagstone_core::MAX_EXPRESSION_DEPTH;
use flagstone_core::layout::{ExpressionRecord, Section};

/// Writes a snapshot without flags, whose expression 0 is this one.
pub(crate) fn alone(expression: &Expression) -> Vec<u8> {
    let model = Model::default();
    let mut writer = Writer::new(&model);
    writer.attribute(TARGETING_KEY, "");
    writer.expression(expression, Reader::Flag(0), "");
    writer.attributes();
    super::assemble(&writer.tables)
}

impl Writer<'_> {
    /// Writes an expression; gives its number.
    pub(super) fn expression(
        &mut self,
        expression: &Expression,
        reader: Reader,
        path: &str,
    ) -> u32 {
        if cfg!(not(feature = "expressions")) {
            let message = text!("this program was built without expressions");
            self.error("no-expressions", path, message);
            return 0;
        }
        if expression.depth() > usize::from(MAX_EXPRESSION_DEPTH) {
            let message = text!("the expression is nested more than {MAX_EXPRESSION_DEPTH} deep");
            self.findings
                .push(Finding::error("too-deep", path, message));
        }
        let root = self.tables.count(Section::Expressions);
        // The arguments of a node lie together behind it: those of all nodes on a level follow each other.
        let mut open = vec![expression];
        let mut at = 0;
        while let Some(node) = open.get(at).copied() {
            let first = root + open.len() as u32;
            let record = self.node(node, first, reader, path);
            if let Expression::Constants(inside)
            | Expression::Apply {
                arguments: inside, ..
            } = node
            {
                open.extend(inside);
            }
            self.tables.push(Section::Expressions, &record);
            at += 1;
        }
        root
    }

    fn node(
        &mut self,
        node: &Expression,
        first: u32,
        reader: Reader,
        path: &str,
    ) -> ExpressionRecord {
        let (operation, detail, a, b) = match node {
            Expression::Undefined => (Operation::Undefined, 0, 0, 0),
            Expression::Null => (Operation::Null, 0, 0, 0),
            Expression::Boolean(value) => (Operation::Boolean, 0, u32::from(*value), 0),
            Expression::Number(number) => {
                let bits = number.to_bits();
                (Operation::Number, 0, bits as u32, (bits >> 32) as u32)
            }
            Expression::Text(text) => {
                let (offset, len) = self.tables.long_text(text);
                (Operation::Text, 0, offset, len)
            }
            Expression::Object(members) => (Operation::Object, 0, *members, 0),
            Expression::Constants(inside) => (Operation::Constants, 0, first, inside.len() as u32),
            Expression::Attribute(name) => {
                let attribute = self.read_attribute(name, reader, path);
                (Operation::Attribute, 0, attribute.into(), 0)
            }
            Expression::Apply {
                operation,
                detail,
                arguments,
            } => {
                let first = if arguments.is_empty() { 0 } else { first };
                (*operation, *detail, first, arguments.len() as u32)
            }
        };
        ExpressionRecord {
            operation: operation as u8,
            reserved: 0,
            detail,
            a,
            b,
        }
    }
}
