//! What an app calls: a code by SMS, signing in with it or with a custom token, a fresh ID token.

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, header},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    CodeSession, SentCode,
    error::IdentityError,
    input::{ApiKey, phone_number, read},
    tokens::{CUSTOM_TOKEN_AUDIENCE, LIFE, check_claim_names, id_claims},
};
use crate::{
    random,
    sms::Provider,
    state::{App, Shared},
};

/// Seconds a code is good for.
const CODE_LIFE: i64 = 300;
/// Wrong codes a session bears.
const TRIES: u32 = 5;

type Answer = Result<Json<Value>, IdentityError>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SendCode {
    phone_number: Option<String>,
    recaptcha_token: Option<String>,
    captcha_response: Option<String>,
    play_integrity_token: Option<String>,
    safety_net_token: Option<String>,
    ios_receipt: Option<String>,
}

/// `accounts:sendVerificationCode`
pub(super) async fn send_verification_code(State(app): State<Shared>, Query(key): Query<ApiKey>, body: Bytes) -> Answer {
    key.check(&app)?;
    let request: SendCode = read(&body)?;
    let phone = phone_number(&request.phone_number.ok_or_else(|| IdentityError::bad("MISSING_PHONE_NUMBER"))?)?;
    let attestations = [
        request.recaptcha_token,
        request.captcha_response,
        request.play_integrity_token,
        request.safety_net_token,
        request.ios_receipt,
    ];
    if !attestations.iter().flatten().any(|token| !token.is_empty()) {
        return Err(IdentityError::bad("MISSING_RECAPTCHA_TOKEN"));
    }
    let now = app.clock.now();
    let code = random::digits(6);
    let session_info = random::alphanumeric(120);
    let text = format!("{code} is your verification code for {}.firebaseapp.com.", app.settings.firebase_project_id);
    {
        let mut state = app.world.firebase.lock();
        let session = CodeSession { phone: phone.clone(), code: code.clone(), sent_at: now.timestamp(), wrong_tries: 0 };
        state.code_sessions.insert(session_info.clone(), session);
        let sent = SentCode { code, session_info: session_info.clone(), sent_at: now.to_rfc3339() };
        state.newest_codes.insert(phone.clone(), sent);
    }
    app.deliver_sms(Provider::Firebase, &phone, text, Value::Null);
    Ok(Json(json!({"sessionInfo": session_info})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneSignIn {
    session_info: Option<String>,
    code: Option<String>,
    temporary_proof: Option<String>,
    phone_number: Option<String>,
    id_token: Option<String>,
}

/// `accounts:signInWithPhoneNumber`
pub(super) async fn with_phone_number(State(app): State<Shared>, Query(key): Query<ApiKey>, body: Bytes) -> Answer {
    key.check(&app)?;
    let request: PhoneSignIn = read(&body)?;
    let phone = proven_phone(&app, &request)?;
    let linked = match &request.id_token {
        Some(token) => Some(app.verify_id_token(token)?),
        None => None,
    };
    let now_ms = app.clock.now().timestamp_millis();
    let (uid, is_new) = {
        let mut state = app.world.firebase.lock();
        let owner = state.phones.get(&phone).cloned();
        match (linked, owner) {
            (Some(uid), Some(owner)) if uid != owner => {
                let proof = random::alphanumeric(80);
                state.temporary_proofs.insert(proof.clone(), phone.clone());
                return Ok(Json(json!({"temporaryProof": proof, "temporaryProofExpiresIn": "3600", "phoneNumber": phone})));
            }
            (Some(uid), _) => {
                state.set_phone(&uid, Some(phone.clone()))?;
                (uid, false)
            }
            (None, Some(owner)) => (owner, false),
            (None, None) => {
                let uid = random::alphanumeric(28);
                state.add_user(uid.clone(), Some(phone.clone()), now_ms)?;
                (uid, true)
            }
        }
    };
    let tokens = app.open_session(&uid, "phone", Map::new())?;
    Ok(Json(json!({
        "idToken": tokens.id_token, "refreshToken": tokens.refresh_token, "expiresIn": LIFE.to_string(),
        "localId": uid, "isNewUser": is_new, "phoneNumber": phone,
    })))
}

/// The phone that a code or a temporary proof stands for; both are used up by it.
fn proven_phone(app: &App, request: &PhoneSignIn) -> Result<String, IdentityError> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut state = app.world.firebase.lock();
    if let Some(proof) = given(&request.temporary_proof) {
        let phone = state.temporary_proofs.remove(&proof);
        return phone
            .filter(|phone| request.phone_number.as_ref() == Some(phone))
            .ok_or_else(|| IdentityError::bad("INVALID_TEMPORARY_PROOF"));
    }
    let session_info = given(&request.session_info).ok_or_else(|| IdentityError::bad("MISSING_SESSION_INFO"))?;
    let code = given(&request.code).ok_or_else(|| IdentityError::bad("MISSING_CODE"))?;
    let now = app.clock.now().timestamp();
    let session = state.code_sessions.get_mut(&session_info).ok_or_else(|| IdentityError::bad("INVALID_SESSION_INFO"))?;
    if now - session.sent_at > CODE_LIFE {
        return Err(IdentityError::bad("SESSION_EXPIRED"));
    }
    if session.wrong_tries >= TRIES {
        return Err(IdentityError::bad("TOO_MANY_ATTEMPTS_TRY_LATER"));
    }
    if session.code != code {
        session.wrong_tries += 1;
        return Err(IdentityError::bad("INVALID_CODE"));
    }
    let phone = session.phone.clone();
    state.code_sessions.remove(&session_info);
    Ok(phone)
}

#[derive(Deserialize)]
struct CustomSignIn {
    token: Option<String>,
}

#[derive(Clone, Deserialize)]
struct CustomToken {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    uid: Option<String>,
    claims: Option<Map<String, Value>>,
}

/// `accounts:signInWithCustomToken`
pub(super) async fn with_custom_token(State(app): State<Shared>, Query(key): Query<ApiKey>, body: Bytes) -> Answer {
    key.check(&app)?;
    let request: CustomSignIn = read(&body)?;
    let token = request.token.ok_or_else(|| IdentityError::bad("MISSING_CUSTOM_TOKEN"))?;
    let invalid = |detail: &str| IdentityError::bad(format!("INVALID_CUSTOM_TOKEN : {detail}"));
    let custom: CustomToken = app.service_key.verify(&token).map_err(|_| invalid("The signature or format is wrong."))?;
    let now = app.clock.now().timestamp();
    let account = &app.service_account.client_email;
    if &custom.iss != account || &custom.sub != account {
        return Err(IdentityError::bad("CREDENTIAL_MISMATCH"));
    }
    if custom.aud != CUSTOM_TOKEN_AUDIENCE {
        return Err(invalid("The audience is wrong."));
    }
    if custom.exp <= now || custom.iat > now + 300 || custom.exp > custom.iat + 3_600 {
        return Err(invalid("The token's times are wrong."));
    }
    let uid = custom
        .uid
        .filter(|uid| (1..=128).contains(&uid.chars().count()))
        .ok_or_else(|| invalid("uid is missing or too long."))?;
    let claims = custom.claims.unwrap_or_default();
    check_claim_names(&claims)?;
    let is_new = {
        let mut state = app.world.firebase.lock();
        let is_new = !state.users.contains_key(&uid);
        if is_new {
            state.add_user(uid.clone(), None, now * 1_000)?;
        }
        is_new
    };
    let tokens = app.open_session(&uid, "custom", claims)?;
    Ok(Json(json!({
        "kind": "identitytoolkit#VerifyCustomTokenResponse", "idToken": tokens.id_token,
        "refreshToken": tokens.refresh_token, "expiresIn": LIFE.to_string(), "isNewUser": is_new,
    })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refresh {
    grant_type: Option<String>,
    refresh_token: Option<String>,
}

/// `securetoken/v1/token`
pub(super) async fn refresh(State(app): State<Shared>, Query(key): Query<ApiKey>, headers: HeaderMap, body: Bytes) -> Answer {
    key.check(&app)?;
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let request: Refresh = if is_json {
        read(&body)?
    } else {
        let fields: Map<String, Value> =
            url::form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), json!(value))).collect();
        read(Value::Object(fields).to_string().as_bytes())?
    };
    match request.grant_type.as_deref() {
        None | Some("") => return Err(IdentityError::bad("MISSING_GRANT_TYPE")),
        Some("refresh_token") => {}
        Some(_) => return Err(IdentityError::bad("INVALID_GRANT_TYPE")),
    }
    let token =
        request.refresh_token.filter(|token| !token.is_empty()).ok_or_else(|| IdentityError::bad("MISSING_REFRESH_TOKEN"))?;
    let now = app.clock.now();
    let (claims, uid) = {
        let mut state = app.world.firebase.lock();
        let session = state.sessions.get(&token).cloned().ok_or_else(|| IdentityError::bad("INVALID_REFRESH_TOKEN"))?;
        let user = state.users.get_mut(&session.uid).ok_or_else(|| IdentityError::bad("USER_NOT_FOUND"))?;
        if user.disabled {
            return Err(IdentityError::bad("USER_DISABLED"));
        }
        if session.auth_time < user.valid_since {
            return Err(IdentityError::bad("TOKEN_EXPIRED"));
        }
        user.last_refresh_at = now.to_rfc3339();
        (id_claims(&app.settings.firebase_project_id, user, &session, now.timestamp()), session.uid)
    };
    let id_token = app.sign_id_token(&claims)?;
    Ok(Json(json!({
        "access_token": id_token, "expires_in": LIFE.to_string(), "token_type": "Bearer", "refresh_token": token,
        "id_token": id_token, "user_id": uid, "project_id": app.settings.firebase_project_id,
    })))
}
