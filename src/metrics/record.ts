import { Counter, Gauge, type Registry } from "prom-client";
import type { RecordFigures } from "../domain/record-figures.ts";

export interface RecordNames {
  readonly kinds: readonly string[];
  readonly openStates: readonly string[];
  readonly statuses: readonly string[];
  readonly faults: readonly string[];
}

/**
 * Figures that are read from the record when they are asked for, and not counted as they happen: a job is counted once
 * whichever workers died on its way. Every process that is asked shows the same ones.
 * @returns sets the figures; null means that the record could not be read, and leaves out everything about jobs
 */
export function recordMetrics(registry: Registry, names: RecordNames): (figures: RecordFigures | null) => void {
  const families = familiesOf(registry);
  const everyKind = names.kinds.flatMap((kind) => names.openStates.map((state) => ({ kind, state })));
  const everyEnd = names.kinds.flatMap((kind) => names.statuses.map((status) => ({ kind, status })));
  const highest = rising();
  return (figures) => {
    families.databaseUp.set(figures === null ? 0 : 1);
    families.databaseWritable.set(figures?.writable === true ? 1 : 0);
    for (const family of families.ofJobs) family.reset();
    families.backupAge.remove(); // otherwise the library shows 0
    families.clock.remove();
    if (figures === null) return;
    families.clock.set(figures.clockAheadSeconds);
    if (figures.backupAgeSeconds !== null) families.backupAge.set(figures.backupAgeSeconds);
    for (const labels of everyKind) families.open.set(labels, 0);
    for (const kind of names.kinds) families.oldest.set({ kind }, 0);
    for (const { kind, state, jobs, oldestSeconds } of figures.open) {
      families.open.set({ kind, state }, jobs);
      if (state === "queued") families.oldest.set({ kind }, oldestSeconds);
    }
    for (const labels of everyEnd) families.finished.inc(labels, 0);
    for (const { kind, status, jobs } of figures.finished) families.finished.inc({ kind, status }, jobs);
    for (const { kind, starts, waitedSeconds, computedSeconds } of figures.computed) {
      families.starts.inc({ kind }, highest(`starts ${kind}`, starts));
      families.waited.inc({ kind }, highest(`waited ${kind}`, waitedSeconds));
      families.computed.inc({ kind }, highest(`computed ${kind}`, computedSeconds));
    }
    for (const fault of names.faults) families.faults.inc({ fault }, 0);
    for (const { fault, jobs } of figures.faults) families.faults.inc({ fault }, jobs);
  };
}

/** Never falls: Prometheus takes a falling counter for a new one and counts all of it again, as after an undone start. */
function rising(): (key: string, value: number) => number {
  const seen = new Map<string, number>();
  return (key, value) => {
    const most = Math.max(value, seen.get(key) ?? 0);
    seen.set(key, most);
    return most;
  };
}

function familiesOf(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers });
  const ofJobs = {
    open: gauge("ktrdr_mcp_jobs_open", "Jobs that have not ended, by what they do.", "kind", "state"),
    oldest: gauge(
      "ktrdr_mcp_job_queue_oldest_seconds",
      "How long the job that has waited longest for a KTRDR worker has waited.",
      "kind",
    ),
    finished: counter("ktrdr_mcp_jobs_finished_total", "Jobs that have ended, by how.", "kind", "status"),
    starts: counter("ktrdr_mcp_job_starts_total", "Jobs that began to compute.", "kind"),
    waited: counter(
      "ktrdr_mcp_job_queue_wait_seconds_total",
      "Time that jobs waited before they began to compute; divided by the starts, the mean wait.",
      "kind",
    ),
    computed: counter(
      "ktrdr_mcp_computing_seconds_total",
      "Time for which KTRDR computed, computations that were lost or cancelled included.",
      "kind",
    ),
    faults: counter(
      "ktrdr_mcp_ktrdr_faults_total",
      "Jobs in which a fault of KTRDR was met and overcome, by fault; counted when the job has ended.",
      "fault",
    ),
  };
  return {
    ...ofJobs,
    databaseUp: gauge("ktrdr_mcp_database_up", "1 when the record in PostgreSQL could be read, else 0."),
    databaseWritable: gauge(
      "ktrdr_mcp_database_writable",
      "1 when PostgreSQL could write: it is no standby, not read-only, and its disk has room; else 0.",
    ),
    backupAge: gauge(
      "ktrdr_mcp_backup_age_seconds",
      "Age of the last backup that `ktrdr-mcp backup` finished. Absent while there was none.",
    ),
    clock: gauge(
      "ktrdr_mcp_clock_offset_seconds",
      "How far this process's clock is certainly ahead of PostgreSQL's (negative: behind); what the way may explain is 0.",
    ),
    ofJobs: Object.values(ofJobs),
  };
}
