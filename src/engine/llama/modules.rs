//! llama.cpp's backends as modules: which folder they are loaded from. One archive then uses CUDA, Vulkan or the
//! processor's own instructions, whichever of them works on the machine.
//!
//! A module is code, so the folder belongs to the installation: it is `backends` beside the program. No setting and no
//! variable names another, and neither the working directory nor a workspace is looked into.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::Environment;

/// Names a module that llama.cpp loads by itself when it looks for others. The engine's process is started without it.
const FURTHER: &str = "GGML_BACKEND_PATH";

/// Loads every module that works on this machine.
///
/// # Errors
/// A sentence when there is not one. llama.cpp must not be started then: it would look into the working directory.
#[cfg(feature = "dynamic-backends")]
pub(super) fn load() -> Result<(), String> {
    let folder = place(&Environment::of_process(), std::env::current_exe())?;
    llama_cpp_2::llama_backend::load_backends_from_path(&folder);
    // SAFETY: reads a table that is filled by the call above, on this thread.
    if unsafe { llama_cpp_sys_2::ggml_backend_reg_count() } == 0 {
        return Err(format!("no backend in {} works on this machine: unpack the archive again", folder.display()));
    }
    Ok(())
}

/// The folder of the modules of this program, which llama.cpp can be given.
///
/// # Errors
/// A sentence when there is none, or when llama.cpp would load another module besides.
fn place(environment: &Environment, program: io::Result<PathBuf>) -> Result<PathBuf, String> {
    if environment.is_set(FURTHER) {
        return Err(format!("{FURTHER} is set, and llama.cpp would load what it names besides: unset it"));
    }
    let program = program.map_err(|error| format!("this program's own path is not known: {error}"))?;
    // A link in a folder of programs leads to where the modules are.
    let program = program.canonicalize().unwrap_or(program);
    let folder = folder(&program).ok_or_else(|| {
        format!("the folder `backends` is missing beside {}: unpack the whole archive again", program.display())
    })?;
    match folder.to_str() {
        Some(text) if !text.contains('\0') => Ok(folder),
        _ => Err(format!("the path {} is not valid UTF-8: move the program", folder.display())),
    }
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
    fn a_module_from_elsewhere_is_refused_with_the_way_out() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("backends")).unwrap();
        let program = root.path().canonicalize().unwrap().join("tandem");
        let place_with = |variables: &[(&str, &str)]| place(&Environment::of(variables), Ok(program.clone()));
        assert_eq!(place_with(&[]), Ok(program.with_file_name("backends")));
        assert_eq!(place_with(&[(FURTHER, "")]), Ok(program.with_file_name("backends")));
        let refused = place_with(&[(FURTHER, "/tmp/libggml-evil.so")]).unwrap_err();
        assert!(refused.contains("GGML_BACKEND_PATH is set") && refused.contains("unset it"), "{refused}");
        assert!(!refused.contains("evil"), "what it names is not repeated: {refused}");
        std::fs::remove_dir(root.path().join("backends")).unwrap();
        let refused = place_with(&[]).unwrap_err();
        assert!(refused.contains("`backends` is missing") && refused.contains("unpack"), "{refused}");
        let refused = place(&Environment::of(&[]), Err(io::Error::other("no /proc"))).unwrap_err();
        assert!(refused.contains("no /proc"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_program_leads_to_its_modules() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("opt/backends")).unwrap();
        std::fs::create_dir_all(root.join("bin/backends")).unwrap();
        std::fs::write(root.join("opt/tandem"), "").unwrap();
        std::os::unix::fs::symlink(root.join("opt/tandem"), root.join("bin/tandem")).unwrap();
        let found = place(&Environment::of(&[]), Ok(root.join("bin/tandem")));
        assert_eq!(found, Ok(root.join("opt/backends")), "not what lies beside the link");
    }

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
