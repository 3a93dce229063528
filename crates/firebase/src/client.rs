//! The Identity Toolkit client.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{Phone, SharedClock};
use outbound::{Remote, Reply, RetryPolicy, retry};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{
    AccessTokens, Account, AccountChange, AccountError, FirebaseCode, FirebaseError, FirebaseSettings, NewAccount, Refreshed,
    ServiceAccount, SignedIn,
    account::{CreatedAnswer, LookupAnswer},
    error::read_failure,
    sign_in::{CodeSent, RefreshAnswer, SignInAnswer},
};

/// Firebase Authentication.
#[derive(Debug, Clone)]
pub struct Firebase {
    remote: Remote,
    identity_url: String,
    token_url: String,
    project_id: String,
    api_key: SecretString,
    emulated: bool,
    account: Option<ServiceAccount>,
    tokens: AccessTokens,
    clock: SharedClock,
}

impl Firebase {
    /// A client over the shared HTTP client. With an emulator the service account may be missing.
    pub fn new(settings: &FirebaseSettings, http: reqwest::Client, clock: SharedClock) -> Result<Self, AccountError> {
        let emulator = outbound::optional(settings.emulator_host.as_deref());
        let (identity_url, token_url) = match emulator {
            Some(host) => {
                (format!("http://{host}/identitytoolkit.googleapis.com"), format!("http://{host}/securetoken.googleapis.com"))
            }
            None => (settings.identity_url.clone(), settings.token_url.clone()),
        };
        let json = settings.account.service_account.as_ref();
        let account = json.filter(|json| !json.expose_secret().trim().is_empty()).map(ServiceAccount::from_json).transpose()?;
        let tokens = match emulator {
            Some(_) => AccessTokens::emulator(),
            None => AccessTokens::new(&settings.account, http.clone(), clock.clone())?,
        };
        Ok(Self {
            remote: Remote::new("firebase", http, settings.timeout),
            identity_url: outbound::join(&identity_url, "v1"),
            token_url: outbound::join(&token_url, "v1/token"),
            project_id: settings.project_id.clone(),
            api_key: settings.api_key.clone(),
            emulated: emulator.is_some(),
            account,
            tokens,
            clock,
        })
    }

    /// Whether this is the real Firebase, where only a client with attestation may ask for a code.
    pub fn is_real(&self) -> bool {
        !self.emulated && self.identity_url.contains("://identitytoolkit.googleapis.com")
    }

    /// The service account's access tokens, for other Google APIs.
    pub fn access_tokens(&self) -> &AccessTokens {
        &self.tokens
    }

    /// Has a sign-in code sent and yields the session it belongs to. The real Firebase wants the
    /// client's reCAPTCHA token; elsewhere nobody looks at it, but one must be there.
    pub async fn send_verification_code(
        &self,
        phone: &Phone,
        recaptcha_token: Option<&str>,
    ) -> Result<SecretString, FirebaseError> {
        let mut body = json!({"phoneNumber": phone.as_str()});
        let stand_in = (!self.is_real()).then_some("stand-in");
        if let Some(token) = recaptcha_token.or(stand_in) {
            body["recaptchaToken"] = json!(token);
        }
        let sent: CodeSent = self.as_client("accounts:sendVerificationCode", &body).await?;
        Ok(sent.session_info)
    }

    /// Signs in with a code that was sent to a phone.
    pub async fn sign_in_with_phone(&self, session_info: &str, code: &str) -> Result<SignedIn, FirebaseError> {
        let body = json!({"sessionInfo": session_info, "code": code});
        let answer: SignInAnswer = self.as_client("accounts:signInWithPhoneNumber", &body).await?;
        answer.try_into()
    }

    /// Signs in with a token of our own making.
    pub async fn sign_in_with_custom_token(&self, token: &SecretString) -> Result<SignedIn, FirebaseError> {
        let body = json!({"token": token.expose_secret(), "returnSecureToken": true});
        let answer: SignInAnswer =
            retry(RetryPolicy::default(), || self.as_client("accounts:signInWithCustomToken", &body)).await?;
        answer.try_into()
    }

