/** Named changes to a strategy's text. All else in the text, comments included, stays as it is. */
import { isMap, isSeq, parseDocument, type Document } from "yaml";
import { DomainError } from "../errors.ts";
import { isMapping, own, type Mapping } from "./shape.ts";

export const CHANGE_OPS = [
  "add_indicator",
  "remove_indicator",
  "replace_indicator",
  "set_parameter",
  "set_membership",
  "set_architecture",
  "set_labels",
  "set_training",
  "set",
  "remove",
] as const;

export interface StrategyChange {
  readonly op: (typeof CHANGE_OPS)[number];
  /** An id, or a dotted path below the section that the operation changes. */
  readonly target?: string | undefined;
  readonly value?: unknown;
}

/**
 * The text with all changes made, and with another name when one is given. It is not validated.
 * @param text of a strategy that parseStrategy reads
 * @throws DomainError `invalid_input`, naming the change that cannot be made and what is there instead
 */
export function mutated(text: string, changes: readonly StrategyChange[], name: string | null): string {
  const document = parseDocument(text, { merge: false });
  for (const [at, change] of changes.entries()) new Mutation(document, change, at).apply();
  if (name !== null) document.setIn(["name"], name);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

type Path = readonly (string | number)[];

class Mutation {
  private readonly document: Document;
  private readonly change: StrategyChange;
  private readonly at: number;

  constructor(document: Document, change: StrategyChange, at: number) {
    this.document = document;
    this.change = change;
    this.at = at;
  }

  apply(): void {
    switch (this.change.op) {
      case "add_indicator":
        return this.addIndicator();
      case "remove_indicator":
        return this.removeIndicator(this.known("indicators"));
      case "replace_indicator":
        return this.set(["indicators", this.known("indicators")], this.mapping());
      case "set_parameter":
        return this.setBelow("indicators");
      case "set_membership":
        return this.setBelow("fuzzy_sets");
      case "set_architecture":
        return this.merge(["model", "architecture"]);
      case "set_labels":
        return this.setLabels();
      case "set_training":
        return this.merge(["training"]);
      case "set":
        return this.set(this.path(), this.value());
      case "remove":
        return this.remove(this.path());
    }
  }

  /** Adds an indicator. With `fuzzy_sets` in its value, adds those too, and an input for each. */
  private addIndicator(): void {
    const id = this.target();
    const { fuzzy_sets: sets, ...indicator } = this.mapping();
    if (this.document.hasIn(["indicators", id]))
      throw this.wrong(`there is an indicator ${id} already`, "replace_indicator");
    this.set(["indicators", id], indicator);
    if (sets === undefined) return;
    if (!isMapping(sets)) throw this.wrong("fuzzy_sets is a mapping of names to memberships");
    for (const [name, memberships] of Object.entries(sets)) {
      if (this.document.hasIn(["fuzzy_sets", name])) throw this.wrong(`there is a fuzzy set ${name} already`);
      const fuzzy = isMapping(memberships) ? memberships : {};
      this.set(["fuzzy_sets", name], { indicator: id, ...fuzzy });
      const inputs: unknown = this.document.getIn(["nn_inputs"]);
      this.set(["nn_inputs", isSeq(inputs) ? inputs.items.length : 0], { fuzzy_set: name, timeframes: "all" });
    }
  }

  /** Removes an indicator, its fuzzy sets, and the inputs that name either. */
  private removeIndicator(id: string): void {
    const plain: unknown = this.document.toJS();
    const isOn = (indicator: unknown) => typeof indicator === "string" && indicator.split(".")[0] === id;
    const sets = Object.entries(mappingOf(own(plain, "fuzzy_sets")));
    const gone = new Set(sets.filter(([, set]) => isOn(own(set, "indicator"))).map(([name]) => name));
    const inputs = own(plain, "nn_inputs");
    const kept = (Array.isArray(inputs) ? inputs : []).map(
      (input: unknown) => !gone.has(String(own(input, "fuzzy_set"))) && !isOn(own(input, "raw_indicator")),
    );
    for (const [at, keep] of [...kept.entries()].toReversed()) if (!keep) this.document.deleteIn(["nn_inputs", at]);
    for (const name of gone) this.document.deleteIn(["fuzzy_sets", name]);
    this.document.deleteIn(["indicators", id]);
  }

  /** Sets the labels. With another source, the old source's settings are removed. */
  private setLabels(): void {
    const value = this.mapping();
    const source: unknown = this.document.getIn(["training", "labels", "source"]);
    if (value["source"] === undefined || value["source"] === source) this.merge(["training", "labels"]);
    else this.set(["training", "labels"], value);
  }

  private setBelow(section: string): void {
    const [id = "", ...rest] = this.target().split(".");
    this.known(section, id);
    if (rest.length === 0)
      throw this.wrong(`target names what is set, e.g. ${id}.${section === "indicators" ? "period" : "low"}`);
    this.set([section, id, ...rest], this.value());
  }

  private merge(path: Path): void {
    for (const [key, value] of Object.entries(this.mapping())) this.set([...path, key], value);
  }

  private set(path: Path, value: unknown): void {
    this.assertParent(path);
    this.document.setIn(path, this.document.createNode(value, { flow: true }));
  }

  private remove(path: Path): void {
    this.assertParent(path);
    if (!this.document.deleteIn(path))
      throw this.wrong(`there is no ${path.join(".")}${this.instead(path.slice(0, -1))}`);
  }

  /** The parent must exist: a mistyped path must not make a new section. */
  private assertParent(path: Path): void {
    for (let depth = 1; depth < path.length; depth += 1) {
      const parent = path.slice(0, depth);
      const node: unknown = this.document.getIn(parent);
      if (isMap(node) || isSeq(node)) continue;
      throw this.wrong(`there is no ${parent.join(".")}${this.instead(parent.slice(0, -1))}`);
    }
  }

  private instead(path: Path): string {
    const node: unknown = path.length === 0 ? this.document.contents : this.document.getIn(path);
    if (!isMap(node)) return "";
    const keys = node.items.map((item) => String(item.key));
    return `; there is ${keys.slice(0, 12).join(", ")}`;
  }

  private known(section: string, id = this.target()): string {
    if (this.document.hasIn([section, id])) return id;
    throw this.wrong(`there is no ${id} among ${section}${this.instead([section])}`);
  }

  private target(): string {
    const { target } = this.change;
    if (target !== undefined) return target;
    throw this.wrong("target is missing");
  }

  private path(): Path {
    const parts = this.target().split(".");
    if (parts.some((part) => part === "")) throw this.wrong("target is a dotted path, e.g. training.epochs");
    if (parts[0] === "name") throw this.wrong("the name is given beside the changes");
    return parts.map((part) => (/^\d{1,4}$/.test(part) ? Number(part) : part));
  }

  private value(): unknown {
    const { value } = this.change;
    if (value !== undefined) return value;
    throw this.wrong("value is missing");
  }

  private mapping(): Mapping {
    const value = this.value();
    if (isMapping(value)) return value;
    throw this.wrong("value is a mapping here");
  }

  private wrong(why: string, instead?: string): DomainError {
    const { op, target } = this.change;
    return new DomainError("invalid_input", {
      what: `Change ${this.at + 1} (${op}${target === undefined ? "" : ` ${target}`}) cannot be made.`,
      why,
      next: `${instead === undefined ? "correct it" : `use ${instead}`} and call again; nothing was saved`,
    });
  }
}

const mappingOf = (value: unknown): Mapping => (isMapping(value) ? value : {});
