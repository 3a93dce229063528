//! `realserv soak`: random orders of many people through the whole fleet, with duplicates, disorder, lost answers, dead
//! processes and a clock that jumps; a model says which answers are legal, and the books have to agree afterwards.
//!
//! `dice` and `steps` make sequences of a seed, `model` says what may happen, `story` plays one sequence, `play` many,
//! `watch` waits until nothing moves, `rules` and `books` hold the seven databases and the gateway against each other.

mod books;
mod client;
mod dice;
mod model;
mod people;
mod play;
mod rules;
mod shrink;
mod spoil;
mod steps;
mod storm;
mod story;
mod tools;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use domain::{Clock as _, SystemClock};
use tokio::signal;
use tokio::time::Instant;

use crate::fleet::{Fleet, Options, PortArgs, Ports};
use crate::home::Home;
use crate::{commands, process};
use client::Client;
use people::Cast;
use play::{Findings, Run};
use steps::Size;
use story::Stage;
use watch::{FleetClock, Watch};

/// Arguments of `soak`.
#[derive(Debug, Clone, Args)]
pub struct SoakArgs {
    #[command(flatten)]
    ports: PortArgs,
    /// Do not build first.
    #[arg(long)]
    no_build: bool,
    /// How long to go on.
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// What the sequences are made of; a new one is drawn and printed when left out.
    #[arg(long)]
    seed: Option<u64>,
    /// The first batch: with the seed of an earlier run, its batch of that number.
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// So many batches at most.
    #[arg(long)]
    batches: Option<usize>,
    /// Sequences side by side.
    #[arg(long, default_value_t = 24)]
    sequences: usize,
    /// Batches between two reckonings.
    #[arg(long, default_value_t = 6)]
    between: usize,
    /// Only this sequence of each batch's sequences, by its number.
    #[arg(long)]
    only: Option<usize>,
    /// Print the steps and do nothing.
    #[arg(long)]
    steps: bool,
    /// Instead of sequences: 64 clients pay, refund, cancel and deliver the same few orders at once.
    #[arg(long)]
    storm: bool,
    /// At the end corrupt rows of every kind by hand, and see that each is named: a test of the reckoning itself.
    #[arg(long)]
    spoil: bool,
    /// End at the first finding.
    #[arg(long)]
    first: bool,
    /// Leave the fleet's data and logs as they are at the end.
    #[arg(long)]
    keep: bool,
}

impl SoakArgs {
    const fn size(&self) -> Size {
        Size { buyers: 10, vendors: 4, goods: 3, sequences: self.sequences }
    }
}

/// Starts a fleet with empty databases under `.realserv/soak`, plays, reckons, and stops it.
///
/// # Errors
/// Something could not be started, or something was found.
pub async fn run(home: &Home, args: SoakArgs) -> Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(|| SystemClock.now().timestamp_micros().unsigned_abs() % 1_000_000_000);
    if args.steps {
        show(seed, &args);
        return Ok(ExitCode::SUCCESS);
    }
    let home = home.inner("soak")?;
    let ports = args.ports.decide();
    commands::down::run(&home, true).await?;
    ports.must_be_free()?;
    if !args.no_build {
        commands::up::build(&home, &[])?;
    }
    let home = Home { state: home.folder("")?, ..home };
    let pidfile = process::record(&home.state, "realserv", rustix::process::getpid())?;
    let mut fleet = Fleet::new(&home, Options { ports, only: Vec::new() })?;
    // Limits of ordinary traffic, which are tested elsewhere: here everybody does more than people do.
    for (name, value) in [("GATEWAY_NO_THROTTLE", "true"), ("COD_EXPOSURE_LIMIT", "900000000"), ("RUST_LOG", "warn")] {
        fleet.add_variable(name, value);
    }
    let done = tokio::select! {
        done = start_and_play(&home, &mut fleet, ports, seed, &args) => done,
        _ = signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    fleet.stop().await;
    let _ = std::fs::remove_file(pidfile);
    let found = done?;
    if found == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{found} findings; `realserv soak --seed {seed}` plays the same again. The logs are in {}",
        home.state.join("logs").display()
    );
    Ok(ExitCode::FAILURE)
}

fn show(seed: u64, args: &SoakArgs) {
    for number in args.from..args.from + args.batches.unwrap_or(1) {
        let batch = steps::batch(seed, number, args.size());
        println!("batch {number} of seed {seed}; weather: {:?}", batch.weather);
        for sequence in batch.sequences {
            let steps: Vec<String> = sequence.steps.iter().map(ToString::to_string).collect();
            let way = if sequence.cash { "cash" } else { "online" };
            println!(
                "  {:>5} {way:<6} buyer {} vendor {}: {}",
                sequence.number,
                sequence.buyer,
                sequence.vendor,
                steps.join(" → ")
            );
        }
    }
}

async fn start_and_play(home: &Home, fleet: &mut Fleet, ports: Ports, seed: u64, args: &SoakArgs) -> Result<usize> {
    fleet.start().await?;
    tokio::select! {
        ended = fleet.supervise() => ended.map(|()| 0),
        played = soak(home, ports, seed, args) => played,
    }
}

