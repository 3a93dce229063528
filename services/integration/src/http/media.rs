//! Files: uploaded through us or straight to S3, handed out by short-lived URLs.

use ::http::{StatusCode, header};
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request, State};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use clients::integration::MediaFacts;
use domain::{AdminRole, MediaId, UserId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Body, Caller, Created, Data, NoContent, PathId, Problems, RegisteredCaller, ServiceOnly};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::App;
use crate::domain::file::{self, Category, FileError, FileType, KYC_PDF_LIMIT};
use crate::store::media::MediaFile;
use crate::usecases::presign_media::{self, Promise};
use crate::usecases::store_media::{self, MediaError, NewFile, Related};
use crate::usecases::{delete_media, open_media};

/// The largest file with its form around it.
const FORM_LIMIT: usize = KYC_PDF_LIMIT + 64 * 1024;
const KINDS_OF_THINGS: &[&str] = &["order", "vendor", "delivery", "payment", "dispute", "ticket", "material", "user"];

pub(super) fn routes() -> OpenApiRouter<App> {
    let upload = OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::max(FORM_LIMIT));
    OpenApiRouter::new().merge(upload).routes(routes!(presign)).routes(routes!(open, delete)).routes(routes!(facts))
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaOut {
    /// Its id.
    media_id: MediaId,
    /// What it is called.
    file_name: String,
    /// Type by content.
    file_type: String,
    /// Size in bytes.
    file_size_bytes: i64,
    /// What it is for.
    category: String,
    /// SHA-256 of the content, in hex; absent until it was uploaded.
    sha256: Option<String>,
    /// Who stored it.
    uploaded_by: UserId,
    /// The kind of thing it belongs to.
    related_entity_type: Option<String>,
    /// The thing it belongs to.
    related_entity_id: Option<Uuid>,
    /// When.
    created_at: DateTime<Utc>,
    /// Where it is for the next minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// For so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    url_expires_in_seconds: Option<u64>,
}

impl From<MediaFile> for MediaOut {
    fn from(file: MediaFile) -> Self {
        Self {
            media_id: file.id,
            file_name: file.file_name,
            file_type: file.file_type,
            file_size_bytes: file.file_size_bytes,
            category: file.file_category,
            sha256: file.sha256,
            uploaded_by: file.uploaded_by,
            related_entity_type: file.related_entity_type,
            related_entity_id: file.related_entity_id,
            created_at: file.created_at,
            url: None,
            url_expires_in_seconds: None,
        }
    }
}

/// The form of an upload.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the form; the parts are read one by one")]
pub(crate) struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: String,
    /// `kyc_document`, `delivery_proof`, `cod_proof`, `product_image`, `dispute_evidence`, `ticket_attachment` or `profile_picture`.
    category: String,
    /// `order`, `vendor`, `delivery`, `payment`, `dispute`, `ticket`, `material` or `user`.
    related_entity_type: Option<String>,
    /// The thing it belongs to.
    related_entity_id: Option<Uuid>,
}

/// Upload a file. What it is is decided by its content: JPEG, PNG, WebP or PDF; 10 MB, KYC papers as PDF 15 MB.
#[utoipa::path(post, path = "/api/v1/media/upload", tag = "media", request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Stored", body = Data<MediaOut>), Problems))]
async fn upload(State(app): State<App>, caller: RegisteredCaller, request: Request) -> Result<Created<MediaOut>, ApiError> {
    let owner = owner(&caller)?;
    announced(&request)?;
    let form = Multipart::from_request(request, &app).await.map_err(|rejection| no_form(&rejection))?;
    let file = read_form(form).await?;
    Ok(Created(store_media::store(&app, owner, &caller.actor, file).await?.into()))
}

fn owner(caller: &RegisteredCaller) -> Result<UserId, ApiError> {
    caller.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "only people store files"))
}

/// What says of itself that it is too large is refused unread.
fn announced(request: &Request) -> Result<(), ApiError> {
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if length.is_some_and(|length| length > FORM_LIMIT) { Err(FileError::TooLarge(KYC_PDF_LIMIT).into()) } else { Ok(()) }
}

fn no_form(_: &MultipartRejection) -> ApiError {
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "send the file as multipart/form-data")
}

fn broken(error: &MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        FileError::TooLarge(KYC_PDF_LIMIT).into()
    } else {
        ApiError::bad_request("invalid_form", "the form could not be read in whole")
    }
}

