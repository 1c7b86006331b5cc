//! stub
use super::Output;
use crate::analysis::Analysis;
use crate::text::Text;
use std::collections::BTreeMap;
/// x
pub struct InspectExtra {
    /// x
    pub paths: BTreeMap<Text, u64>,
    /// x
    pub show_paths: bool,
}
/// x
pub fn report(_a: &Analysis, _e: &InspectExtra) -> Output {
    Output::default()
}
