//! The order in which everything comes up and goes down.

use super::{Environment, Fact, Member, Phase, Ports, Probe, Secrets, State, environment::Environment as Env};
use crate::{
    aws,
    home::Home,
    net,
    postgres::{self, Access, Cluster},
    process::Spec,
    service::{SERVICES, Service},
};
use anyhow::{Context as _, Result, bail};
use bus::{Catalogue, topology::Topology};
use std::{
    collections::BTreeMap,
    env,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time};

/// Longest wait for a service to become ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `up` was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Ports.
    pub ports: Ports,
    /// The services to start; all when empty.
    pub only: Vec<String>,
}

/// The fleet as its runner holds it.
pub struct Fleet {
    pub(super) home: Home,
    pub(super) run: PathBuf,
    pub(super) members: Vec<Member>,
    pub(super) catalogue: Catalogue,
    options: Options,
    pub(super) environment: Environment,
    secrets: Secrets,
    binaries: PathBuf,
    begun: Instant,
}

impl Fleet {
    /// Nothing runs yet.
    pub fn new(home: &Home, options: Options) -> Result<Self> {
        let secrets = Secrets::ensure(home)?;
        let catalogue = Catalogue::load()?;
        let binaries = env::current_exe()?.parent().context("this program is in no folder")?.to_path_buf();
        Ok(Self {
            run: home.folder("run")?,
            members: Vec::new(),
            environment: Env::new(home, options.ports, secrets.clone(), &catalogue),
            home: home.clone(),
            catalogue,
            options,
            secrets,
            binaries,
            begun: Instant::now(),
        })
    }

    /// Gives every child of ours one variable more, before the start.
    pub fn add_variable(&mut self, name: &str, value: &str) {
        self.environment.add(name, value);
    }

    /// Brings everything up and waits until it is ready.
    pub async fn start(&mut self) -> Result<()> {
        self.state(Phase::Starting).write(&self.home)?;
        self.start_postgres().await?;
        let topology = self.start_aws().await?;
        self.start_sandbox().await?;
        self.migrate(&topology).await?;
        self.start_services(&topology).await?;
        self.state(Phase::Ready).write(&self.home)?;
        Ok(())
    }

    /// Takes everything down: first who asks, last who is asked.
    pub async fn stop(&mut self) {
        const GRACE: Duration = Duration::from_secs(12);
        while let Some(mut member) = self.members.pop() {
            if SERVICES.iter().any(|service| service.name == member.name()) {
                let mut together = JoinSet::new();
                together.spawn(async move { member.stop(GRACE).await });
                let is_service = |member: &Member| SERVICES.iter().any(|one| one.name == member.name());
                while let Some(mut next) = self.members.pop_if(|member| is_service(member)) {
                    together.spawn(async move { next.stop(GRACE).await });
                }
                together.join_all().await;
            } else {
                member.stop(GRACE).await;
            }
        }
        State::remove(&self.home);
    }

    /// What others may know of it.
    pub fn state(&self, phase: Phase) -> State {
        let ports = self.options.ports;
        let mut facts = vec![Fact {
            name: "gateway".to_owned(),
            port: ports.gateway,
            ready_url: Some(format!("{}/health", self.environment.public_api())),
            docs_url: None,
        }];
        for service in self.chosen() {
            let port = ports.of(service);
            facts.push(Fact {
                name: service.name.to_owned(),
                port,
                ready_url: Some(format!("http://127.0.0.1:{port}/health/ready")),
                docs_url: Some(format!("http://127.0.0.1:{port}/docs/")),
            });
        }
        for (name, port) in [("sandbox", ports.sandbox), ("ministack", ports.aws), ("postgres", ports.postgres)] {
            facts.push(Fact { name: name.to_owned(), port, ready_url: None, docs_url: None });
        }
        State { phase, ports, facts }
    }

    /// Makes the topology again, after the stand-in lost it.
    pub async fn ensure_topology(&self) -> Result<Topology> {
        let endpoint = format!("http://127.0.0.1:{}", self.options.ports.aws);
        let topology = aws::ensure(&endpoint, &self.catalogue).await?;
        let mut secrets = BTreeMap::new();
        for service in SERVICES {
            let mut own = self.secrets.variables.clone();
            own.insert("DATABASE_URL".to_owned(), self.environment.database_url(service));
            if let Some(keys) = self.secrets.service_tokens.get(service.name) {
                own.insert("SERVICE_TOKEN_PRIVATE_KEY".to_owned(), keys.private.clone());
            }
            secrets.insert(service.name.to_owned(), own);
        }
        aws::store_secrets(&endpoint, &secrets).await?;
        Ok(topology)
    }

    async fn start_postgres(&mut self) -> Result<()> {
        let binaries = postgres::find_or_install()?;
        let log = self.log("postgres")?;
        let access = Access::Password(self.secrets.postgres.clone());
        let data = self.home.state.join("pg");
        let port = self.options.ports.postgres;
        let mut cluster = Cluster::start(&binaries, &data, port, access, &log, &self.run).await?;
        let made = postgres::ensure_service_databases(&cluster, &self.secrets.databases).await;
        if made.is_err() {
            cluster.stop().await;
        }
        made?;
        let (spec, process) = cluster.into_parts();
        self.members.push(Member::running(spec, process));
        self.say(&format!("Postgres on {port}, seven databases"));
        Ok(())
    }

