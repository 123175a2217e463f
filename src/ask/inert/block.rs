//! Fenced code, as generously as any renderer sees it, so that it can be written as every renderer sees it.

/// Bytes of indentation, quote marks and list markers before a fence.
const LONGEST_PREFIX: usize = 60;
/// Backquotes or tildes of a fence, or of a run in a line.
pub const LONGEST_RUN: usize = 64;
/// Bytes behind the mark that opens a fence.
const LONGEST_INFO: usize = 256;
/// White space around the mark that closes one.
const LONGEST_SPACE: usize = 64;
/// Longest name of a language.
const LONGEST_LANGUAGE: usize = 32;
/// Languages that renderers do not show but run or draw.
const DRAWN: &[&str] = &[
    "asciimath",
    "d2",
    "dot",
    "echarts",
    "flowchart",
    "geojson",
    "graphviz",
    "html-preview",
    "katex",
    "latex-preview",
    "math",
    "mermaid",
    "plantuml",
    "puml",
    "sequence",
    "stl",
    "svgbob",
    "tikz",
    "topojson",
    "vega",
    "vega-lite",
    "wavedrom",
];

/// A fence that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    character: char,
    count: usize,
    /// Quote marks before it: a line without one ends it.
    quotes: usize,
    /// White space before it, which its lines have, too.
    indent: usize,
    pub language: String,
}

impl Fence {
    pub fn mark(&self) -> String {
        String::from(self.character).repeat(self.count)
    }
}

/// What a line begins with.
#[derive(Debug, PartialEq, Eq)]
pub enum Prefix<'a> {
    /// It depends on what comes.
    Unknown,
    Text,
    /// `length`: of the whole line with its end.
    Fence {
        fence: Fence,
        markers: &'a str,
        length: usize,
    },
}

/// Looks at the start of a line outside of code.
pub fn prefix_of(rest: &str, is_end: bool) -> Prefix<'_> {
    let bytes = rest.as_bytes();
    let (mut at, mut quotes, mut indent) = (0, 0, 0);
    let unknown = if is_end { Prefix::Text } else { Prefix::Unknown };
    loop {
        if at > LONGEST_PREFIX {
            return Prefix::Text;
        }
        let Some(byte) = bytes.get(at) else { return unknown };
        match byte {
            b' ' | b'\t' => {
                indent += 1;
                at += 1;
            }
            b'>' => {
                (quotes, indent) = (quotes + 1, 0);
                at += 1;
            }
            b'-' | b'*' | b'+' | b'0'..=b'9' => {
                let digits = bytes[at..].iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
                let mark = at + digits;
                match bytes.get(mark) {
                    None => return unknown,
                    Some(b'-' | b'*' | b'+') if digits == 0 => {}
                    Some(b'.' | b')') if (1..=9).contains(&digits) => {}
                    Some(_) => return Prefix::Text,
                }
                match bytes.get(mark + 1) {
                    None => return unknown,
                    Some(b' ' | b'\t') => {}
                    Some(_) => return Prefix::Text,
                }
                // The lines below are as deep as what follows the marker.
                indent += mark + 1 - at;
                at = mark + 1;
            }
            b'`' | b'~' => break,
            _ => return Prefix::Text,
        }
    }
    let character = char::from(bytes[at]);
    let run = bytes[at..].iter().take(LONGEST_RUN + 1).take_while(|byte| **byte == bytes[at]).count();
    if run > LONGEST_RUN {
        return Prefix::Text;
    }
    if at + run == rest.len() && !is_end {
        return Prefix::Unknown;
    }
    if run < 3 {
        return Prefix::Text;
    }
    let after = &rest[at + run..];
    let line = after.split('\n').next().unwrap_or_default();
    if line.len() > LONGEST_INFO || (character == '`' && line.contains('`')) {
        return Prefix::Text;
    }
    let has_end = after.len() > line.len();
    if !has_end && !is_end {
        return Prefix::Unknown;
    }
    let language: String =
        line.trim_start().chars().take_while(|c| c.is_alphanumeric() || "_+#.-".contains(*c)).collect();
    let is_drawn = DRAWN.contains(&language.to_lowercase().as_str()) || language.len() > LONGEST_LANGUAGE;
    let language = if is_drawn { String::new() } else { language };
    let fence = Fence { character, count: run, quotes, indent, language };
    Prefix::Fence { fence, markers: &rest[..at], length: at + run + line.len() + usize::from(has_end) }
}

/// The start of a line within a fence.
#[derive(Debug, PartialEq, Eq)]
pub struct LineStart {
    /// What is taken off it, or the whole of the line that ends the fence.
    pub length: usize,
    pub is_end: bool,
}

/// None where it depends on what comes. Every line that may end the fence for some renderer ends it.
pub fn closes(fence: &Fence, rest: &str, is_end: bool) -> Option<LineStart> {
    let bytes = rest.as_bytes();
    let space = |from: usize, most: usize| {
        bytes[from..].iter().take(most).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    };
    let is_unknown = |at: usize| at >= bytes.len() && !is_end;
    let mut at = 0;
    for _ in 0..fence.quotes {
        let mark = at + space(at, 4);
        if is_unknown(mark) {
            return None;
        }
        if bytes.get(mark) != Some(&b'>') {
            return Some(LineStart {
                length: 0,
                is_end: at == 0 || bytes.get(mark).is_some_and(|byte| *byte != b'\n'),
            });
        }
        at = mark + 1;
        if is_unknown(at) {
            return None;
        }
        at += usize::from(bytes.get(at) == Some(&b' ') && fence.indent > 0);
    }
    let own = at + space(at, fence.indent.saturating_sub(usize::from(fence.quotes > 0)));
    let mark = own + space(own, LONGEST_SPACE);
    if is_unknown(mark) && mark - own < LONGEST_SPACE {
        return None;
    }
    let content = Some(LineStart { length: own, is_end: false });
    let character = fence.character as u8;
    let most = LONGEST_RUN * 2;
    let run = bytes[mark.min(bytes.len())..].iter().take(most).take_while(|byte| **byte == character).count();
    if is_unknown(mark + run) && run < most {
        return None;
    }
    if run < fence.count {
        return content;
    }
    let end = mark + run + space(mark + run, LONGEST_SPACE);
    match bytes.get(end) {
        Some(b'\n') => Some(LineStart { length: end + 1, is_end: true }),
        // The rest of a line that is too long to be waited for is text.
        _ if run == most || end - mark - run == LONGEST_SPACE => Some(LineStart { length: end, is_end: true }),
        Some(_) => content,
        None if is_end => Some(LineStart { length: end, is_end: true }),
        None => None,
    }
}
