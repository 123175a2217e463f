//! Where a hub may lead: to https, five times at most, with the token for its own host alone.
//!
//! A hub that the user set to plain http, as one on this machine or in a company's network is, is asked so itself; nobody else is.
//! Nobody outside of this machine leads into it: what listens here may trust what comes from here.

use std::net::IpAddr;

use reqwest::Url;

use super::failure::{HubError, Trouble};

/// Most redirects of one request. The hub itself needs two: a renamed repository, and where the bytes are.
pub const MOST_REDIRECTS: usize = 5;

/// What the address of the user's hub allows.
#[derive(Clone, Debug)]
pub struct Rules {
    pub hub: Url,
}

impl Rules {
    /// # Errors
    /// A sentence where nothing could be asked there.
    pub fn new(hub: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`models.hub`: {why}; the usual one is https://huggingface.co"));
        let Ok(url) = Url::parse(hub) else { return wrong("it is not an address") };
        match url.scheme() {
            "http" | "https" if url.host_str().is_none_or(str::is_empty) => wrong("there is no host in it"),
            "http" | "https" if !url.username().is_empty() || url.password().is_some() => wrong(
                "a name or a password does not belong into it (a token goes into the variable of `models.tokenEnv`)",
            ),
            "http" | "https" if url.query().is_some() || url.fragment().is_some() => {
                wrong("it may have a path, and nothing behind it")
            }
            "http" | "https" => Ok(Self { hub: url }),
            _ => wrong("a hub is reached by https or http"),
        }
    }

    /// Whether it is the user's hub.
    pub fn is_hub(&self, url: &Url) -> bool {
        url.origin() == self.hub.origin()
    }

    /// Not where others on the way could read it.
    pub fn may_have_token(&self, url: &Url) -> bool {
        self.is_hub(url) && (url.scheme() == "https" || is_loopback(url))
    }

    /// Whether bytes may be asked for there, at the user's word.
    ///
    /// # Errors
    /// Why not, to be put behind the name of who is asked.
    pub fn may_ask(&self, url: &Url) -> Result<(), &'static str> {
        let is_named = url.host_str().is_some_and(|host| !host.is_empty());
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address with a name or a password in it");
        }
        match url.scheme() {
            "https" if is_named => Ok(()),
            "http" if self.is_hub(url) || is_loopback(url) => Ok(()),
            "http" => Err("an address without encryption"),
            _ => Err("an address that is not of the web"),
        }
    }

    /// The next address, after `hops` redirects that were followed before.
    pub fn follow(&self, from: &Url, location: Option<&str>, hops: usize) -> Result<Url, HubError> {
        let host = from.host_str().unwrap_or_default();
        let refuse =
            |why: &str| Err(HubError::new(Trouble::Final, format!("{host} leads to {why}: it is not followed")));
        if hops >= MOST_REDIRECTS {
            return Err(HubError::new(
                Trouble::Final,
                format!("{host} leads on and on: {MOST_REDIRECTS} times were followed"),
            ));
        }
        let Some(next) = location.and_then(|location| from.join(location).ok()) else {
            return refuse("nowhere");
        };
        if let Err(why) = self.may_ask(&next) {
            return refuse(why);
        }
        if may_be_loopback(&next) && !is_loopback(from) {
            return refuse("an address within this machine");
        }
        if next.scheme() == "http" && from.scheme() == "https" {
            return refuse("an address without encryption");
        }
        Ok(next)
    }
}

