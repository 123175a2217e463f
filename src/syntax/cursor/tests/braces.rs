//! Cursors in C#, PHP, Kotlin, Swift, Scala and Zig, whose blocks stand in braces.

use super::check;

#[test]
fn csharp() {
    check(
        "csharp",
        &[
            (
                "namespace N\n{\n    public class A\n    {\n        $0\n    }\n}\n",
                "empty; class_declaration A; namespace_declaration N",
            ),
            ("class A {\n    int F(int a)\n    {\n        $0\n\n    int G() => 1;\n}\n", "empty; method_declaration F"),
            ("class A {\n    int F() => G(1, $0);\n}\n", "list; method_declaration F; class_declaration A"),
            (
                "class A {\n    public int N\n    {\n        get { $0 }\n    }\n}\n",
                "empty; accessor_declaration get; property_declaration N; class_declaration A",
            ),
            ("enum E\n{\n    $0\n}\n", "empty; enum_declaration E"),
            ("xs.Where(x => x.$0);\n", "list"),
            (
                "void F()\n{\n    void G()\n    {\n        $0\n    }\n}\n",
                "empty; local_function_statement G; local_function_statement F",
            ),
            ("void F()\n{\n    var p = new P { $0\n", "list; block"),
            ("return x switch\n{\n    $0\n};\n", "empty; switch_expression"),
            ("var s = $\"a {b$0} c\";\n", ""),
            ("var s = $\"a {b} c$0\";\n", "string"),
            ("var s = \"a (b$0\nvar t = 1;\n", "string"),
            ("/* a$0", "comment"),
        ],
    );
}

#[test]
fn php() {
    check(
        "php",
        &[
            (
                "<?php\nnamespace N;\nclass A\n{\n    public function f(): void\n    {\n        $0\n    }\n}\n",
                "empty; method_declaration f; class_declaration A",
            ),
            (
                "<?php\nnamespace N {\n    class A {\n        $0\n    }\n}\n",
                "empty; class_declaration A; namespace_definition N",
            ),
            (
                "<?php\nclass A {\n    function f($a) {\n        $0\n\n    function g() {}\n}\n",
                "empty; method_declaration f; class_declaration A",
            ),
            ("<?php\nf(1, $0\n", "list"),
            ("<?php\nenum E: string { $0 }\n", "empty; enum_declaration E"),
            ("<?php\nreturn match ($x) {\n    $0\n};\n", "empty; match_expression"),
            ("<?php\nusort($a, function ($x, $y) {\n    $0\n", "empty; block"),
            ("<?php\nuse A\\{B, $0\n", "list"),
            ("<?php\nuse A\\{$0\n", "list"),
            ("<?php\n$s = \"a {$b->na$0me} d\";\n", "list"),
            ("<?php\n$s = \"a (b$0\n$t = 1;\n", "string"),
            ("<?php\n$s = <<<X\n  a$0\n  X;\n", "string"),
            ("<p><?= f($0) ?></p>\n", "list"),
        ],
    );
}

#[test]
fn kotlin() {
    check(
        "kotlin",
        &[
            (
                "class A {\n    fun f(a: Int): Int {\n        $0\n\n    fun g() {}\n}\n",
                "empty; function_declaration f; class_declaration A",
            ),
            ("class A(val x: Int) {\n    $0\n}\n", "empty; class_declaration A"),
            ("data class A(val x: Int, $0)\n", "list"),
            ("enum class E { $0 }\n", "empty; class_declaration E"),
            (
                "class A {\n    companion object {\n        $0\n    }\n}\n",
                "empty; companion_object; class_declaration A",
            ),
            ("class A {\n    val n: Int\n        get() { $0 }\n}\n", "empty; getter; class_declaration A"),
            ("xs.map {\n    g(x, $0\n}\n", "list; lambda_literal"),
            ("fun f() = g(1, $0)\n", "list; function_declaration f"),
            ("val r = object : R {\n    $0\n}\n", "empty; object_literal"),
            ("fun f() {\n    if (x) {\n        $0\n", "empty; block"),
            ("fun f() {\n    when (x) {\n        $0\n    }\n}\n", "empty; when_expression; function_declaration f"),
            ("val s = \"a ${b$0} c\"\n", "list"),
            ("val s = \"a (b$0\nval t = 1\n", "string"),
        ],
    );
}

