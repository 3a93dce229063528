//! Templates, versioned.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::{NotificationChannel, UserId};
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Created, Data, Page, PageParams, Params, PathId, Problems};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use uuid::Uuid;

use crate::App;
use crate::domain::message::Category;
use crate::domain::template::{Content, Flaw, Variable};
use crate::store::templates::{self, Registration, Template, Wanted};
use crate::usecases::preview_template::preview_template;
use crate::usecases::save_template::{Draft, SaveTemplateError, create_template, revise_template};

service_kit::policy!(
    /// Who may look at and write templates.
    pub(crate) Writers: admin[Operations]
);

/// The languages that people choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    /// English.
    En,
    /// Hindi.
    Hi,
    /// Telugu.
    Te,
}

impl Language {
    const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Hi => "hi",
            Self::Te => "te",
        }
    }
}

/// What a template says.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateTextIn {
    /// Title of e-mail, push and inbox; the others have none.
    #[garde(inner(length(chars, min = 1, max = 255)))]
    #[serde(default)]
    subject: Option<String>,
    /// The text, with `{{ variable }}` where something is filled in. For WhatsApp the wording that Meta approved.
    #[garde(length(chars, min = 1, max = 4000))]
    body: String,
    /// E-mail only: the same as a piece of HTML; values are escaped.
    #[garde(inner(length(chars, min = 1, max = 50_000)))]
    #[serde(default)]
    html_body: Option<String>,
    /// What fills it; for WhatsApp in the order of the slots.
    #[garde(length(max = 50))]
    #[serde(default)]
    variables: Vec<Variable>,
    /// WhatsApp only: name of the approved template.
    #[garde(inner(length(min = 1, max = 100)))]
    #[serde(default)]
    whatsapp_template_id: Option<String>,
    /// WhatsApp only: its language at Meta; the template's own when left out.
    #[garde(inner(length(min = 1, max = 10)))]
    #[serde(default)]
    whatsapp_language: Option<String>,
    /// WhatsApp only: payloads of its quick-reply buttons.
    #[garde(length(max = 3), inner(length(min = 1, max = 128)))]
    #[serde(default)]
    whatsapp_buttons: Vec<String>,
    /// SMS only: content template id under India's DLT rules.
    #[garde(inner(length(min = 1, max = 30)))]
    #[serde(default)]
    dlt_template_id: Option<String>,
    /// SMS only: the provider's id of the template (MSG91 sends by it).
    #[garde(inner(length(min = 1, max = 100)))]
    #[serde(default)]
    sms_template_id: Option<String>,
    /// Whether it is used from now on; true when left out.
    #[garde(skip)]
    #[serde(default = "yes")]
    is_active: bool,
}

const fn yes() -> bool {
    true
}

/// A template that is new.
#[derive(Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateIn {
    /// What it is called.
    #[garde(length(min = 1, max = 100), pattern("^[a-z][a-z0-9_]*$"))]
    template_name: String,
    /// For which channel.
    #[garde(skip)]
    template_type: NotificationChannel,
    /// In which language.
    #[garde(skip)]
    language: Language,
    /// What it is about: preferences and quiet hours go by it.
    #[garde(skip)]
    category: Category,
    /// What it says.
    #[garde(dive)]
    #[serde(flatten)]
    text: TemplateTextIn,
}

// By hand: the derive would ask for two things at once that both refuse each other's fields.
impl utoipa::PartialSchema for TemplateIn {
    fn schema() -> RefOr<Schema> {
        let mut whole = TemplateTextIn::schema();
        if let RefOr::T(Schema::Object(object)) = &mut whole {
            let name = ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some("What it is called."))
                .max_length(Some(100))
                .pattern(Some("^[a-z][a-z0-9_]*$"));
            object.description = Some("A template that is new.".to_owned());
            for (field, schema) in [
                ("template_name", name.into()),
                ("template_type", NotificationChannel::schema()),
                ("language", Language::schema()),
                ("category", Category::schema()),
            ] {
                object.properties.insert(field.to_owned(), schema);
                object.required.push(field.to_owned());
            }
        }
        whole
    }
}

impl utoipa::ToSchema for TemplateIn {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        TemplateTextIn::schemas(schemas);
    }
}

impl TemplateTextIn {
    fn draft(self, name: String, language: String, channel: NotificationChannel, category: Category) -> Result<Draft, Flaw> {
        let by_whatsapp = channel == NotificationChannel::Whatsapp;
        if by_whatsapp && self.whatsapp_template_id.is_none() {
            return Err(Flaw::new("whatsapp_template_id", "WhatsApp takes approved templates only: name it"));
        }
        if !by_whatsapp && (self.whatsapp_template_id.is_some() || self.whatsapp_language.is_some()) {
            return Err(Flaw::new("whatsapp_template_id", "only for WhatsApp"));
        }
        let whatsapp_language = self.whatsapp_language.or_else(|| by_whatsapp.then(|| language.clone()));
        Ok(Draft {
            name,
            language,
            content: Content {
                channel,
                category,
                subject: self.subject,
                body: self.body,
                html_body: self.html_body,
                variables: self.variables,
                buttons: self.whatsapp_buttons,
            },
            registration: Registration {
                whatsapp_template_id: self.whatsapp_template_id,
                whatsapp_language,
                dlt_template_id: self.dlt_template_id,
                sms_template_id: self.sms_template_id,
            },
            is_active: self.is_active,
        })
    }
}

