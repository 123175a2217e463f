//! Rows of figures, a column for each model, as Markdown.

#[derive(Default)]
pub struct Table {
    models: Vec<String>,
    /// What is measured, and the figures by column.
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins the next model's column.
    pub fn column(&mut self, model: &str) {
        self.models.push(model.to_owned());
    }

    /// A figure of the newest column. Shown on stderr, too, as it may be the last before something fails.
    pub fn put(&mut self, what: &str, figure: String) {
        eprintln!("  {what}: {figure}");
        let row = match self.rows.iter().position(|(name, _)| name == what) {
            Some(row) => row,
            None => {
                self.rows.push((what.to_owned(), Vec::new()));
                self.rows.len() - 1
            }
        };
        let figures = &mut self.rows[row].1;
        figures.resize(self.models.len(), "–".to_owned());
        figures[self.models.len() - 1] = figure;
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("| | {} |\n|{}\n", self.models.join(" | "), " --- |".repeat(self.models.len() + 1));
        for (what, figures) in &self.rows {
            let mut figures = figures.clone();
            figures.resize(self.models.len(), "–".to_owned());
            text.push_str(&format!("| {what} | {} |\n", figures.join(" | ")));
        }
        text
    }
}

/// The value in the middle, and the ends.
pub fn spread(values: &[f64], unit: &str) -> String {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    match (values.first(), values.get(values.len() / 2), values.last()) {
        (Some(least), Some(middle), Some(most)) => format!("{middle:.1} {unit} ({least:.1}–{most:.1})"),
        _ => "none".to_owned(),
    }
}
