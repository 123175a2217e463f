//! llama.cpp's backends as modules: which folder they are loaded from. One archive then uses CUDA, Vulkan or the
//! processor's own instructions, whichever of them works on the machine.
//!
//! A module is code, so the folder belongs to the installation: beside the program, or where a system's package has it.
//! No setting names it, and neither the working directory nor a workspace is looked into.

use std::path::{Path, PathBuf};

use llama_cpp_2::llama_backend::load_backends_from_path;
use llama_cpp_sys_2 as sys;

/// Relative to the folder of the program: as an archive has it, as cargo builds it, as a Debian package has it.
const PLACES: [&str; 2] = ["backends", "../lib/tandem/backends"];

/// Loads every module that works on this machine.
///
/// # Errors
/// A sentence when there is not one. llama.cpp must not be started then: it would look into the working directory.
pub(super) fn load() -> Result<(), String> {
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

/// The first of the places that is there.
fn folder(program: &Path) -> Option<PathBuf> {
    let beside = program.parent()?;
    let places = PLACES.iter().map(|place| beside.join(place));
    // Programs that cargo makes for tests lie in a folder of their own, one deeper.
    let of_tests = (cfg!(debug_assertions) && beside.ends_with("deps")).then(|| beside.join("../backends"));
    places.chain(of_tests).find(|place| place.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_belong_to_the_installation() {
        let root = tempfile::tempdir().unwrap();
        let make = |path: &str| std::fs::create_dir_all(root.path().join(path)).unwrap();
        make("usr/bin");
        let program = root.path().join("usr/bin/tandem");
        assert_eq!(folder(&program), None);
        make("usr/lib/tandem/backends");
        assert_eq!(folder(&program), Some(root.path().join("usr/bin/../lib/tandem/backends")));
        make("usr/bin/backends");
        assert_eq!(folder(&program), Some(root.path().join("usr/bin/backends")), "beside the program comes first");
        assert_eq!(folder(Path::new("/")), None);
    }
}
