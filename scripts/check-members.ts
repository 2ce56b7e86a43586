/**
 * Fails when the product never reads a member of an exported type: only tests read it, or nobody. TypeScript says who
 * reads what. A member also counts as read when its type fits another type whose member of that name is read. In this
 * way a store is read through the port of those it is given to.
 */
import path from "node:path";
import process from "node:process";
import { SyntaxKind, type Node, type SourceFile } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { API, type NodeHandle, type Symbol } from "typescript/unstable/sync";

/** Members that are read where TypeScript does not see it, and who reads them. */
const READ_ELSEWHERE: Readonly<Record<string, string>> = {
  "Guard.pid": "the test that stops the guard by a signal, as a terminal does",
  "HttpEnv.Bindings": "hono's own types",
  "HttpEnv.Variables": "hono's own types",
  "Readiness.missing": "whoever asks over HTTP: the answer is sent whole",
  "Readiness.parts": "whoever asks over HTTP: the answer is sent whole",
  "Refused.id": "the client: the answer is sent whole",
  "Refused.jsonrpc": "the client: the answer is sent whole",
  "RequestInfo.attempts": "the log",
  "RequestInfo.bytes": "the log",
  "RequestInfo.method": "the log",
  "RequestInfo.surface": "the log",
  "SlotKind.computing": "the type itself, which picks kinds by it",
  "Told.buy_and_hold": "whoever reads a result: it is put into the answer whole",
  "Told.curve": "whoever reads a result: it is put into the answer whole",
  "Told.raw": "whoever reads a result: it is put into the answer whole",
  "ToolError.number": "the client: the error is sent whole",
  "WorkflowCode.codePath": "Temporal's worker: it is one of its options",
};

const PRODUCT = ["src", "lab", "demo"];
/** The scripts that document and pack the product and the benchmarks that measure it are readers too. */
const READERS = [...PRODUCT, "scripts", "bench"];

type Member = Node & { readonly name: Node };

const root = path.resolve(import.meta.dirname, "..");
const [project] = new API({ cwd: root })
  .updateSnapshot({ openProjects: [path.join(root, "tsconfig.json")] })
  .getProjects();
if (project === undefined) throw new Error("tsconfig.json describes no project");
const { checker, program } = project;

const folderOf = (file: string) => path.relative(root, file).split(path.sep)[0] ?? "";
const sourcesOf = (folders: readonly string[]): SourceFile[] =>
  project.rootFiles
    .filter((file) => folders.includes(folderOf(file)))
    .flatMap((file) => program.getSourceFile(file) ?? []);

function within(node: Node): Node[] {
  const found = [node];
  node.forEachChild((child) => void found.push(...within(child)));
  return found;
}

const idOf = ({ path: file, index }: NodeHandle) => `${file}#${index}`;
/** Declarations of the members that are read, by name. */
const read = new Map<string, Map<string, NodeHandle>>();

function note(symbol: Symbol | undefined): void {
  if (symbol === undefined) return;
  const same = read.get(symbol.name) ?? new Map<string, NodeHandle>();
  for (const at of symbol.declarations) same.set(idOf(at), at);
  read.set(symbol.name, same);
}

/** The name of the member that a node reads. What a class reads of itself does not count. */
function nameRead(node: Node): Node[] {
  if (is.isPropertyAccessExpression(node)) return node.expression.kind === SyntaxKind.ThisKeyword ? [] : [node.name];
  return is.isElementAccessExpression(node) && is.isStringLiteral(node.argumentExpression)
    ? [node.argumentExpression]
    : [];
}

for (const source of sourcesOf(READERS)) {
  const nodes = within(source);
  for (const symbol of checker.getSymbolAtLocation(nodes.flatMap(nameRead))) note(symbol);
  const patterns = nodes.filter(is.isObjectBindingPattern);
  for (const [index, type] of checker.getTypeAtLocation(patterns).entries()) {
    for (const { propertyName, name } of patterns[index]?.elements ?? []) {
      if (type !== undefined) note(checker.getPropertyOfType(type, (propertyName ?? name)?.getText() ?? ""));
    }
  }
}

const nameOf = (node: Node) => (node as Partial<Member>).name;
const typeAround = ({ parent }: Node) => checker.getTypeAtLocation(nameOf(parent) ?? parent);

function isMember(node: Node): node is Member {
  if (is.isPropertySignatureDeclaration(node) || is.isMethodSignatureDeclaration(node)) return true;
  if (!is.isPropertyDeclaration(node) && !is.isMethodDeclaration(node) && !is.isGetAccessorDeclaration(node))
    return false;
  const hidden = node.modifiers?.some(({ kind }) => kind === SyntaxKind.PrivateKeyword) === true;
  return is.isClassDeclaration(node.parent) && !hidden && !is.isPrivateIdentifier(node.name);
}

function isRead(member: Member, symbol: Symbol): boolean {
  const same = read.get(symbol.name);
  if (same === undefined || symbol.declarations.some((at) => same.has(idOf(at)))) return same !== undefined;
  const type = typeAround(member);
  return [...same.values()].some((at) => {
    const other = at.resolve(project);
    if (other === undefined || !isMember(other) || !PRODUCT.includes(folderOf(other.getSourceFile().fileName)))
      return false;
    const fits = typeAround(other);
    if (type === undefined || fits === undefined) return false;
    return checker.isTypeAssignableTo(type, fits) || checker.isTypeAssignableTo(fits, type);
  });
}

function exportedTypes({ statements }: SourceFile) {
  return statements
    .filter((each) => is.isInterfaceDeclaration(each) || is.isTypeAliasDeclaration(each) || is.isClassDeclaration(each))
    .filter(({ modifiers }) => modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) ?? false);
}

const unread = sourcesOf(PRODUCT).flatMap((source) =>
  exportedTypes(source).flatMap((type) => {
    const members = within(type).filter(isMember);
    const symbols = checker.getSymbolAtLocation(members.map(({ name }) => name));
    return members
      .filter((member, index) => symbols[index] !== undefined && !isRead(member, symbols[index]))
      .map((member) => ({ name: `${type.name?.getText() ?? ""}.${member.name.getText()}`, file: source.fileName }));
  }),
);
const failures = [
  ...unread
    .filter(({ name }) => READ_ELSEWHERE[name] === undefined)
    .map(({ name, file }) => `${path.relative(root, file)}: ${name} is read by tests only, or by nobody`),
  ...Object.keys(READ_ELSEWHERE)
    .filter((known) => unread.every(({ name }) => name !== known))
    .map((known) => `scripts/check-members.ts: ${known} is no exception any more`),
];
process.stderr.write(failures.map((each) => `${each}\n`).join(""));
process.exit(failures.length === 0 ? 0 : 1);
