//! Every limit on what may be stored, in one place. The admin API refuses what goes beyond.

/// Flags in a project.
pub const FLAGS_PER_PROJECT_MAX: usize = 10_000;
/// Environments in a project.
pub const ENVIRONMENTS_PER_PROJECT_MAX: usize = 50;
/// Segments in an environment.
pub const SEGMENTS_PER_ENVIRONMENT_MAX: usize = 2_000;
/// Targets in one include, exclude or variation list.
pub const TARGETS_PER_LIST_MAX: usize = 50_000;
/// Targets listed in an environment, seen by SDKs or written by hand.
pub const TARGETS_PER_ENVIRONMENT_MAX: usize = 100_000;
/// Bytes of a target's attributes as JSON, where the admin API writes them.
pub const TARGET_ATTRIBUTES_BYTES_MAX: usize = 16 * 1024;
/// Names of attributes that are suggested when rules are written.
pub const ATTRIBUTE_NAMES_MAX: usize = 1_000;
/// Rules of one flag in one environment.
pub const RULES_PER_FLAG_MAX: usize = 100;
/// Variations of one flag.
pub const VARIATIONS_PER_FLAG_MAX: usize = 100;
/// Prerequisites of one flag.
pub const PREREQUISITES_PER_FLAG_MAX: usize = 16;
/// Length of a chain of prerequisites.
pub const PREREQUISITE_DEPTH_MAX: usize = 8;
/// Instructions in one PATCH.
pub const INSTRUCTIONS_PER_PATCH_MAX: usize = 100;
/// Tags of one object.
pub const TAGS_PER_OBJECT_MAX: usize = 100;
/// Tags of a project that were made without a flag.
pub const TAGS_PER_PROJECT_MAX: usize = 1_000;
/// Objects of other kinds that one request may name in a list.
pub const NAMED_PER_REQUEST_MAX: usize = 100;
/// Bytes of one stored object's JSON.
pub const OBJECT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of an identifier that the admin API accepts.
pub const IDENTIFIER_BYTES_MAX: usize = 128;
/// Bytes of a target's identifier.
pub const TARGET_IDENTIFIER_BYTES_MAX: usize = 256;
/// Bytes of a name.
pub const NAME_BYTES_MAX: usize = 256;
/// Bytes of a description or comment.
pub const DESCRIPTION_BYTES_MAX: usize = 4 * 1024;
/// Bytes of one variation's value.
pub const VARIATION_VALUE_BYTES_MAX: usize = 64 * 1024;
/// Items of one page of a list.
pub const PAGE_SIZE_MAX: usize = 1_000;
/// SDK keys of one environment.
pub const KEYS_PER_ENVIRONMENT_MAX: usize = 1_000;
/// Access tokens of the installation.
pub const ACCESS_TOKENS_MAX: usize = 1_000;
/// Flags at which the admin API warns that Node's default cache holds only this many.
pub const FLAGS_WARNED_FOR_NODE: usize = 100;
