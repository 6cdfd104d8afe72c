//! What the step does that only the rehearsal of the next version knows: notes a number where its migration made a table.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{OnConflict, Query};

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::UserId;

/// Notes a number, once.
pub(super) async fn note(app: &App, number: i64) -> Result<()> {
    let mut insert = Query::insert();
    insert.into_table("rehearsals").columns(["number"]).values_panic([number.into()]);
    insert.on_conflict(OnConflict::column("number").do_nothing().to_owned());
    // A number is an id of no kind in particular: it lives where it was made for.
    app.db.write(&UserId(number), async |tx| Ok(tx.conn().execute(&insert).await.map(|_| ())?)).await
}
