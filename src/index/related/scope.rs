//! Variables and the types that the text says they have. Nothing is computed: what is written beside a name counts, in the
//! ways in which the usual languages write it.

/// Words that stand before or behind a type's name and are no variables.
const KEYWORDS: &[&str] = &[
    "abstract",
    "and",
    "as",
    "async",
    "await",
    "case",
    "catch",
    "class",
    "const",
    "default",
    "else",
    "enum",
    "except",
    "extends",
    "extension",
    "final",
    "for",
    "from",
    "fun",
    "func",
    "if",
    "impl",
    "implements",
    "import",
    "in",
    "inline",
    "instanceof",
    "interface",
    "internal",
    "is",
    "isinstance",
    "let",
    "mut",
    "new",
    "not",
    "open",
    "or",
    "override",
    "package",
    "permits",
    "private",
    "protected",
    "public",
    "raise",
    "readonly",
    "record",
    "ref",
    "return",
    "sealed",
    "static",
    "struct",
    "synchronized",
    "throw",
    "throws",
    "trait",
    "transient",
    "type",
    "typealias",
    "typeof",
    "use",
    "using",
    "val",
    "var",
    "virtual",
    "volatile",
    "when",
    "where",
    "with",
];
/// Words that may be types in what is written behind a variable.
const MOST_TYPES: usize = 3;

/// Pairs of a variable and a type, in the order of the text: `x: &mut T`, `x = T(`, `x = T::new(`, `x = new T(`, `T x`, `List<T> x`,
/// and Go's `x *pkg.T`. Types are names that begin with a capital.
pub fn variables(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().flat_map(of_line)
}

fn of_line(line: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    // Data is no declaration.
    if line.len() > 1_000 {
        return found;
    }
    let words: Vec<(usize, usize)> = words(line).collect();
    for (index, (start, end)) in words.iter().copied().enumerate() {
        let word = &line[start..end];
        let next = words.get(index + 1).map(|next| (&line[end..next.0], &line[next.0..next.1]));
        if is_variable(word) {
            found.extend(spoken(&line[end..]).map(|name| (word, name)));
            // `x *pkg.T`: the type behind the variable without a mark.
            if let Some((_, name)) = next.filter(|(gap, _)| is_gap(gap, &[' ', '*', '[', ']'])) {
                if is_type(name) {
                    found.push((word, name));
                } else if let Some((dot, name)) =
                    words.get(index + 2).map(|more| (&line[words[index + 1].1..more.0], &line[more.0..more.1]))
                    && dot == "."
                    && is_type(name)
                {
                    found.push((word, name));
                }
            }
        } else if is_type(word)
            && let Some((gap, variable)) = next
            && is_gap(gap, &[' ', '*', '&', '?', '[', ']', '>'])
            && is_variable(variable)
        {
            found.push((variable, word));
            // What holds it: `Map` in `Map<Key, T> x`.
            if gap.contains('>')
                && let Some(outer) = line[..start].rfind('<').and_then(|at| last_word(&line[..at]))
            {
                found.push((variable, outer));
            }
        }
    }
    found.retain(|(_, name)| is_type(name));
    found
}

/// Types in what follows a variable's name: behind its colon or equals sign.
fn spoken(behind: &str) -> impl Iterator<Item = &str> {
    let behind = behind.trim_start_matches([' ', '\t', '?', '!']);
    let rest = behind.strip_prefix(":=").or_else(|| behind.strip_prefix(':').filter(|rest| !rest.starts_with(':')));
    let rest = rest.or_else(|| behind.strip_prefix('=').filter(|rest| !rest.starts_with(['=', '>'])));
    let end = |rest: &str| rest.find([';', ',', ')', '\n']).unwrap_or(rest.len());
    let rest = rest.map_or("", |rest| &rest[..end(rest)]);
    words(rest).map(|(start, end)| &rest[start..end]).filter(|word| is_type(word)).take(MOST_TYPES)
}

fn is_gap(gap: &str, allowed: &[char]) -> bool {
    gap.len() <= 8 && gap.contains(' ') && gap.chars().all(|character| allowed.contains(&character))
}

fn is_type(word: &str) -> bool {
    word.trim_start_matches('_').starts_with(char::is_uppercase)
}

fn is_variable(word: &str) -> bool {
    let is_name = word.starts_with(|first: char| first.is_lowercase() || first == '_');
    is_name && !is_type(word) && !KEYWORDS.contains(&word)
}

/// Where each word begins and ends.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text.get(rest..)?.find(is_word)?;
        let end = text[start..].find(|character| !is_word(character)).map_or(text.len(), |length| start + length);
        rest = end;
        Some((start, end))
    })
}

pub fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The word that a text ends with; None for a number.
pub fn last_word(text: &str) -> Option<&str> {
    let rest = text.trim_end_matches(is_word);
    Some(&text[rest.len()..]).filter(|word| word.starts_with(|first: char| first.is_alphabetic() || first == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        assert_eq!(variables(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn types_are_read_where_languages_write_them() {
        check("fn f(x: &mut Ledger, y: u8) {", &[("x", "Ledger")]);
        check("let x = Ledger::open(a);", &[("x", "Ledger")]);
        check("    private final Timer timeout;", &[("timeout", "Timer")]);
        check("var x = new Ledger(a);", &[("x", "Ledger")]);
        check("Map<String, Ledger> byName = null;", &[("byName", "Ledger"), ("byName", "Map")]);
        check("constructor(private readonly x?: Ledger) {", &[("x", "Ledger")]);
        check("func (c *cobra.Command) run(out Writer, n int) {", &[("c", "Command"), ("out", "Writer")]);
        check("x := &Ledger{}", &[("x", "Ledger")]);
        check("const Ledger *x = get();", &[("x", "Ledger")]);
        check("x = Ledger(1)", &[("x", "Ledger")]);
    }

    #[test]
    fn what_is_no_declaration_says_nothing() {
        check("return Ledger.open(x);", &[]);
        check("if x == Ledger { A::b(c) }", &[]);
        check("class Ledger extends Base {", &[]);
        check("let n: u8 = 1; // ä", &[]);
        check(&format!("Ledger x{}", " ".repeat(2_000)), &[]);
    }
}
