//! A Postgres server for the tests of one process: made when it is first asked for, gone when the process is.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The address of a new, empty database.
pub(crate) fn new_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let cluster = Cluster::of_this_process();
    let name = format!("ledger_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    cluster.client(
        "createdb",
        &["--template=template0", "--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8", &name],
    );
    cluster.url(&name)
}

/// A server of its own, for tests that stop it.
#[allow(dead_code, reason = "not every file of tests stops a server")]
pub(crate) fn own_cluster() -> Cluster {
    Cluster::start()
}

/// A server of its own whose write-ahead log lies in a folder elsewhere, in files of a megabyte.
#[allow(dead_code, reason = "not every file of tests fills a disk")]
pub(crate) fn own_cluster_with_log_in(folder: &Path) -> Cluster {
    let place = folder.join("wal");
    std::fs::create_dir(&place).unwrap();
    // the server is another user where the tests are root's
    let _ = Command::new("chown").arg("postgres").arg(&place).status();
    let cluster = Cluster::start_with(&[place.to_str().unwrap()]);
    cluster.sql("postgres", "ALTER SYSTEM SET max_wal_size = '8MB'");
    cluster.sql("postgres", "SELECT pg_reload_conf()");
    cluster
}

/// A server with its data in a folder of its own.
pub(crate) struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    port: u16,
    /// The server ends, and its folder goes, when this is closed.
    _lifeline: ChildStdin,
    _shell: Child,
}

#[allow(dead_code, reason = "not every file of tests looks behind the server")]
impl Cluster {
    fn of_this_process() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(Self::start)
    }

    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(more: &[&str]) -> Self {
        let binaries = binaries();
        let port = free_port();
        let mut command = as_nobody_in_particular();
        let mut shell = command
            .args([SCRIPT, "postgres-for-tests", binaries.to_str().unwrap(), &port.to_string()])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = String::new();
        let mut answers = BufReader::new(shell.stdout.take().unwrap());
        answers.read_line(&mut told).unwrap();
        let folder = told.trim().strip_prefix("ready ").map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| panic!("a Postgres server could not be started: {told}"));
        Self { binaries, folder, port, _lifeline: shell.stdin.take().unwrap(), _shell: shell }
    }

    /// The address of a database here.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://wuping@127.0.0.1:{}/{database}", self.port)
    }

    /// A new database here.
    pub(crate) fn database(&self, name: &str) -> String {
        self.client("createdb", &["--template=template0", "--encoding=UTF8", name]);
        self.url(name)
    }

    /// Runs SQL in a database, as the server's owner.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        self.client("psql", &["-v", "ON_ERROR_STOP=1", "-At", "-d", database, "-c", sql])
    }

    /// As [`Cluster::sql`]; none if the server refuses it, and then nothing of it was done.
    pub(crate) fn try_sql(&self, database: &str, sql: &str) -> Option<String> {
        let arguments = ["-v", "ON_ERROR_STOP=1", "-1", "-At", "-d", database, "-c", sql];
        let output = self.ran("psql", &arguments);
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// A new database here whose files lie in a folder elsewhere.
    pub(crate) fn database_in(&self, folder: &Path, name: &str) -> String {
        let place = folder.join("tablespace");
        std::fs::create_dir(&place).unwrap();
        // the server is another user where the tests are root's
        let _ = Command::new("chown").arg("postgres").arg(&place).status();
        self.sql("postgres", &format!("CREATE TABLESPACE {name} LOCATION '{}'", place.display()));
        self.client("createdb", &["--template=template0", "--encoding=UTF8", "--tablespace", name, name]);
        self.url(name)
    }

    /// Has the server encrypt, and take nothing in the open over the network: the folder with `root.pem`, which its certificate for
    /// the address 127.0.0.1 leads to, and `other.pem`, which it does not lead to.
    pub(crate) fn encrypt(&self) -> PathBuf {
        let script = format!("cd {} && {CERTIFICATES}", self.folder.display());
        assert!(as_nobody_in_particular().arg(script).status().unwrap().success());
        for setting in ["ssl_cert_file = '../server.pem'", "ssl_key_file = '../server.key'", "ssl = on"] {
            self.sql("postgres", &format!("ALTER SYSTEM SET {setting}"));
        }
        self.restart("fast");
        self.folder.clone()
    }

    /// Ends the server, as a crash does (`immediate`) or as an upgrade does (`fast`), and starts it again.
    pub(crate) fn restart(&self, how: &str) {
        self.pg_ctl(&format!("-m {how} -w -t 180 stop"));
        self.starts();
    }

    /// Starts the server again after it ended by itself, or could not get up again by itself.
    pub(crate) fn start_again(&self) {
        self.pg_ctl("-m immediate -w -t 180 stop");
        self.starts();
    }

    /// Starts the server: again where what the last one shared in memory is not given back yet, as on a machine that has much to do.
    fn starts(&self) {
        let options = format!(
            "-l {folder}/log -w -t 180 -o \"-p {port} -h 127.0.0.1 -k '{folder}' -c max_connections=300\" start",
            folder = self.folder.display(),
            port = self.port,
        );
        for _ in 0..20 {
            if self.pg_ctl(&options) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        panic!("the server does not start:\n{}", self.log());
    }

    /// Whether `pg_ctl` could do what it was asked to.
    fn pg_ctl(&self, arguments: &str) -> bool {
        let (pg_ctl, folder) = (self.binaries.join("pg_ctl"), self.folder.display());
        let script =
            format!("cd {folder} && {} -D {folder}/data {arguments} >/dev/null 2>&1", pg_ctl.display());
        as_nobody_in_particular().arg(script).status().unwrap().success()
    }

    /// What the server's own log says.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn ran(&self, program: &str, arguments: &[&str]) -> Output {
        let port = self.port.to_string();
        let mut command = Command::new(self.binaries.join(program));
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "wuping"]).args(arguments).output().unwrap()
    }

    fn client(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.ran(program, arguments);
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The newest Postgres that is installed.
fn binaries() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    let in_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    };
    let found = found.pop().map(|(_, bin)| bin).or_else(in_path);
    found.unwrap_or_else(|| panic!("no Postgres is installed: `bash tests/run` installs one"))
}

