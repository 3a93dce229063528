//! What is possible at all on this machine: the SQL alone, and a bare handler around it.
//!
//! For browsing that is the very SQL which the catalog service was seen to run. For ordering it is what one program with
//! one database would do in one transaction: key, stock, order, lines, payment, event. A fleet of seven with a database
//! each cannot reach that; how much of it is left is what the report tells.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::process::Command;

use crate::net;
use crate::postgres::Binaries;
use crate::process::{Process, Spec};

/// Database of the bare order.
pub(super) const DATABASE: &str = "realserv_bench";

/// Rows of stock: as many as the vendors of the benchmark offer together.
const STOCK_ROWS: i64 = 128;

/// The tables of the bare order, as narrow as an order allows.
const TABLES: &str = "
    CREATE TABLE keys (key uuid PRIMARY KEY, body_hash bytea NOT NULL, made_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE stock (id bigint PRIMARY KEY, name text NOT NULL, price numeric(12,2) NOT NULL, quantity numeric(12,3) NOT NULL
        CHECK (quantity >= 0));
    CREATE SEQUENCE order_numbers;
    CREATE TABLE orders (id bigint PRIMARY KEY, order_number text NOT NULL UNIQUE, buyer_id uuid NOT NULL, vendor_id uuid NOT NULL,
        status text NOT NULL, address jsonb NOT NULL, subtotal numeric(12,2) NOT NULL, tax numeric(12,2) NOT NULL,
        delivery_charge numeric(12,2) NOT NULL, total numeric(12,2) NOT NULL, made_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON orders (buyer_id, made_at);
    CREATE INDEX ON orders (vendor_id, made_at);
    CREATE TABLE order_items (order_id bigint NOT NULL REFERENCES orders, line_no int NOT NULL, stock_id bigint NOT NULL,
        quantity numeric(12,3) NOT NULL, unit_price numeric(12,2) NOT NULL, PRIMARY KEY (order_id, line_no));
    CREATE TABLE payments (id uuid PRIMARY KEY, order_id bigint NOT NULL UNIQUE REFERENCES orders, amount numeric(12,2) NOT NULL,
        status text NOT NULL, made_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE outbox (id uuid PRIMARY KEY, kind text NOT NULL, payload jsonb NOT NULL, made_at timestamptz NOT NULL DEFAULT now());
";

/// One order of two lines, between BEGIN and COMMIT. `:stock` is the first of the two rows of stock.
pub(super) const ORDER: [&str; 7] = [
    "INSERT INTO keys (key, body_hash) VALUES (gen_random_uuid(), decode(repeat('ab', 32), 'hex'))",
    // In the order of ids, so that two orders of neighbouring rows never wait for each other.
    "SELECT id, name, price FROM stock WHERE id BETWEEN :stock AND :stock + 1 ORDER BY id FOR UPDATE",
    "UPDATE stock SET quantity = quantity - 2 WHERE id BETWEEN :stock AND :stock + 1 AND quantity >= 2",
    "INSERT INTO orders (id, order_number, buyer_id, vendor_id, status, address, subtotal, tax, delivery_charge, total) \
     SELECT n, 'ORD' || lpad(n::text, 9, '0'), gen_random_uuid(), gen_random_uuid(), 'pending', \
     '{\"address_line1\": \"Plot 88, Vinayak Nagar\", \"city\": \"Hyderabad\", \"pincode\": \"500032\"}', \
     1542.00, 277.56, 150.00, 1969.56 FROM nextval('order_numbers') AS n",
    "INSERT INTO order_items (order_id, line_no, stock_id, quantity, unit_price) \
     SELECT currval('order_numbers'), line_no, :stock + line_no - 1, 2, 385.50 FROM generate_series(1, 2) AS line_no",
    "INSERT INTO payments (id, order_id, amount, status) VALUES (gen_random_uuid(), currval('order_numbers'), 1969.56, 'pending')",
    "INSERT INTO outbox (id, kind, payload) VALUES (gen_random_uuid(), 'OrderPlaced', jsonb_build_object('order', \
     currval('order_numbers'), 'total', '1969.56', 'address', 'Plot 88, Vinayak Nagar, Hyderabad 500032'))",
];

/// A statement of [`ORDER`] as sqlx wants it.
pub(super) fn with_parameter(statement: &str) -> String {
    statement.replace(":stock", "$1::bigint")
}

/// The first row of stock that an order takes from.
pub(super) fn first_stock(order: i64) -> i64 {
    order.rem_euclid(STOCK_ROWS - 1) + 1
}

/// Where Postgres is and who may do everything there.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) port: u16,
    pub(super) password: String,
}

impl Server {
    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The superuser's connection.
    pub(super) async fn connect(&self, database: &str) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.url(database)).await?)
    }
}

