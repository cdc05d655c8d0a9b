//! Do inputs become evidence? Formats alone, and the pipeline against real stores.

mod damage;
mod evidence;
mod exact;
mod faults;
mod formats;
mod growth;
mod inputs;
mod parsed;
mod samples;
mod support;
