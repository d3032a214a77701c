"""The worker: a pure session, its socket loop and the supervisor."""
