//! What the cells of a row refer to: premises by their codes, accounts by the names people sign in with.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use wuping_domain::account::Standing;
use wuping_domain::rulebook::Layer;

use crate::app::App;
use crate::lists::ListError;
use crate::lists::cells::{Cells, Fault};

/// Why a row does not become commands.
#[derive(Debug)]
pub(super) enum Stop {
    /// The row is not in order.
    Fault(Fault),
    /// Nothing can be looked up.
    Broken(ListError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<E: Into<ListError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// What rows refer to, looked up once.
pub(super) struct Places<'a> {
    app: &'a App,
    codes: Mutex<HashMap<String, Option<String>>>,
}

impl<'a> Places<'a> {
    pub(super) fn of(app: &'a App) -> Self {
        Self { app, codes: Mutex::default() }
    }

    /// The id of the premises that a code names; none where no premises go by it.
    pub(super) fn premises(&self, code: &str) -> Result<Option<String>, ListError> {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = codes.get(code) {
            return Ok(known.clone());
        }
        let found = self.app.views.views().premises_by_code(code)?.map(|found| found.id);
        codes.insert(code.to_owned(), found.clone());
        Ok(found)
    }

    /// The id of the premises that a cell names.
    pub(super) fn known_premises(&self, cells: &Cells<'_>, column: &str) -> Result<String, Stop> {
        let code = cells.needed(column)?;
        self.premises(code)?.ok_or_else(|| {
            let zh = format!("没有编码为“{code}”的房屋；请核对，或先导入房屋清单");
            let en = format!("no premises go by “{code}”; check it, or import the list of premises first");
            cells.fault(column, "no_premises", zh, en).into()
        })
    }

    /// The account that a cell names, by what its holder signs in with or by its id; it must be open.
    pub(super) fn account(&self, cells: &Cells<'_>, column: &str) -> Result<String, Stop> {
        let name = cells.needed(column)?;
        let account = self.app.office.login(name)?.map_or_else(|| name.to_owned(), |(account, _)| account);
        let spelled = wuping_ledger::stream::StreamPath::new(format!("account/{account}")).is_ok();
        if spelled && self.app.account(&account)?.standing == Standing::Open {
            return Ok(account);
        }
        let zh = format!("没有启用中的账号“{name}”；请核对用户名，或先开户");
        let en = format!("no account “{name}” is open; check the name, or open it first");
        Err(cells.fault(column, "no_account", zh, en).into())
    }

    /// The scheme in force here today, by which codes of enterprises are checked.
    pub(super) fn scheme(&self) -> Result<Value, ListError> {
        let today = self.app.today();
        for layer in [Layer::Unit, Layer::Building, Layer::Estate] {
            if let Some(found) = self.app.views.views().operating_rulebook(layer, today)? {
                return Ok(serde_json::to_value(found.scheme).unwrap_or_default());
            }
        }
        Ok(Value::Null)
    }
}