/// The server refuses to run as root.
/// A port that nobody listens on, and that no connection is given: one of those would have it while the server is away.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..1_000 {
        // processes that test at the same time begin at other places
        let nth = std::process::id().wrapping_mul(37).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 16_000 + u16::try_from(nth % 16_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free between 16000 and 32000")
}

fn as_nobody_in_particular() -> Command {
    if Path::new("/root").metadata().is_ok() && std::fs::read_dir("/root").is_ok() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh", "-c"]);
        return command;
    }
    let mut command = Command::new("sh");
    command.arg("-c");
    command
}

const CERTIFICATES: &str = r#"
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
for name in root other; do
    openssl req -x509 $key -days 30 -subj "/CN=$name" -keyout $name.key -out $name.pem 2>/dev/null || exit 1
done
openssl req $key -subj /CN=server -keyout server.key -out server.csr 2>/dev/null || exit 1
echo "subjectAltName = IP:127.0.0.1" >names
openssl x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile names -out server.pem 2>/dev/null || exit 1
chmod 600 server.key
echo "hostssl all all 127.0.0.1/32 trust" >data/pg_hba.conf
"#;
const SCRIPT: &str = r#"
folder=$(mktemp -d /tmp/wuping-postgres.XXXXXX) && cd "$folder" || exit 1
"$1/initdb" -D "$folder/data" -A trust -U wuping -E UTF8 --locale=C -N ${3:+-X "$3" --wal-segsize=1} >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
"$1/pg_ctl" -D "$folder/data" -l "$folder/log" -w -o "-p $2 -h 127.0.0.1 -k '$folder' -c max_connections=300" start >/dev/null 2>&1 \
    || { cat "$folder/log" >&2; exit 1; }
echo "ready $folder"
cat >/dev/null
"$1/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
rm -rf "$folder"
"#;