/// Makes the database of the bare order.
pub(super) async fn make_database(server: &Server) -> Result<()> {
    let mut admin = server.connect("postgres").await?;
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {DATABASE}"))).await?;
    let mut own = server.connect(DATABASE).await?;
    own.execute(TABLES).await?;
    let stock =
        "INSERT INTO stock SELECT n, 'UltraTech OPC 53 grade', 385.50, 100000000 FROM generate_series(1, $1::bigint) AS n";
    sqlx::query(stock).bind(STOCK_ROWS).execute(&mut own).await?;
    Ok(())
}

/// Starts the bare handler in a process of its own; gives it and its address.
pub(super) async fn start_bare(run: &Path, logs: &Path, url: String, read: &[String]) -> Result<(Process, String)> {
    let port = net::free_port()?;
    let mut spec = Spec::new("bench-bare", std::env::current_exe()?, logs.join("bench-bare.log"))
        .args(["bench-bare".to_owned(), "--bind".to_owned(), format!("127.0.0.1:{port}")])
        .env("DATABASE_URL", url);
    for statement in read {
        spec = spec.args(["--read".to_owned(), statement.clone()]);
    }
    let process = Process::start(&spec, run)?;
    if !net::listens_within(port, Duration::from_secs(10)).await {
        bail!("the bare handler did not start:\n{}", net::tail(&process.log, 8));
    }
    Ok((process, format!("http://127.0.0.1:{port}/")))
}

/// What pgbench found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alone {
    pub(super) clients: usize,
    pub(super) per_second: f64,
    pub(super) average_ms: f64,
    pub(super) transactions: f64,
}

/// The program, where this machine has it.
pub(super) fn pgbench(binaries: &Binaries) -> Option<PathBuf> {
    let beside = binaries.program("pgbench");
    if beside.is_file() {
        return Some(beside);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("pgbench")).find(|program| program.is_file())
}

/// The script of a bare order.
pub(super) fn order_script() -> String {
    let stock = format!("\\set stock random(1, {})", STOCK_ROWS - 1);
    let statements: Vec<String> = ORDER.iter().map(|statement| format!("{statement};")).collect();
    [stock, "BEGIN;".to_owned(), statements.join("\n"), "COMMIT;\n".to_owned()].join("\n")
}

/// The script that runs statements as they are.
pub(super) fn read_script(statements: &[String]) -> String {
    // A line is a command there; a colon that is no cast would be a variable.
    statements.iter().map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" ") + ";\n").collect()
}

/// Runs a script against a database.
pub(super) async fn run_pgbench(
    program: &Path,
    server: &Server,
    database: &str,
    script: &Path,
    clients: usize,
    seconds: u64,
) -> Result<Alone> {
    let output = Command::new(program)
        .args(["-n", "-M", "prepared", "-h", "127.0.0.1", "-U", "postgres"])
        .args(["-p".to_owned(), server.port.to_string(), "-T".to_owned(), seconds.to_string()])
        .args(["-c".to_owned(), clients.to_string(), "-j".to_owned(), clients.min(2).to_string(), "-f".to_owned()])
        .arg(script)
        .arg(database)
        .env("PGPASSWORD", &server.password)
        .stdin(Stdio::null())
        .output()
        .await
        .context("pgbench cannot be started")?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr));
    }
    read_pgbench(&said, clients).with_context(|| format!("pgbench said something else than expected:\n{said}"))
}

fn read_pgbench(said: &str, clients: usize) -> Option<Alone> {
    let number = |after: &str| -> Option<f64> {
        let rest = said.lines().find_map(|line| line.strip_prefix(after))?;
        rest.split([' ', '/']).find(|word| !word.is_empty())?.parse().ok()
    };
    Some(Alone {
        clients,
        per_second: number("tps = ")?,
        average_ms: number("latency average = ")?,
        transactions: number("number of transactions actually processed: ")?,
    })
}

/// Writes a script to a file.
pub(super) fn write_script(folder: &Path, name: &str, script: &str) -> Result<PathBuf> {
    let file = folder.join(name);
    fs::write(&file, script)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_pgbench_are_understood() {
        let said = "transaction type: x.sql\nnumber of transactions actually processed: 27093\nnumber of failed transactions: 0 (0.000%)\n\
                    latency average = 0.590 ms\ninitial connection time = 17.6 ms\ntps = 13563.925151 (without initial connection time)\n";
        let read = read_pgbench(said, 8).unwrap();
        assert!((read.per_second - 13_563.925_151).abs() < 1e-6);
        assert!((read.average_ms - 0.59).abs() < 1e-9);
        assert!((read.transactions - 27_093.0).abs() < 1e-9);
    }

    #[test]
    fn a_bare_order_takes_rows_that_exist() {
        for order in 0..1000 {
            let first = first_stock(order);
            assert!((1..STOCK_ROWS).contains(&first));
        }
    }
}
