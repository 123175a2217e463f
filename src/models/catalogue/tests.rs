//! The whole table, checked.

use super::*;

#[test]
fn the_builtin_catalogue_can_be_read() {
    Catalogue::read(TEXT).unwrap();
}
