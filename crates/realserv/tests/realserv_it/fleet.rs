//! The runner with stand-ins for sandbox and services: what it starts, heals and leaves behind.

use crate::support::{checkout, empty_folder};
use realserv::{home::Home, net, process::Running, service::SERVICES};
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::Duration,
};

/// Answers every GET on the address it is given.
const STAND_IN: &str = r#"#!/usr/bin/env python3
import http.server, os, sys
if sys.argv[1:] in (["migrate"], ["seed"]):
    sys.exit(0)
address = os.environ.get("SANDBOX_BIND") or os.environ["BIND_ADDR"]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
http.server.ThreadingHTTPServer(("127.0.0.1", int(address.split(":")[1])), Handler).serve_forever()
"#;

struct Stage {
    bin: PathBuf,
    home: PathBuf,
    base: u16,
}

impl Stage {
    fn new(name: &str) -> Self {
        let root = empty_folder(name);
        let (bin, home) = (root.join("bin"), root.join("home"));
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&home).unwrap();
        for name in SERVICES.map(|service| service.name).into_iter().chain(["sandbox"]) {
            fs::write(bin.join(name), STAND_IN).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::copy(env!("CARGO_BIN_EXE_realserv"), bin.join("realserv")).unwrap();
        // The AWS stand-in of the checkout, so that a test does not install it again.
        realserv::aws::install(&Home::at(checkout(), None).unwrap()).unwrap();
        symlink(checkout().join(".realserv/venv"), home.join("venv")).unwrap();
        Self { bin, home, base: free_ports() }
    }

    fn realserv(&self, args: &[&str]) -> Output {
        Command::new(self.bin.join("realserv"))
            .args(args)
            .env("REALSERV_HOME", &self.home)
            .env("REALSERV_PORT_BASE", self.base.to_string())
            .env_remove("REALSERV_ENV")
            .current_dir(checkout())
            .output()
            .unwrap()
    }

    fn said(&self, args: &[&str]) -> String {
        let output = self.realserv(args);
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    fn up(&self) {
        let output = self.realserv(&["up", "--no-build", "--detach"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    fn running(&self, name: &str) -> Option<Running> {
        let folder = if name == "realserv" { self.home.clone() } else { self.home.join("run") };
        Running::read(&folder.join(format!("{name}.pid")))
    }

    fn ports(&self) -> impl Iterator<Item = u16> {
        self.base..self.base + 11
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.realserv(&["down", "--wipe"]);
    }
}

/// The first of eleven ports in a row that nobody uses.
fn free_ports() -> u16 {
    loop {
        let first = net::free_port().unwrap();
        let fits = first < u16::MAX - 11;
        if fits && (first..first + 11).all(|port| !net::is_taken(port)) {
            return first;
        }
    }
}

fn eventually(what: &str, check: impl Fn() -> bool) {
    for _ in 0..100 {
        if check() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not happen");
}

fn lines_with(text: &str, word: &str) -> usize {
    text.lines().filter(|line| line.contains(word)).count()
}

#[test]
fn the_fleet_comes_up_heals_and_goes_without_a_trace() {
    let stage = Stage::new("fleet");
    stage.up();
    let status = stage.said(&["status"]);
    assert_eq!(lines_with(&status, " yes "), 11, "{status}");
    assert!(stage.said(&["up", "--no-build"]).contains("already runs"));

    let killed = stage.running("order").unwrap();
    killed.signal(rustix::process::Signal::KILL);
    eventually("a new order process", || stage.running("order").is_some_and(|now| now != killed));
    eventually("order to be ready", || stage.realserv(&["status"]).status.success());
    assert!(fs::read_to_string(stage.home.join("logs/realserv.log")).unwrap().contains("order died (signal 9)"));

    assert!(stage.realserv(&["down"]).status.success());
    assert!(stage.ports().all(|port| !net::is_taken(port)));
    assert!(stage.home.join("pg/PG_VERSION").exists());
    assert!(stage.said(&["status"]).contains("nothing runs"));
    stage.realserv(&["down", "--wipe"]);
    assert!(!stage.home.join("pg").exists());
}

#[test]
fn what_the_aws_stand_in_took_to_its_grave_is_published_again() {
    let stage = Stage::new("fleet-aws");
    stage.up();
    stage.said(&[
        "sql",
        "order",
        "-c",
        "CREATE TABLE outbox AS SELECT now() - interval '1 minute' * n AS published_at, n
        FROM unnest(ARRAY[0, 4, 6]) n",
    ]);
    let killed = stage.running("ministack").unwrap();
    killed.signal(rustix::process::Signal::KILL);
    let log = stage.home.join("logs/realserv.log");
    let said = || fs::read_to_string(&log).unwrap();
    eventually("publishing again", || said().contains("order: 2 events are published again"));
    let kept = stage.said(&["sql", "order", "-Atc", "SELECT n FROM outbox WHERE published_at IS NOT NULL"]);
    assert_eq!(kept.trim(), "6");
}

#[test]
fn what_a_killed_runner_left_running_is_stopped_by_the_next_start() {
    let stage = Stage::new("fleet-crash");
    stage.up();
    let orphan = stage.running("payment").unwrap();
    stage.running("realserv").unwrap().signal(rustix::process::Signal::KILL);
    eventually("the runner's end", || stage.running("realserv").is_none());
    assert!(orphan.is_alive());
    stage.up();
    assert!(!orphan.is_alive());
    assert!(stage.realserv(&["status"]).status.success());
}

#[test]
fn a_taken_port_is_named_with_its_owner_and_a_way_out() {
    let stage = Stage::new("fleet-port");
    let _taken = std::net::TcpListener::bind(("127.0.0.1", stage.base + 3)).unwrap();
    let said = stage.said(&["up", "--no-build"]);
    assert!(said.contains(&format!("port {} (payment)", stage.base + 3)), "{said}");
    assert!(said.contains("--port-base"), "{said}");
}

#[test]
fn the_clock_moves_by_steps_and_never_in_production() {
    let home = empty_folder("clock");
    let clock = |step: &str, env: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_realserv"))
            .args(["clock", step])
            .env("REALSERV_HOME", &home)
            .env("REALSERV_ENV", env)
            .current_dir(checkout())
            .output()
            .unwrap();
        (output.status.success(), offset(&home))
    };
    assert_eq!(clock("+2h", "local"), (true, 7200));
    assert_eq!(clock("+1d30m", "local"), (true, 95_400));
    assert_eq!(clock("-2h", "local"), (true, 88_200));
    assert_eq!(clock("+1d", "production"), (false, 88_200));
    assert_eq!(clock("tomorrow", "local"), (false, 88_200));
    assert_eq!(clock("reset", "local"), (true, 0));
}

fn offset(home: &Path) -> i64 {
    context::FileClock::offset_in(&home.join("clock"))
}

#[test]
fn with_stack_gives_a_database_and_hands_back_the_exit_status() {
    let output = Command::new(env!("CARGO_BIN_EXE_realserv"))
        .args(["with-stack", "--no-aws", "--", "sh", "-c", "echo $TEST_DATABASE_ADMIN_URL; exit 7"])
        .current_dir(checkout())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7));
    let url = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let port: u16 = url.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap();
    assert!(!net::is_taken(port), "{url}");
}
