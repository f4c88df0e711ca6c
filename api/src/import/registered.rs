//! Premises as published files tell of them.

use std::collections::BTreeMap;

use wuping_domain::premises::Register;
use wuping_domain::rulebook::Layer;

/// A building of which nothing is known but where it is.
pub(super) fn building(address: String) -> Register {
    Register {
        layer: Layer::Building,
        parent: None,
        name: None,
        address,
        codes: BTreeMap::new(),
        subdistrict: String::new(),
        community: String::new(),
        grid_cell: String::new(),
        storeys: None,
        units: None,
        year_built: None,
        tenure: None,
        structure: None,
    }
}
