//! With llama.cpp's backends as modules (feature `dynamic-backends`): says where the program finds its shared libraries,
//! and lays the modules where the program looks for them, beside itself. Without that feature it does nothing.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_DYNAMIC_BACKENDS").is_none() {
        return Ok(());
    }
    // As an archive has them. Windows looks beside the program by itself.
    let origin = match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("windows") => None,
        Ok("macos") => Some("@loader_path"),
        _ => Some("$ORIGIN"),
    };
    if let Some(origin) = origin {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{origin}/lib");
        println!("cargo::rustc-link-arg-benches=-Wl,-rpath,{origin}/lib");
    }
    match (env::var_os("DEP_LLAMA_BACKENDS_DIR"), env::var_os("OUT_DIR")) {
        (Some(backends), Some(out)) => lay_beside(Path::new(&backends), &PathBuf::from(out)),
        _ => Err(io::Error::other("the crate of llama.cpp does not say where its modules are")),
    }
}

/// The libraries stand beside the modules, in `lib`; `out` is `…/PROFILE/build/NAME/out`.
fn lay_beside(backends: &Path, out: &Path) -> io::Result<()> {
    let profile =
        out.ancestors().nth(3).ok_or_else(|| io::Error::other("cargo's output folder is not where it was"))?;
    lay(backends, &profile.join("backends"), |_| true)?;
    // Windows has its own beside the program already.
    let libraries = backends.with_file_name("lib");
    if libraries.is_dir() { lay(&libraries, &profile.join("lib"), is_loaded_by) } else { Ok(()) }
}

/// The name that programs load a library by: `libggml.so.0`, not `libggml.so` nor `libggml.so.0.26.0`.
fn is_loaded_by(name: &str) -> bool {
    name.ends_with(".dylib")
        || name.split_once(".so.").is_some_and(|(_, version)| version.chars().all(|digit| digit.is_ascii_digit()))
}

/// What links lead to, under the links' names.
fn lay(from: &Path, to: &Path, wanted: fn(&str) -> bool) -> io::Result<()> {
    if to.is_dir() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| wanted(name)) else { continue };
        let file = path.canonicalize()?;
        if file.is_file() && fs::hard_link(&file, to.join(name)).is_err() {
            fs::copy(&file, to.join(name))?;
        }
    }
    Ok(())
}
