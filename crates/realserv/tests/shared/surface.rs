//! What the project promises (`openapi/access.tsv`) and what its services describe (`openapi/*.yaml`).

use std::{collections::BTreeMap, fs, path::PathBuf};

/// One line of the access table.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) service: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Who may: `anyone`, `signed-in`, `buyer`, `admin:finance` …
    pub(crate) who: Vec<String>,
}

impl Operation {
    /// How people say it.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// What it is known by, whatever its parameters are called.
    pub(crate) fn key(&self) -> (String, String) {
        (self.method.clone(), shape(&self.path))
    }

    /// Whether the table lets such a caller in.
    pub(crate) fn lets(&self, who: &str) -> bool {
        self.who.iter().any(|word| word == who)
    }
}

/// The access table.
pub(crate) fn promised() -> Vec<Operation> {
    let table = fs::read_to_string(folder().join("access.tsv")).unwrap();
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let operations = lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [service, method, path, who, ..] = fields.as_slice() else { panic!("a line without its four fields: {line}") };
        let who = who.split(',').map(str::to_owned).collect();
        Operation { service: (*service).to_owned(), method: (*method).to_owned(), path: (*path).to_owned(), who }
    });
    operations.collect()
}

/// Every public operation of the descriptions with its service, by method and shape of the path.
pub(crate) fn described() -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for (service, text) in documents() {
        for (method, path) in operations(&text).into_iter().filter(|(_, path)| path.starts_with("/api/v1")) {
            found.insert((method, shape(&path)), service.clone());
        }
    }
    found
}

/// The descriptions by service.
pub(crate) fn documents() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if let Some(service) = name.strip_suffix(".yaml") {
            found.insert(service.to_owned(), fs::read_to_string(entry.path()).unwrap());
        }
    }
    found
}

/// The path with its parameters' names left out.
pub(crate) fn shape(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

/// Methods and paths of a generated description: two blanks before a path, four before a method.
pub(crate) fn operations(yaml: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut path = String::new();
    for line in yaml.lines().skip_while(|line| *line != "paths:").skip(1) {
        if !line.starts_with(' ') {
            break;
        }
        let key = line.trim().trim_end_matches(':').trim_matches(['\'', '"']);
        match line.len() - line.trim_start().len() {
            2 => path = key.to_owned(),
            4 if ["get", "put", "post", "delete", "patch"].contains(&key) => found.push((key.to_uppercase(), path.clone())),
            _ => {}
        }
    }
    found
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi"))
}
