//! Cursors in languages whose blocks end by a word or by layout: Ruby, Lua, Elixir, shells, Haskell.

use super::check;

#[test]
fn ruby() {
    check(
        "ruby",
        &[
            ("class A\n  def f(a)\n    $0\n  end\nend\n", "empty; method f; class A"),
            ("class A\n  $0\nend\n", "empty; class A"),
            ("module M\n  $0\nend\n", "empty; module M"),
            ("def f\n  a\n  $0\nend\n", "method f"),
            ("def f\n  $0\n", "empty"),
            ("xs.each do |x|\n  $0\nend\n", "empty; do_block"),
            ("xs.each { |x| $0 }\n", "empty; block"),
            ("def f\n  if x\n    $0\n  end\nend\n", "empty; if; method f"),
            ("def f\n  y if x\n  $0\nend\n", "method f"),
            ("while x\n  $0\nend\n", "empty; while"),
            ("case x\nwhen 1\n  $0\nend\n", "empty; case"),
            ("f(1, $0)\n", "list"),
            ("f(1, $0\n", "list"),
            ("x = [1, $0]\n", "list"),
            ("x = { a: 1, $0 }\n", "list"),
            ("s = \"a #{b$0} c\"\n", "list"),
            ("s = \"a #{b} c$0\"\n", "string"),
            ("s = 'a (b$0'\n", "string"),
            ("s = \"a (b$0\nt = 1\n", "string"),
            ("x = %w[a b$0]\n", "string"),
            ("x = <<~T\n  a$0\nT\n", "string"),
            ("# a$0\nx = 1\n", "comment"),
            ("x = 1 # a$0\n", "comment"),
        ],
    );
}

#[test]
fn lua() {
    check(
        "lua",
        &[
            ("function f(a)\n  $0\nend\n", "empty; function_declaration f"),
            ("local function f(a)\n  $0\nend\n", "empty; function_declaration f"),
            ("local f = function(a)\n  $0\nend\n", "empty; function_definition"),
            ("function A:f()\n  g()\n  $0\nend\n", "function_declaration A:f"),
            ("for i = 1, 3 do\n  $0\nend\n", "empty; for_statement"),
            ("while x do\n  $0\nend\n", "empty; while_statement"),
            ("if x then\n  $0\nend\n", "empty; if_statement"),
            ("if x then\n  a()\nelse\n  $0\nend\n", "empty; if_statement"),
            ("repeat\n  $0\nuntil x\n", "empty; repeat_statement"),
            ("function f()\n  if x then\n    $0\n", "empty"),
            ("f(1, $0)\n", "list"),
            ("f(1, $0\n", "list"),
            ("local t = { a = 1, $0 }\n", "list"),
            ("function f(a, $0", "list"),
            ("local s = \"a (b$0\"\n", "string"),
            ("local s = 'a (b$0\nlocal t = 1\n", "string"),
            ("local s = [[a (b$0]]\n", "string"),
            ("-- a$0\nx = 1\n", "comment"),
            ("--[[ a$0 ]]\nx = 1\n", "comment"),
            ("--[[ a$0", "comment"),
        ],
    );
}

#[test]
fn elixir() {
    check(
        "elixir",
        &[
            ("defmodule A do\n  $0\nend\n", "empty; call A"),
            ("defmodule A do\n  def f(x) do\n    $0\n  end\nend\n", "empty; call f; call A"),
            ("defmodule A do\n  def f(x) do\n    x\n    $0\n  end\nend\n", "call f; call A"),
            ("defmodule A do\n  defp f(x) when x > 1 do\n    $0\n  end\nend\n", "empty; call f; call A"),
            ("def f do\n  if x do\n    $0\n  end\nend\n", "empty; call; call f"),
            ("if x do\n  a()\nelse\n  $0\nend\n", "empty; call"),
            ("case x do\n  $0\nend\n", "empty; call"),
            ("Enum.map(xs, fn x ->\n  $0\nend)\n", "list; anonymous_function"),
            ("def f do\n  $0\n", "empty; call f"),
            ("f(1, $0)\n", "list"),
            ("f(1, $0\n", "list"),
            ("x = %{a: 1, $0}\n", "list"),
            ("x = [1, $0]\n", "list"),
            ("x = {1, $0}\n", "list"),
            ("x = <<1, $0>>\n", "list"),
            ("s = \"a #{b$0} c\"\n", "list"),
            ("s = \"a #{b} c$0\"\n", "string"),
            ("s = \"a (b$0\nt = 1\n", "string"),
            ("s = ~r/a(b$0/\n", "string"),
            ("@doc \"\"\"\na$0\n\"\"\"\n", "string"),
            ("# a$0\nx = 1\n", "comment"),
        ],
    );
}

#[test]
fn bash() {
    check(
        "bash",
        &[
            ("f() {\n  $0\n}\n", "empty; function_definition f"),
            ("function f {\n  $0\n}\n", "empty; function_definition f"),
            ("f() {\n  a\n  $0\n}\n", "function_definition f"),
            ("f() {\n  $0\n\ng() { a; }\n", "empty; block"),
            ("if a; then\n  $0\nfi\n", "empty; if_statement"),
            ("for x in a b; do\n  $0\ndone\n", "empty; for_statement"),
            ("while a; do\n  $0\ndone\n", "empty; while_statement"),
            ("while a; do\n  b\n  $0\ndone\n", "while_statement"),
            ("case $x in\n  $0\nesac\n", "empty; case_statement"),
            ("x=(a b $0)\n", "list"),
            ("x=$(f $0)\n", "list"),
            ("if [[ $0 ]]; then\n  a\nfi\n", "list; if_statement"),
            ("echo \"a $0\"\n", "string"),
            ("echo \"a $(b $0) c\"\n", "list"),
            ("echo 'a (b$0'\n", "string"),
            ("echo \"a (b$0\n", "string"),
            ("cat <<X\na (b$0\nX\n", "string"),
            ("# a$0\nb\n", "comment"),
            ("a # b$0\n", "comment"),
        ],
    );
}

#[test]
fn haskell() {
    check(
        "haskell",
        &[
            ("main = do\n  $0\n", "empty; do; bind main"),
            ("main = do\n  a\n  $0\n", "bind main"),
            ("f x = case x of\n  $0\n", "empty; function f"),
            ("f x = g x $0\n", ""),
            ("class A a where\n  $0\n", "empty"),
            ("instance Show A where\n  $0\n", "empty"),
            ("f x = y\n  where\n    $0\n", "empty"),
            ("f x = [1, $0]\n", "list; function f"),
            ("f x = g (h $0)\n", "list; function f"),
            ("f x = (1, $0\n", "list"),
            ("import Data.List (sort, $0)\n", "list"),
            ("data A = A { a :: Int, $0 }\n", "list; data_type A"),
            ("s = \"a (b$0\"\n", "string; bind s"),
            // The grammar has no token for a quote that nothing closes.
            ("s = \"a (b$0\nt = 1\n", ""),
            ("c = '$0a'\n", "string; bind c"),
            ("-- a$0\nx = 1\n", "comment"),
            ("{- a$0 -}\nx = 1\n", "comment"),
            ("{- a$0", "comment"),
        ],
    );
}
