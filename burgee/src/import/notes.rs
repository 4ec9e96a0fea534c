//! What the person who imports should know, by topic.

use std::collections::BTreeMap;

/// What a note is about. Numbers such as D1 are those of the table in docs/migrate-from-harness.md.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Topic {
    /// Its place in the report.
    place: u8,
    /// What it means, said once for all notes of the topic.
    pub(crate) text: &'static str,
}

impl Topic {
    pub(crate) const FILES_HOLD_NO: Self = Self {
        place: 1,
        text: "The files hold no names, descriptions, tags and owners of flags, nothing of archived flags, no names \
               of environments, no history and no members of the project. Flags are named as they are identified.",
    };
    pub(crate) const UNKNOWN_FIELDS: Self =
        Self { place: 2, text: "Fields that are not known here are left out:" };
    pub(crate) const LEFT_OUT: Self = Self { place: 3, text: "Left out, because it cannot be kept:" };
    pub(crate) const ANONYMOUS_TARGETS: Self = Self {
        place: 4,
        text: "These targets are marked as anonymous. The mark is not kept: they are listed, and evaluate as before:",
    };
    pub(crate) const ENVIRONMENTS_DISAGREE: Self = Self {
        place: 5,
        text: "The environments disagree about a flag. Each goes on serving what its own file says until the flag is \
               next changed; then all follow the first:",
    };
    pub(crate) const MISSING_IN_ENVIRONMENT: Self = Self {
        place: 6,
        text: "An environment's file lacks a flag that another has. It is off there, with the first one's variations:",
    };
    pub(crate) const REFUSED_BY_ADMIN: Self = Self {
        place: 7,
        text: "Served as it is, but the admin API will ask to correct it when the object is next changed:",
    };
    pub(crate) const SEVERAL_CLAUSES: Self = Self {
        place: 8,
        text: "Several clauses in one rule of a flag (D1): Go, .NET and Burgee want all to match; Node, Python, Java \
               and Ruby one of them. Put the conditions into a target group:",
    };
    pub(crate) const ATTRIBUTE_CLAUSES: Self = Self {
        place: 9,
        text: "A rule of a flag asks for an attribute itself instead of a target group (D1): all evaluate it but \
               Erlang:",
    };
    pub(crate) const NO_CLAUSES: Self = Self {
        place: 10,
        text: "A rule of a flag has no clauses (D1): it matches everybody in Go and .NET, and nobody in the others \
               and in Burgee:",
    };
    pub(crate) const SERVES_TWO: Self = Self {
        place: 11,
        text: "A rule serves a rollout and a variation (D2): Node and Python take the variation; Go, Java, .NET, Ruby \
               and Burgee the rollout:",
    };
    pub(crate) const SERVES_NOTHING: Self = Self {
        place: 12,
        text: "A rule serves nothing: Node, Python and Burgee go on with the default, Go, Java and Ruby with the next \
               rule:",
    };
    pub(crate) const DEFAULT_SERVES_TWO: Self = Self {
        place: 13,
        text: "The default serves a rollout and a variation (D3): .NET and Erlang take the variation, the others and \
               Burgee the rollout:",
    };
    pub(crate) const DEFAULT_ROLLOUT: Self = Self {
        place: 14,
        text: "The default serves a rollout (D4): .NET ignores it and takes the application's own default, Erlang \
               fails; the others and Burgee serve it:",
    };
    pub(crate) const WEIGHTS: Self = Self {
        place: 15,
        text: "The weights of a rollout do not sum to 100 (D28): who falls beyond them is served the last variation, \
               in Erlang the default:",
    };
    pub(crate) const MISSING_SEGMENT: Self = Self {
        place: 16,
        text: "A target group is named that does not exist (D5): Go takes the whole list as not matching, .NET and \
               Erlang fail, the others and Burgee skip it:",
    };
    pub(crate) const MISSING_PREREQUISITE: Self = Self {
        place: 17,
        text: "A prerequisite does not exist (D8): it counts as met, also in Burgee; in Erlang as unmet:",
    };
    pub(crate) const SEGMENTS_IN_TARGET_MAP: Self = Self {
        place: 18,
        text: "Target groups in a list of targets (D12): all evaluate them but Erlang, and the admin API cannot add \
               any; use a rule:",
    };
    pub(crate) const OPERATORS: Self = Self {
        place: 19,
        text: "Operators that SDKs evaluate differently (D18, D19, D21): gt is known to Go, Node and Python, each in \
               its own order; match to Go, .NET and Java, each in its own way; other spellings to none but Python. \
               Burgee does as Go:",
    };
    pub(crate) const SPARE_VALUES: Self =
        Self { place: 20, text: "Only the first value of such a clause counts, in every SDK and in Burgee:" };
    pub(crate) const NEGATE: Self =
        Self { place: 21, text: "negate is set (D23). Every SDK ignores it, and so does Burgee:" };
    pub(crate) const ATTRIBUTE_OF_SEGMENT_MATCH: Self = Self {
        place: 22,
        text: "A clause that names target groups has an attribute (D24): Python never matches it, the others and \
               Burgee do not look at it:",
    };
    pub(crate) const PRIORITIES: Self = Self {
        place: 23,
        text: "Rules share a priority (D25): Node and Ruby order them as it happens, the others and Burgee as they \
               are written:",
    };
    pub(crate) const ENGINE: Self = Self { place: 24, text: "What Burgee's engine says:" };
}

/// Notes by topic, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    topics: BTreeMap<Topic, Vec<String>>,
}

impl Notes {
    /// Notes a topic that concerns everything.
    pub(crate) fn raise(&mut self, topic: Topic) {
        self.topics.entry(topic).or_default();
    }

    /// Notes that a topic concerns some place.
    pub(crate) fn add(&mut self, topic: Topic, place: impl Into<String>) {
        self.topics.entry(topic).or_default().push(place.into());
    }

    /// All of them.
    pub(crate) fn topics(&self) -> impl Iterator<Item = (Topic, &[String])> {
        self.topics.iter().map(|(topic, places)| (*topic, places.as_slice()))
    }
}
