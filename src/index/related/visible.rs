//! Whether a definition can be used from another file at all, as far as its language says so in one place: by a modifier, by the
//! case of its name, by where it stands.

use crate::index::facts::Symbol;
use crate::index::resolve::split;
use crate::index::signatures::{Access, Brief};
use crate::index::state::File;
use crate::syntax::DefinitionKind;

/// What the question is about.
pub struct Definition<'a> {
    pub file: &'a File,
    pub symbol: &'a Symbol,
    pub name: &'a str,
    pub signature: &'a Brief,
}

/// False only where it is sure. `from` is the path of the file that would use it.
pub fn is_visible(definition: &Definition<'_>, from: &str) -> bool {
    let Definition { file, symbol, name, signature } = definition;
    if &*file.path == from {
        return true;
    }
    let holder = symbol.container.and_then(|outer| file.facts.symbols.get(outer as usize)).map(|outer| outer.kind);
    let is_of_class = matches!(holder, Some(DefinitionKind::Class | DefinitionKind::Struct));
    let is_beside = split(&file.path).0 == split(from).0;
    match file.language.map_or("", |language| &language.name) {
        "java" if is_of_class && signature.access == Access::Unsaid => is_beside,
        "csharp" if is_of_class && signature.access == Access::Unsaid => false,
        "go" => is_beside || name.starts_with(char::is_uppercase),
        "c" | "cpp" => holder.is_some() || !signature.is_static || is_header(&file.path),
        // An item without `pub` is known in its own module and those inside of it.
        "rust" if holder.is_none() && symbol.kind != DefinitionKind::Macro && signature.access == Access::Unsaid => {
            is_inner_module(from, &file.path)
        }
        _ => signature.access != Access::Private,
    }
}

fn is_header(path: &str) -> bool {
    path.rsplit_once('.').is_none_or(|(_, extension)| !matches!(extension, "c" | "cc" | "cpp" | "cxx" | "m" | "mm"))
}

/// Whether a file of Rust is a module inside of that of another file.
fn is_inner_module(inner: &str, outer: &str) -> bool {
    let (directory, name) = split(outer);
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    if matches!(stem, "mod" | "lib" | "main") {
        return directory.is_empty() || inner.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
    }
    let module = outer.strip_suffix(".rs").unwrap_or(outer);
    inner.strip_prefix(module).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::Bench;

    /// Whether the last definition of a file is visible from another.
    #[track_caller]
    fn check(path: &str, text: &str, from: &str, expected: bool) {
        let bench = Bench::new(&[(path, text)]);
        let index = bench.open();
        let file = index.read().file_at(path).unwrap().clone();
        let signatures = index.shared.signatures(&file).unwrap();
        let symbol = file.facts.symbols.last().unwrap();
        let name = index.read().names().get(symbol.name).to_owned();
        let signature = signatures.last().unwrap().as_ref().unwrap();
        let definition = Definition { file: &file, symbol, name: &name, signature };
        assert_eq!(is_visible(&definition, from), expected, "{text} from {from}");
    }

    #[test]
    fn what_another_file_cannot_use_is_not_visible() {
        check("a/A.java", "class A { private void f() {} }", "a/B.java", false);
        check("a/A.java", "class A { void f() {} }", "a/B.java", true);
        check("a/A.java", "class A { void f() {} }", "b/B.java", false);
        check("a/A.java", "interface A { void f(); }", "b/B.java", true);
        check("A.cs", "class A { void F() {} }", "B.cs", false);
        check("A.cs", "class A { internal void F() {} }", "B.cs", true);
        check("a/x.go", "package a\nfunc f() {}\n", "b/y.go", false);
        check("a/x.go", "package a\nfunc F() {}\n", "b/y.go", true);
        check("x.c", "static int f(void) { return 1; }\n", "y.c", false);
        check("x.h", "static int f(void) { return 1; }\n", "y.c", true);
        check("src/a.rs", "fn f() {}\n", "src/b.rs", false);
        check("src/a.rs", "fn f() {}\n", "src/a/tests.rs", true);
        check("src/a/mod.rs", "fn f() {}\n", "src/a/b.rs", true);
        check("src/a.rs", "pub(crate) fn f() {}\n", "src/b.rs", true);
        check("src/a.rs", "trait A {\n    fn f();\n}\n", "src/b.rs", true);
        check("a.kt", "class A { private fun f() {} }", "b.kt", false);
        check("a.py", "def _f(): pass\n", "b.py", true);
    }

    #[test]
    fn its_own_file_sees_everything() {
        check("a/A.java", "class A { private void f() {} }", "a/A.java", true);
    }
}