async fn soak(home: &Home, ports: Ports, seed: u64, args: &SoakArgs) -> Result<usize> {
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    let client = Client::new(at(ports.gateway), at(ports.sandbox))?;
    let size = args.size();
    let cast = Arc::new(Cast::join(home, ports, &client, size.buyers, size.vendors).await?);
    let watch = Watch::on(home, ports, client.clone()).await?;
    watch.quiet().await?;
    let stage = Stage { client, cast, clock: FleetClock::of(home), seed };
    let stock = books::stock(&watch).await?;
    let (home, told) = (home.clone(), BTreeSet::new());
    let mut run = Run {
        home,
        stage,
        watch,
        stock,
        told,
        settled_until: None,
        settlements: 0,
        kills: 0,
        killed: BTreeSet::new(),
        reckonings: 0,
    };
    println!("\nseed {seed}: {} sequences side by side, {} minutes", args.sequences, args.minutes);
    if !args.storm {
        let found = play(&mut run, seed, args).await?;
        let missed = if args.spoil { spoil::spoil_all(&run).await? } else { Vec::new() };
        missed.iter().for_each(|missed| println!("  MISSED  {missed}"));
        return Ok(found + missed.len());
    }
    let lasts = Duration::from_secs_f64(args.minutes * 60.0);
    let (findings, orders, acts) = storm::storm(&mut run, seed, size, lasts).await?;
    let found = report(&findings);
    println!("seed {seed}: {orders} orders, {acts} acts of 64 clients, {found} findings");
    Ok(found)
}

async fn play(run: &mut Run, seed: u64, args: &SoakArgs) -> Result<usize> {
    let begun = Instant::now();
    let lasts = Duration::from_secs_f64(args.minutes * 60.0);
    let (mut stories, mut number, mut found) = (Vec::new(), args.from, 0);
    let (mut sequences, mut acts, mut statuses) = (0, 0, BTreeMap::new());
    let mut unanswered: BTreeMap<String, usize> = BTreeMap::new();
    let last = args.batches.map_or(usize::MAX, |batches| args.from + batches);
    while number < last && begun.elapsed() < lasts {
        let mut batch = steps::batch(seed, number, args.size());
        batch.sequences.retain(|sequence| args.only.is_none_or(|only| sequence.number == only));
        let weather = batch.weather.clone();
        let played = run.play(&batch).await?;
        sequences += played.len();
        acts += played.iter().map(|story| story.acts).sum::<usize>();
        for why in played.iter().flat_map(|story| &story.unanswered) {
            *unanswered.entry(why.chars().take(80).collect()).or_default() += 1;
        }
        stories.extend(played);
        number += 1;
        println!("{:>6.1}s  batch {:>3} played; weather {weather:?}", begun.elapsed().as_secs_f32(), batch.number);
        if (number - args.from).is_multiple_of(args.between) || number == last || begun.elapsed() >= lasts {
            let (findings, known) = run.reckon(&mut stories).await?;
            statuses = known;
            let orders: usize = statuses.values().sum();
            stories.clear();
            found += report(&findings);
            shorten(run, seed, args, &findings.failed).await?;
            println!(
                "{:>6.1}s  reckoned: {sequences} sequences, {orders} orders, {acts} acts ({} tries without an answer), \
                 {} settlements, {} kills; {found} findings",
                begun.elapsed().as_secs_f32(),
                unanswered.values().sum::<usize>(),
                run.settlements,
                run.kills
            );
            if !findings.is_empty() && args.first {
                break;
            }
        }
    }
    let mut often: Vec<(&String, &usize)> = unanswered.iter().collect();
    often.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (why, count) in often.into_iter().take(12) {
        println!("  {count:>5} times no answer: {why}");
    }
    println!(
        "\nseed {seed}: {sequences} sequences, {statuses:?}, {acts} acts, {found} findings in {:.0} s",
        begun.elapsed().as_secs_f32()
    );
    Ok(found)
}

/// Says how the first of the sequences that failed can be played alone, and with how few steps it still fails.
async fn shorten(run: &mut Run, seed: u64, args: &SoakArgs, failed: &[usize]) -> Result<()> {
    let Some(number) = failed.first().copied() else { return Ok(()) };
    let batch = steps::batch(seed, number / args.sequences, args.size());
    let from = batch.number;
    println!("  alone: realserv soak --seed {seed} --sequences {} --from {from} --batches 1 --only {number}", args.sequences);
    match shrink::shrink(run, &batch, number).await? {
        Some(short) => {
            let steps: Vec<String> = short.steps.iter().map(ToString::to_string).collect();
            println!("  SHORTER  sequence {number} fails with: {}; weather {:?}", steps.join(" → "), batch.weather);
        }
        None => println!("  sequence {number} does not fail alone"),
    }
    Ok(())
}

/// Prints what was found, and says how much.
fn report(findings: &Findings) -> usize {
    for line in &findings.left {
        println!("  NOT AT REST  {line}");
    }
    for broken in &findings.broken {
        println!("  BROKEN  {}\n          {}: {}", broken.rule, broken.row, broken.how);
    }
    for story in &findings.stories {
        println!("  MODEL  {story}");
    }
    findings.left.len() + findings.broken.len() + findings.stories.len()
}
