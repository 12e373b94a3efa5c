//! c
pub struct DescribedRule;
pub struct DescribedTest;
