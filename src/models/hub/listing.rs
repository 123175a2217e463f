//! Which files a repository has.

use reqwest::Url;
use reqwest::header::LINK;
use serde::Deserialize;

use super::address::{HubFile, Repository};
use super::client::Hub;
use super::failure::{HubError, Trouble};

/// Longest page of a listing, in bytes, and most pages. A page of the usual hub has 1,000 files at most.
const MOST_BYTES: usize = 8 << 20;
const MOST_PAGES: usize = 20;

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub path: String,
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
    lfs: Option<Linked>,
}

#[derive(Deserialize)]
struct Linked {
    size: u64,
}

impl Hub {
    /// All files of a repository at a revision, folders left out.
    pub async fn files(&self, repository: &Repository, revision: &str) -> Result<Vec<Listed>, HubError> {
        let mut url = repository.tree(self.url(), revision);
        let mut files = Vec::new();
        let mut hops = 0;
        for _ in 0..MOST_PAGES {
            let mut response = self.get(&url).await?;
            // A repository that was renamed.
            while response.status().is_redirection() {
                let to = response.headers().get("location").and_then(|to| to.to_str().ok());
                url = self.rules().follow(&url, to, hops)?;
                hops += 1;
                response = self.get(&url).await?;
            }
            let status = response.status();
            if !status.is_success() {
                let listing = HubFile::new(repository.clone(), revision, "list of files");
                return Err(self.refused(&url, status, &response, listing.ok().as_ref(), "the list of files"));
            }
            let next = response.headers().get(LINK).and_then(|link| next_page(link.to_str().ok()?));
            let wrong = || {
                let host = self.url().host_str().unwrap_or_default();
                HubError::new(
                    Trouble::Final,
                    format!("{host} lists the files of {repository} in a way that cannot be read"),
                )
            };
            let mut text = Vec::new();
            loop {
                match response.chunk().await {
                    Ok(Some(bytes)) if text.len() + bytes.len() <= MOST_BYTES => text.extend_from_slice(&bytes),
                    Ok(Some(_)) => return Err(wrong()),
                    Ok(None) => break,
                    Err(error) => return Err(super::failure::of_network(&url, &error)),
                }
            }
            let rows: Vec<Row> = serde_json::from_slice(&text).map_err(|_| wrong())?;
            files.extend(
                rows.into_iter()
                    .filter(|row| row.kind == "file")
                    .map(|row| Listed { bytes: row.lfs.map_or(row.size, |linked| linked.size), path: row.path }),
            );
            match next {
                None => return Ok(files),
                Some(next) => {
                    url = url.join(&next).ok().filter(|next: &Url| self.rules().is_hub(next)).ok_or_else(wrong)?;
                }
            }
        }
        Ok(files)
    }
}

/// `<https://…>; rel="next"`, among others.
fn next_page(link: &str) -> Option<String> {
    link.split(',').find_map(|one| {
        let (address, rest) = one.trim().strip_prefix('<')?.split_once('>')?;
        rest.split(';').any(|part| matches!(part.trim(), "rel=\"next\"" | "rel=next")).then(|| address.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_where_the_link_says() {
        assert_eq!(next_page("</a?cursor=x>; rel=\"next\"").as_deref(), Some("/a?cursor=x"));
        assert_eq!(next_page("<b>; rel=\"prev\", <c>; title=\"t\"; rel=next").as_deref(), Some("c"));
        assert_eq!(next_page("<b>; rel=\"last\""), None);
        assert_eq!(next_page("b; rel=\"next\""), None);
    }
}
