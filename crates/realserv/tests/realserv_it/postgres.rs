//! Finding server binaries, and a cluster made from them.

use crate::support::empty_folder;
use realserv::{
    net,
    postgres::{Access, Cluster, Places, ensure_service_databases, find, find_or_install},
    service::SERVICES,
};
use sqlx::{Connection as _, PgConnection};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

fn binaries(folder: PathBuf) -> PathBuf {
    fs::create_dir_all(&folder).unwrap();
    for name in ["initdb", "postgres"] {
        fs::write(folder.join(name), "").unwrap();
    }
    folder
}

fn found(places: &Places) -> Option<PathBuf> {
    find(places).map(|binaries| binaries.folder)
}

#[test]
fn the_variable_comes_before_the_path_and_the_path_before_the_usual_folders() {
    let root = empty_folder("finder-order");
    let mut places = Places {
        variable: Some(binaries(root.join("variable"))),
        path: vec![root.join("empty"), binaries(root.join("path"))],
        versioned: vec![],
        usual: vec![binaries(root.join("usual"))],
    };
    assert_eq!(found(&places), Some(root.join("variable")));
    places.variable = None;
    assert_eq!(found(&places), Some(root.join("path")));
    places.path.clear();
    assert_eq!(found(&places), Some(root.join("usual")));
    places.usual.clear();
    assert_eq!(found(&places), None);
}

#[test]
fn a_variable_that_leads_nowhere_is_not_passed_over() {
    let root = empty_folder("finder-variable");
    let places = Places { variable: Some(root.join("gone")), path: vec![binaries(root.join("path"))], ..Default::default() };
    assert_eq!(found(&places), None);
}

#[test]
fn the_newest_of_several_versions_is_taken() {
    let root = empty_folder("finder-versions");
    for version in ["9", "15", "17", "common"] {
        binaries(root.join("debian").join(version).join("bin"));
    }
    binaries(root.join("brew/postgresql@16/bin"));
    let places = |name: &str| Places { versioned: vec![root.join(name)], ..Default::default() };
    assert_eq!(found(&places("debian")), Some(root.join("debian/17/bin")));
    assert_eq!(found(&places("brew")), Some(root.join("brew/postgresql@16/bin")));
}

#[test]
fn a_lone_link_on_the_path_leads_to_the_folder_it_points_into() {
    let root = empty_folder("finder-link");
    let real = binaries(root.join("real"));
    let path = root.join("path");
    fs::create_dir_all(&path).unwrap();
    symlink(real.join("postgres"), path.join("postgres")).unwrap();
    let places = Places { path: vec![path], ..Default::default() };
    assert_eq!(found(&places), Some(fs::canonicalize(real).unwrap()));
}

async fn cluster(root: &Path) -> Cluster {
    let binaries = find_or_install().unwrap();
    let access = Access::Password("00ff".to_owned());
    let port = net::free_port().unwrap();
    Cluster::start(&binaries, &root.join("pg"), port, access, &root.join("pg.log"), root).await.unwrap()
}

#[tokio::test]
async fn a_role_connects_to_its_own_database_and_to_no_other() {
    let root = empty_folder("cluster");
    let mut cluster = cluster(&root).await;
    let passwords = SERVICES.map(|service| (service.name.to_owned(), format!("ab{}", service.offset))).into();
    // Twice: a second start finds everything there.
    ensure_service_databases(&cluster, &passwords).await.unwrap();
    ensure_service_databases(&cluster, &passwords).await.unwrap();
    for service in SERVICES {
        for database in SERVICES.map(|other| other.database).into_iter().chain(["postgres", "template1"]) {
            let login = format!("{}:ab{}", service.role, service.offset);
            let url = format!("postgres://{login}@127.0.0.1:{}/{database}", cluster.port);
            let connected = PgConnection::connect(&url).await;
            assert_eq!(connected.is_ok(), database == service.database, "{} to {database}", service.role);
            if let Ok(mut connection) = connected {
                sqlx::raw_sql("CREATE TABLE own (id int)").execute(&mut connection).await.unwrap();
            }
        }
    }
    let wrong = format!("postgres://realserv_order:wrong@127.0.0.1:{}/realserv_orders_db", cluster.port);
    assert!(PgConnection::connect(&wrong).await.is_err());
    cluster.stop().await;
    assert!(!net::is_taken(cluster.port));
}

#[tokio::test]
async fn committed_rows_survive_the_death_of_the_server() {
    let root = empty_folder("cluster-death");
    let first = cluster(&root).await;
    let mut admin = first.connect("postgres").await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)").execute(&mut admin).await.unwrap();
    // Dropping a process kills it.
    drop(first);
    let mut second = cluster(&root).await;
    let mut admin = second.connect("postgres").await.unwrap();
    let kept: i32 = sqlx::query_scalar("SELECT id FROM kept").fetch_one(&mut admin).await.unwrap();
    assert_eq!(kept, 7);
    second.stop().await;
}