/// By its name or number: `localhost` is this machine for our client, whatever a name server says.
pub fn is_loopback(url: &Url) -> bool {
    let host = host(url);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Also by what leads here on some machines: the address of no host, and names below `localhost`, whoever answers for them.
fn may_be_loopback(url: &Url) -> bool {
    let name = host(url).trim_end_matches('.').to_ascii_lowercase();
    let is_name = name == "localhost" || name.ends_with(".localhost");
    is_name
        || is_loopback(url)
        || host(url).parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_unspecified())
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(hub: &str, from: &str, location: &str) -> Result<String, String> {
        let rules = Rules::new(hub).unwrap();
        let next = rules.follow(&Url::parse(from).unwrap(), Some(location), 0);
        next.map(|url| url.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_hub_leads_to_https() {
        let hub = "https://hub.example";
        let page = "https://hub.example/a/b/resolve/main/c";
        assert_eq!(follow(hub, page, "https://cdn.example/x?sig=1"), Ok("https://cdn.example/x?sig=1".to_owned()));
        assert_eq!(follow(hub, page, "/n/b/resolve/main/c"), Ok("https://hub.example/n/b/resolve/main/c".to_owned()));
        for (location, why) in [
            ("http://cdn.example/x", "an address without encryption"),
            ("http://hub.example/x", "an address without encryption"),
            ("http://127.0.0.1:6379/", "an address within this machine"),
            ("https://localhost/", "an address within this machine"),
            ("https://[::1]/", "an address within this machine"),
            ("https://[::ffff:127.0.0.1]/", "an address within this machine"),
            ("https://0.0.0.0:1/", "an address within this machine"),
            ("https://[::]/", "an address within this machine"),
            ("https://localhost./", "an address within this machine"),
            ("https://x.localhost/", "an address within this machine"),
            ("https://ann:secret@cdn.example/x", "an address with a name or a password in it"),
            ("file:///etc/passwd", "an address that is not of the web"),
            ("https://", "nowhere"),
        ] {
            assert_eq!(follow(hub, page, location), Err(format!("hub.example leads to {why}: it is not followed")));
        }
    }

    #[test]
    fn a_hub_without_encryption_is_asked_so_itself_and_alone() {
        let hub = "http://models.corp:8080";
        let page = "http://models.corp:8080/a";
        assert!(follow(hub, page, "/b").is_ok());
        assert!(follow(hub, page, "https://cdn.corp/b").is_ok());
        assert!(follow(hub, page, "http://cdn.corp/b").is_err());
        assert!(follow(hub, page, "http://models.corp:8081/b").is_err());
        assert!(follow(hub, page, "http://localhost:8080/b").is_err());
        assert!(follow("http://127.0.0.1:1", "http://127.0.0.1:1/a", "http://127.0.0.1:2/b").is_ok());
        assert!(follow(hub, "https://cdn.corp/b", "http://models.corp:8080/c").is_err(), "down again");
    }

    #[test]
    fn nobody_is_followed_for_ever() {
        let rules = Rules::new("https://hub.example").unwrap();
        let from = Url::parse("https://hub.example/a").unwrap();
        assert!(rules.follow(&from, Some("/a"), MOST_REDIRECTS - 1).is_ok());
        let error = rules.follow(&from, Some("/a"), MOST_REDIRECTS).unwrap_err();
        assert_eq!(error.to_string(), "hub.example leads on and on: 5 times were followed");
        assert!(rules.follow(&from, None, 0).is_err());
    }

    #[test]
    fn the_token_is_for_the_hubs_host_and_port() {
        let rules = Rules::new("https://hub.example").unwrap();
        let is_hub = |url: &str| rules.is_hub(&Url::parse(url).unwrap());
        assert!(is_hub("https://hub.example/a") && is_hub("https://HUB.example:443/b"));
        for other in [
            "http://hub.example/a",
            "https://hub.example:444/",
            "https://cdn.hub.example/",
            "https://hub.example.evil/",
        ] {
            assert!(!is_hub(other), "{other}");
        }
    }

    #[test]
    fn the_token_goes_encrypted_or_nowhere_but_to_this_machine() {
        let may = |hub: &str| Rules::new(hub).unwrap().may_have_token(&Url::parse(hub).unwrap());
        for hub in ["https://hub.example", "http://127.0.0.1:1", "http://localhost:1", "http://[::ffff:127.0.0.1]:1"] {
            assert!(may(hub), "{hub}");
        }
        for hub in ["http://models.corp:8080", "http://10.0.0.1", "http://x.localhost", "http://localhost.corp"] {
            assert!(!may(hub), "{hub}");
        }
    }

    #[test]
    fn a_wrong_hub_is_said_so() {
        for wrong in ["", "huggingface.co", "ftp://h", "https://", "https://ann:secret@h", "https://h?x", "https://h#x"]
        {
            let error = Rules::new(wrong).unwrap_err();
            assert!(error.starts_with("`models.hub`: ") && !error.contains("secret"), "{wrong}: {error}");
        }
    }
}
