//! The local socket itself: the only file that names `interprocess`.

use std::io;

use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name};

use super::address::HostAddress;

pub use interprocess::local_socket::tokio::{Listener, Stream};

/// The name must be free: the caller holds the lock and has removed what a dead host left.
pub fn listen(address: &HostAddress) -> io::Result<Listener> {
    let socket = address.socket();
    // Who removes the file, and when, is the claim's business.
    let options = ListenerOptions::new().name(name(&socket)?).reclaim_name(false);
    let listener = owner_only(options)?.create_tokio()?;
    #[cfg(unix)]
    {
        // The directory is closed to others, so nobody can come in between.
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(listener)
}

pub async fn accept(listener: &Listener) -> io::Result<Stream> {
    listener.accept().await
}

pub async fn connect(address: &HostAddress) -> io::Result<Stream> {
    Stream::connect(name(&address.socket())?).await
}

/// The user of the process at the other end, when the system tells.
pub fn peer_user(stream: &Stream) -> Option<u32> {
    #[cfg(unix)]
    return stream.peer_creds().ok()?.euid();
    #[cfg(not(unix))]
    {
        let _ = stream;
        None
    }
}

fn name(socket: &std::path::Path) -> io::Result<Name<'_>> {
    socket.to_fs_name::<GenericFilePath>()
}

#[cfg(not(windows))]
fn owner_only(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    Ok(options)
}

/// A pipe has no directory to protect it, so it gets an access list with one entry: the owner.
#[cfg(windows)]
fn owner_only(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
    use interprocess::os::windows::security_descriptor::SecurityDescriptor;

    let list = widestring::u16cstr!("D:P(A;;GA;;;OW)");
    Ok(options.security_descriptor(SecurityDescriptor::deserialize(list)?))
}
