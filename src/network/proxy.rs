//! The user's proxy, from the variables that all tools read: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not.
//!
//! They are read where the process was started, never from a workspace. This machine is never reached through a proxy.

use reqwest::{NoProxy, Proxy};

use crate::config::Environment;

/// None where the user has no proxy. Errors are sentences that hold nothing of the address: there may be a password in it.
pub fn of(environment: &Environment) -> Result<Option<Proxy>, String> {
    let variable = |names: [&'static str; 2]| {
        names.into_iter().find_map(|name| environment.get(name).map(|value| (name, value.trim().to_owned())))
    };
    let found = variable(["HTTPS_PROXY", "https_proxy"]).or_else(|| variable(["ALL_PROXY", "all_proxy"]));
    let Some((name, address)) = found.filter(|(_, address)| !address.is_empty()) else { return Ok(None) };
    let address = if address.contains("://") { address } else { format!("http://{address}") };
    let scheme = address.split("://").next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err(format!("`{name}`: a proxy is reached by http or https, not by {scheme:.16}"));
    }
    let proxy = Proxy::https(&address).map_err(|_| format!("`{name}` holds no address of a proxy"))?;
    let excepted = variable(["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts).unwrap_or_default();
    let excepted = format!("localhost,127.0.0.0/8,::1,{excepted}");
    Ok(Some(proxy.no_proxy(NoProxy::from_string(&excepted))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_variables(variables: &[(&str, &str)]) -> Result<bool, String> {
        of(&Environment::of(variables)).map(|proxy| proxy.is_some())
    }

    #[test]
    fn a_proxy_is_what_the_users_variables_say() {
        assert_eq!(of_variables(&[]), Ok(false));
        assert_eq!(of_variables(&[("HTTP_PROXY", "http://proxy:3128")]), Ok(false));
        assert_eq!(of_variables(&[("HTTPS_PROXY", "http://proxy:3128")]), Ok(true));
        assert_eq!(of_variables(&[("https_proxy", "proxy:3128")]), Ok(true));
        assert_eq!(of_variables(&[("all_proxy", "http://proxy:3128"), ("HTTPS_PROXY", " ")]), Ok(false));
    }

    #[test]
    fn an_unusable_proxy_is_a_sentence_without_its_password() {
        let errors = [("HTTPS_PROXY", "socks5://ann:secret@proxy"), ("HTTPS_PROXY", "http://ann:secret@pro xy:y")]
            .map(|variable| of_variables(&[variable]).expect_err("no proxy"));
        assert_eq!(errors[0], "`HTTPS_PROXY`: a proxy is reached by http or https, not by socks5");
        assert_eq!(errors[1], "`HTTPS_PROXY` holds no address of a proxy");
    }
}
