//! What does a hunter know that needs no engine: user agents, beacons, indicators, Sigma rules, findings, their report?

pub mod agents;
pub mod beacon;
pub mod finding;
pub mod hunt;
pub mod intel;
pub mod listing;
pub mod order;
pub mod pdns;
pub mod pivot;
pub mod repeat;
pub mod report;
pub mod sigma;
pub mod visible;
