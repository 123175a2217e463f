//! Call sites of functions that other files define.

use tandem::index::{Found, Index};
use tandem::syntax::{Place, ReferenceKind};

/// Of more definitions than this nobody knows which one is meant.
const MOST_DEFINITIONS: usize = 3;

/// A line with a call, and what is called.
pub struct Site {
    /// From the root, with `/`.
    pub path: String,
    /// The whole file.
    pub text: String,
    /// Bytes: where the line's own text begins, where the callee's name ends, where the line ends.
    pub start: usize,
    pub name_end: usize,
    pub end: usize,
    pub definitions: Vec<Found>,
}

impl Site {
    /// The callee's name is followed by its arguments.
    pub fn behind_bracket(&self) -> Option<usize> {
        let rest = &self.text[self.name_end..self.end];
        rest.starts_with('(').then_some(self.name_end + 1)
    }
}

/// At most `most` sites, one a file and round, always the same ones for the same files.
pub fn sites(index: &Index, most: usize) -> Vec<Site> {
    let mut files: Vec<(String, Vec<Place>)> = {
        let state = index.read();
        let files = state.ordered().into_iter().filter_map(|id| state.file(id));
        let code = files.filter(|file| {
            file.language.is_some_and(|language| !language.is_outline()) && !file.is_vendored && !file.is_generated
        });
        code.map(|file| {
            let calls = file.facts.uses().flat_map(|(_, uses)| uses);
            let calls = calls.filter(|one| matches!(one.kind, ReferenceKind::Call | ReferenceKind::Method));
            let mut places: Vec<Place> = calls.map(|one| one.at).collect();
            places.sort_unstable();
            (file.path.to_string(), places)
        })
        .filter(|(_, places)| !places.is_empty())
        .collect()
    };
    let mut random = Random(7);
    shuffle(&mut files, &mut random);
    files.iter_mut().for_each(|(_, places)| shuffle(places, &mut random));
    let mut found = Vec::new();
    for round in 0..8 {
        for (path, places) in &files {
            // A try or two a file and round: most calls stay in their file.
            let tries = places.iter().skip(round * 3).take(3);
            if let Some(site) = tries.filter_map(|place| site(index, path, *place)).next() {
                found.push(site);
            }
            if found.len() == most {
                return found;
            }
        }
    }
    found
}

fn site(index: &Index, path: &str, place: Place) -> Option<Site> {
    let definitions = index.definitions_at(path, place);
    let can_be_meant = |found: &Found| found.path != path && found.kind.is_callable() && !is_local(index, found);
    let is_elsewhere = definitions.iter().all(can_be_meant);
    if definitions.is_empty() || definitions.len() > MOST_DEFINITIONS || !is_elsewhere {
        return None;
    }
    let text = index.text(path)?;
    let row = text.split_inclusive('\n').take(place.row as usize).map(str::len).sum::<usize>();
    let line = text[row..].split('\n').next()?;
    let own = line.trim_start();
    let before = text[..row].trim_end();
    // Only where a statement begins; inside of one the cursor has its beginning before it.
    let goes_on = before.ends_with(['(', ',', '.', '=', '+', '&', '|', '?', ':', '[', '\\']);
    let is_start = own.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '_' | '@' | '$' | '*'));
    let is_python_block = path.ends_with(".py") && before.ends_with(':');
    if !is_start || (goes_on && !is_python_block) {
        return None;
    }
    let start = row + line.len() - own.len();
    let name_end = row + place.column as usize + definitions.first()?.name.len();
    let end = row + line.trim_end().len();
    let is_name = text.get(row + place.column as usize..name_end) == Some(&definitions.first()?.name);
    (is_name && name_end <= end).then_some(Site { path: path.to_owned(), text, start, name_end, end, definitions })
}

/// What is defined inside of a function is not what another file calls.
fn is_local(index: &Index, found: &Found) -> bool {
    let state = index.read();
    let facts = state.file_at(&found.path).map(|file| file.facts.clone());
    let symbols = facts.iter().flat_map(|facts| &facts.symbols);
    let around = symbols.filter(|symbol| symbol.start < found.start && found.end <= symbol.end);
    around.into_iter().any(|symbol| symbol.kind.is_callable())
}

/// A small generator, so that every run asks the same (splitmix64, Steele, Lea and Flood, 2014).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % limit.max(1) as u64) as usize
    }
}

fn shuffle<T>(values: &mut [T], random: &mut Random) {
    for last in (1..values.len()).rev() {
        values.swap(last, random.below(last + 1));
    }
}
