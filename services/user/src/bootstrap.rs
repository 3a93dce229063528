//! `user bootstrap-admin`: the first super admin, whom nobody else can make.

use anyhow::Context as _;
use domain::{Phone, ServiceName, UserId};
use service_kit::process::settings;
use service_kit::{Kit, KitConfig};

use crate::{App, usecases};

/// Who becomes the first super admin.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct BootstrapAdmin {
    /// Phone to sign in with.
    #[arg(long, required_unless_present = "email")]
    pub phone: Option<Phone>,
    /// E-mail address to sign in with.
    #[arg(long)]
    pub email: Option<String>,
    /// Name.
    #[arg(long)]
    pub name: String,
}

/// Makes the first super admin with settings from the environment and prints the id. Running it again for the same
/// person prints the same id; for another person it is refused.
///
/// # Errors
/// Settings that are unusable, systems that do not answer, or somebody else who is super admin already.
pub async fn run(admin: BootstrapAdmin) -> anyhow::Result<()> {
    let kit = Kit::new(ServiceName::User, settings::<KitConfig>()?).await?;
    let app = App::build(kit, settings()?)?;
    let id = make(&app, admin).await?;
    println!("{id}");
    app.kit.pool.close().await;
    Ok(())
}

/// The same with a service that is built already.
///
/// # Errors
/// Systems that do not answer, or somebody else who is super admin already.
pub async fn make(app: &App, admin: BootstrapAdmin) -> anyhow::Result<UserId> {
    let name = admin.name.trim().to_owned();
    anyhow::ensure!(domain::is_readable(&name), "--name is empty or no name");
    let context = context::Context::new(app.kit.ids.next());
    let made = context::scope(context, usecases::bootstrap_admin(app, admin.phone, admin.email, name)).await;
    let made = made.context("the super admin could not be made")?;
    if !made.is_new {
        eprintln!("was super admin already");
    }
    Ok(made.user.id)
}
