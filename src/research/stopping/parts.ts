import type { Ktrdr } from "../../ktrdr/ktrdr.ts";
import type { JobReader } from "../../store/job-reader.ts";
import type { OpenWork } from "../../store/open-work.ts";
import type { ResearchControlStore } from "../../store/research-control.ts";
import type { Jobs } from "../../temporal/jobs.ts";

/** The parts that stopping research needs. */
export interface ResearchParts {
  readonly research: ResearchControlStore;
  readonly work: OpenWork;
  readonly records: JobReader;
  readonly jobs: Jobs;
  readonly ktrdr: Ktrdr;
}
