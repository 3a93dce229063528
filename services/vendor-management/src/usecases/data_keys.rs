//! The keys that seal a vendor's numbers: made, replaced, and what they sealed brought along.

use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use domain::VendorId;
use sealing::{DataKey, KmsKey, LocalKeys, MasterKey, Sealer};
use secrecy::ExposeSecret as _;
use service_kit::Kit;
use service_kit::config::Environment;
use uuid::Uuid;

use crate::App;
use crate::Config;
use crate::store::data_keys::{self, KeptKey, SealedField, SealedFields};
use crate::store::vendors;

/// How long a new key waits until it seals: every process has looked for new keys by then.
const BEFORE_IT_SEALS: TimeDelta = TimeDelta::minutes(5);
/// Vendors sealed anew in one transaction.
const AT_ONCE: i64 = 100;

/// The master key by the settings: KMS, or a local one, which production does not take.
pub(crate) fn master_key(kit: &Kit, config: &Config) -> anyhow::Result<Arc<dyn MasterKey>> {
    let kms = config.field_kms_key_arn.as_deref().filter(|key| !key.is_empty());
    let local = config.field_keys.as_ref().filter(|keys| !keys.expose_secret().is_empty());
    match (kms, local) {
        (Some(key), None) => Ok(Arc::new(KmsKey::new(&kit.aws, key))),
        (None, Some(_)) if kit.config.env == Environment::Production => {
            anyhow::bail!("FIELD_KEYS is for where there is no KMS; production wants FIELD_KMS_KEY_ARN")
        }
        (None, Some(keys)) => Ok(Arc::new(LocalKeys::parse(keys.expose_secret()).context("FIELD_KEYS")?)),
        _ => anyhow::bail!("set either FIELD_KMS_KEY_ARN or FIELD_KEYS"),
    }
}

/// The sealer with all data keys at hand; the first of them is made when there is none. What older rows hold in the clear
/// is sealed before anything is served.
pub(crate) async fn sealer(kit: &Kit, config: &Config, master: &dyn MasterKey) -> anyhow::Result<Sealer> {
    let mut conn = kit.pool.acquire().await?;
    let mut kept = data_keys::all(&mut conn).await.context("reading data keys; is the database migrated?")?;
    drop(conn);
    if kept.is_empty() {
        make(kit, master, TimeDelta::zero(), None).await?;
        kept = data_keys::all(&mut *kit.pool.acquire().await?).await?;
    }
    let hash_key = STANDARD.decode(config.field_hash_key.expose_secret()).context("FIELD_HASH_KEY is not base64")?;
    let (keys, current) = unwrapped(kit, kept, master).await?;
    let sealer = Sealer::new(&keys, current, &hash_key).context("FIELD_HASH_KEY")?;
    while seal_some_from_before(kit, &sealer).await? > 0 {}
    Ok(sealer)
}

async fn make(
    kit: &Kit,
    master: &dyn MasterKey,
    wait: TimeDelta,
    unless_after: Option<chrono::DateTime<chrono::Utc>>,
) -> anyhow::Result<bool> {
    let wrapped = master.wrap(&DataKey::new(kit.ids.uuid())?).await?;
    let now = kit.clock.now();
    let mut tx = kit.pool.begin().await?;
    let made = data_keys::add(&mut tx, &wrapped, (now + wait, now), unless_after).await?;
    tx.commit().await?;
    if made {
        tracing::info!(data_key = %wrapped.id, master_key = wrapped.master_key_id, "a data key was made");
    }
    Ok(made)
}

/// All keys in the clear, and the one that seals now.
async fn unwrapped(kit: &Kit, kept: Vec<KeptKey>, master: &dyn MasterKey) -> anyhow::Result<(Vec<DataKey>, Uuid)> {
    let now = kit.clock.now();
    let oldest = kept.last().map(|key| key.id);
    let current = kept.iter().find(|key| key.active_from <= now).map(|key| key.id).or(oldest).context("no data key")?;
    let mut keys = Vec::with_capacity(kept.len());
    for key in kept {
        keys.push(master.unwrap(&key.into()).await?);
    }
    Ok((keys, current))
}

/// Looks for keys that others made, makes the next one when the newest is old, and brings what older keys sealed along.
pub(crate) async fn keep_fresh(app: &App) -> anyhow::Result<()> {
    let kit = &app.kit;
    let mut kept = data_keys::all(&mut *kit.pool.acquire().await?).await?;
    let now = kit.clock.now();
    let newest = kept.first().map(|key| key.active_from);
    if newest.is_some_and(|from| from + TimeDelta::days(app.config.field_key_days) <= now) {
        make(kit, &*app.master_key, BEFORE_IT_SEALS, newest).await?;
        kept = data_keys::all(&mut *kit.pool.acquire().await?).await?;
    }
    let due = kept.iter().find(|key| key.active_from <= now).map(|key| key.id);
    if kept.iter().any(|key| !app.sealer.knows(key.id)) || due != Some(app.sealer.current()) {
        let (keys, current) = unwrapped(kit, kept, &*app.master_key).await?;
        app.sealer.replace(&keys, current)?;
    }
    while reseal_some(app).await? > 0 {}
    Ok(())
}

async fn reseal_some(app: &App) -> anyhow::Result<usize> {
    let mut tx = app.kit.pool.begin().await?;
    let ids = data_keys::sealed_otherwise(&mut tx, app.sealer.current(), AT_ONCE).await?;
    for id in &ids {
        let Some(vendor) = vendors::find(&mut tx, &app.sealer, *id).await? else { continue };
        let Some(details) = vendor.details else { continue };
        let fields = seal(
            &app.sealer,
            *id,
            (details.gstin.as_ref().map(|g| g.as_str()), Some(details.pan.as_str()), Some(&details.bank.number)),
        )?;
        data_keys::write(&mut tx, *id, &fields).await?;
    }
    tx.commit().await?;
    Ok(ids.len())
}

async fn seal_some_from_before(kit: &Kit, sealer: &Sealer) -> anyhow::Result<usize> {
    let mut tx = kit.pool.begin().await?;
    let rows = data_keys::in_the_clear(&mut tx, AT_ONCE).await?;
    for row in &rows {
        let fields = seal(sealer, row.id, (row.gstin.as_deref(), row.pan.as_deref(), row.bank_account_number.as_deref()))?;
        data_keys::write(&mut tx, row.id, &fields).await?;
    }
    tx.commit().await?;
    Ok(rows.len())
}

/// GSTIN, PAN and bank account of a vendor, sealed each for its own place.
fn seal(
    sealer: &Sealer,
    id: VendorId,
    (gstin, pan, bank_account): (Option<&str>, Option<&str>, Option<&str>),
) -> anyhow::Result<SealedFields> {
    let field = |kind: &str, text: Option<&str>| {
        text.map(|text| {
            anyhow::Ok(SealedField { sealed: sealer.seal(&vendors::place(id, kind), text)?, hash: sealer.hash(kind, text) })
        })
        .transpose()
    };
    Ok(SealedFields {
        data_key_id: sealer.current(),
        gstin: field(vendors::GSTIN, gstin)?,
        pan: field(vendors::PAN, pan)?,
        bank_account: field(vendors::BANK_ACCOUNT, bank_account)?,
    })
}
