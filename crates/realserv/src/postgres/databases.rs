//! Databases and roles.

use super::Cluster;
use crate::service::{SERVICES, Service};
use anyhow::Result;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};
use std::collections::BTreeMap;

/// Makes the seven databases and roles. A role owns its own database and may connect to no other.
pub async fn ensure_service_databases(cluster: &Cluster, passwords: &BTreeMap<String, String>) -> Result<()> {
    let mut admin = cluster.connect("postgres").await?;
    run(&mut admin, "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC").await?;
    run(&mut admin, "REVOKE CONNECT ON DATABASE template1 FROM PUBLIC").await?;
    for service in SERVICES {
        let password = passwords.get(service.name).map_or("", String::as_str);
        ensure_one(&mut admin, service, password).await?;
    }
    Ok(())
}

async fn ensure_one(admin: &mut PgConnection, service: Service, password: &str) -> Result<()> {
    let Service { database, role, .. } = service;
    if !exists(admin, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role).await? {
        run(admin, &format!("CREATE ROLE {role} LOGIN")).await?;
    }
    // Passwords are hexadecimal, made by this program: nothing in them needs quoting.
    run(admin, &format!("ALTER ROLE {role} PASSWORD '{password}'")).await?;
    if !exists(admin, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).await? {
        run(admin, &format!("CREATE DATABASE {database} OWNER {role}")).await?;
    }
    run(admin, &format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")).await?;
    Ok(())
}

/// Drops every database that is not the server's own: what broken-off test runs left behind.
pub async fn drop_all(cluster: &Cluster) -> Result<()> {
    let mut admin = cluster.connect("postgres").await?;
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
            .fetch_all(&mut admin)
            .await?;
    for name in names {
        let quoted = name.replace('"', "\"\"");
        run(&mut admin, &format!("DROP DATABASE IF EXISTS \"{quoted}\" WITH (FORCE)")).await?;
    }
    Ok(())
}

async fn exists(admin: &mut PgConnection, question: &'static str, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar(question).bind(name).fetch_one(admin).await?)
}

async fn run(admin: &mut PgConnection, statement: &str) -> Result<()> {
    // Names and passwords are this program's own; DDL takes no parameters.
    admin.execute(AssertSqlSafe(statement.to_owned())).await?;
    Ok(())
}
