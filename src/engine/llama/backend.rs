//! The process-wide part of llama.cpp: its one-time start and its log, which goes to `tracing` and never to a stream.
//! llama.cpp says only in its log why a load failed, so the loading thread collects the complaints.

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

/// Most complaints that are kept of one load.
const MOST_COMPLAINTS: usize = 64;

thread_local! {
    /// What llama.cpp complained of on this thread; None while nobody collects.
    static COMPLAINTS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
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
    COMPLAINTS.with(|complaints| *complaints.borrow_mut() = Some(Vec::new()));
    let result = work();
    let complaints = COMPLAINTS.with(|complaints| complaints.borrow_mut().take()).unwrap_or_default();
    (result, complaints)
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
    match level {
        sys::GGML_LOG_LEVEL_ERROR | sys::GGML_LOG_LEVEL_WARN => {
            tracing::debug!(target: "tandem::llama_cpp", "{text}");
            // A failing load may log while the thread-local is already gone; then nobody collects.
            let _ = COMPLAINTS.try_with(|complaints| {
                if let Some(complaints) = complaints.borrow_mut().as_mut()
                    && level == sys::GGML_LOG_LEVEL_ERROR
                    && complaints.len() < MOST_COMPLAINTS
                {
                    complaints.push(text.to_owned());
                }
            });
        }
        _ => tracing::trace!(target: "tandem::llama_cpp", "{text}"),
    }
}