/// A version of a template.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TemplateOut {
    /// The version.
    id: Uuid,
    /// What the template is called.
    template_name: String,
    /// For which channel.
    template_type: NotificationChannel,
    /// In which language.
    language: String,
    /// Which version.
    version: i32,
    /// What it is about.
    category: Category,
    /// The title.
    subject: Option<String>,
    /// The text.
    body: String,
    /// The HTML.
    html_body: Option<String>,
    /// What fills it.
    variables: Vec<Variable>,
    /// Name of the approved WhatsApp template.
    whatsapp_template_id: Option<String>,
    /// Its language at Meta.
    whatsapp_language: Option<String>,
    /// Payloads of its buttons.
    whatsapp_buttons: Vec<String>,
    /// Content template id under DLT.
    dlt_template_id: Option<String>,
    /// The SMS provider's id.
    sms_template_id: Option<String>,
    /// Whether it is in use.
    is_active: bool,
    /// Whether it came with the code.
    seeded: bool,
    /// Who wrote it.
    created_by: Option<UserId>,
    /// When.
    created_at: DateTime<Utc>,
    /// When it went in or out of use last.
    updated_at: DateTime<Utc>,
}

impl From<Template> for TemplateOut {
    fn from(of: Template) -> Self {
        Self {
            id: of.id,
            template_name: of.name,
            template_type: of.content.channel,
            language: of.language,
            version: of.version,
            category: of.content.category,
            subject: of.content.subject,
            body: of.content.body,
            html_body: of.content.html_body,
            variables: of.content.variables,
            whatsapp_template_id: of.registration.whatsapp_template_id,
            whatsapp_language: of.registration.whatsapp_language,
            whatsapp_buttons: of.content.buttons,
            dlt_template_id: of.registration.dlt_template_id,
            sms_template_id: of.registration.sms_template_id,
            is_active: of.is_active,
            seeded: of.seeded,
            created_by: of.created_by,
            created_at: of.created_at,
            updated_at: of.updated_at,
        }
    }
}

/// Which templates.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TemplateParams {
    /// `next_cursor` of the page before.
    #[garde(inner(length(max = 400)))]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// Only of this name.
    #[garde(inner(length(max = 100)))]
    name: Option<String>,
    /// Only for this channel.
    #[garde(skip)]
    channel: Option<NotificationChannel>,
    /// Only in this language.
    #[garde(skip)]
    #[param(inline)]
    language: Option<Language>,
    /// Old versions as well.
    #[garde(skip)]
    #[serde(default)]
    all_versions: bool,
}

/// Templates, the newest versions first.
#[utoipa::path(get, path = "/api/v1/notifications/templates", tag = "templates", operation_id = "list_templates", params(TemplateParams),
               responses((status = 200, description = "A page of templates", body = Page<TemplateOut>), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    _caller: Allowed<Writers>,
    Params(params): Params<TemplateParams>,
) -> Result<Page<TemplateOut>, ApiError> {
    let request = PageParams { cursor: params.cursor, limit: params.limit }.request::<Uuid>()?;
    let wanted = Wanted {
        name: params.name,
        channel: params.channel,
        language: params.language.map(|language| language.as_str().to_owned()),
        all_versions: params.all_versions,
        after: request.after,
        fetch: request.fetch(),
    };
    let mut conn = app.kit.pool.acquire().await?;
    let rows = templates::page(&mut conn, &wanted).await?;
    Ok(request.page(rows, |row| row.id, TemplateOut::from))
}

/// Writes a template's first version.
#[utoipa::path(post, path = "/api/v1/notifications/templates", tag = "templates", operation_id = "create_template", request_body = TemplateIn,
               responses((status = 201, description = "Written", body = Data<TemplateOut>), Problems))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Allowed<Writers>,
    Body(body): Body<TemplateIn>,
) -> Result<Created<TemplateOut>, ApiError> {
    let language = body.language.as_str().to_owned();
    let draft =
        body.text.draft(body.template_name, language, body.template_type, body.category).map_err(SaveTemplateError::from)?;
    let template = create_template(&app, &caller.actor, draft).await?;
    Ok(Created(template.into()))
}

/// Writes the version after this one, which has to be the newest. Messages already planned keep their text.
#[utoipa::path(put, path = "/api/v1/notifications/templates/{id}", tag = "templates", operation_id = "revise_template", request_body = TemplateTextIn,
               params(("id" = Uuid, Path, description = "The newest version")),
               responses((status = 200, description = "The version after it", body = Data<TemplateOut>), Problems))]
pub(crate) async fn revise(
    State(app): State<App>,
    caller: Allowed<Writers>,
    PathId(id): PathId<Uuid>,
    Body(body): Body<TemplateTextIn>,
) -> Result<Data<TemplateOut>, ApiError> {
    let template = revise_template(&app, &caller.actor, id, |before| {
        let (name, language) = (before.name.clone(), before.language.clone());
        body.draft(name, language, before.content.channel, before.content.category)
    })
    .await?;
    Ok(Data::new(template.into()))
}

/// Values to look at a template with.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewIn {
    /// In place of the samples.
    #[garde(length(max = 50))]
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// A template as it would go out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PreviewOut {
    /// The title.
    subject: Option<String>,
    /// The text.
    body: String,
    /// The whole mail as HTML.
    html: Option<String>,
}

/// Shows a version filled with its samples, or with other values.
#[utoipa::path(post, path = "/api/v1/notifications/templates/{id}/preview", tag = "templates", operation_id = "preview_template", request_body = PreviewIn,
               params(("id" = Uuid, Path, description = "Which version")),
               responses((status = 200, description = "As it would go out", body = Data<PreviewOut>), Problems))]
pub(crate) async fn preview(
    State(app): State<App>,
    _caller: Allowed<Writers>,
    PathId(id): PathId<Uuid>,
    Body(body): Body<PreviewIn>,
) -> Result<Data<PreviewOut>, ApiError> {
    let rendered = preview_template(&app, id, body.variables).await?;
    Ok(Data::new(PreviewOut { subject: rendered.subject, body: rendered.body, html: rendered.html }))
}
