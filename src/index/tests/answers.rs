//! Answers.
use super::*;
