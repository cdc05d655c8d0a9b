//! What do others know of evil: indicators, read from the lists of others and matched against requests?

pub mod csv;
pub mod defang;
pub mod gather;
pub mod indicator;
pub mod json;
pub mod matcher;
pub mod normal;
pub mod reader;
pub mod stix;
pub mod table;
pub mod time;
pub mod warning;

pub use indicator::{Found, Indicator, Kind, Place, Skipped};
