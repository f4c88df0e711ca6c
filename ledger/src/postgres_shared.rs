//! One connection to Postgres that all async readers of a process share: their requests are in the pipeline together, and
//! none holds a thread while it waits.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_postgres::{Client, Statement};

use crate::postgres_address::Address;
use crate::postgres_session::{SETTINGS, failed, text, unsigned};
use crate::recent::{Contents, next_content};
use crate::store::StoreError;

/// The shared connection, made when it is first needed and again when it was lost.
#[derive(Debug, Default)]
pub(crate) struct SharedSession {
    open: Mutex<Option<Arc<Open>>>,
}

struct Open {
    client: Client,
    of_stream: Statement,
}

impl SharedSession {
    /// The contents of one stream, by version.
    pub(crate) async fn contents(&self, address: &Address, stream: &str) -> Result<Contents, StoreError> {
        let session = self.session(address, None).await?;
        let rows = match session.client.query(&session.of_stream, &[&stream]).await {
            Err(_) if session.client.is_closed() => {
                let anew = self.session(address, Some(&session)).await?;
                anew.client.query(&anew.of_stream, &[&stream]).await
            }
            rows => rows,
        };
        let mut contents = Contents::new();
        for columns in &rows.map_err(failed(READ))? {
            next_content(&mut contents, unsigned(columns, 0)?, text(columns, 1)?)?;
        }
        Ok(contents)
    }

    /// The connection, unless it is the one that was lost.
    async fn session(&self, address: &Address, lost: Option<&Arc<Open>>) -> Result<Arc<Open>, StoreError> {
        let mut open = self.open.lock().await;
        let known = open.as_ref().filter(|known| !lost.is_some_and(|lost| Arc::ptr_eq(known, lost)));
        if let Some(known) = known.filter(|known| !known.client.is_closed()) {
            return Ok(Arc::clone(known));
        }
        let anew = Arc::new(Open::connect(address).await?);
        *open = Some(Arc::clone(&anew));
        Ok(anew)
    }
}

impl Open {
    async fn connect(address: &Address) -> Result<Self, StoreError> {
        let (client, connection) = address.connect().await?;
        // it ends with the client, and what ended it before is told by the next request
        tokio::spawn(async move { drop(connection.await) });
        client.batch_execute(SETTINGS).await.map_err(failed("be reached"))?;
        let of_stream = client.prepare(OF_STREAM).await.map_err(failed("be reached"))?;
        Ok(Self { client, of_stream })
    }
}

impl std::fmt::Debug for Open {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Open").field("closed", &self.client.is_closed()).finish_non_exhaustive()
    }
}

const READ: &str = "be read";
const OF_STREAM: &str = "SELECT sequence, payload FROM events WHERE aggregate_id = $1 ORDER BY sequence";
