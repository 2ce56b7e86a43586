import { provesToHold } from "./hold.ts";

provesToHold("backtest");
