//! One connection at a time: asks for a part, writes what comes, and asks again for the rest where it broke.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::attempt::{Broken, Shared, Way};
use super::ranges::Ticket;
use super::{Event, Failure};
use crate::models::hub::{Body, Extent, HubError, Trouble};

/// So many bytes between two failures are progress: the second one is a first one again.
const PROGRESS: u64 = 64 << 10;

/// Which part, and what answers the request for it where that was sent already.
pub type Given = (Ticket, Body);

/// Opens the first part, before others are asked for. None where nothing is missing.
pub async fn first(shared: &Arc<Shared>) -> Result<Option<Given>, Broken> {
    let Some(ticket) = shared.plan().take() else { return Ok(None) };
    let mut failures = 0;
    loop {
        match open(shared, ticket).await {
            Ok(body) => return Ok(Some((ticket, body))),
            Err(broken) => recover(shared, broken, &mut failures).await?,
        }
    }
}

/// Brings parts until there are none.
pub async fn work(shared: Arc<Shared>, mut given: Option<Given>) -> Result<(), Broken> {
    loop {
        let (ticket, body) = match given.take() {
            Some((ticket, body)) => (ticket, Some(body)),
            None => match shared.plan().take() {
                Some(ticket) => (ticket, None),
                None => {
                    shared.active.fetch_sub(1, Ordering::SeqCst);
                    return Ok(());
                }
            },
        };
        let brought = bring(&shared, ticket, body).await;
        shared.plan().give_back(ticket);
        let Err(broken) = brought else { continue };
        let others = shared.active.fetch_sub(1, Ordering::SeqCst) - 1;
        return match broken {
            // A server that takes fewer connections: the others bring this part, too.
            Broken::Failed(Failure::Hub(error)) if others > 0 && is_of_this_connection(&error) => Ok(()),
            broken => Err(broken),
        };
    }
}

fn is_of_this_connection(error: &HubError) -> bool {
    matches!(error.trouble, Trouble::Passing | Trouble::Busy(_) | Trouble::Unreachable)
}

async fn bring(shared: &Shared, ticket: Ticket, mut body: Option<Body>) -> Result<(), Broken> {
    let mut failures = 0;
    loop {
        let before = shared.plan().left(ticket);
        let opened = match body.take() {
            _ if before.is_empty() => return Ok(()),
            Some(body) => Ok(body),
            None => open(shared, ticket).await,
        };
        let poured = match opened {
            Ok(body) => pour(shared, ticket, body).await,
            Err(broken) => Err(broken),
        };
        let Err(broken) = poured else { continue };
        if shared.plan().left(ticket).start - before.start >= PROGRESS {
            failures = 0;
        }
        recover(shared, broken, &mut failures).await?;
    }
}

/// Waits where it is worth to try again.
async fn recover(shared: &Shared, broken: Broken, failures: &mut u32) -> Result<(), Broken> {
    let error = match broken {
        // Over one stream there is no rest to be asked for.
        Broken::Failed(Failure::Hub(error)) if shared.way == Way::Parts => error,
        other => return Err(other),
    };
    *failures += 1;
    let Some(wait) = shared.patience.wait(*failures, &error) else { return Err(Failure::Hub(error).into()) };
    (shared.on_event)(Event::Again { why: error.message, wait });
    tokio::select! {
        () = shared.stop.cancelled() => Err(Broken::Stopped),
        () = (shared.patience.sleep)(wait) => Ok(()),
    }
}

async fn open(shared: &Shared, ticket: Ticket) -> Result<Body, Broken> {
    let left = shared.plan().left(ticket);
    let part = (shared.way == Way::Parts).then_some(left);
    tokio::select! {
        () = shared.stop.cancelled() => Err(Broken::Stopped),
        opened = shared.hub.open(&shared.remote, part) => opened.map_err(|error| Failure::Hub(error).into()),
    }
}

/// Writes what comes until the part is whole. Its end may come nearer meanwhile: somebody else brings the rest.
async fn pour(shared: &Shared, ticket: Ticket, mut body: Body) -> Result<(), Broken> {
    loop {
        let chunk = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return Err(Broken::Stopped),
            chunk = body.chunk() => chunk.map_err(Failure::Hub)?,
        };
        let left = shared.plan().left(ticket);
        if left.is_empty() {
            return Ok(());
        }
        let Some(chunk) = chunk else {
            // A server may give less at once than was asked for, if it says so.
            let is_all = matches!(&body.extent, Extent::Part(part) if part.end <= left.start);
            return if is_all { Ok(()) } else { Err(Failure::Hub(body.ended_early()).into()) };
        };
        let wanted = usize::try_from(left.end - left.start).unwrap_or(usize::MAX);
        let bytes = chunk.as_ref();
        let bytes = bytes.get(..wanted.min(bytes.len())).unwrap_or_default();
        let begins = bytes.iter().zip(shared.magic).all(|(byte, expected)| byte == expected);
        if left.start == 0 && !begins {
            return Err(Failure::NotModel(shared.remote.what.clone()).into());
        }
        shared.file.write_at(bytes, left.start).map_err(|error| shared.io(error))?;
        let (prefix, done, is_over) = {
            let mut plan = shared.plan();
            plan.advance(ticket, bytes.len() as u64);
            (plan.finished().prefix(), plan.finished().total(), plan.left(ticket).is_empty())
        };
        shared.moved(prefix, done);
        if is_over {
            return Ok(());
        }
    }
}
