//! Which SQL the services run, as Postgres logs it while it is told to.

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use sqlx::{AssertSqlSafe, Executor as _};

use super::limits::Server;

/// Long enough for Postgres to notice a setting and to write a line.
const NOTICE: Duration = Duration::from_millis(400);

/// One statement as it was run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ran {
    /// Seconds since 1970.
    pub(super) at: f64,
    pub(super) database: String,
    pub(super) text: String,
    pub(super) parameters: String,
}

impl Ran {
    /// BEGIN, COMMIT and ROLLBACK: a round trip each, and no work.
    pub(super) fn is_bracket(&self) -> bool {
        ["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| self.text.starts_with(word))
    }

    /// What relays and workers do by themselves: take due rows, mark them done, listen to events.
    pub(super) fn is_background(&self) -> bool {
        const MARKS: [&str; 10] = [
            "WITH due AS",
            "SELECT count(*) AS pending",
            "UPDATE outbox SET",
            "UPDATE jobs SET",
            "INSERT INTO inbox",
            "SELECT firebase_uid, user_id, status, changed_at FROM access_changes",
            // The catalogue's sweeps: what is over, what is too old, whether the stock adds up.
            "SELECT order_id as \"order_id: OrderId\" FROM stock_reservations WHERE status = 'active' AND expires_at",
            "SELECT b.id, b.inventory_id",
            "SELECT id as \"id!\" FROM ( SELECT id FROM (SELECT id FROM vendor_inventory",
            "SELECT what as \"what!\"",
        ];
        self.database.contains("notifications") || MARKS.iter().any(|mark| self.text.starts_with(mark))
    }

    /// With its parameters in their places, as a text that stands alone.
    pub(super) fn filled_in(&self) -> String {
        let values: BTreeMap<usize, String> = parameters(&self.parameters).into_iter().collect();
        let mut parts = self.text.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let (number, rest) = part.split_at(digits);
            match number.parse().ok().and_then(|number: usize| values.get(&number)) {
                Some(value) => text.push_str(value),
                None => text.extend(["$", number]),
            }
            text.push_str(rest);
        }
        text
    }
}

/// `$1 = 'a', $2 = NULL` as pairs.
fn parameters(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('$') {
        let Some((number, after)) = after.split_once(" = ") else { break };
        let Ok(number) = number.parse() else { break };
        let end =
            if let Some(inside) = after.strip_prefix('\'') { quoted(inside) + 1 } else { after.find(',').unwrap_or(after.len()) };
        let (value, after) = after.split_at(end);
        found.push((number, value.to_owned()));
        rest = after;
    }
    found
}

/// The length of a quoted value after its first quote, with its last one; quotes inside are doubled.
fn quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    text.len()
}

/// Postgres, its log, and the right to say what is written there.
pub(super) struct Watch {
    server: Server,
    log: PathBuf,
}

impl Watch {
    pub(super) fn new(server: Server, log: PathBuf) -> Self {
        Self { server, log }
    }

    /// Does something and gives what was run meanwhile.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> Result<(T, Vec<Ran>)> {
        let mut admin = self.server.connect("postgres").await?;
        for setting in ["log_statement = 'all'", "log_line_prefix = '%n\t%d\t'"] {
            admin.execute(AssertSqlSafe(format!("ALTER SYSTEM SET {setting}"))).await?;
        }
        admin.execute("SELECT pg_reload_conf()").await?;
        tokio::time::sleep(NOTICE).await;
        let from = std::fs::metadata(&self.log)?.len();
        let done = work.await;
        tokio::time::sleep(NOTICE).await;
        let mut file = File::open(&self.log)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        for setting in ["log_statement", "log_line_prefix"] {
            admin.execute(AssertSqlSafe(format!("ALTER SYSTEM RESET {setting}"))).await?;
        }
        admin.execute("SELECT pg_reload_conf()").await?;
        tokio::time::sleep(NOTICE).await;
        Ok((done, read(&String::from_utf8_lossy(&bytes))))
    }
}

/// Statements in a log whose lines begin with time and database.
fn read(log: &str) -> Vec<Ran> {
    let mut records: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.starts_with('\t'), records.last_mut()) {
            // The further lines of a statement begin with a tab.
            (true, Some(last)) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => records.push(line.to_owned()),
        }
    }
    let mut all: Vec<Ran> = Vec::new();
    for record in &records {
        let mut fields = record.splitn(3, '\t');
        let (Some(at), Some(database), Some(what)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let Ok(at) = at.parse() else { continue };
        if let Some(detail) = what.strip_prefix("DETAIL:  ") {
            // Newer versions write `Parameters:`.
            if let (Some(last), Some(values)) = (all.last_mut(), detail.get("parameters: ".len()..)) {
                last.parameters = values.to_owned();
            }
            continue;
        }
        let text = what.strip_prefix("LOG:  statement: ").or_else(|| {
            let named = what.strip_prefix("LOG:  execute ")?;
            Some(named.split_once(": ")?.1)
        });
        if let Some(text) = text.filter(|_| database != "postgres") {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            all.push(Ran { at, database: database.to_owned(), text, parameters: String::new() });
        }
    }
    all
}

/// How often each statement of each database was run, the most frequent first.
pub(super) fn tally(ran: &[Ran]) -> Vec<(usize, String, String)> {
    let mut times = BTreeMap::<(&str, &str), usize>::new();
    for one in ran {
        *times.entry((&one.database, &one.text)).or_default() += 1;
    }
    let mut list: Vec<_> =
        times.into_iter().map(|((database, text), times)| (times, database.to_owned(), text.to_owned())).collect();
    list.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "1732132735.123\trealserv_catalog_db\tLOG:  execute sqlx_s_1: SELECT a,\n\t   b FROM t WHERE c = $1\n\
        1732132735.123\trealserv_catalog_db\tDETAIL:  parameters: $1 = 'it''s, $2', $2 = NULL, $10 = '7'\n\
        1732132735.200\trealserv_orders_db\tLOG:  statement: BEGIN\n\
        1732132735.300\tpostgres\tLOG:  statement: SELECT pg_reload_conf()\n\
        nonsense\n";

    #[test]
    fn statements_are_read_from_the_log_with_their_parameters() {
        let ran = read(LOG);
        assert_eq!(ran.len(), 2);
        assert_eq!(ran[0].text, "SELECT a, b FROM t WHERE c = $1");
        assert_eq!(ran[0].filled_in(), "SELECT a, b FROM t WHERE c = 'it''s, $2'");
        assert!(ran[1].is_bracket());
        let values = vec![(1, "'it''s, $2'".to_owned()), (2, "NULL".to_owned()), (10, "'7'".to_owned())];
        assert_eq!(parameters(&ran[0].parameters), values);
    }
}
