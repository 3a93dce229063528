//! A sequence that failed is played again alone, and with ever fewer steps, as long as it fails.

use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::play::Run;
use super::steps::{Batch, Sequence};

/// How long one sequence may take.
const BUDGET: Duration = Duration::from_secs(60);

/// The shortest sequence found that fails as well; none when it does not fail alone.
pub(super) async fn shrink(run: &mut Run, batch: &Batch, number: usize) -> Result<Option<Sequence>> {
    let until = Instant::now() + BUDGET;
    let Some(whole) = batch.sequences.iter().find(|sequence| sequence.number == number) else { return Ok(None) };
    let mut shortest: Option<Sequence> = None;
    let mut tries = 0;
    let mut candidates = vec![whole.clone()];
    while let Some(mut candidate) = candidates.pop() {
        if Instant::now() > until {
            break;
        }
        tries += 1;
        // A key of its own: it is another order.
        candidate.again = tries;
        let alone = Batch { sequences: vec![candidate.clone()], ..batch.clone() };
        let mut stories = run.play(&alone).await?;
        let (findings, _) = run.reckon(&mut stories).await?;
        if findings.is_empty() {
            continue;
        }
        // From the last step to the first, the placing apart.
        candidates = (1..candidate.steps.len())
            .map(|left_out| {
                let mut shorter = candidate.clone();
                shorter.steps.remove(left_out);
                shorter
            })
            .collect();
        shortest = Some(candidate);
    }
    Ok(shortest)
}
