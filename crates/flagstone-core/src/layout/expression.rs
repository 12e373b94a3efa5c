//! Expressions: nodes, each with an operation.

use super::codes::codes;
use super::define_records;

define_records! {
    /// A node of an expression. Its arguments lie together, behind it.
    ExpressionRecord {
        /// An [`Operation`].
        operation: u8 = 0,
        /// 0.
        reserved: u8 = 1,
        /// What else the operation must know: a [`Relation`], an [`Arithmetic`], an [`Around`] or a number.
        detail: u16 = 2,
        /// The first argument; of a constant the lower half of its bits, of text its place in data, of an attribute its
        /// number.
        a: u32 = 4,
        /// Number of arguments; of a constant the upper half of its bits, of text its bytes.
        b: u32 = 8,
    } = 12;
}

codes! {
    /// What a node of an expression gives. Values are those of JavaScript, and so are their conversions; "fails" gives up
    /// the evaluation.
    Operation: u8 {
        /// Nothing at all.
        Undefined = 0,
        /// Null.
        Null = 1,
        /// The boolean `a` (0 or 1).
        Boolean = 2,
        /// The 64-bit float `ab`.
        Number = 3,
        /// The `b` bytes of data at `a`.
        Text = 4,
        /// An object with `a` members that are not known.
        Object = 5,
        /// A list of constants: the `b` nodes from `a` on.
        Constants = 6,
        /// The attribute `a`.
        Attribute = 7,
        /// The whole context.
        Context = 8,
        /// What the iteration looks at, `detail` iterations further out.
        Element = 9,
        /// What is known about that iteration itself, as its `Around` says.
        Iteration = 10,
        /// The position of the element in its list.
        Position = 11,
        /// What was kept last in this iteration, or outside of all.
        Kept = 12,
        /// The time of the evaluation in whole seconds since 1970.
        Now = 13,
        /// Fails.
        Fail = 14,
        /// A list of the arguments.
        List = 15,
        /// The argument, which is kept.
        Keep = 16,
        /// Pairs of a question and an answer, and an answer for the rest: the answer of the first question that is true.
        If = 17,
        /// The first argument that is not true to JavaScript, else the last.
        And = 18,
        /// The first argument that is true to JavaScript, else the last.
        Or = 19,
        /// The first argument that is neither null nor undefined, else the last.
        Coalesce = 20,
        /// The first argument that is not undefined, else the last.
        Defined = 21,
        /// The first argument that is true to JsonLogic (`detail` 1) or not true (0), else the last.
        First = 22,
        /// The argument, or whether it has anything in it if it is a list or an object: what JsonLogic takes for true.
        Truth = 23,
        /// Whether the argument is not true to JavaScript.
        Not = 24,
        /// Sum of numbers, or all as text if one of two is.
        Add = 25,
        /// What remains of the first number without the others.
        Subtract = 26,
        /// Product.
        Multiply = 27,
        /// Quotient.
        Divide = 28,
        /// Remainder, with the sign of the first.
        Remainder = 29,
        /// The number with the other sign.
        Negate = 30,
        /// The argument as a number.
        ToNumber = 31,
        /// The argument; fails for NaN, lists and objects.
        Numeric = 32,
        /// Whether two arguments stand in the `Relation`.
        Compare = 33,
        /// The first argument as it is compared with the second: fails unless both are text or null or can be numbers.
        Comparable = 34,
        /// Whether each argument stands in the `Relation` to the next, both as numbers unless both are text or null; fails
        /// for what is no number.
        Ordered = 35,
        /// As `Ordered`, with the differences that JsonLogic's function for four and more has.
        Chained = 36,
        /// The elements of a list, brought together by the `Arithmetic`; as compiled rules do it.
        Gather = 37,
        /// The elements of a list, or a single value, brought together by the `Arithmetic`; as interpreted rules do it.
        Total = 38,
        /// A member of the first argument, which must not be null; the second says which.
        Member = 39,
        /// The same; undefined of null.
        Optional = 40,
        /// The first element of a list, any other value itself.
        Head = 41,
        /// Whether the argument is a list.
        IsList = 42,
        /// The argument; fails unless it is a list of at least `detail` elements.
        Sized = 43,
        /// The argument, in a list of its own if it is none.
        AsList = 44,
        /// Whether the first argument, text or a list, includes the second.
        Includes = 45,
        /// Whether the second element of a list includes the first; nothing is included in what is not true to JavaScript.
        In = 46,
        /// The second argument for each element of the first.
        Map = 47,
        /// The elements for which the second argument is true to JsonLogic.
        Filter = 48,
        /// Whether the second argument is true to JsonLogic for one element.
        Some = 49,
        /// Whether it is for every element.
        Every = 50,
        /// As `Some`, also over the characters of text; over nothing for anything else.
        SomeOf = 51,
        /// As `Every`, in the same way.
        EveryOf = 52,
        /// The elements of the first argument brought together by the second, beginning with the third or the first element.
        Reduce = 53,
        /// The elements of a list, and of the lists among them.
        Merge = 54,
        /// The largest of a list of numbers.
        Max = 55,
        /// The smallest.
        Min = 56,
        /// A part of text: a list of text, where from, how much.
        Substring = 57,
        /// Whether of two texts in a list the first begins with the second; null for anything else.
        StartsWith = 58,
        /// Whether it ends with it.
        EndsWith = 59,
        /// How two versions in a list stand to each other, with the question between them; null for anything else.
        SemVer = 60,
        /// The variant for a unit, by weights: a list of buckets, maybe behind what is hashed; then the text and the unit that
        /// are hashed otherwise. null if that makes no sense.
        Fractional = 61,
        /// A value by a path that is computed, with a second argument if there is none.
        Lookup = 62,
        /// Of pairs of a name and a value, the names whose value is undefined.
        Undefineds = 63,
        /// The paths of a list that lead nowhere.
        Missing = 64,
        /// The same for the second element of a list, or none if as many as the first element says do lead somewhere.
        MissingSome = 65,
        /// The elements of a list as one text, without those that are null; any other value as text.
        Cat = 66,
        /// The argument as text, unless it is null or undefined.
        Written = 67,
    }
}

codes! {
    /// How two values stand to each other, by JavaScript's operators.
    Relation: u16 {
        /// `==`
        Equal = 0,
        /// `!=`
        NotEqual = 1,
        /// `===`
        Same = 2,
        /// `!==`
        NotSame = 3,
        /// `<`
        Less = 4,
        /// `<=`
        AtMost = 5,
        /// `>`
        Greater = 6,
        /// `>=`
        AtLeast = 7,
    }
}

codes! {
    /// What brings the elements of a list together.
    Arithmetic: u16 {
        /// `+`
        Add = 0,
        /// `-`
        Subtract = 1,
        /// `*`
        Multiply = 2,
        /// `/`
        Divide = 3,
        /// `%`
        Remainder = 4,
    }
}

codes! {
    /// What an iteration is to the expressions inside, beyond its element.
    Around: u16 {
        /// An object of the list and the position.
        Pair = 0,
        /// The list.
        List = 1,
        /// null.
        Nothing = 2,
    }
}

impl Operation {
    /// Whether `a` and `b` are arguments.
    #[inline]
    pub const fn has_arguments(self) -> bool {
        self as u8 >= Self::List as u8 || matches!(self, Self::Constants)
    }

    /// Whether it is a value that is known beforehand.
    #[inline]
    pub const fn is_constant(self) -> bool {
        self as u8 <= Self::Constants as u8
    }
}
