//! Server-sent-event frames: write and parse, no sockets.
