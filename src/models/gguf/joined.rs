//! A model in several files: that each is the part that its name says, and that together they are whole.
//!
//! llama.cpp writes and reads them so: `split.no` counts from 0, `split.count` is how many there are, `split.tensors.count` how
//! many tensors all of them have together. The first part has the model's own keys, the others have none.

use anyhow::{Result, ensure};

use super::Header;

/// The headers of a model's parts, taken one after the other, in the order of their names.
#[derive(Debug)]
pub struct Joined {
    whole: Header,
    count: u64,
    seen: u64,
}

impl Joined {
    /// Of a model in so many files.
    pub fn new(count: usize) -> Self {
        Self { whole: Header::default(), count: count as u64, seen: 0 }
    }

    /// # Errors
    /// One sentence of this part, without its name: it is another one than its place says, or none.
    pub fn add(&mut self, part: Header) -> Result<()> {
        self.seen += 1;
        let told = (part.number("split.no").map(|number| number.saturating_add(1)), part.number("split.count"));
        let (number, count) = (self.seen, self.count);
        match told {
            (Some(own), Some(of)) if of > 1 => {
                ensure!(
                    of == count,
                    "it says that it is part {own} of {of}, and {}; give the parts their names back \
                     (…-{own:05}-of-{of:05}.gguf), or download the model again",
                    if count == 1 { "its name is that of a whole model".to_owned() } else { format!("not of {count}") }
                );
                ensure!(
                    own == number,
                    "it says that it is part {own} of {of}, and stands in the place of part {number}; give the parts their \
                     names back, or download the model again"
                );
            }
            _ => ensure!(
                count == 1,
                "by its name it is part {number} of {count}, and it says nothing of that itself; take the model from another \
                 source"
            ),
        }
        if number == 1 {
            self.whole = part;
        } else {
            self.whole.bytes = self.whole.bytes.saturating_add(part.bytes);
            self.whole.tensors.extend(part.tensors);
        }
        Ok(())
    }

    /// What the first part says of the model, with the tensors and the bytes of all.
    ///
    /// # Errors
    /// One sentence: the parts do not belong together.
    pub fn whole(self) -> Result<Header> {
        ensure!(self.seen == self.count, "of {} parts {} are here; download the model again", self.count, self.seen);
        let (found, told) = (self.whole.tensors.len() as u64, self.whole.number("split.tensors.count"));
        ensure!(
            self.count == 1 || told.is_none_or(|told| told == found),
            "its parts do not belong together: they have {found} tensors in place of {}; download the model again",
            told.unwrap_or_default()
        );
        Ok(self.whole)
    }
}
