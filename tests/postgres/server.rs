//! A PostgreSQL server of the test's own, from the system's packages: a cluster in a temporary folder, on loopback, with TLS
//! and passwords, stopped by its number.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub const PASSWORD: &str = "correct-horse";

/// How long a server may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    directory: tempfile::TempDir,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    port: u16,
    child: Mutex<Option<Child>>,
}

impl Server {
    /// An error is why there can be none here.
    pub fn start() -> Result<Self, String> {
        let programs = find_programs().ok_or("no `initdb` and `postgres` on this machine (Debian: postgresql)")?;
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        // SAFETY: geteuid takes nothing, changes nothing and cannot fail.
        let is_root = unsafe { libc::geteuid() } == 0;
        // The server refuses to run as root.
        let owner = if is_root { Some(other_user().ok_or("root, and no user `postgres` or `nobody`")?) } else { None };
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).map_err(|e| e.to_string())?.port();
        let server = Self { directory, programs, owner, port, child: Mutex::default() };
        server.prepare()?;
        server.run()?;
        Ok(server)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.path()).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn prepare(&self) -> Result<(), String> {
        let write = |name: &str, text: &str| {
            std::fs::write(self.path().join(name), text).unwrap();
            std::fs::set_permissions(self.path().join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
            self.give(&self.path().join(name));
        };
        let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        write("server.pem", &signed.cert.pem());
        write("server.key", &signed.signing_key.serialize_pem());
        write("password", PASSWORD);
        self.give(self.path());
        let data = self.path().join("data");
        let initdb = self
            .command("initdb")
            .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username=tandem"])
            .arg(format!("--pwfile={}", self.path().join("password").display()))
            .arg("-D")
            .arg(&data)
            .stderr(Stdio::piped())
            .output()
            .map_err(|error| format!("initdb: {error}"))?;
        if initdb.status.success() {
            Ok(())
        } else {
            Err(format!("initdb: {}", String::from_utf8_lossy(&initdb.stderr)))
        }
    }

    /// Starts it, the first time or again.
    pub fn run(&self) -> Result<(), String> {
        let log = std::fs::File::create(self.path().join("log")).map_err(|error| error.to_string())?;
        let child = self
            .command("postgres")
            .arg("-D")
            .arg(self.path().join("data"))
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", "ssl=on", "-c", "max_connections=60", "-c"])
            .arg(format!("ssl_cert_file={}", self.path().join("server.pem").display()))
            .arg("-c")
            .arg(format!("ssl_key_file={}", self.path().join("server.key").display()))
            .arg("-c")
            .arg(format!("unix_socket_directories={}", self.path().display()))
            .stderr(log)
            .spawn()
            .map_err(|error| format!("postgres: {error}"))?;
        *self.child.lock().unwrap() = Some(child);
        let until = Instant::now() + PATIENCE;
        while postgres::Client::connect(&self.address("postgres"), postgres::NoTls).is_err() {
            if Instant::now() > until {
                let log = std::fs::read_to_string(self.path().join("log")).unwrap_or_default();
                return Err(format!("postgres does not start: {log}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// As a power cut ends it.
    pub fn crash(&self) {
        self.end(libc::SIGQUIT);
    }

    fn end(&self, signal: i32) {
        let Some(mut child) = self.child.lock().unwrap().take() else { return };
        // SAFETY: the child was not waited for, so the number is still its own.
        unsafe { libc::kill(child.id() as i32, signal) };
        let _ = child.wait();
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn address(&self, database: &str) -> String {
        format!("postgres://tandem:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// A client beside the ledgers.
    pub fn client(&self, database: &str) -> postgres::Client {
        postgres::Client::connect(&self.address(database), postgres::NoTls).unwrap()
    }

    /// A new database; returns its name.
    pub fn database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("team{}", NUMBER.fetch_add(1, Ordering::SeqCst));
        self.client("postgres").batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        name
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.owner {
            std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(libc::SIGINT);
    }
}

fn find_programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    places.extend(versions.into_iter().rev());
    places.into_iter().find(|place| place.join("initdb").exists() && place.join("postgres").exists())
}

fn other_user() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let find = |name: &str| {
        let fields: Vec<&str> =
            users.lines().map(|line| line.split(':').collect()).find(|f: &Vec<&str>| f[0] == name)?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody"))
}
