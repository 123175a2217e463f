//! With llama.cpp's backends as modules (feature `dynamic-backends`): says where the program finds its shared libraries,
//! and lays the modules where the program looks for them, beside itself. Without that feature it does nothing.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_DYNAMIC_BACKENDS").is_none() {
        return Ok(());
    }
    // Where cargo puts the libraries, and where an archive has them. Windows looks beside the program by itself.
    let origin = match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("windows") => None,
        Ok("macos") => Some("@loader_path"),
        _ => Some("$ORIGIN"),
    };
    for folder in ["", "/lib"] {
        if let Some(origin) = origin {
            println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{origin}{folder}");
            println!("cargo::rustc-link-arg-benches=-Wl,-rpath,{origin}{folder}");
        }
    }
    match (env::var_os("DEP_LLAMA_BACKENDS_DIR"), env::var_os("OUT_DIR")) {
        (Some(built), Some(out)) => lay_beside(Path::new(&built), &PathBuf::from(out)),
        _ => Err(io::Error::other("the crate of llama.cpp does not say where its modules are")),
    }
}

/// `out` is `…/PROFILE/build/NAME/out`.
fn lay_beside(built: &Path, out: &Path) -> io::Result<()> {
    let profile =
        out.ancestors().nth(3).ok_or_else(|| io::Error::other("cargo's output folder is not where it was"))?;
    let beside = profile.join("backends");
    if beside.is_dir() {
        fs::remove_dir_all(&beside)?;
    }
    fs::create_dir_all(&beside)?;
    for entry in fs::read_dir(built)? {
        let (from, to) =
            (entry.as_ref().map(fs::DirEntry::path), entry.as_ref().map(|entry| beside.join(entry.file_name())));
        let (Ok(from), Ok(to)) = (from, to) else { continue };
        if from.is_file() && fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
