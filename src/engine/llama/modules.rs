//! llama.cpp's backends as modules: which folder they are loaded from. One archive then uses CUDA, Vulkan or the
//! processor's own instructions, whichever of them works on the machine.
//!
//! A module is code, so the folder belongs to the installation: it is `backends` beside the program. No setting and no
//! variable names another, and neither the working directory nor a workspace is looked into.

use std::path::{Path, PathBuf};

use llama_cpp_2::llama_backend::load_backends_from_path;
use llama_cpp_sys_2 as sys;

use crate::config::Environment;

/// Names a module that llama.cpp loads by itself when it looks for others. The engine's process is started without it.
const FURTHER: &str = "GGML_BACKEND_PATH";

/// Loads every module that works on this machine.
///
/// # Errors
/// A sentence when there is not one. llama.cpp must not be started then: it would look into the working directory.
pub(super) fn load() -> Result<(), String> {
    if Environment::of_process().get(FURTHER).is_some() {
        return Err(format!("{FURTHER} is set, and llama.cpp would load what it names besides: unset it"));
    }
    let program = std::env::current_exe().map_err(|error| format!("this program's own path is not known: {error}"))?;
    // A link in a folder of programs leads to where the modules are.
    let program = program.canonicalize().unwrap_or(program);
    let folder = folder(&program).ok_or_else(|| {
        format!("the folder `backends` is missing beside {}: unpack the whole archive again", program.display())
    })?;
    if folder.to_str().is_none_or(|text| text.contains('\0')) {
        return Err(format!("the path {} is not valid UTF-8: move the program", folder.display()));
    }
    load_backends_from_path(&folder);
    // SAFETY: reads a table that is filled by the call above, on this thread.
    if unsafe { sys::ggml_backend_reg_count() } == 0 {
        return Err(format!("no backend in {} works on this machine: unpack the archive again", folder.display()));
    }
    Ok(())
}

/// The folder, if it is there.
fn folder(program: &Path) -> Option<PathBuf> {
    let parent = program.parent()?;
    // Programs that cargo makes for tests lie in a folder of their own, one deeper.
    let of_tests = (cfg!(debug_assertions) && parent.ends_with("deps")).then(|| parent.join("../backends"));
    std::iter::once(parent.join("backends")).chain(of_tests).find(|place| place.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_lie_beside_the_program() {
        let root = tempfile::tempdir().unwrap();
        let make = |path: &str| std::fs::create_dir_all(root.path().join(path)).unwrap();
        let program = root.path().join("opt/tandem/tandem");
        make("opt/tandem");
        make("opt/backends");
        make("backends");
        assert_eq!(folder(&program), None, "not above it");
        make("opt/tandem/backends");
        assert_eq!(folder(&program), Some(root.path().join("opt/tandem/backends")));
        assert_eq!(folder(Path::new("/")), None);
    }
}
