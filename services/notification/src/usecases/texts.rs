//! The texts in use, remembered for a moment: an event's fan-out asks for the same ones again and again.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::templates::{self, Template};

/// After that long at most, another process sends what staff has written.
const REMEMBERED: Duration = Duration::from_secs(5);
/// More than the templates there are, in their languages.
const MOST: u64 = 2_000;

/// The texts. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Texts {
    in_use: Cache<(String, String), Arc<Vec<Template>>>,
    /// A version never changes.
    versions: Cache<Uuid, Arc<Template>>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            in_use: Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build(),
            versions: Cache::builder().max_capacity(MOST).build(),
        }
    }
}

impl Texts {
    /// The versions in use of a template, in this language and in English.
    pub(crate) async fn in_use(&self, conn: &mut PgConnection, name: &str, language: &str) -> sqlx::Result<Arc<Vec<Template>>> {
        let key = (name.to_owned(), language.to_owned());
        if let Some(known) = self.in_use.get(&key).await {
            return Ok(known);
        }
        let read = Arc::new(templates::in_use(conn, name, language).await?);
        self.in_use.insert(key, Arc::clone(&read)).await;
        Ok(read)
    }

    /// Those of these versions that are there.
    pub(crate) async fn versions(&self, conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<Arc<Template>>> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for id in ids {
            match self.versions.get(id).await {
                Some(known) => found.push(known),
                None => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            for template in templates::of_ids(conn, &missing).await? {
                let template = Arc::new(template);
                self.versions.insert(template.id, Arc::clone(&template)).await;
                found.push(template);
            }
        }
        Ok(found)
    }

    /// Staff has written something: what is in use is read anew.
    pub(crate) fn forget(&self) {
        self.in_use.invalidate_all();
    }
}
