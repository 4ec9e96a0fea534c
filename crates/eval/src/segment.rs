//! A segment in compiled form.

use crate::conditions::Conditions;
use crate::text_set::TextSet;

#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Never members, and the rest of a list of segments is not asked either.
    pub(crate) excluded: TextSet,
    pub(crate) included: TextSet,
    /// What makes everybody else a member.
    pub(crate) rules: Conditions,
}
