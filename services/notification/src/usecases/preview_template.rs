//! Looking at a template as it would go out.

use uuid::Uuid;

use crate::App;
use crate::domain::template::Rendered;
use crate::domain::wording::Variables;
use crate::store::templates;
use crate::usecases::save_template::SaveTemplateError;

/// Fills a version with its samples, and with `variables` in their place.
pub(crate) async fn preview_template(app: &App, id: Uuid, variables: Variables) -> Result<Rendered, SaveTemplateError> {
    let mut conn = app.kit.pool.acquire().await?;
    let template = templates::find(&mut conn, id).await?.ok_or(SaveTemplateError::NotFound)?;
    let mut filled = template.content.samples();
    filled.extend(variables);
    template.content.render(&filled, &template.language).map_err(|flaw| SaveTemplateError::Flaws(vec![flaw]))
}
