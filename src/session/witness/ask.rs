//! The asking end: finds the running servers of this user and what they tell.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;

use super::{NAME, Testimony, address};
use crate::engine::host::{
    Claim, HostAddress, MAX_FRAME, check_peer, connect, decode_json, our_user, peer_user, read_frame,
};

/// How long a server may take to answer. It takes a millisecond, or it is stopped in a debugger.
const PATIENCE: Duration = Duration::from_secs(2);

/// What all running servers of this user tell, in no order, and a sentence for each that cannot be understood. Clears away
/// what killed ones left. Must be called inside a tokio runtime.
pub async fn ask_all(runtime_dir: &Path) -> (Vec<Testimony>, Vec<String>) {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for answer in join_all(addresses(runtime_dir).into_iter().map(ask)).await {
        match answer {
            Ok(Some(testimony)) => found.push(testimony),
            Ok(None) => {}
            Err(problem) => problems.push(format!("{problem:#}")),
        }
    }
    (found, problems)
}

/// Where servers say that they are.
fn addresses(runtime_dir: &Path) -> Vec<HostAddress> {
    // As long a name as a process can have, so that it is the directory that servers took.
    let directory = address(runtime_dir, format!("{NAME}{}-0", u32::MAX)).directory;
    let files = std::fs::read_dir(&directory).into_iter().flatten().flatten();
    let name = |file: std::fs::DirEntry| {
        let file = file.file_name().to_string_lossy().into_owned();
        file.strip_suffix(".lock").filter(|name| name.starts_with(NAME)).map(str::to_owned)
    };
    files.filter_map(name).map(|name| HostAddress { directory: directory.clone(), name }).collect()
}

/// None where no server is any more.
async fn ask(address: HostAddress) -> anyhow::Result<Option<Testimony>> {
    let name = address.name.clone();
    let Ok(stream) = connect(&address).await else {
        // It was killed: who lives holds the lock. Taking the name and giving it back removes its files.
        drop(Claim::take(address));
        return Ok(None);
    };
    check_peer(peer_user(&stream), our_user())?;
    let mut reader = &stream;
    let mut body = Vec::new();
    let read = read_frame(&mut reader, &mut body, MAX_FRAME);
    let told = match tokio::time::timeout(PATIENCE, read).await {
        Ok(told) => told?,
        Err(_) => anyhow::bail!("the server at {name} does not answer"),
    };
    if !told {
        return Ok(None);
    }
    match decode_json(&body) {
        Ok(testimony) => Ok(Some(testimony)),
        Err(_) => anyhow::bail!(
            "the server at {name} is of another version of Tandem than this command; restart the editor's server"
        ),
    }
}