    /// Exchanges a refresh token for a fresh ID token.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<Refreshed, FirebaseError> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        let answer: RefreshAnswer = retry(RetryPolicy::default(), || async {
            let request = self.remote.post(&self.token_url).query(&[("key", self.api_key.expose_secret())]).form(&form);
            read(&self.remote.send(request).await?)
        })
        .await?;
        Ok(answer.into())
    }

    /// Signs a token with which `uid` can sign in.
    pub fn mint_custom_token(&self, uid: &str, claims: &Map<String, Value>) -> Result<SecretString, AccountError> {
        let now = self.clock.now();
        match &self.account {
            Some(account) => account.mint_custom_token(uid, claims, now),
            None if self.emulated => Ok(unsigned_custom_token(uid, claims, now)),
            None => Err(AccountError::Missing),
        }
    }

    /// The account with a uid.
    pub async fn find_by_uid(&self, uid: &str) -> Result<Option<Account>, FirebaseError> {
        self.lookup(&json!({"localId": [uid]})).await
    }

    /// The account with a phone.
    pub async fn find_by_phone(&self, phone: &Phone) -> Result<Option<Account>, FirebaseError> {
        self.lookup(&json!({"phoneNumber": [phone.as_str()]})).await
    }

    /// The account with an e-mail address.
    pub async fn find_by_email(&self, email: &str) -> Result<Option<Account>, FirebaseError> {
        self.lookup(&json!({"email": [email]})).await
    }

    /// Makes an account and yields its uid.
    pub async fn create_account(&self, account: &NewAccount) -> Result<String, FirebaseError> {
        let made: CreatedAnswer = self.as_admin("accounts", &account.body()).await?;
        Ok(made.local_id)
    }

    /// Changes an account. Each field is set to a value, so the call is safe to repeat, and is.
    pub async fn update(&self, uid: &str, change: &AccountChange) -> Result<(), FirebaseError> {
        let body = change.body(uid)?;
        let _set: Value = retry(RetryPolicy::default(), || self.as_admin("accounts:update", &body)).await?;
        Ok(())
    }

    /// Replaces all custom claims of an account.
    pub async fn set_claims(&self, uid: &str, claims: Map<String, Value>) -> Result<(), FirebaseError> {
        let change = AccountChange { claims: Some(claims), ..AccountChange::default() };
        self.update(uid, &change).await
    }

    /// Refuses or allows signing in.
    pub async fn set_disabled(&self, uid: &str, disabled: bool) -> Result<(), FirebaseError> {
        let change = AccountChange { disabled: Some(disabled), ..AccountChange::default() };
        self.update(uid, &change).await
    }

    /// Voids the refresh tokens of all sign-ins so far.
    pub async fn revoke_tokens(&self, uid: &str) -> Result<(), FirebaseError> {
        let change = AccountChange { valid_since: Some(self.clock.now()), ..AccountChange::default() };
        self.update(uid, &change).await
    }

    /// Deletes an account. One that is gone already is fine.
    pub async fn delete(&self, uid: &str) -> Result<(), FirebaseError> {
        let body = json!({"localId": uid});
        let result: Result<Value, _> = retry(RetryPolicy::default(), || self.as_admin("accounts:delete", &body)).await;
        match result {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some(&FirebaseCode::UserNotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn lookup(&self, body: &Value) -> Result<Option<Account>, FirebaseError> {
        let found: LookupAnswer = retry(RetryPolicy::default(), || self.as_admin("accounts:lookup", body)).await?;
        Ok(found.users.into_iter().next().map(Account::from))
    }

    /// What any client may do, with the web API key.
    async fn as_client<T: DeserializeOwned>(&self, call: &str, body: &Value) -> Result<T, FirebaseError> {
        let request =
            self.remote.post(outbound::join(&self.identity_url, call)).query(&[("key", self.api_key.expose_secret())]).json(body);
        read(&self.remote.send(request).await?)
    }

    /// What only our service account may do. A token that is refused is replaced once.
    async fn as_admin<T: DeserializeOwned>(&self, call: &str, body: &Value) -> Result<T, FirebaseError> {
        let url = format!("{}/projects/{}/{call}", self.identity_url, self.project_id);
        let send = async |token: &SecretString| {
            let request = self.remote.post(&url).bearer_auth(token.expose_secret()).json(body);
            self.remote.send(request).await
        };
        let token = self.tokens.token().await?;
        let mut reply = send(&token).await?;
        if reply.status.as_u16() == 401 {
            self.tokens.forget(&token).await;
            reply = send(&self.tokens.token().await?).await?;
        }
        read(&reply)
    }
}

fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, FirebaseError> {
    if reply.is_success() { Ok(reply.json()?) } else { Err(read_failure(reply)) }
}

/// The emulator does not check signatures; it is the only one who gets such a token.
fn unsigned_custom_token(uid: &str, claims: &Map<String, Value>, now: DateTime<Utc>) -> SecretString {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "none", "typ": "JWT"}));
    let payload = part(json!({
        "aud": "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit",
        "iss": "emulator", "sub": "emulator", "uid": uid, "claims": claims,
        "iat": now.timestamp(), "exp": now.timestamp() + 3600,
    }));
    SecretString::from(format!("{header}.{payload}."))
}
