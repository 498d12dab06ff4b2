//! Compiles the contract: messages, clients and servers, the descriptor set, and the table of access rules.
//! Needs no protoc. Fails when an RPC has no access rule, or one that makes no sense.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _, Value};

/// Every file that holds a service; the others come in by import.
const FILES: [&str; 2] = ["bangfu/followup/v1/followup_service.proto", "bangfu/people/v1/people_service.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=bangfu");
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);

    let mut files = FILES.map(String::from).to_vec();
    files.push("bangfu/common/v1/error_reason.proto".into());
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    // The encoded form keeps the option extensions; `file_descriptor_set()` would drop them.
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("bangfu.bin"), &encoded)?;

    let pool = DescriptorPool::decode(encoded.as_slice())?;
    fs::write(out.join("access.rs"), access_table(&pool)?)?;

    tonic_prost_build::configure().bytes(".bangfu").compile_fds(prost_types_set(&encoded)?)?;
    Ok(())
}

fn prost_types_set(encoded: &[u8]) -> Result<prost_types::FileDescriptorSet, prost::DecodeError> {
    prost_types::FileDescriptorSet::decode(encoded)
}

/// One Rust entry a method: path, scope, roles.
fn access_table(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let extension =
        pool.get_extension_by_name("bangfu.access.v1.rule").ok_or("the contract has no bangfu.access.v1.rule")?;
    let mut table = String::from("&[\n");
    let mut faults = Vec::new();
    for service in pool.services().filter(|s| s.full_name().starts_with("bangfu.")) {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let options = method.options();
            if !options.has_extension(&extension) {
                faults.push(format!("{path} has no access rule"));
                continue;
            }
            let rule = options.get_extension(&extension);
            let rule = rule.as_message().ok_or("an access rule is a message")?;
            let scope = enum_name(rule, "scope", "SCOPE_")?;
            let roles = enum_names(rule, "roles", "ROLE_")?;
            if scope == "Unspecified" || roles.iter().any(|r| r == "Unspecified") {
                faults.push(format!("{path}: scope and roles must be specified"));
            }
            if (scope == "Public") != roles.is_empty() {
                faults.push(format!("{path}: PUBLIC has no roles, every other scope has some"));
            }
            let roles = roles.iter().map(|r| format!("Role::{r}")).collect::<Vec<_>>();
            writeln!(
                table,
                "    AccessRule {{ path: {path:?}, scope: Scope::{scope}, roles: &[{}] }},",
                roles.join(", ")
            )?;
        }
    }
    table.push(']');
    if faults.is_empty() { Ok(table) } else { Err(faults.join("\n").into()) }
}

fn enum_name(rule: &DynamicMessage, field: &str, prefix: &str) -> Result<String, Box<dyn Error>> {
    let descriptor = rule.descriptor();
    let field = descriptor.get_field_by_name(field).ok_or("no such field")?;
    let kind = field.kind();
    let kind = kind.as_enum().ok_or("not an enum")?;
    let number = rule.get_field(&field).as_enum_number().unwrap_or(0);
    variant(kind, number, prefix)
}

fn enum_names(rule: &DynamicMessage, field: &str, prefix: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let descriptor = rule.descriptor();
    let field = descriptor.get_field_by_name(field).ok_or("no such field")?;
    let kind = field.kind();
    let kind = kind.as_enum().ok_or("not an enum")?;
    let values = rule.get_field(&field);
    let Value::List(values) = values.as_ref() else { return Ok(Vec::new()) };
    values.iter().map(|v| variant(kind, v.as_enum_number().unwrap_or(0), prefix)).collect()
}

/// `SCOPE_TOWNSHIP` → `Township`, as prost names the variant.
fn variant(kind: &prost_reflect::EnumDescriptor, number: i32, prefix: &str) -> Result<String, Box<dyn Error>> {
    let value = kind.get_value(number).ok_or("not a value of the enum")?;
    let name = value.name().strip_prefix(prefix).unwrap_or(value.name()).to_lowercase();
    let mut letters = name.chars();
    Ok(letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect())
}
