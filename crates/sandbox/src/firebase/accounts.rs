//! What a backend calls with a service account: accounts of the project.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::HeaderMap,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    FirebaseState,
    error::IdentityError,
    input::{ApiKey, phone_number, read},
    oauth::require_scope,
    tokens::check_custom_attributes,
};
use crate::{
    random,
    state::{App, Shared},
};

const SCOPES: &[&str] = &["https://www.googleapis.com/auth/identitytoolkit", "https://www.googleapis.com/auth/cloud-platform"];
const LOOKUP_KIND: &str = "identitytoolkit#GetAccountInfoResponse";

type Answer = Result<Json<Value>, IdentityError>;

fn check_admin(app: &App, project: &str, headers: &HeaderMap) -> Result<(), IdentityError> {
    require_scope(app, headers, SCOPES)?;
    if project == app.settings.firebase_project_id {
        return Ok(());
    }
    Err(IdentityError::forbidden("PERMISSION_DENIED : the caller has no access to this project."))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnLookup {
    id_token: Option<String>,
}

/// `accounts:lookup` with one's own ID token.
pub(super) async fn lookup_own(State(app): State<Shared>, Query(key): Query<ApiKey>, body: Bytes) -> Answer {
    key.check(&app)?;
    let request: OwnLookup = read(&body)?;
    let uid = app.verify_id_token(&request.id_token.ok_or_else(|| IdentityError::bad("MISSING_ID_TOKEN"))?)?;
    let state = app.world.firebase.lock();
    let user = state.users.get(&uid).ok_or_else(|| IdentityError::bad("USER_NOT_FOUND"))?;
    Ok(Json(json!({"kind": LOOKUP_KIND, "users": [user.info()]})))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Lookup {
    local_id: Vec<String>,
    phone_number: Vec<String>,
    email: Vec<String>,
}

/// `projects/{p}/accounts:lookup`
pub(super) async fn lookup(State(app): State<Shared>, Path(project): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    check_admin(&app, &project, &headers)?;
    let wanted: Lookup = read(&body)?;
    if wanted.local_id.len() + wanted.phone_number.len() + wanted.email.len() > 100 {
        return Err(IdentityError::bad("TOO_MANY_IDENTIFIERS"));
    }
    let state = app.world.firebase.lock();
    let by_phone = wanted.phone_number.iter().filter_map(|phone| state.phones.get(phone));
    let mut uids: Vec<&String> = wanted.local_id.iter().chain(by_phone).collect();
    let by_email = state.users.values().filter(|user| user.email.as_ref().is_some_and(|email| wanted.email.contains(email)));
    uids.extend(by_email.map(|user| &user.local_id));
    uids.sort();
    uids.dedup();
    let users: Vec<Value> = uids.into_iter().filter_map(|uid| state.users.get(uid)).map(super::User::info).collect();
    if users.is_empty() {
        return Ok(Json(json!({"kind": LOOKUP_KIND})));
    }
    Ok(Json(json!({"kind": LOOKUP_KIND, "users": users})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    local_id: Option<String>,
    phone_number: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    display_name: Option<String>,
    disabled: Option<bool>,
}

/// `projects/{p}/accounts`
pub(super) async fn create(State(app): State<Shared>, Path(project): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    check_admin(&app, &project, &headers)?;
    let request: Create = read(&body)?;
    let uid = request.local_id.unwrap_or_else(|| random::alphanumeric(28));
    if !(1..=128).contains(&uid.chars().count()) {
        return Err(IdentityError::bad("INVALID_LOCAL_ID"));
    }
    let phone = request.phone_number.as_deref().map(phone_number).transpose()?;
    let now_ms = app.clock.now().timestamp_millis();
    let mut state = app.world.firebase.lock();
    check_email(&state, request.email.as_deref(), &uid)?;
    let user = state.add_user(uid, phone, now_ms)?;
    user.email = request.email;
    user.email_verified = request.email_verified.unwrap_or(false);
    user.display_name = request.display_name;
    user.disabled = request.disabled.unwrap_or(false);
    let mut info = user.info();
    info["kind"] = json!("identitytoolkit#SignupNewUserResponse");
    Ok(Json(info))
}

fn check_email(state: &FirebaseState, email: Option<&str>, uid: &str) -> Result<(), IdentityError> {
    let taken = email.is_some() && state.users.values().any(|user| user.local_id != uid && user.email.as_deref() == email);
    if taken { Err(IdentityError::bad("EMAIL_EXISTS")) } else { Ok(()) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    local_id: Option<String>,
    custom_attributes: Option<String>,
    valid_since: Option<Value>,
    disable_user: Option<bool>,
    phone_number: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    display_name: Option<String>,
    #[serde(default)]
    delete_provider: Vec<String>,
    #[serde(default)]
    delete_attribute: Vec<String>,
}

/// `projects/{p}/accounts:update`
pub(super) async fn update(State(app): State<Shared>, Path(project): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    check_admin(&app, &project, &headers)?;
    let request: Update = read(&body)?;
    let uid = request.local_id.clone().ok_or_else(|| IdentityError::bad("MISSING_LOCAL_ID"))?;
    if let Some(text) = &request.custom_attributes {
        check_custom_attributes(text)?;
    }
    let valid_since = request.valid_since.as_ref().map(seconds).transpose()?;
    let phone = request.phone_number.as_deref().map(phone_number).transpose()?;
    let mut state = app.world.firebase.lock();
    check_email(&state, request.email.as_deref(), &uid)?;
    if request.delete_provider.iter().any(|provider| provider == "phone") {
        state.set_phone(&uid, None)?;
    }
    if phone.is_some() {
        state.set_phone(&uid, phone)?;
    }
    let user = state.users.get_mut(&uid).ok_or_else(|| IdentityError::bad("USER_NOT_FOUND"))?;
    user.apply(request, valid_since);
    let mut info = user.info();
    info["kind"] = json!("identitytoolkit#SetAccountInfoResponse");
    Ok(Json(info))
}

impl super::User {
    fn apply(&mut self, change: Update, valid_since: Option<i64>) {
        if let Some(text) = change.custom_attributes {
            self.custom_attributes = Some(text).filter(|text| !text.is_empty());
        }
        self.valid_since = valid_since.unwrap_or(self.valid_since);
        self.disabled = change.disable_user.unwrap_or(self.disabled);
        self.email_verified = change.email_verified.unwrap_or(self.email_verified);
        self.email = change.email.or(self.email.take());
        self.display_name = change.display_name.or(self.display_name.take());
        if change.delete_attribute.iter().any(|name| name == "DISPLAY_NAME") {
            self.display_name = None;
        }
    }
}

/// Unix seconds, which Google writes as a string.
fn seconds(value: &Value) -> Result<i64, IdentityError> {
    let read = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    read.ok_or_else(|| IdentityError::bad("Invalid value at 'valid_since'."))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    local_id: Option<String>,
}

/// `projects/{p}/accounts:delete`
pub(super) async fn delete(State(app): State<Shared>, Path(project): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    check_admin(&app, &project, &headers)?;
    let request: Delete = read(&body)?;
    let uid = request.local_id.ok_or_else(|| IdentityError::bad("MISSING_LOCAL_ID"))?;
    app.world.firebase.lock().remove_user(&uid)?;
    Ok(Json(json!({"kind": "identitytoolkit#DeleteAccountResponse"})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    max_results: Option<usize>,
    next_page_token: Option<String>,
}

/// `projects/{p}/accounts:batchGet`
pub(super) async fn batch_get(
    State(app): State<Shared>,
    Path(project): Path<String>,
    headers: HeaderMap,
    Query(page): Query<Page>,
) -> Answer {
    check_admin(&app, &project, &headers)?;
    let size = page.max_results.unwrap_or(20).clamp(1, 1_000);
    let after = page.next_page_token.unwrap_or_default();
    let state = app.world.firebase.lock();
    let users: Vec<_> = state.users.values().filter(|user| user.local_id > after).take(size + 1).collect();
    let shown: Vec<Value> = users.iter().take(size).map(|user| user.info()).collect();
    let mut answer = json!({"kind": "identitytoolkit#DownloadAccountResponse", "users": shown});
    if users.len() > size
        && let Some(last) = users.get(size - 1)
    {
        answer["nextPageToken"] = json!(last.local_id);
    }
    Ok(Json(answer))
}
