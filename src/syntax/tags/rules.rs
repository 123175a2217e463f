//! The tag queries of a language, compiled: a query for definitions and imports, tables for leaves.

use tree_sitter::{Language, Query};

use super::DefinitionKind;
use super::chain::{self, LeafRule};

/// What a capture of `definitions.scm` and `imports.scm` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagCapture {
    Definition(DefinitionKind),
    Name,
    Body,
    Import,
    ImportPath,
    ImportName,
    Locals,
}

impl TagCapture {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "body" => Self::Body,
            "import" => Self::Import,
            "import.path" => Self::ImportPath,
            "import.name" => Self::ImportName,
            "locals" => Self::Locals,
            _ => Self::Definition(DefinitionKind::named(name.strip_prefix("definition.")?)?),
        })
    }
}

/// What the walk does at nodes of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct KindRules {
    /// A pattern of the query can begin here.
    pub(super) is_root: bool,
    /// Leaf rules that end here, first match first.
    pub(super) leaf: Vec<LeafRule>,
    /// A leaf rule passes through here and asks for the field.
    pub(super) needs_field: bool,
}

/// Compiled at the first use.
#[derive(Debug)]
pub(in crate::syntax) struct TagRules {
    pub(super) query: Option<Query>,
    captures: Vec<Option<TagCapture>>,
    /// By kind id.
    kinds: Vec<KindRules>,
}

impl TagRules {
    /// The texts of the query files. `Err` is a sentence with the reason.
    pub(in crate::syntax) fn compile(
        language: &Language,
        definitions_and_imports: &str,
        references: &str,
    ) -> Result<Self, String> {
        let query = Query::new(language, definitions_and_imports).map_err(|error| error.to_string())?;
        let captures = query.capture_names().iter().map(|name| TagCapture::named(name)).collect();
        let mut kinds = vec![KindRules::default(); language.node_kind_count()];
        let describe = |error: chain::RuleError| error.to_string();
        for kind in chain::root_kinds(definitions_and_imports, language).map_err(describe)? {
            kinds[usize::from(kind)].is_root = true;
        }
        for rule in chain::leaf_rules(references, language).map_err(describe)? {
            for (depth, step) in rule.steps.iter().enumerate() {
                match step.kind {
                    Some(kind) => kinds[usize::from(kind)].needs_field |= step.field.is_some(),
                    // Any kind can stand here.
                    None if depth > 0 && step.field.is_some() => {
                        kinds.iter_mut().for_each(|rules| rules.needs_field = true);
                    }
                    None => {}
                }
            }
            let Some(leaf) = rule.steps.first().and_then(|step| step.kind) else {
                return Err("the captured leaf may not be `_`".to_owned());
            };
            kinds[usize::from(leaf)].leaf.push(rule);
        }
        Ok(Self { query: Some(query), captures, kinds })
    }

    /// Finds nothing.
    pub(in crate::syntax) fn none() -> Self {
        Self { query: None, captures: Vec::new(), kinds: Vec::new() }
    }

    pub(super) fn capture(&self, index: u32) -> Option<TagCapture> {
        self.captures.get(index as usize).copied().flatten()
    }

    pub(super) fn kind(&self, id: u16) -> Option<&KindRules> {
        self.kinds.get(usize::from(id))
    }

    #[cfg(test)]
    pub(super) fn unknown_captures(&self) -> Vec<&str> {
        let names = self.query.as_ref().map_or(&[][..], |query| query.capture_names());
        names.iter().zip(&self.captures).filter(|(_, capture)| capture.is_none()).map(|(name, _)| *name).collect()
    }
}
