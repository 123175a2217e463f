//! The process-wide part of llama.cpp: its one-time start and its log, which goes to `tracing` and never to a stream.
//! llama.cpp says only in its log why a load failed and what memory it took, so the loading thread collects these lines.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::sync::OnceLock;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_sys_2 as sys;

/// Environment that a process which loads llama.cpp should be started with. Set by whoever spawns it: changing the
/// environment of a running process is not sound.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    // An assertion in C++ code otherwise forks a debugger for a backtrace, which takes seconds and writes to the terminal.
    ("GGML_NO_BACKTRACE", "1"),
    // OpenMP threads otherwise spin while they wait and starve the editor on a busy machine.
    ("OMP_WAIT_POLICY", "passive"),
];

/// Most lines of each kind that are kept of one load.
const MOST_LINES: usize = 64;

thread_local! {
    /// What llama.cpp said on this thread; None while nobody collects.
    static COLLECTED: RefCell<Option<Collected>> = const { RefCell::new(None) };
}

/// What llama.cpp said during some work.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub complaints: Vec<String>,
    /// Lines about the sizes of buffers.
    pub sizes: Vec<String>,
}

/// The backend, started at the first call.
///
/// # Errors
/// When llama.cpp refuses to start; the same answer every time.
pub(super) fn backend() -> Result<&'static LlamaBackend, String> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    BACKEND
        .get_or_init(|| {
            // SAFETY: the callback is a plain function that lives as long as the process and takes no user data.
            unsafe {
                sys::llama_log_set(Some(forward_log), std::ptr::null_mut());
                sys::ggml_log_set(Some(forward_log), std::ptr::null_mut());
            }
            #[cfg(feature = "dynamic-backends")]
            super::modules::load()?;
            LlamaBackend::init().map_err(|error| format!("llama.cpp did not start: {error}"))
        })
        .as_ref()
        .map_err(Clone::clone)
}

/// Runs `work` and returns, beside its result, what llama.cpp complained of on this thread meanwhile.
pub(super) fn collect_complaints<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let (result, collected) = collect(work);
    (result, collected.complaints)
}

/// Runs `work` and returns, beside its result, what llama.cpp said on this thread meanwhile.
pub(super) fn collect<T>(work: impl FnOnce() -> T) -> (T, Collected) {
    let outer = COLLECTED.with(|collected| collected.borrow_mut().replace(Collected::default()));
    let result = work();
    let inner = COLLECTED.with(|collected| collected.borrow_mut().take()).unwrap_or_default();
    // Whoever collects around us wants these lines, too.
    if let Some(mut outer) = outer {
        outer.complaints.extend(inner.complaints.iter().cloned());
        outer.sizes.extend(inner.sizes.iter().cloned());
        COLLECTED.with(|collected| *collected.borrow_mut() = Some(outer));
    }
    (result, inner)
}

/// The complaint that says most: the last one that is not a mere consequence of an earlier one.
pub(super) fn reason_of(complaints: &[String]) -> Option<String> {
    const CONSEQUENCES: &[&str] = &["failed to load model", "failed to initialize the context", "error loading model"];
    let telling = complaints.iter().rev().find_map(|complaint| {
        // `llama_model_load: error loading model: REASON`: the reason stands behind the last known preamble.
        let text = CONSEQUENCES
            .iter()
            .filter_map(|preamble| complaint.find(preamble).map(|at| &complaint[at + preamble.len()..]))
            .next()
            .unwrap_or_else(|| complaint.split_once(": ").map_or(complaint.as_str(), |(_, rest)| rest));
        let text = text.trim_matches([':', ' ', '\n', '\'']).trim();
        (text.len() > 3 && !text.starts_with("from file")).then_some(text)
    });
    telling.map(|text| text.chars().take(300).collect())
}

unsafe extern "C" fn forward_log(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: llama.cpp passes a NUL-terminated string that lives for the call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let text = text.trim_end();
    if text.is_empty() || text == "." {
        return;
    }
    let is_error = level == sys::GGML_LOG_LEVEL_ERROR;
    if is_error || level == sys::GGML_LOG_LEVEL_WARN {
        tracing::debug!(target: "tandem::llama_cpp", "{text}");
    } else {
        tracing::trace!(target: "tandem::llama_cpp", "{text}");
    }
    if !is_error && !text.contains(" MiB") {
        return;
    }
    // A failing load may log while the thread-local is already gone; then nobody collects.
    let _ = COLLECTED.try_with(|collected| {
        if let Some(collected) = collected.borrow_mut().as_mut() {
            let list = if is_error { &mut collected.complaints } else { &mut collected.sizes };
            if list.len() < MOST_LINES {
                list.push(text.to_owned());
            }
        }
    });
}
