//! Questions that JavaScript answers.

use super::Writer;
use super::question::{Question, outcomes};
use crate::model::{Js, Scalar};
use crate::regex::Dialect;
use crate::sort::sorted;
use flagstone_core::layout::{NumberRecord, Op, Section};
use std::ops::ControlFlow;

impl Writer<'_> {
    pub(super) fn js(&mut self, js: &Js, path: &str) -> Question {
        match js {
            Js::Text(text) => self.text(Op::JsTextEqual, text),
            Js::LowerText(text) => self.text(Op::JsTextEqual, text).ignoring_case(),
            Js::Number(number) => Question::wide(Op::JsNumberEqual, number.to_bits()),
            Js::Truthy => Question::new(Op::JsTruthy, 0, 0),
            Js::Compare(order, Scalar::Text(text)) => {
                let text = self.one_text(text);
                Question::new(Op::JsTextOrder, text, outcomes(*order))
            }
            Js::Compare(order, scalar) => {
                let bits = match scalar {
                    Scalar::Number(number) => number.to_bits(),
                    Scalar::Boolean(value) => f64::from(u8::from(*value)).to_bits(),
                    Scalar::Text(_) => 0,
                };
                let number = self.tables.push(Section::Numbers, &NumberRecord { bits });
                Question::new(Op::JsNumberOrder, number, outcomes(*order))
            }
            Js::Json(text) => self.text(Op::JsonEqual, text),
            Js::Version(order, version) => {
                let mut padded = String::new();
                let _ = flagstone_core::padded_version(version, &mut |piece| {
                    padded.push_str(piece);
                    ControlFlow::Continue(())
                });
                let text = self.one_text(&padded);
                Question::new(Op::PaddedVersion, text, outcomes(*order))
            }
            Js::OneOfLower(texts) => {
                let texts = sorted(texts.iter().map(String::as_str).collect());
                let (first, count) = self.texts(&texts);
                Question::new(Op::LowerIn, first, count)
            }
            Js::Matches {
                pattern,
                ignore_case,
            } => {
                let program = self.program(Dialect::EcmaScript, pattern, *ignore_case, path);
                Question::new(Op::JsProgram, program, 0)
            }
            Js::Type(kinds) => Question::new(Op::TypeIn, *kinds, 0),
        }
    }
}
