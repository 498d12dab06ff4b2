//! What the stack knows of each method before a handler sees the call: names, whether it streams, how long it may take.

use std::{collections::HashMap, sync::Arc, time::Duration};

use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::Settings;

/// Health and reflection: served to anybody, logged at debug, never shed (a probe refused under load kills the pod).
const OPEN: [(&str, &str, bool); 4] = [
    ("grpc.health.v1.Health", "Check", false),
    ("grpc.health.v1.Health", "Watch", true),
    ("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", true),
    ("grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo", true),
];

/// One method.
#[derive(Debug)]
pub(super) struct Method {
    /// `bangfu.followup.v1.FollowupService`
    pub(super) service: String,
    /// `RecordContact`
    pub(super) name: String,
    /// `rpc.followup.record_contact`
    pub(super) span: String,
    /// Whether the server streams its answer.
    pub(super) streams: bool,
    /// Whether it needs no token.
    pub(super) open: bool,
    /// Whether the contract has it. Others share one entry, so that nobody can invent metric labels.
    pub(super) known: bool,
    /// The longest it may take.
    pub(super) longest: Option<Duration>,
}

/// Every method of the contract, by path.
#[derive(Debug)]
pub(super) struct Methods {
    known: HashMap<String, Arc<Method>>,
    unknown: Arc<Method>,
}

impl Methods {
    /// From the contract's own descriptors.
    pub(super) fn of_the_contract(settings: &Settings) -> Self {
        // The set is compiled in and read by a test; damaged, every method would be unknown.
        let set = FileDescriptorSet::decode(bangfu_proto::DESCRIPTOR_SET).unwrap_or_default();
        let contract = set.file.iter().flat_map(|file| {
            file.service.iter().flat_map(move |service| {
                let full = format!("{}.{}", file.package(), service.name());
                service.method.iter().map(move |m| Method::new(&full, m.name(), m.server_streaming(), false))
            })
        });
        let open = OPEN.iter().map(|(service, name, streams)| Method::new(service, name, *streams, true));
        let known = contract.chain(open).map(|mut method| {
            let path = method.path();
            let longest = settings.long.get(&path).copied().unwrap_or(settings.unary);
            method.longest = (!method.streams).then_some(longest);
            (path, Arc::new(method))
        });
        let unknown = Method { known: false, ..Method::new("unknown", "unknown", false, false) };
        Self { known: known.collect(), unknown: Arc::new(unknown) }
    }

    /// The method at a path; one and the same for all paths that are none.
    pub(super) fn of(&self, path: &str) -> Arc<Method> {
        self.known.get(path).unwrap_or(&self.unknown).clone()
    }
}

impl Method {
    fn new(service: &str, name: &str, streams: bool, open: bool) -> Self {
        let span = format!("rpc.{}.{}", short(service), snake(name));
        Self { service: service.to_owned(), name: name.to_owned(), span, streams, open, known: true, longest: None }
    }

    /// `/bangfu.followup.v1.FollowupService/RecordContact`
    pub(super) fn path(&self) -> String {
        format!("/{}/{}", self.service, self.name)
    }
}

/// `bangfu.followup.v1.FollowupService` → `followup`
fn short(service: &str) -> &str {
    service.split('.').nth(1).unwrap_or(service)
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_with_an_access_rule_is_known_and_bounded_unless_it_streams() {
        let methods = Methods::of_the_contract(&Settings::default());
        for rule in bangfu_proto::ACCESS {
            let method = methods.of(rule.path);
            assert!(method.known, "{}", rule.path);
            assert_eq!(method.streams, method.longest.is_none(), "{}", rule.path);
        }
    }

    #[test]
    fn names_of_spans_and_longer_limits_follow_from_the_path() {
        let methods = Methods::of_the_contract(&Settings::default());
        let at = |path: &str| methods.of(path);
        let record = at("/bangfu.followup.v1.FollowupService/RecordContact");
        assert_eq!(record.span, "rpc.followup.record_contact");
        assert_eq!(record.longest, Some(Duration::from_secs(30)));
        assert_eq!(at("/bangfu.people.v1.PeopleService/ImportRoster").longest, Some(Duration::from_mins(10)));
        assert!(at("/bangfu.followup.v1.FollowupService/WatchDuties").streams);
        assert!(at("/grpc.health.v1.Health/Check").open);
        assert_eq!(at("/anything/else").path(), "/unknown/unknown");
    }
}
