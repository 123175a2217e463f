//! An answer as a document, with a progress beside it: for clients that know nothing of questions.

use super::TOKEN;
use crate::ask::Footer;
use crate::lsp::client::{Progress, Severity};
use crate::lsp::sheet::{Desk, Sheet};
use crate::session::questions::words;

pub struct Document {
    desk: Desk,
    number: u64,
    title: String,
    progress: Option<Progress>,
    /// Begins with the first text: what fails before is no answer.
    sheet: Option<Sheet>,
}

impl Document {
    pub fn new(desk: &Desk, number: u64) -> Self {
        Self { desk: desk.clone(), number, title: String::new(), progress: None, sheet: None }
    }

    pub fn refuse(self, problem: &str) {
        self.desk.client.show(Severity::Warning, problem);
    }

    pub async fn begin(&mut self, title: &str) {
        title.clone_into(&mut self.title);
        if self.desk.features.progress {
            self.progress = self.desk.client.begin_cancellable(format!("{TOKEN}{}", self.number), title).await;
        }
    }

    pub fn progress(&self, line: &str) {
        if let Some(progress) = &self.progress {
            progress.say(&words::plain(line));
        }
    }

    pub fn notice(&mut self, text: &str) {
        self.text(&format!("> {}\n\n", words::prose(text)));
    }

    pub fn text(&mut self, text: &str) {
        let sheet = self.sheet.get_or_insert_with(|| {
            let sheet = Sheet::begin(&self.desk, &self.title);
            sheet.push(&format!("# {}\n\n", words::prose(&self.title)));
            sheet
        });
        sheet.push(text);
    }

    pub async fn done(mut self, footer: &Footer) {
        self.text(&words::footer(footer));
        let cost = words::cost(footer);
        let last = match &footer.incomplete {
            Some(why) => format!("{cost}, incomplete: {}", words::plain(why)),
            None => format!("answered for {cost}"),
        };
        self.end(&last).await;
    }

    pub async fn failed(mut self, problem: &str) {
        let problem = words::plain(problem);
        if self.sheet.is_some() {
            self.text(&format!("\n\n---\n\n* **There is no answer:** {problem}\n"));
        }
        self.desk.client.show(Severity::Warning, &problem);
        self.end(&problem).await;
    }

    async fn end(self, last: &str) {
        if let Some(sheet) = self.sheet {
            sheet.finish().await;
        }
        if let Some(progress) = self.progress {
            progress.end(last);
        }
    }
}
