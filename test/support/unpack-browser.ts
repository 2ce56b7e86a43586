/**
 * Unpacks the browser of npm's package, and prints where it lies. A process of its own, because the package unpacks into
 * TMPDIR and changes its environment.
 */
import chromium from "@sparticuz/chromium";

process.stdout.write(await chromium.executablePath());