async fn read_form(mut form: Multipart) -> Result<NewFile, ApiError> {
    let (mut file, mut category, mut kind, mut id) = (None, None, None, None);
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" if file.is_none() => {
                let limit = category.map_or(KYC_PDF_LIMIT, file::largest);
                let called = field.file_name().unwrap_or_default().to_owned();
                file = Some((called, content(field, limit).await?));
            }
            "category" => category = Some(read_category(&text(field).await?)?),
            "related_entity_type" => kind = Some(text(field).await?),
            "related_entity_id" => id = Some(read_id(&text(field).await?)?),
            _ => return Err(ApiError::invalid_field(name, "not a field of this form")),
        }
    }
    let (name, content) = file.ok_or_else(|| ApiError::invalid_field("file", "the file is missing"))?;
    let category = category.ok_or_else(|| ApiError::invalid_field("category", "the category is missing"))?;
    Ok(NewFile { name, content, category, related: related(kind, id)? })
}

async fn content(mut field: Field<'_>, limit: usize) -> Result<Bytes, ApiError> {
    let mut content = BytesMut::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if content.len() + chunk.len() > limit {
            return Err(FileError::TooLarge(limit).into());
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content.freeze())
}

async fn text(field: Field<'_>) -> Result<String, ApiError> {
    let bytes = content(field, 1024).await?;
    String::from_utf8(bytes.to_vec()).map_err(|_| ApiError::bad_request("invalid_form", "the form's texts must be UTF-8"))
}

fn read_category(text: &str) -> Result<Category, ApiError> {
    Category::read(text.trim()).ok_or_else(|| {
        let words: Vec<&str> = Category::ALL.iter().map(|category| category.as_str()).collect();
        ApiError::invalid_field("category", format!("one of: {}", words.join(", ")))
    })
}

fn read_id(text: &str) -> Result<Uuid, ApiError> {
    text.trim().parse().map_err(|_| ApiError::invalid_field("related_entity_id", "not an id"))
}

fn related(kind: Option<String>, id: Option<Uuid>) -> Result<Option<Related>, ApiError> {
    match (kind, id) {
        (None, None) => Ok(None),
        (Some(kind), Some(id)) if KINDS_OF_THINGS.contains(&kind.as_str()) => Ok(Some((kind, id))),
        (Some(_), Some(_)) => {
            Err(ApiError::invalid_field("related_entity_type", format!("one of: {}", KINDS_OF_THINGS.join(", "))))
        }
        _ => Err(ApiError::invalid_field("related_entity_id", "give both related_entity_type and related_entity_id, or neither")),
    }
}

/// A file that will be brought to S3 directly.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PresignIn {
    /// What it is called.
    #[garde(length(min = 1, max = 255))]
    file_name: String,
    /// Its type: `image/jpeg`, `image/png`, `image/webp` or `application/pdf`.
    #[garde(length(max = 50))]
    file_type: String,
    /// Its size in bytes.
    #[garde(range(min = 1))]
    file_size_bytes: usize,
    /// SHA-256 of it, in hex; S3 then refuses anything else.
    #[garde(inner(length(equal = 64)))]
    #[serde(default)]
    sha256: Option<String>,
    /// What it is for.
    #[garde(length(max = 50))]
    category: String,
    /// The kind of thing it belongs to.
    #[garde(inner(length(max = 50)))]
    #[serde(default)]
    related_entity_type: Option<String>,
    /// The thing it belongs to.
    #[garde(skip)]
    #[serde(default)]
    related_entity_id: Option<Uuid>,
}

/// Where to bring a file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresignOut {
    /// The file.
    media: MediaOut,
    /// `PUT` it there.
    upload_url: String,
    /// With these headers.
    upload_headers: Vec<UploadHeader>,
    /// Within so long.
    upload_expires_in_seconds: u64,
}

/// A header of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadHeader {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// Promise a file and get a URL to which it may be brought. It counts once `GET /api/v1/media/{id}` has seen it.
#[utoipa::path(post, path = "/api/v1/media/presign", tag = "media", request_body = PresignIn,
    responses((status = 201, description = "Where to bring it", body = Data<PresignOut>), Problems))]
