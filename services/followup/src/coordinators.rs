//! Coordinators named in requests: whether such a one was entered, or is known; who is not, is named with the remedy.

use bangfu_kernel::{Error, error::Rule};
use bangfu_platform::db::TownshipTx;

use crate::store;

/// Checks that somebody of this name was entered; an empty name is nobody's. FIELD_INVALID. Coordinators are never deleted.
pub(crate) async fn entered(tx: &mut TownshipTx, field: &'static str, name: &str) -> Result<(), Error> {
    if name.is_empty() || store::coordinator::account(tx, name).await?.is_some() {
        return Ok(());
    }
    Err(Error::field(
        field,
        Rule {
            en: format!("must have been entered: nobody entered {name}; enter them first (PutCoordinator)").into(),
            zh: format!("“{name}”尚未登记为协理员，请先用 coordinators put 登记").into(),
        },
    ))
}

/// Checks that somebody of this name was entered or stands in the register. FIELD_INVALID.
pub(crate) async fn known(tx: &mut TownshipTx, field: &'static str, name: &str) -> Result<(), Error> {
    if store::coordinator::is_known(tx, name).await? {
        return Ok(());
    }
    Err(Error::field(
        field,
        Rule {
            en: format!("must be known: {name} was neither entered nor stands in the register; check the name").into(),
            zh: format!("“{name}”既未登记为协理员，台账中也没有，请核对姓名").into(),
        },
    ))
}
