//! platform-native.
