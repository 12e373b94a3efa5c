//! PostgreSQL clusters in temporary folders, gone with the tests.

use super::{Guard, wait_for};
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The programs, where Debian has them and where others do.
const FOLDERS: &str = "/usr/lib/postgresql";
const MISSING: &str = "PostgreSQL is not installed: on Debian and Ubuntu, `apt-get install postgresql`; or put the folder of its \
                       programs (initdb, postgres, psql) on PATH";

pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    /// Settings of the server.
    settings: Vec<String>,
    server: Option<Child>,
}

impl Cluster {
    pub const PASSWORD: &str = "hush-hush";

    /// One with an empty database `flags`, for a test that does something to its server. `None` if there is no PostgreSQL here, and there need not be.
    pub fn start() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Some(programs) = programs() else {
            let is_required =
                env::var_os("FLAGSTONE_HOSTS").is_some_and(|value| value == "required");
            assert!(!is_required, "{MISSING}");
            eprintln!("SKIPPED: {MISSING}");
            return None;
        };
        // The path of a socket is short.
        let name = format!(
            "flagstone-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("password"), Self::PASSWORD).unwrap();
        let mut cluster = Self {
            programs,
            folder,
            port: 5432,
            // What the system has been given outlives the server, which is all that is killed here.
            settings: ["listen_addresses=", "fsync=off", "synchronous_commit=off"]
                .map(str::to_owned)
                .into(),
            server: None,
        };
        give(&cluster.folder);
        give(&cluster.folder.join("password"));
        let mut make = cluster.program("initdb");
        make.args([
            "--username=guard",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]);
        make.arg(format!(
            "--pwfile={}",
            cluster.folder.join("password").display()
        ));
        make.arg(format!(
            "--pgdata={}",
            cluster.folder.join("data").display()
        ));
        let made = make.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        cluster.run();
        cluster.sql_in("postgres", "CREATE DATABASE flags");
        Some(cluster)
    }

    /// Starts the server.
    pub fn run(&mut self) {
        let mut server = self.program("postgres");
        server.arg("-D").arg(self.folder.join("data"));
        server.arg("-k").arg(&self.folder);
        for setting in &self.settings {
            server.args(["-c", setting]);
        }
        let server = server.stdout(Stdio::null()).stderr(Stdio::null());
        self.server = Some(server.spawn().unwrap());
        wait_for("a server", || self.ask("postgres", "SELECT 1"));
    }

    /// Has the server listen on a port, with a certificate for `localhost` that nobody vouches for. The port, and the certificate.
    pub fn secure(&mut self) -> (u16, PathBuf) {
        let [key, certificate] = ["key", "certificate"].map(|name| self.folder.join(name));
        let mut make = Command::new("openssl");
        make.args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"]);
        make.args(["ec_paramgen_curve:P-256", "-subj", "/CN=localhost"]);
        make.args(["-addext", "subjectAltName=DNS:localhost"]);
        make.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        make.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        let made = make.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        give(&key);
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        self.stop();
        self.settings.extend([
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "ssl=on".to_owned(),
            format!("ssl_key_file={}", key.display()),
            format!("ssl_cert_file={}", certificate.display()),
        ]);
        self.port = port;
        self.run();
        (port, certificate)
    }

    /// Stops the server at once, as a crash would: it has to recover.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let mut stop = self.program("pg_ctl");
            stop.args(["stop", "--mode=immediate", "--silent", "-D"]);
            let _ = stop.arg(self.folder.join("data")).status();
            let _ = server.wait();
        }
    }

    pub fn crash(&mut self) {
        self.stop();
        self.run();
    }

    /// A guard with its state here.
    pub fn guard(&self, folder: &Path, more: &[&str]) -> Guard {
        Guard::on(&self.url("flags"), folder, more)
    }

    fn url(&self, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgres:///{database}?host={folder}&user=guard")
    }

    pub fn sql(&self, text: &str) -> String {
        self.sql_in("flags", text)
    }

    pub fn sql_in(&self, database: &str, text: &str) -> String {
        self.ask(database, text).unwrap_or_else(|| panic!("{text}"))
    }

    fn ask(&self, database: &str, text: &str) -> Option<String> {
        let mut ask = Command::new(self.programs.join("psql"));
        ask.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--quiet",
            "--username=guard",
        ]);
        ask.arg(format!("--port={}", self.port));
        ask.arg("--host")
            .arg(&self.folder)
            .args(["--dbname", database, "--command", text]);
        let output = ask.env("PGPASSWORD", Self::PASSWORD).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| text.trim().to_owned())
    }

    /// A program that is not to be root's.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let Some((user, group)) = other_user() else {
            return Command::new(path);
        };
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={user}"), format!("--regid={group}")]);
        command.arg("--clear-groups").arg(path).current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A database of its own, in a cluster that tests share and that ends with the last of them.
pub struct Database {
    cluster: Arc<Cluster>,
    name: &'static str,
}

static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

impl Database {
    /// An empty one. `None` as for [`Cluster::start`].
    pub fn make(name: &'static str) -> Option<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = match shared.upgrade() {
            Some(cluster) => cluster,
            None => Arc::new(Cluster::start()?),
        };
        *shared = Arc::downgrade(&cluster);
        cluster.sql_in("postgres", &format!("CREATE DATABASE {name}"));
        Some(Self { cluster, name })
    }

    /// A guard with its state here.
    pub fn guard(&self, folder: &Path, more: &[&str]) -> Guard {
        Guard::on(&self.url(), folder, more)
    }

    pub fn url(&self) -> String {
        self.cluster.url(self.name)
    }

    pub fn sql(&self, text: &str) -> String {
        self.cluster.sql_in(self.name, text)
    }
}

/// Makes a file the server's.
fn give(path: &Path) {
    if let Some((user, group)) = other_user() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// The newest that there are.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = match fs::read_dir(FOLDERS) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        entries => entries
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect(),
    };
    let newest = debian.into_iter().max_by_key(|folder| {
        let version = folder
            .file_name()
            .and_then(|name| name.to_str()?.parse::<u32>().ok());
        version.unwrap_or(0)
    });
    let debian = newest.map(|folder| folder.join("bin"));
    let mut folders = debian.into_iter().chain(env::split_paths(&path));
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// Whose the server is to be if this is root, which PostgreSQL refuses: the user that its package makes, or nobody.
fn other_user() -> Option<(u32, u32)> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    is_root.then(|| {
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let user = |name: &str| {
            let line = users
                .lines()
                .find(|line| line.starts_with(&format!("{name}:")))?;
            let mut fields = line.split(':').skip(2).map(|field| field.parse().unwrap());
            Some((fields.next()?, fields.next()?))
        };
        user("postgres")
            .or_else(|| user("nobody"))
            .unwrap_or((65_534, 65_534))
    })
}
