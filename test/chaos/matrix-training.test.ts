import { provesToHold } from "./hold.ts";

provesToHold("training");
