//! What a template may take of this machine, where the library does not count it: the stack, and what Python's methods and JSON make
//! of long texts.
//!
//! Not bounded is the text of lists that repeat themselves (`[x] * n`), which the library makes before it counts it.

use std::fmt::{self, Write};
use std::thread;

use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind, State, filters};

/// Bytes of the stack that templates are read and run on. The library goes as deep as expressions and values are nested: a template
/// of 64 KiB (`LONGEST_TEMPLATE`) made of one operator took 75 MB without optimisation. Only what is used takes memory.
const STACK: usize = 256 << 20;
/// Bytes of a text that a method is called on or with, and of what it makes of them: it reads and writes all of it, which costs no
/// fuel. What is said is a mark of a few bytes to a template.
pub const LONGEST_TEXT: usize = 64 << 10;
/// Blanks before each level of JSON; people take two or four.
const WIDEST_INDENT: i64 = 16;

/// Does something that may nest deeply.
///
/// # Errors
/// Its own, and a sentence where there is no room for a thread.
pub fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("chat-template".to_owned()).stack_size(STACK);
        let running =
            builder.spawn_scoped(scope, work).map_err(|error| format!("there is no thread for it: {error}"))?;
        running.join().unwrap_or_else(|_| Err("it makes the template library fail".to_owned()))
    })
}

/// Python's methods, on texts of a length that they may have. A text is paid for by each call.
pub fn method(state: &mut State, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    // Of lists and maps methods look at one entry, and texts in arguments may be within lists.
    let own = if value.as_str().is_some() { length(value)? } else { 0 };
    let given =
        arguments.iter().try_fold(0_usize, |sum, argument| length(argument).map(|bytes| sum.saturating_add(bytes)))?;
    let bytes = match (name, value.as_str()) {
        // Every field may write all that is given, as wide as the format says.
        ("format", Some(text)) => {
            let fields = text.bytes().filter(|byte| *byte == b'{').count();
            let widths = text.split(|character: char| !character.is_ascii_digit()).map(|digits| match digits {
                "" => 0,
                digits => digits.parse().unwrap_or(usize::MAX),
            });
            let widths =
                widths.chain(arguments.iter().filter_map(Value::as_usize).map(|width| width.saturating_mul(fields)));
            own.saturating_add(fields.saturating_mul(given)).saturating_add(widths.fold(0, usize::saturating_add))
        }
        _ => own.saturating_add(given),
    };
    if bytes > LONGEST_TEXT {
        return Err(too_long(bytes));
    }
    state.consume_fuel(bytes as u64 / 64)?;
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, arguments)
}

/// JSON of a value of a length that it may have.
pub fn tojson(state: &State, value: &Value, indent: Option<Value>, arguments: Kwargs) -> Result<Value, Error> {
    let widest = [indent.clone(), arguments.peek::<Value>("indent").ok()].into_iter().flatten();
    if widest.filter_map(|indent| i64::try_from(indent).ok()).any(|indent| indent > WIDEST_INDENT) {
        let why = format!("it indents JSON by more than {WIDEST_INDENT}");
        return Err(Error::new(ErrorKind::InvalidOperation, why));
    }
    state.consume_fuel(length(value)? as u64 / 64)?;
    filters::tojson(value, indent, arguments)
}

fn too_long(bytes: usize) -> Error {
    let why = format!("it works on a text of {bytes} bytes, and {LONGEST_TEXT} are the most");
    Error::new(ErrorKind::InvalidOperation, why)
}

/// Bytes of a value's text, counted and not kept.
fn length(value: &Value) -> Result<usize, Error> {
    struct Counted(usize);

    impl Write for Counted {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            if self.0 > LONGEST_TEXT { Err(fmt::Error) } else { Ok(()) }
        }
    }

    if let Some(text) = value.as_str() {
        return Ok(text.len());
    }
    let mut counted = Counted(0);
    write!(counted, "{value}").map(|()| counted.0).map_err(|_| too_long(counted.0))
}
