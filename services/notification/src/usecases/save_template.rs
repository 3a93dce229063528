//! Writing a template: every change is a new version.

use domain::events::AuditRecorded;
use domain::{Actor, ServiceName};
use pg_kit::{DbError, outbox};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::App;
use crate::domain::catalogue;
use crate::domain::template::{Content, Flaw};
use crate::store::templates::{self, Registration, Template};

/// A template as it is to be.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) content: Content,
    pub(crate) registration: Registration,
    pub(crate) is_active: bool,
}

/// Why a template was not saved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaveTemplateError {
    /// Something is wrong with it.
    #[error("the template has flaws")]
    Flaws(Vec<Flaw>),
    /// There is one for this channel and language.
    #[error("there is such a template already")]
    Exists,
    /// Not there.
    #[error("there is no such template")]
    NotFound,
    /// Somebody has written a newer version.
    #[error("there is a newer version")]
    NotNewest,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Flaw> for SaveTemplateError {
    fn from(flaw: Flaw) -> Self {
        Self::Flaws(vec![flaw])
    }
}

impl From<sqlx::Error> for SaveTemplateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Writes the first version.
pub(crate) async fn create_template(app: &App, actor: &Actor, draft: Draft) -> Result<Template, SaveTemplateError> {
    let mut tx = app.kit.pool.begin().await?;
    if templates::newest(&mut tx, &draft.name, draft.content.channel, &draft.language).await?.is_some() {
        return Err(SaveTemplateError::Exists);
    }
    let template = save(app, &mut tx, actor, draft, None).await?;
    tx.commit().await?;
    app.texts.forget();
    Ok(template)
}

/// Writes the version after this one; `change` makes the draft of it.
pub(crate) async fn revise_template(
    app: &App,
    actor: &Actor,
    id: Uuid,
    change: impl FnOnce(&Template) -> Result<Draft, Flaw>,
) -> Result<Template, SaveTemplateError> {
    let mut tx = app.kit.pool.begin().await?;
    let before = templates::find(&mut tx, id).await?.ok_or(SaveTemplateError::NotFound)?;
    let newest = templates::newest(&mut tx, &before.name, before.content.channel, &before.language).await?;
    if newest.is_some_and(|newest| newest.id != id) {
        return Err(SaveTemplateError::NotNewest);
    }
    let draft = change(&before)?;
    let template = save(app, &mut tx, actor, draft, Some(&before)).await?;
    tx.commit().await?;
    app.texts.forget();
    Ok(template)
}

async fn save(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    draft: Draft,
    before: Option<&Template>,
) -> Result<Template, SaveTemplateError> {
    let mut flaws = draft.content.flaws(catalogue::known_variables(&draft.name));
    let others = templates::in_use(conn, &draft.name, "en").await?;
    if others.iter().any(|other| other.content.category != draft.content.category) {
        flaws.push(Flaw { field: "category".into(), message: "other texts of this template have another category".into() });
    }
    if !flaws.is_empty() {
        return Err(SaveTemplateError::Flaws(flaws));
    }
    let now = app.kit.clock.now();
    templates::retire(conn, &draft.name, draft.content.channel, &draft.language, now).await?;
    let template = Template {
        id: app.kit.ids.uuid(),
        name: draft.name,
        language: draft.language,
        version: before.map_or(1, |before| before.version + 1),
        content: draft.content,
        registration: draft.registration,
        is_active: draft.is_active,
        seeded: false,
        created_by: actor.user_id,
        created_at: now,
        updated_at: now,
    };
    if !templates::insert(conn, &template).await? {
        return Err(if before.is_some() { SaveTemplateError::NotNewest } else { SaveTemplateError::Exists });
    }
    let facts = |of: &Template| {
        serde_json::json!({"name": of.name, "channel": of.content.channel, "language": of.language, "version": of.version,
            "subject": of.content.subject, "body": of.content.body, "is_active": of.is_active})
    };
    let audit = AuditRecorded {
        service: ServiceName::Notification,
        action: if before.is_some() { "notification_template.revised" } else { "notification_template.created" }.to_owned(),
        entity_type: "notification_template".to_owned(),
        entity_id: template.id,
        before: before.map(facts),
        after: Some(facts(&template)),
        ip_address: None,
    };
    outbox::append(conn, now, &*app.kit.ids, actor, &audit).await?;
    Ok(template)
}
