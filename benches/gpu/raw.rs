//! llama.cpp by itself, as its `llama-bench` measures: a prompt of 512 tokens in one call, then 128 tokens one by one, tokens
//! of no meaning. The crate of llama.cpp does not carry that program, so its loops are written here. Their settings are its
//! defaults: batches of 2048, steps of 512, all layers on the device.

use std::ffi::CString;
use std::path::Path;
use std::time::Instant;

use llama_cpp_sys_2 as sys;

const PROMPT: usize = 512;
const GENERATED: usize = 128;

/// Tokens a second of each repetition.
pub struct Figures {
    pub prompt: Vec<f64>,
    pub generated: Vec<f64>,
}

struct Loaded {
    model: *mut sys::llama_model,
    context: *mut sys::llama_context,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: both were made by llama.cpp, are freed once, the context before its model; it takes null.
        unsafe {
            if !self.context.is_null() {
                sys::llama_free(self.context);
            }
            sys::llama_model_free(self.model);
        }
    }
}

/// # Errors
/// When llama.cpp cannot load the model or evaluate a batch.
pub fn run(model: &Path, threads: u32, repetitions: usize) -> Result<Figures, String> {
    let path = CString::new(model.to_str().ok_or("the path is not Unicode")?).map_err(|error| error.to_string())?;
    // SAFETY: an engine of this process has started llama.cpp. The path lives through the call; the parameters are those
    // that llama.cpp gives, changed in plain numbers.
    let loaded = unsafe {
        let mut parameters = sys::llama_model_default_params();
        parameters.n_gpu_layers = 999;
        let model = sys::llama_model_load_from_file(path.as_ptr(), parameters);
        if model.is_null() {
            return Err("llama.cpp cannot load it".to_owned());
        }
        let mut sizes = sys::llama_context_default_params();
        sizes.n_ctx = (PROMPT + GENERATED) as u32;
        (sizes.n_batch, sizes.n_ubatch) = (2048, 512);
        (sizes.n_threads, sizes.n_threads_batch) = (threads as i32, threads as i32);
        let context = sys::llama_init_from_model(model, sizes);
        Loaded { model, context }
    };
    if loaded.context.is_null() {
        return Err("llama.cpp cannot make a context".to_owned());
    }
    let mut figures = Figures { prompt: Vec::new(), generated: Vec::new() };
    // The first one compiles shaders and fills caches.
    for repetition in 0..=repetitions {
        // SAFETY: the context lives.
        unsafe { sys::llama_memory_clear(sys::llama_get_memory(loaded.context), true) };
        let prompt = timed(|| evaluate(&loaded, &tokens(&loaded, PROMPT)))?;
        // SAFETY: as above.
        unsafe { sys::llama_memory_clear(sys::llama_get_memory(loaded.context), true) };
        let one = tokens(&loaded, GENERATED);
        let generated = timed(|| one.iter().try_for_each(|token| evaluate(&loaded, &[*token])))?;
        if repetition > 0 {
            figures.prompt.push(PROMPT as f64 / prompt);
            figures.generated.push(GENERATED as f64 / generated);
        }
    }
    Ok(figures)
}

fn tokens(loaded: &Loaded, count: usize) -> Vec<i32> {
    // SAFETY: the model lives; both calls only read it.
    let vocabulary = unsafe { sys::llama_vocab_n_tokens(sys::llama_model_get_vocab(loaded.model)) };
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % vocabulary.max(1) as u64) as i32
    };
    (0..count).map(|_| next()).collect()
}

fn evaluate(loaded: &Loaded, tokens: &[i32]) -> Result<(), String> {
    let mut tokens = tokens.to_vec();
    // SAFETY: the batch borrows `tokens`, which live through the call; there are at most `n_batch` and all are in the
    // vocabulary.
    let result = unsafe {
        let batch = sys::llama_batch_get_one(tokens.as_mut_ptr(), tokens.len() as i32);
        let result = sys::llama_decode(loaded.context, batch);
        sys::llama_synchronize(loaded.context);
        result
    };
    if result == 0 { Ok(()) } else { Err(format!("llama.cpp could not evaluate {} tokens: {result}", tokens.len())) }
}

fn timed(work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}
