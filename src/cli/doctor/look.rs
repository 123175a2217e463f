//! One look at something: on a thread of its own, with a time limit. A look that takes longer, or fails, is a finding.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::report::Section;
use crate::config::{Loader, Settings};

/// What looks are about. Tests put one together.
#[derive(Clone)]
pub struct Scene {
    /// `/`, or a machine that a test made up.
    pub root: PathBuf,
    pub loader: Loader,
    /// The folder that a server would be opened on.
    pub folder: PathBuf,
    /// In effect here.
    pub settings: Settings,
    /// Commands and the keyring may be asked for keys.
    pub asks_for_keys: bool,
}

impl Scene {
    /// Somebody is named to be asked: cloud models are switched on for whoever set nothing up, too.
    pub fn wants_cloud(&self) -> bool {
        self.settings.cloud.enabled && !self.settings.cloud.provider.is_empty()
    }
}

/// A look that has begun.
pub struct Pending {
    blank: Section,
    limit: Duration,
    begun: Instant,
    result: Receiver<Result<Section, String>>,
}

/// Begins a look. `blank` is its section, which is all that is left of one that does not end.
pub fn begin<F>(scene: &Arc<Scene>, blank: Section, limit: Duration, look: F) -> Pending
where
    F: FnOnce(&Scene, &mut Section) -> anyhow::Result<()> + Send + 'static,
{
    let (sender, result) = mpsc::channel();
    let (scene, mut section) = (scene.clone(), blank.clone());
    let work = move || {
        let looked = look(&scene, &mut section).map_err(|error| format!("{error:#}"));
        if let Err(why) = looked {
            section.warn("look-failed", format!("not all of this could be found out: {why}"), None);
        }
        // Who no longer waits has said so already.
        let _ = sender.send(Ok(section));
    };
    if let Err(error) = std::thread::Builder::new().name("doctor".to_owned()).spawn(work) {
        let (sender, failed) = mpsc::channel();
        let _ = sender.send(Err(error.to_string()));
        return Pending { blank, limit, begun: Instant::now(), result: failed };
    }
    Pending { blank, limit, begun: Instant::now(), result }
}

impl Pending {
    /// Waits for the end, or the limit. A thread that is stuck in the system is left behind: the process ends soon.
    pub fn end(self) -> Section {
        let left = self.limit.saturating_sub(self.begun.elapsed());
        let mut section = self.blank;
        let why = match self.result.recv_timeout(left) {
            Ok(Ok(section)) => return section,
            Ok(Err(why)) => why,
            Err(RecvTimeoutError::Timeout) => format!("it took longer than {} s", self.limit.as_secs()),
            Err(RecvTimeoutError::Disconnected) => "looking crashed".to_owned(),
        };
        section.warn("look-failed", format!("this could not be found out: {why}"), None);
        section
    }
}

#[cfg(test)]
pub mod testing {
    use std::path::Path;

    use super::Scene;
    use crate::config::{Environment, Loader};

    /// A machine below a directory: its root, and a home in it.
    pub fn scene(place: &Path, variables: &[(&str, &str)]) -> Scene {
        let home = place.join("home");
        let folder = place.join("work");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        let home = home.to_str().unwrap().to_owned();
        let mut all = vec![("HOME", home.as_str()), ("XDG_RUNTIME_DIR", home.as_str())];
        all.extend(variables);
        let loader = Loader::new(Environment::of(&all), serde_json::Value::Null);
        let settings = loader.load(std::slice::from_ref(&folder), None).settings;
        Scene { root: place.to_owned(), loader, folder, settings, asks_for_keys: false }
    }

    /// A file of the made-up machine.
    pub fn write(place: &Path, path: &str, text: &str) {
        let path = place.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Ids of what was found, in order.
    pub fn ids(section: &super::Section) -> Vec<&'static str> {
        section.findings.iter().map(|finding| finding.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked<F>(limit: Duration, look: F) -> Section
    where
        F: FnOnce(&Scene, &mut Section) -> anyhow::Result<()> + Send + 'static,
    {
        let place = tempfile::tempdir().unwrap();
        let scene = Arc::new(testing::scene(place.path(), &[]));
        begin(&scene, Section::new("x", "X"), limit, look).end()
    }

    #[test]
    fn a_look_that_fails_is_a_finding_beside_what_it_found_before() {
        let section = looked(Duration::from_secs(60), |_, section| {
            section.fact("first", "there");
            anyhow::bail!("the second is not")
        });
        assert_eq!(section.facts.len(), 1);
        assert_eq!(section.findings[0].what, "not all of this could be found out: the second is not");
    }

    #[test]
    fn a_look_that_does_not_end_is_left_behind() {
        let (hold, held) = mpsc::channel::<()>();
        let section = looked(Duration::ZERO, move |_, _| {
            // Until the test is over.
            let _ = held.recv();
            Ok(())
        });
        assert_eq!(section.findings[0].what, "this could not be found out: it took longer than 0 s");
        drop(hold);
    }
}
