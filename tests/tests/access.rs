//! Who may call what, as a table that people who do not read code can check: `tests/access.txt`.
//! After a deliberate change: `BANGFU_RENEW=1 cargo test -p bangfu-tests access`.

use std::{fs, path::Path};

use bangfu_platform::auth::layer::access_table;

#[test]
fn the_access_table_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("access.txt");
    let table = access_table();
    if std::env::var_os("BANGFU_RENEW").is_some() {
        fs::write(&path, &table).expect("access.txt is written");
    }
    let committed = fs::read_to_string(&path).expect("tests/access.txt");
    assert_eq!(table, committed, "who may call what has changed: is that meant? See the head of this file");
}

#[test]
fn every_method_of_every_service_stands_in_the_table() {
    let pool = prost_reflect::DescriptorPool::decode(bangfu_proto::DESCRIPTOR_SET).expect("the contract");
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect::<Vec<_>>();
    assert_eq!(methods.len(), bangfu_proto::ACCESS.len());
    let table = access_table();
    for method in methods {
        assert!(table.contains(method.name()), "{}", method.full_name());
    }
}
