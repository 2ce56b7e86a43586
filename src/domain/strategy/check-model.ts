import { shown } from "./finding.ts";
import type { Examined } from "./rules.ts";
import { MlpSchema, ModelSchema, RecurrentSchema } from "./schema.ts";
import { fit, isMapping, own, reportUnknownKeys } from "./shape.ts";

/** The network. KTRDR checks neither layer sizes nor numbers (docs/ktrdr.md §4.3). */
export function checkModel({ raw, report }: Examined): void {
  const section = own(raw, "model");
  if (section === undefined) return;
  const model = fit(ModelSchema, section, ["model"], report);
  if (model === null || !isMapping(section)) return;
  if (own(section, "training") !== undefined) {
    report.warning("no_effect", ["model", "training"], {
      what: "model.training has no effect.",
      why: "KTRDR trains with the section training and its defaults (100 epochs) whatever stands here.",
      fix: "Move epochs, batch_size and learning_rate to the section training.",
    });
  }
  const others = Object.fromEntries(Object.entries(section).filter(([key]) => key !== "training"));
  reportUnknownKeys(others, ["type", "architecture", "num_classes"], ["model"], report);
  const path = ["model", "architecture"];
  const architecture = own(section, "architecture");
  if (!isMapping(architecture)) return;
  const schema = model.type === "mlp" ? MlpSchema : RecurrentSchema;
  reportUnknownKeys(architecture, Object.keys(schema.shape), path, report);
  const fitted = fit<typeof MlpSchema | typeof RecurrentSchema>(schema, architecture, path, report);
  if (model.type !== "mlp") checkWindows(model.type, { raw, report });
  if (fitted !== null) checkClasses(fitted.num_classes ?? own(section, "num_classes"), { raw, report });
}

/** A network over windows has fewer samples than labels, but KTRDR makes a sampling weight for each label. */
function checkWindows(type: string, { raw, report }: Pick<Examined, "raw" | "report">): void {
  const labels = own(own(raw, "training"), "labels");
  if (own(labels, "source") !== "triple_barrier" || own(labels, "compute_weights") !== true) return;
  report.error("weights_of_windows", ["training", "labels", "compute_weights"], {
    what: `Type ${type} cannot be trained with compute_weights.`,
    why: "KTRDR has a weight for every bar but fewer windows than bars: the training fails (sample_weights length).",
    fix: "Write compute_weights: false, or type: mlp.",
  });
}

function checkClasses(given: unknown, { raw, report }: Pick<Examined, "raw" | "report">): void {
  if (given === undefined || own(own(raw, "decisions"), "output_format") === "regression") return;
  const source = own(own(own(raw, "training"), "labels"), "source");
  const classes = source === "regime" ? 4 : 3;
  if (given === classes) return;
  report.error("class_count", ["model", "architecture", "num_classes"], {
    what: `num_classes is ${shown(given)}.`,
    why: `The labels have ${classes} classes.`,
    fix: `Write num_classes: ${classes}, or leave it out.`,
  });
}
