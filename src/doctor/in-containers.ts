/** What mends each finding in the containers of docker-compose.yml, where there is no checkout. */
import type { Ailment, Finding, Remedy } from "./finding.ts";

const up = (services: string): Remedy => ({ fix: `docker compose up --detach --wait ${services}` });
const folder: Remedy = {
  fix: "docker compose up --detach --wait --force-recreate mcp worker",
  note: "After the env file names KTRDR's folders on this machine, and who owns them (RUN_AS_UID, RUN_AS_GID).",
};
const newer: Remedy = {
  fix: "docker compose pull postgres temporal",
  note: "After docker-compose.yml names a newer version.",
};
const namespace: Remedy = { fix: "docker compose run --rm temporal-namespace" };
const ktrdr: Remedy = { fix: "docker compose restart mcp worker", note: "After KTRDR runs where KTRDR_API_URL says." };
const ours = (words: string): Remedy => ({ fix: `docker compose exec worker /app/bin/ktrdr-mcp ${words}` });

/** The commands are typed in the folder of docker-compose.yml, with the `--env-file` that the containers run with. */
const REMEDIES: Readonly<Record<Ailment, Remedy>> = {
  node_old: { fix: "docker compose build --pull mcp" },
  config_invalid: { fix: "docker compose config mcp", note: "Shows what is set; mend settings.env or the env file." },
  port_taken: { fix: "docker compose ps --all" },
  postgres_down: up("postgres"),
  postgres_refuses: { fix: "docker compose logs --tail 50 postgres" },
  postgres_readonly: { fix: "docker compose logs --tail 50 postgres" },
  postgres_encoding: { fix: "docker compose config mcp", note: "DATABASE_URL has to name a database in UTF8." },
  postgres_old: newer,
  tables_missing: { fix: "docker compose run --rm migrate" },
  schema_newer: { fix: "docker compose build mcp", note: "From the version that migrated the tables." },
  research_paused: ours("resume-research"),
  budget_used_up: ours("budget"),
  temporal_down: up("temporal"),
  temporal_old: newer,
  temporal_cli_missing: {
    fix: "docker compose run --rm --entrypoint temporal temporal-namespace workflow list",
    note: "The containers of ktrdr-mcp need none: this is how its commands are typed.",
  },
  namespace_missing: namespace,
  search_attributes_missing: namespace,
  search_attributes_type: {
    fix: "docker compose config mcp",
    note: "Give TEMPORAL_NAMESPACE the name of a namespace that nobody else uses.",
  },
  retention_short: namespace,
  worker_missing: up("worker"),
  ktrdr_down: ktrdr,
  ktrdr_failing: { ...ours("doctor"), note: "After KTRDR is mended: its own log says why it fails." },
  ktrdr_unexamined: ours("doctor"),
  ktrdr_workers_missing: ktrdr,
  ktrdr_worker_silent: ktrdr,
  strategies_unset: folder,
  strategies_unwritable: folder,
  data_unreadable: folder,
  models_unreadable: folder,
  holdout_broken: ours("holdout status"),
  holdout_open: {
    ...ours("holdout status"),
    note: "Repeat `holdout set` for what the finding names, where KTRDR's data folder is writable.",
  },
  holdout_weak: { ...ours("doctor"), note: "After what the finding names is closed: docs/holdout.md says how." },
  holdouts_unexamined: ours("doctor"),
  indicator_repaints: ours("doctor --deep"),
  indicators_unexamined: ours("doctor --deep"),
  clock_skew: { fix: "timedatectl set-ntp true", note: "On the machine whose clock is off." },
  probe_failed: { fix: "docker compose logs --tail 50 worker" },
};

/** The same findings with the remedies for containers. */
export const inContainers = (findings: readonly Finding[]): readonly Finding[] =>
  findings.map((finding) => {
    if (finding.code === null) return finding;
    const { fix, note } = REMEDIES[finding.code];
    return { ...finding, fix, note: note ?? null };
  });
