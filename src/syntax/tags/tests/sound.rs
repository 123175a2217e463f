//! What must hold of the tags of any text in any language. The fuzz target `extract` includes this file, too.

use super::{Definition, DefinitionKind, Place, Tags};

/// Ranges lie in the text, places are theirs, containers hold what they contain, and all lists are in order.
#[track_caller]
pub fn assert_sound(text: &[u8], tags: &Tags) {
    let places = Places::of(text);
    let mut last = 0;
    let mut around: Vec<&Definition> = Vec::new();
    for (index, definition) in tags.definitions.iter().enumerate() {
        assert_in(text, &definition.range);
        assert_in(text, &definition.name);
        assert!(!definition.name.is_empty(), "a name of nothing: {definition:?}");
        assert!(covers(definition, &definition.name), "the name stands elsewhere: {definition:?}");
        assert_eq!(places.at(definition.range.start), definition.start, "{definition:?}");
        assert_eq!(places.at(definition.range.end), definition.end, "{definition:?}");
        assert_eq!(places.at(definition.name.start), definition.name_at, "{definition:?}");
        if let Some(body) = definition.body {
            assert!(covers(definition, &(body..body)), "the body begins elsewhere: {definition:?}");
        }
        if let Some(container) = definition.container {
            assert!((container as usize) < index, "held by a later one: {definition:?}");
            let container = &tags.definitions[container as usize];
            assert!(covers(container, &definition.range), "{definition:?} is not in {container:?}");
        }
        around.retain(|outer| covers(outer, &definition.range) && outer.range != definition.range);
        // What a constructor defines is its type's, and very deep in the text the outer ones hold everything.
        let is_usual = around.len() < 32 && around.last().is_none_or(|outer| outer.kind != DefinitionKind::Constructor);
        if is_usual {
            let container = definition.container.map(|container| &tags.definitions[container as usize].range);
            assert_eq!(container, around.last().map(|outer| &outer.range), "the innermost one holds {definition:?}");
        }
        around.push(definition);
        assert!(last <= definition.range.start, "not in the order of the text: {definition:?}");
        last = definition.range.start;
    }
    let mut last = 0;
    for reference in &tags.references {
        assert_in(text, &reference.name);
        assert!(!reference.name.is_empty(), "a use of nothing: {reference:?}");
        assert_eq!(places.at(reference.name.start), reference.at, "{reference:?}");
        assert!(last <= reference.name.start, "not in the order of the text: {reference:?}");
        last = reference.name.start;
    }
    let mut last = Place::default();
    for import in &tags.imports {
        assert!(places.exists(import.at), "{import:?}");
        assert!(last <= import.at, "not in the order of the text: {import:?}");
        last = import.at;
    }
}

#[track_caller]
fn assert_in(text: &[u8], range: &std::ops::Range<u32>) {
    assert!(range.start <= range.end && range.end as usize <= text.len(), "{range:?} of {} bytes", text.len());
}

fn covers(definition: &Definition, range: &std::ops::Range<u32>) -> bool {
    definition.range.start <= range.start && range.end <= definition.range.end
}

/// Where the rows of a text begin.
struct Places {
    starts: Vec<u32>,
    end: u32,
}

impl Places {
    fn of(text: &[u8]) -> Self {
        let ends = (1..).zip(text).filter(|(_, byte)| **byte == b'\n').map(|(next, _)| next);
        Self { starts: std::iter::once(0).chain(ends).collect(), end: text.len() as u32 }
    }

    fn at(&self, byte: u32) -> Place {
        let row = self.starts.partition_point(|start| *start <= byte) - 1;
        Place { row: row as u32, column: byte - self.starts[row] }
    }

    fn exists(&self, place: Place) -> bool {
        let row = place.row as usize;
        self.starts.get(row).is_some_and(|start| {
            let end = self.starts.get(row + 1).copied().unwrap_or(self.end + 1);
            start.checked_add(place.column).is_some_and(|byte| byte < end)
        })
    }
}
