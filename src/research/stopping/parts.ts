import type { Ktrdr } from "../../ktrdr/ktrdr.ts";
import type { JobReader } from "../../store/job-reader.ts";
import type { OpenWork } from "../../store/open-work.ts";
import type { ResearchControlStore } from "../../store/research-control.ts";
import type { Jobs } from "../../temporal/jobs.ts";

/** What stopping research speaks to. */
export interface ResearchParts {
  readonly research: ResearchControlStore;
  readonly work: OpenWork;
  readonly records: JobReader;
  readonly jobs: Jobs;
  readonly ktrdr: Ktrdr;
}
