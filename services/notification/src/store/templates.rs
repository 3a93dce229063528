//! `notification_templates`.

use chrono::{DateTime, Utc};
use domain::{NotificationChannel, UserId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Stored, unknown_word};
use crate::domain::message::Category;
use crate::domain::template::{Content, Variable};

/// One version of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) version: i32,
    pub(crate) content: Content,
    pub(crate) registration: Registration,
    pub(crate) is_active: bool,
    pub(crate) seeded: bool,
    pub(crate) created_by: Option<UserId>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What others know a template as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Registration {
    pub(crate) whatsapp_template_id: Option<String>,
    pub(crate) whatsapp_language: Option<String>,
    pub(crate) dlt_template_id: Option<String>,
    pub(crate) sms_template_id: Option<String>,
}

struct Row {
    id: Uuid,
    template_name: String,
    template_type: NotificationChannel,
    language: String,
    version: i32,
    category: String,
    subject: Option<String>,
    body: String,
    html_body: Option<String>,
    variables: Json<Vec<Variable>>,
    whatsapp_template_id: Option<String>,
    whatsapp_language: Option<String>,
    whatsapp_buttons: Json<Vec<String>>,
    dlt_template_id: Option<String>,
    sms_template_id: Option<String>,
    is_active: bool,
    seeded: bool,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Template {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Stored<Self> {
        Ok(Self {
            id: row.id,
            name: row.template_name,
            language: row.language,
            version: row.version,
            content: Content {
                channel: row.template_type,
                category: Category::read(&row.category).ok_or_else(|| unknown_word("category"))?,
                subject: row.subject,
                body: row.body,
                html_body: row.html_body,
                variables: row.variables.0,
                buttons: row.whatsapp_buttons.0,
            },
            registration: Registration {
                whatsapp_template_id: row.whatsapp_template_id,
                whatsapp_language: row.whatsapp_language,
                dlt_template_id: row.dlt_template_id,
                sms_template_id: row.sms_template_id,
            },
            is_active: row.is_active,
            seeded: row.seeded,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

macro_rules! select {
    ($tail:literal $(, $bind:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id, template_name, template_type AS "template_type: NotificationChannel", language, version, category,
                      subject, body, html_body, variables AS "variables: Json<Vec<Variable>>", whatsapp_template_id,
                      whatsapp_language, whatsapp_buttons AS "whatsapp_buttons: Json<Vec<String>>", dlt_template_id,
                      sms_template_id, is_active, seeded, created_by AS "created_by: UserId", created_at, updated_at
                 FROM notification_templates "# + $tail
            $(, $bind)*
        )
    };
}

/// The versions in use of a template, in this language and in English.
pub(crate) async fn in_use(conn: &mut PgConnection, name: &str, language: &str) -> Stored<Vec<Template>> {
    let rows = select!("WHERE template_name = $1 AND is_active AND language IN ($2, 'en')", name, language);
    rows.fetch_all(conn).await?.into_iter().map(Template::try_from).collect()
}

/// One version.
pub(crate) async fn find(conn: &mut PgConnection, id: Uuid) -> Stored<Option<Template>> {
    select!("WHERE id = $1", id).fetch_optional(conn).await?.map(Template::try_from).transpose()
}

/// Those of these versions that are there.
pub(crate) async fn of_ids(conn: &mut PgConnection, ids: &[Uuid]) -> Stored<Vec<Template>> {
    select!("WHERE id = ANY($1)", ids).fetch_all(conn).await?.into_iter().map(Template::try_from).collect()
}

/// The newest version for a channel in a language.
pub(crate) async fn newest(
    conn: &mut PgConnection,
    name: &str,
    channel: NotificationChannel,
    language: &str,
) -> Stored<Option<Template>> {
    let newest = select!(
        "WHERE template_name = $1 AND template_type = $2 AND language = $3 ORDER BY version DESC LIMIT 1",
        name,
        channel.as_str(),
        language
    );
    newest.fetch_optional(conn).await?.map(Template::try_from).transpose()
}

/// The newest versions of everything checked in or written by staff.
pub(crate) async fn all_newest(conn: &mut PgConnection) -> Stored<Vec<Template>> {
    let rows = select!(
        "WHERE id IN (SELECT DISTINCT ON (template_name, template_type, language) id FROM notification_templates
                       ORDER BY template_name, template_type, language, version DESC)"
    );
    rows.fetch_all(conn).await?.into_iter().map(Template::try_from).collect()
}

/// Which templates are asked for, and where their page begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) name: Option<String>,
    pub(crate) channel: Option<NotificationChannel>,
    pub(crate) language: Option<String>,
    pub(crate) all_versions: bool,
    pub(crate) after: Option<Uuid>,
    pub(crate) fetch: i64,
}

/// A page of them, the newest first.
pub(crate) async fn page(conn: &mut PgConnection, wanted: &Wanted) -> Stored<Vec<Template>> {
    let rows = select!(
        "WHERE ($1::text IS NULL OR template_name = $1) AND ($2::text IS NULL OR template_type = $2)
           AND ($3::text IS NULL OR language = $3) AND (is_active OR $4) AND ($5::uuid IS NULL OR id < $5)
         ORDER BY id DESC LIMIT $6",
        wanted.name,
        wanted.channel.map(|channel| channel.as_str()),
        wanted.language,
        wanted.all_versions,
        wanted.after,
        wanted.fetch
    );
    rows.fetch_all(conn).await?.into_iter().map(Template::try_from).collect()
}

/// Takes the version in use out of use.
pub(crate) async fn retire(
    conn: &mut PgConnection,
    name: &str,
    channel: NotificationChannel,
    language: &str,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "UPDATE notification_templates SET is_active = false, updated_at = $4
          WHERE template_name = $1 AND template_type = $2 AND language = $3 AND is_active",
        name,
        channel.as_str(),
        language,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds a version; false when there is one of this number already.
pub(crate) async fn insert(conn: &mut PgConnection, template: &Template) -> Stored<bool> {
    let content = &template.content;
    let added = sqlx::query!(
        "INSERT INTO notification_templates
             (id, template_name, template_type, language, version, category, subject, body, html_body, variables,
              whatsapp_template_id, whatsapp_language, whatsapp_buttons, dlt_template_id, sms_template_id, is_active, seeded,
              created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         ON CONFLICT ON CONSTRAINT notification_templates_version DO NOTHING",
        template.id,
        template.name,
        content.channel.as_str(),
        template.language,
        template.version,
        content.category.as_str(),
        content.subject,
        content.body,
        content.html_body,
        Json(&content.variables) as _,
        template.registration.whatsapp_template_id,
        template.registration.whatsapp_language,
        Json(&content.buttons) as _,
        template.registration.dlt_template_id,
        template.registration.sms_template_id,
        template.is_active,
        template.seeded,
        template.created_by as Option<UserId>,
        template.created_at,
        template.updated_at
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

#[derive(serde::Serialize)]
struct Seed<'a> {
    id: Uuid,
    template_name: &'a str,
    template_type: NotificationChannel,
    language: &'a str,
    version: i32,
    category: Category,
    subject: Option<&'a str>,
    body: &'a str,
    html_body: Option<&'a str>,
    variables: &'a [Variable],
    whatsapp_template_id: Option<&'a str>,
    whatsapp_language: Option<&'a str>,
    whatsapp_buttons: &'a [String],
}

/// Adds the checked-in versions and takes those before them out of use, in two statements for all.
pub(crate) async fn seed(conn: &mut PgConnection, new: &[Template], now: DateTime<Utc>) -> Stored<()> {
    let row = |template: &'_ Template| -> serde_json::Value {
        let (content, registration) = (&template.content, &template.registration);
        let seed = Seed {
            id: template.id,
            template_name: &template.name,
            template_type: content.channel,
            language: &template.language,
            version: template.version,
            category: content.category,
            subject: content.subject.as_deref(),
            body: &content.body,
            html_body: content.html_body.as_deref(),
            variables: &content.variables,
            whatsapp_template_id: registration.whatsapp_template_id.as_deref(),
            whatsapp_language: registration.whatsapp_language.as_deref(),
            whatsapp_buttons: &content.buttons,
        };
        serde_json::to_value(seed).unwrap_or_default()
    };
    let rows: Vec<serde_json::Value> = new.iter().map(row).collect();
    sqlx::query!(
        "UPDATE notification_templates AS known SET is_active = false, updated_at = $2
           FROM jsonb_to_recordset($1) AS new (template_name text, template_type text, language text)
          WHERE known.template_name = new.template_name AND known.template_type = new.template_type
            AND known.language = new.language AND known.is_active",
        Json(&rows) as _,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO notification_templates
             (id, template_name, template_type, language, version, category, subject, body, html_body, variables,
              whatsapp_template_id, whatsapp_language, whatsapp_buttons, is_active, seeded, created_at, updated_at)
         SELECT id, template_name, template_type, language, version, category, subject, body, html_body, variables,
                whatsapp_template_id, whatsapp_language, whatsapp_buttons, true, true, $2, $2
           FROM jsonb_to_recordset($1) AS new (id uuid, template_name text, template_type text, language text, version integer,
                    category text, subject text, body text, html_body text, variables jsonb, whatsapp_template_id text,
                    whatsapp_language text, whatsapp_buttons jsonb)",
        Json(&rows) as _,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One seeder at a time.
pub(crate) async fn lock_seeding(conn: &mut PgConnection) -> Stored<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(5006)").execute(conn).await?;
    Ok(())
}
