/** The Temporal version that `make verify-production` builds. docker-compose.yml may name only this one. */
export const TEMPORAL_VERSION = "1.31.2";
