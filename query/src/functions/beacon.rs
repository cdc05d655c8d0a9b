//! How do the functions that rate the rhythm of requests (`detect::beacon`) come to DataFusion?

pub(super) mod udaf;
