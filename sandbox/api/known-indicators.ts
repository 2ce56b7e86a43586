/**
 * Whether the API knows indicators. It learns all of them when it first lists them or checks a strategy; until then each one
 * is unknown to a calculation (docs/ktrdr.md §2.4).
 */
export class KnownIndicators {
  private learnt = false;

  learn(): void {
    this.learnt = true;
  }

  get any(): boolean {
    return this.learnt;
  }
}