    async fn start_aws(&mut self) -> Result<Topology> {
        let program = aws::install(&self.home)?;
        let port = self.options.ports.aws;
        let keep = self.home.folder("aws")?;
        let spec = aws::server(program, port, Some(&keep), &self.log("ministack")?);
        let process = aws::start(&spec, port, &self.run).await?;
        self.members.push(Member::running(spec, process));
        let topology = self.ensure_topology().await?;
        self.say(&format!(
            "AWS stand-in on {port}: bus {}, {} queues, {} buckets",
            self.catalogue.bus,
            topology.queue_urls.len(),
            topology.buckets.len()
        ));
        Ok(topology)
    }

    async fn start_sandbox(&mut self) -> Result<()> {
        let port = self.options.ports.sandbox;
        let mut spec = Spec::new("sandbox", self.binary("sandbox")?, self.log("sandbox")?);
        spec.env = self.environment.sandbox();
        self.members.push(Member::start(spec, &self.run)?);
        if !net::listens_within(port, Duration::from_secs(20)).await {
            return Err(self.did_not_start("sandbox"));
        }
        self.say(&format!("sandbox on {port}"));
        Ok(())
    }

    async fn migrate(&mut self, topology: &Topology) -> Result<()> {
        self.run_all("migrate", &self.chosen(), topology).await?;
        self.say("databases migrated");
        let seeded: Vec<Service> = self.chosen().into_iter().filter(|service| service.seeds).collect();
        self.run_all("seed", &seeded, topology).await?;
        self.say("catalogue seeded");
        Ok(())
    }

    /// Runs one command of several services side by side; all of them have to work.
    async fn run_all(&self, verb: &str, services: &[Service], topology: &Topology) -> Result<()> {
        let mut running = Vec::new();
        for service in services {
            let spec = self.service_spec(*service, verb, topology)?;
            running.push(crate::process::Process::start(&spec, &self.run)?);
        }
        for mut process in running {
            let status = process.wait().await?;
            if !status.success() {
                let (name, log) = (&process.name, &process.log);
                bail!("{name} did not work, see {}:\n{}", log.display(), net::tail(log, 8));
            }
        }
        Ok(())
    }

    async fn start_services(&mut self, topology: &Topology) -> Result<()> {
        for service in self.chosen() {
            let spec = self.service_spec(service, "serve", topology)?;
            self.members.push(Member::start(spec, &self.run)?);
        }
        let mut spec = Spec::new("gateway", env::current_exe()?, self.log("gateway")?).args(["gateway"]);
        spec.env = self.environment.gateway();
        spec.folder = self.home.root.clone();
        self.members.push(Member::start(spec, &self.run)?);
        self.wait_until_ready().await
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let probe = Probe::new()?;
        let until = Instant::now() + PATIENCE;
        let mut waiting = self.state(Phase::Starting).facts;
        while !waiting.is_empty() {
            let mut unready = Vec::new();
            for fact in waiting {
                if probe.is_ready(&fact).await {
                    self.say(&format!("{} ready on {}", fact.name, fact.port));
                } else {
                    unready.push(fact);
                }
            }
            waiting = unready;
            let dead = self.members.iter_mut().find_map(|member| member.has_ended().then(|| member.name().to_owned()));
            if let Some(name) = dead {
                return Err(self.did_not_start(&name));
            }
            if let (true, Some(fact)) = (Instant::now() > until, waiting.first()) {
                return Err(self.did_not_start(&fact.name));
            }
            time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    fn service_spec(&self, service: Service, verb: &str, topology: &Topology) -> Result<Spec> {
        let name = if verb == "serve" { service.name.to_owned() } else { format!("{}-{verb}", service.name) };
        let mut spec = Spec::new(&name, self.binary(service.name)?, self.log(service.name)?).args([verb]);
        spec.env = self.environment.service(service, topology);
        spec.folder = self.home.root.clone();
        Ok(spec)
    }

    fn chosen(&self) -> Vec<Service> {
        SERVICES
            .into_iter()
            .filter(|service| self.options.only.is_empty() || self.options.only.iter().any(|name| name == service.name))
            .collect()
    }

    fn binary(&self, name: &str) -> Result<PathBuf> {
        let path = self.binaries.join(name);
        if !path.is_file() {
            bail!("there is no program {}: run without --no-build", path.display());
        }
        Ok(path)
    }

    fn log(&self, name: &str) -> Result<PathBuf> {
        Ok(self.home.folder("logs")?.join(format!("{name}.log")))
    }

    fn did_not_start(&self, name: &str) -> anyhow::Error {
        let log = self.home.state.join("logs").join(format!("{name}.log"));
        anyhow::anyhow!("{name} did not become ready, see {}:\n{}", log.display(), net::tail(&log, 12))
    }

    pub(super) fn say(&self, what: &str) {
        println!("{:>6.1}s  {what}", self.begun.elapsed().as_secs_f32());
    }
}
