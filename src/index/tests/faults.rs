//! Faults.
use super::*;