async fn presign(
    State(app): State<App>,
    caller: RegisteredCaller,
    Body(body): Body<PresignIn>,
) -> Result<Created<PresignOut>, ApiError> {
    let owner = owner(&caller)?;
    let sha256 = body.sha256.map(|text| hash(&text)).transpose()?;
    let promise = Promise {
        name: body.file_name,
        kind: FileType::read(&body.file_type).ok_or(FileError::Type)?,
        size: body.file_size_bytes,
        sha256,
        category: read_category(&body.category)?,
        related: related(body.related_entity_type, body.related_entity_id)?,
    };
    let (file, url) = presign_media::presign(&app, owner, promise).await?;
    let upload_headers = url.headers.into_iter().map(|(name, value)| UploadHeader { name, value }).collect();
    let upload_expires_in_seconds = url.expires_in.as_secs();
    Ok(Created(PresignOut { media: file.into(), upload_url: url.url, upload_headers, upload_expires_in_seconds }))
}

fn hash(text: &str) -> Result<[u8; 32], ApiError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| ApiError::invalid_field("sha256", "64 hexadecimal digits"))?;
    Ok(bytes)
}

/// Whether this caller may see a file: who stored it, the vendor or user it is about, staff; pictures of goods everybody.
fn may_see(caller: &Caller, file: &MediaFile) -> bool {
    let category = Category::read(&file.file_category);
    let staff: &[AdminRole] = if category.is_some_and(Category::is_kyc) {
        &[AdminRole::Operations]
    } else {
        &[AdminRole::Operations, AdminRole::Support, AdminRole::Finance]
    };
    let about = |kind: &str, id: Uuid| file.related_entity_type.as_deref() == Some(kind) && file.related_entity_id == Some(id);
    let party = match caller {
        Caller::Vendor { vendor_id, user_id } => about("vendor", (*vendor_id).into()) || about("user", (*user_id).into()),
        Caller::Buyer { user_id, .. } => about("user", (*user_id).into()),
        _ => false,
    };
    caller.user_id() == Some(file.uploaded_by) || party || caller.is_admin(staff) || category.is_some_and(Category::is_open)
}

/// What is known of a file, and where it is for the next minutes.
#[utoipa::path(get, path = "/api/v1/media/{id}", tag = "media", params(("id" = MediaId, Path, description = "The file")),
    responses((status = 200, description = "The file", body = Data<MediaOut>), Problems))]
async fn open(State(app): State<App>, caller: RegisteredCaller, PathId(id): PathId<MediaId>) -> Result<Data<MediaOut>, ApiError> {
    let file = open_media::find(&app, id).await?;
    if !may_see(&caller.caller, &file) {
        return Err(MediaError::NotFound.into());
    }
    let file = open_media::arrived(&app, file).await?;
    let url = open_media::signed_url(&app, &file).await?;
    let mut out = MediaOut::from(file);
    out.url_expires_in_seconds = Some(url.expires_in.as_secs());
    out.url = Some(url.url);
    Ok(Data::new(out))
}

/// Delete a file. Its owner may delete pictures of goods and of the owner; what proves something only staff.
#[utoipa::path(delete, path = "/api/v1/media/{id}", tag = "media", params(("id" = MediaId, Path, description = "The file")),
    responses((status = 204, description = "Nobody sees it any more"), Problems))]
async fn delete(State(app): State<App>, caller: RegisteredCaller, PathId(id): PathId<MediaId>) -> Result<NoContent, ApiError> {
    let file = open_media::find(&app, id).await?;
    let staff = caller.caller.is_admin(&[AdminRole::Operations]);
    if !staff && !may_see(&caller.caller, &file) {
        return Err(MediaError::NotFound.into());
    }
    if !staff && caller.caller.user_id() != Some(file.uploaded_by) {
        return Err(ApiError::forbidden("forbidden", "only its owner may delete this file"));
    }
    delete_media::delete(&app, &caller.actor, id, staff).await?;
    Ok(NoContent)
}

/// What other services may know of a file.
#[utoipa::path(get, path = "/internal/v1/media/{id}", tag = "internal", params(("id" = MediaId, Path, description = "The file")),
    responses((status = 200, description = "The file", body = Data<MediaFacts>), Problems))]
async fn facts(State(app): State<App>, _caller: ServiceOnly, PathId(id): PathId<MediaId>) -> Result<Data<MediaFacts>, ApiError> {
    let file = open_media::find(&app, id).await?;
    let file = open_media::arrived(&app, file).await.map_err(|error| match error {
        MediaError::NotUploaded => MediaError::NotFound,
        other => other,
    })?;
    Ok(Data::new(MediaFacts {
        media_id: file.id,
        category: file.file_category,
        file_type: file.file_type,
        uploaded_by: file.uploaded_by,
        sha256: file.sha256.unwrap_or_default(),
    }))
}
