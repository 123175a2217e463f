//! The tag queries of a language, compiled: patterns for definitions and imports, tables for leaves, by kind of node.

use tree_sitter::Language;

use super::DefinitionKind;
use super::chain::{self, LeafRule};
use super::pattern::{self, Pattern};
use super::reader::RuleError;

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
    pub(super) fn named(name: &str) -> Option<Self> {
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
#[derive(Debug, Default)]
pub(super) struct KindRules {
    /// Patterns of definitions and imports that begin here.
    pub(super) patterns: Vec<Pattern>,
    /// Leaf rules that end here, first match first.
    pub(super) leaf: Vec<LeafRule>,
    /// A leaf rule passes through here and asks for the field.
    pub(super) needs_field: bool,
}

/// Compiled at the first use.
#[derive(Debug)]
pub(in crate::syntax) struct TagRules {
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
        Self::read(language, definitions_and_imports, references).map_err(|error| error.to_string())
    }

    fn read(language: &Language, definitions_and_imports: &str, references: &str) -> Result<Self, RuleError> {
        let mut kinds: Vec<KindRules> = (0..language.node_kind_count()).map(|_| KindRules::default()).collect();
        for pattern in pattern::compile(definitions_and_imports, language)? {
            kinds[usize::from(pattern.kind)].patterns.push(pattern);
        }
        for rule in chain::leaf_rules(references, language)? {
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
                return Err(RuleError("the captured leaf may not be `_`".to_owned()));
            };
            kinds[usize::from(leaf)].leaf.push(rule);
        }
        Ok(Self { kinds })
    }

    /// Finds nothing.
    pub(in crate::syntax) fn none() -> Self {
        Self { kinds: Vec::new() }
    }

    pub(super) fn kind(&self, id: u16) -> Option<&KindRules> {
        self.kinds.get(usize::from(id))
    }
}
