//! Bringing the checked-in templates into the database.

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
    let mut added = 0;
    for Entry { name, language, content } in entries {
        let newest = known.iter().find(|t| t.name == name && t.language == language && t.content.channel == content.channel);
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
        templates::retire(&mut tx, &name, channel, &language, now).await?;
        let template = Template {
            id: ids.uuid(),
            version: newest.map_or(1, |newest| newest.version + 1),
            name,
            language,
            content,
            registration,
            is_active: true,
            seeded: true,
            created_by: None,
            created_at: now,
            updated_at: now,
        };
        templates::insert(&mut tx, &template).await?;
        added += 1;
    }
    tx.commit().await?;
    Ok(added)
}
