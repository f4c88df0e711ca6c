//! Two databases of a Postgres server, made for a comparison and dropped after it.

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::BenchError;

/// The databases of one comparison.
#[derive(Debug)]
pub(super) struct Databases {
    server: String,
    names: [String; 2],
    /// Address of the ledger's.
    pub(super) ours: String,
    /// Address of the stock store's.
    pub(super) stock: String,
}

impl Databases {
    /// Makes them on the server of this address, whose user may make databases.
    pub(super) async fn make(server: &str) -> Result<Self, BenchError> {
        let names = ["ours", "stock"].map(|side| format!("wuping_bench_{}_{side}", std::process::id()));
        let mut connection =
            PgConnection::connect(server).await.map_err(BenchError::of("reach the server"))?;
        for name in &names {
            let made = connection
                .execute(format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'").as_str())
                .await;
            made.map_err(BenchError::of("make a database"))?;
        }
        let [ours, stock] = names.each_ref().map(|name| in_database(server, name));
        let (Some(ours), Some(stock)) = (ours, stock) else {
            let why = "write the address as postgresql://user@host:port/database".to_owned();
            return Err(BenchError::because("read the server's address", why));
        };
        Ok(Self { server: server.to_owned(), names, ours, stock })
    }

    /// Drops them, whoever is still connected.
    pub(super) async fn drop(self) -> Result<(), BenchError> {
        let connection = PgConnection::connect(&self.server).await;
        let mut connection = connection.map_err(BenchError::of("reach the server"))?;
        for name in &self.names {
            let dropped = connection.execute(format!("DROP DATABASE {name} WITH (FORCE)").as_str()).await;
            dropped.map_err(BenchError::of("drop a database"))?;
        }
        Ok(())
    }
}

/// The same address with another database.
fn in_database(server: &str, name: &str) -> Option<String> {
    let (scheme, rest) = server.split_once("://")?;
    let (path, parameters) = rest.split_once('?').map_or((rest, ""), |(path, parameters)| (path, parameters));
    let host = path.split_once('/').map_or(path, |(host, _)| host);
    let parameters = if parameters.is_empty() { String::new() } else { format!("?{parameters}") };
    Some(format!("{scheme}://{host}/{name}{parameters}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        for (server, there) in [
            ("postgresql://u:p@h:5432/postgres", "postgresql://u:p@h:5432/x"),
            ("postgresql://u@h", "postgresql://u@h/x"),
            ("postgres://u@h/y?host=/run", "postgres://u@h/x?host=/run"),
        ] {
            assert_eq!(in_database(server, "x").as_deref(), Some(there));
        }
        assert_eq!(in_database("host=h", "x"), None);
    }
}
