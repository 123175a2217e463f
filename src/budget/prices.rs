//! What models cost: a dated table of ours, with the user's file above it.
//!
//! A wrong guess costs money, so nothing is guessed: a model has the price of the row with exactly its id, at exactly its
//! provider, or the one that the user names. `gpt-4o-2024-05-13` costs twice what `gpt-4o` does. What cannot be read or found
//! is refused with the lines that would price it.

mod find;
mod read;
mod row;
mod service;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use crate::config::read_small;

pub use find::{Asked, PriceError};
pub use read::BadRow;
use read::Whose;
pub use row::{OLD_AFTER_DAYS, PriceRow, Rates, Status, Tier};
pub use service::Services;

const SHIPPED: &str = include_str!("prices/shipped.toml");

/// Longest price file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why the user's file says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unreadable {
    line: usize,
    message: String,
}

#[derive(Clone, Debug, Default)]
pub struct PriceTable {
    shipped: Vec<Arc<PriceRow>>,
    /// Of the shipped table: what holds for all models of a provider.
    services: Vec<(String, Services)>,
    users: Vec<Arc<PriceRow>>,
    /// Of the user's file: their models have no price until they are mended.
    bad: Vec<BadRow>,
    unreadable: Option<Unreadable>,
    /// The user's file, whether it is there or not.
    file: PathBuf,
}

impl PriceTable {
    /// The table of this version. `file`: where the user's would be, to be named in messages.
    pub fn shipped(file: &Path) -> Self {
        let rows = read::rows(SHIPPED, Whose::Ours).unwrap_or_default();
        let table = Self { services: rows.services, file: file.to_owned(), ..Self::default() };
        let complete = |row: PriceRow| {
            let services = row.services.or(table.services(&row.provider));
            Arc::new(PriceRow { services, ..row })
        };
        let shipped = rows.good.into_iter().map(complete).collect();
        Self { shipped, ..table }
    }

    /// The table of this version and the user's file, which need not exist. Never fails: what is wrong with it shows in
    /// `problems`, and in the refusal of what it was to price.
    pub fn load(file: &Path) -> Self {
        let table = Self::shipped(file);
        match read_small(file, MAX_FILE_BYTES) {
            Ok(text) => table.with_user(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => table,
            Err(error) => {
                Self { unreadable: Some(Unreadable { line: 1, message: format!("cannot be read: {error}") }), ..table }
            }
        }
    }

    /// With what the user's file says.
    pub fn with_user(mut self, text: &str) -> Self {
        match read::rows(text, Whose::Users) {
            Ok(rows) => {
                self.users = rows.good.into_iter().map(|row| Arc::new(self.as_users(row))).collect();
                self.bad = rows.bad;
            }
            Err((line, message)) => self.unreadable = Some(Unreadable { line, message }),
        }
        self
    }

    /// What holds for all models of a provider; of one that the table does not name, what holds for any.
    fn services(&self, provider: &str) -> Services {
        let of = |name: &str| self.services.iter().find(|(known, _)| known == name).map(|(_, services)| *services);
        of(provider).or_else(|| of(read::ALL)).unwrap_or_default()
    }

    /// Prices are the user's alone; facts that it leaves out are those that are known.
    fn as_users(&self, row: PriceRow) -> PriceRow {
        let services = row.services.or(self.services(&row.provider));
        let row = PriceRow { is_users: true, services, ..row };
        let Some(known) = self.shipped.iter().find(|known| known.provider == row.provider && known.id == row.id) else {
            return row;
        };
        PriceRow {
            is_lower: is_lower(&row, known),
            context: row.context.or(known.context),
            max_input: row.max_input.or(known.max_input),
            max_output: row.max_output.or(known.max_output),
            cache_minimum: row.cache_minimum.or(known.cache_minimum),
            always_thinks: row.always_thinks.or(known.always_thinks),
            takes_sampling: row.takes_sampling.or(known.takes_sampling),
            tokenizer: if row.tokenizer == Default::default() { known.tokenizer } else { row.tokenizer },
            ..row
        }
    }

    /// The rows that count, the user's first; those that the user's replace are left out.
    pub fn rows(&self) -> impl Iterator<Item = &Arc<PriceRow>> {
        let is_replaced =
            |row: &PriceRow| self.users.iter().any(|own| own.provider == row.provider && own.id == row.id);
        self.users.iter().chain(self.shipped.iter().filter(move |row| !is_replaced(row)))
    }

    /// What is wrong with the user's file, a line each.
    pub fn problems(&self) -> Vec<String> {
        let file = self.file.display();
        let whole = self.unreadable.iter().map(|fault| {
            let Unreadable { line, message } = fault;
            format!("{file}: line {line}: {message}; until this is mended no cloud model has a price")
        });
        let rows = self.bad.iter().map(|BadRow { provider, id, line, message }| {
            format!("{file}: line {line}: {message}; until this is mended `{id}` has no price at {provider}")
        });
        whole.chain(rows).collect()
    }

    /// The day for which the newest of the shipped rows was checked.
    pub fn as_of(&self) -> Option<Date> {
        self.shipped.iter().filter_map(|row| row.as_of).max()
    }

    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// Whether some prompt is cheaper at these prices than at the others.
fn is_lower(own: &PriceRow, known: &PriceRow) -> bool {
    let starts =
        [0].into_iter().chain([own, known].into_iter().flat_map(|row| row.tiers.iter().map(|tier| tier.above + 1)));
    let is_below = |prompt| own.rates(prompt).is_anywhere_below(known.rates(prompt));
    starts.into_iter().any(is_below) || own.services.is_anywhere_below(&known.services)
}

#[cfg(test)]
mod tests;
