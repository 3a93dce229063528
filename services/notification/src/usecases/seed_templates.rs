//! Bringing the checked-in templates into the database.

use std::collections::BTreeMap;

use domain::{NotificationChannel, SharedClock, SharedIds};
use sqlx::PgPool;

use crate::domain::catalogue::{self, Entry};
use crate::store::templates::{self, Registration, Template};

/// Adds a version of every checked-in template that is new or has changed, and says how many. What staff has written
/// stays in use: the checked-in text comes back into use only when they choose it.
///
/// # Errors
/// The database, or a template that is not what it should be.
pub(crate) async fn seed_templates(pool: &PgPool, clock: &SharedClock, ids: &SharedIds) -> anyhow::Result<u32> {
    let entries = catalogue::entries()?;
    let now = clock.now();
    let mut tx = pool.begin().await?;
    templates::lock_seeding(&mut tx).await?;
    let known = templates::all_newest(&mut tx).await?;
    let newest: BTreeMap<_, _> =
        known.iter().map(|t| ((t.name.as_str(), t.content.channel.as_str(), t.language.as_str()), t)).collect();
    let mut new = Vec::new();
    for Entry { name, language, content } in entries {
        let newest = newest.get(&(name.as_str(), content.channel.as_str(), language.as_str()));
        if newest.is_some_and(|newest| !newest.seeded || newest.content == content) {
            continue;
        }
        let channel = content.channel;
        let by_whatsapp = channel == NotificationChannel::Whatsapp;
        let registration = Registration {
            whatsapp_template_id: by_whatsapp.then(|| name.clone()),
            whatsapp_language: by_whatsapp.then(|| language.clone()),
            ..Registration::default()
        };
        let version = newest.map_or(1, |newest| newest.version + 1);
        new.push(Template {
            id: ids.uuid(),
            version,
            name,
            language,
            content,
            registration,
            is_active: true,
            seeded: true,
            created_by: None,
            created_at: now,
            updated_at: now,
        });
    }
    if !new.is_empty() {
        templates::seed(&mut tx, &new, now).await?;
    }
    tx.commit().await?;
    Ok(u32::try_from(new.len()).unwrap_or(u32::MAX))
}