#[test]
fn swift() {
    check(
        "swift",
        &[
            (
                "class A {\n    func f(a: Int) {\n        $0\n\n    func g() {}\n}\n",
                "empty; function_declaration f; class_declaration A",
            ),
            ("enum E { $0 }\n", "empty; class_declaration E"),
            ("extension A: B {\n    func f() { $0 }\n}\n", "empty; function_declaration f; class_declaration A"),
            (
                "class A {\n    init(a: Int) {\n        $0\n    }\n}\n",
                "empty; init_declaration init; class_declaration A",
            ),
            (
                "class A {\n    var n: Int {\n        get { $0 }\n    }\n}\n",
                "empty; computed_getter; property_declaration n; class_declaration A",
            ),
            (
                "class A {\n    var n = 1 {\n        didSet { $0 }\n    }\n}\n",
                "empty; didset_clause; property_declaration n; class_declaration A",
            ),
            ("xs.map {\n    g(x, $0\n}\n", "list; lambda_literal"),
            ("let d = [\"a\": $0\n", "list"),
            ("func f() {\n    guard let x = y else { $0 }\n}\n", "empty; guard_statement; function_declaration f"),
            ("func f() {\n    if let x = y {\n        $0\n", "empty; block"),
            ("switch x {\n$0\n}\n", "empty; switch_statement"),
            ("let s = \"a \\(f(b, $0)) c\"\n", "list"),
            ("let s = \"a (b$0\nlet t = 1\n", "string"),
        ],
    );
}

#[test]
fn scala() {
    check(
        "scala",
        &[
            ("class A {\n  $0\n}\n", "empty; class_definition A"),
            (
                "object A {\n  def f(x: Int): Int = {\n    $0\n  }\n}\n",
                "empty; function_definition f; object_definition A",
            ),
            (
                "trait A {\n  def f(): Unit = {\n    $0\n\n  def g = 1\n}\n",
                "empty; function_definition f; trait_definition A",
            ),
            ("object A:\n  def f(x: Int): Int =\n    $0\n", "empty"),
            ("object A {\n  x match {\n    $0\n  }\n}\n", "empty; match_expression; object_definition A"),
            ("object A {\n  xs.map { x =>\n    $0\n  }\n}\n", "empty; block; object_definition A"),
            ("object A {\n  if (x) {\n    $0\n  }\n}\n", "empty; block; object_definition A"),
            ("object A {\n  if (x) {\n    $0\n", "empty; block"),
            ("object A {\n  f(1, $0)\n}\n", "list; object_definition A"),
            ("object A {\n  f(1, $0\n}\n", "list; object_definition A"),
            ("case class A(x: Int, $0)\n", "list"),
            ("import a.{B, $0}\n", "list"),
            ("object A {\n  val m = Map[Int, $0]()\n}\n", "list; object_definition A"),
            ("object A {\n  val s = s\"a ${b$0} c\"\n}\n", "block; object_definition A"),
            ("object A {\n  val s = s\"a ${b} c$0\"\n}\n", "string; object_definition A"),
            ("object A {\n  val s = \"a (b$0\"\n}\n", "string; object_definition A"),
            ("// a$0\nclass A\n", "comment"),
            ("/* a$0 */\nclass A\n", "comment"),
        ],
    );
}

#[test]
fn zig() {
    check(
        "zig",
        &[
            ("fn f(a: u32) u32 {\n    $0\n}\n", "empty; function_declaration f"),
            ("fn f() void {\n    a();\n    $0\n}\n", "function_declaration f"),
            ("fn f() void {\n    $0\n\nfn g() void {}\n", "empty; block"),
            ("const A = struct {\n    $0\n};\n", "empty; variable_declaration A"),
            (
                "const A = struct {\n    fn f() void {\n        $0\n    }\n};\n",
                "empty; function_declaration f; variable_declaration A",
            ),
            ("const E = enum {\n    $0\n};\n", "empty; variable_declaration E"),
            ("fn f() void {\n    if (x) {\n        $0\n    }\n}\n", "empty; block; function_declaration f"),
            ("fn f() void {\n    for (xs) |x| {\n        $0\n", "empty; block"),
            (
                "fn f() void {\n    switch (x) {\n        $0\n    }\n}\n",
                "empty; switch_expression; function_declaration f",
            ),
            ("test \"a\" {\n    $0\n}\n", "empty; test_declaration a"),
            ("fn f() void {\n    g(1, $0);\n}\n", "list; function_declaration f"),
            ("fn f() void {\n    g(1, $0\n}\n", "list; function_declaration f"),
            ("fn f(a: u32, $0", "list"),
            ("const p = A{ .x = 1, $0 };\n", "list"),
            ("const p = .{ 1, $0 };\n", "list"),
            ("const p = A{ .x = $0", "list"),
            ("const s = \"a (b$0\";\n", "string"),
            ("const s = \"a (b$0\nconst t = 1;\n", "string"),
            ("const s =\n    \\\\a (b$0 c\n;\n", "string"),
            ("const c = '$0a';\n", "string"),
            ("// a$0\nconst a = 1;\n", "comment"),
        ],
    );
}
