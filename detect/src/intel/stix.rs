//! How are patterns of STIX read, and what do they name?

pub mod lexer;
pub mod meaning;
pub mod parser;
