//! The commands of the documents are commands of this program: names and options that are gone fail here. That they do what is said
//! is for the tests of each.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;
use tandem::cli::Arguments;

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut documents: Vec<PathBuf> = listed.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    documents.push(root.join("README.md"));
    documents.sort();
    documents
}

/// Lines of the blocks that are typed into a shell, each with those that go on from it, with their numbers.
fn typed(text: &str) -> Vec<(usize, String)> {
    let mut typed: Vec<(usize, String)> = Vec::new();
    let (mut block, mut goes_on) = (None, false);
    for (number, line) in text.lines().enumerate() {
        if let Some(kind) = line.strip_prefix("```") {
            block = if block.is_none() { Some(kind) } else { None };
            goes_on = false;
            continue;
        }
        let line = match block {
            Some("sh") => line,
            // What is printed stands below what is typed.
            Some("console") if goes_on => line,
            Some("console") => match line.strip_prefix("$ ") {
                Some(line) => line,
                None => continue,
            },
            _ => continue,
        };
        let (line, is_cut) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        match typed.last_mut() {
            Some((_, before)) if goes_on => before.push_str(line),
            _ => typed.push((number + 1, line.to_owned())),
        }
        goes_on = is_cut;
    }
    typed
}

/// The words of each command of a line, as a shell takes them apart, as far as the documents need it.
fn commands(line: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '&' | ';' | '>' | '<') => {
                // What goes on in a file's name is none of the command's words.
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    commands.push(words);
    commands
}

/// Behind variables and what runs other programs.
fn of_tandem(words: &[String]) -> Option<&[String]> {
    let is_before = |word: &String| word.contains('=') || matches!(word.as_str(), "time" | "exec" | "nice");
    let start = words.iter().position(|word| !is_before(word))?;
    let own = words.get(start..)?;
    (own.first()? == "tandem").then_some(own)
}

/// None where it is understood; help and the version are. `NUMBER` stands for one.
fn complaint(words: &[String]) -> Option<clap::Error> {
    let words = words.iter().map(|word| if word == "NUMBER" { "1" } else { word });
    let error = Arguments::command().try_get_matches_from(words).err()?;
    (!matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)).then_some(error)
}

#[test]
fn what_is_to_be_typed_is_understood() {
    let (mut complaints, mut seen) = (Vec::new(), 0);
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for (number, line) in typed(&text) {
            for words in commands(&line) {
                let Some(own) = of_tandem(&words) else { continue };
                seen += 1;
                if let Some(error) = complaint(own) {
                    complaints.push(format!("{}:{number}: {line}\n{error}", document.display()));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(seen > 40, "of the documents' commands {seen} were found");
}

/// In running text a command may lack what it needs, or have words for people in it; what it has must be there.
#[test]
fn what_the_text_names_is_there() {
    let (mut complaints, mut seen) = (Vec::new(), 0);
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let named =
            text.split('`').skip(1).step_by(2).filter(|code| code.starts_with("tandem ") && !code.contains('\n'));
        for code in named {
            let Some(words) = commands(code).into_iter().next() else { continue };
            seen += 1;
            let is_gone =
                |error: &clap::Error| matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
            if let Some(error) = complaint(&words).filter(is_gone) {
                complaints.push(format!("{}: {code}\n{error}", document.display()));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(seen > 60, "of the documents' commands {seen} were found");
}

#[test]
fn a_line_is_taken_apart_as_a_shell_does() {
    let apart = |line: &str| commands(line);
    assert_eq!(apart("tandem a 'b c' # d"), [["tandem", "a", "b c"]]);
    assert_eq!(
        apart("A=1 tandem a#b | head -1 && tandem \"\""),
        [vec!["A=1", "tandem", "a#b"], vec!["head", "-1"], vec![], vec!["tandem", ""]]
    );
    assert_eq!(of_tandem(&["A=1".to_owned(), "tandem".to_owned()]).map(<[String]>::len), Some(1));
    assert_eq!(of_tandem(&["curl".to_owned(), "tandem".to_owned()]), None);
    let text = "```sh\na \\\n  b\n```\n```console\n$ c\nprinted\n```\n```toml\nd\n```\n";
    assert_eq!(typed(text), [(2, "a   b".to_owned()), (6, "c".to_owned())]);
}
