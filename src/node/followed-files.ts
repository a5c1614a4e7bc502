import { type FSWatcher, watch } from 'node:fs';
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is in files, in the order of their paths. */
export type FileContents = readonly Buffer[];

/** Whoever follows files. */
export interface FileFollower {
  /** Takes new contents, or throws because they are no good. */
  use(contents: FileContents): void;
  /** Comes after contents that were taken, but for the first. */
  used(): void;
  /** Files could not be read, or are no good. */
  refused(error: Error): void;
}

/** How long after a change the files are read, so that one look does for many changes; in milliseconds. */
const settleTime = 50;
/** How long files may be out of order, since one is replaced after the other. */
const patience = 1000;
/** How often in a row new folders are looked for, at most. */
const mostTurns = 10;

/**
 * Reads files again whenever something happens in their folders, and every now and then in case the system does not
 * tell. Folders are watched and not files, because a file that is replaced is another one. What counts is whether the
 * contents are others.
 */
export class FollowedFiles {
  readonly #paths: readonly string[];
  readonly #interval: number;
  readonly #follower: FileFollower;
  /** By what identifies a folder: one that was replaced is another. */
  readonly #watchers = new Map<string, FSWatcher>();
  /** The contents in use, and those that were tried last and are no good. */
  #current: FileContents | undefined;
  #refused: FileContents | undefined;
  #isReported = false;
  #poll: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(paths: readonly (string | URL)[], interval: number, follower: FileFollower) {
    this.#paths = paths.map((path) => (typeof path === 'string' ? path : fileURLToPath(path)));
    this.#interval = interval;
    this.#follower = follower;
  }

  /** Uses the files and begins to follow them. Rejects where they cannot be read or are no good. */
  async start(): Promise<void> {
    // First the watchers: what changes while the files are read is looked at once more.
    await this.#watchFolders();
    try {
      const contents = await this.#read();
      this.#follower.use(contents);
      this.#current = contents;
    } catch (error) {
      this.close();
      throw error;
    }
    this.#poll = setInterval(() => void this.look(), this.#interval).unref();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#soon);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Looks whether the files are others; one look after the other, since an earlier one may have read too early. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async #look(): Promise<void> {
    if (this.#isClosed) return;
    await this.#watchFolders();
    let contents: FileContents;
    let failure: Error | undefined;
    try {
      contents = await this.#read();
    } catch (error) {
      failure = error as Error;
      contents = [Buffer.from(failure.message)];
    }
    if (this.#isClosed) return;
    if (isSame(contents, this.#current)) {
      this.#refused = undefined;
      return;
    }
    if (this.#isReported && isSame(contents, this.#refused)) return;
    try {
      if (failure) throw failure;
      this.#follower.use(contents);
    } catch (error) {
      this.#refuse(contents, error as Error);
      return;
    }
    this.#current = contents;
    this.#refused = undefined;
    attempt(() => this.#follower.used());
  }

  /** What is no good is looked at once more before anybody hears of it. */
  #refuse(contents: FileContents, error: Error): void {
    this.#isReported = isSame(contents, this.#refused);
    this.#refused = contents;
    if (this.#isReported) attempt(() => this.#follower.refused(error));
    else this.#lookIn(patience);
  }

  #lookIn(wait: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      void this.look();
    }, wait).unref();
  }

  #read(): Promise<Buffer[]> {
    return Promise.all(this.#paths.map(readWhole));
  }

  /** Watches the folders of the files, those to which symbolic links lead, and those that the links are in. */
  async #watchFolders(): Promise<void> {
    // One that appeared before the folder around it was watched is found by looking again.
    for (let turn = 0; turn < mostTurns; turn++) if (!(await this.#watchMore())) break;
  }

  /** Whether there was a folder to be watched that was not. */
  async #watchMore(): Promise<boolean> {
    const folders = new Map<string, string>();
    for (const folder of new Set((await Promise.all(this.#paths.map(foldersOf))).flat())) {
      const id = await identify(folder);
      if (id !== undefined) folders.set(id, folder);
    }
    if (this.#isClosed) return false;
    for (const [id, watcher] of this.#watchers) if (!folders.has(id)) this.#forget(id, watcher);
    const added = [...folders].filter(([id]) => !this.#watchers.has(id));
    return added.filter(([id, folder]) => this.#watchFolder(id, folder)).length > 0;
  }

  #watchFolder(id: string, folder: string): boolean {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#changed());
      watcher.on('error', () => this.#forget(id, watcher));
      this.#watchers.set(id, watcher);
      return true;
    } catch {
      // Where the system cannot watch, there are the looks at intervals, at which this is tried again.
      return false;
    }
  }

  #forget(id: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watchers.get(id) === watcher) this.#watchers.delete(id);
  }

  /** Something happened: the first event of several has the files read soon. */
  #changed(): void {
    if (this.#soon === undefined) this.#lookIn(settleTime);
  }
}

/** What is in a file. Whoever reads a pipe waits for somebody to write, which may be for ever. */
async function readWhole(path: string): Promise<Buffer> {
  if (!(await stat(path)).isFile()) throw new Error(`${path} is no file`);
  return readFile(path);
}

/** What a folder is told by from others that had its name before: the next one may get its number, but not its birth. */
function identify(folder: string): Promise<string | undefined> {
  return stat(folder).then(
    ({ dev, ino, birthtimeMs }) => (ino === 0 ? undefined : `${dev} ${ino} ${birthtimeMs}`),
    () => undefined,
  );
}

/** A folder; where it is gone, the nearest one above it, in which it will appear again. */
async function folderThatIsThere(folder: string): Promise<string> {
  for (let there = folder; ; there = dirname(there)) {
    const isThere = await stat(there).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (isThere || dirname(there) === there) return there;
  }
}

/** Where something happens when another file is found under a path. */
async function foldersOf(path: string): Promise<string[]> {
  const folders = [await folderThatIsThere(dirname(resolve(path)))];
  for (let part = resolve(path); dirname(part) !== part; part = dirname(part)) {
    const isLink = await lstat(part).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    );
    if (isLink) folders.push(dirname(part));
  }
  return [...folders, await realpath(path).then(dirname, () => folders[0]!)];
}

const isSame = (a: FileContents, b: FileContents | undefined): boolean =>
  b !== undefined && a.length === b.length && a.every((content, i) => content.equals(b[i]!));

/** What an application's callback throws is its own affair, and must not end the following, or the process. */
function attempt(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    process.emitWarning(`A callback of watchCredentials threw: ${error}`, { code: 'TSLS_CALLBACK_FAILED' });
  }
}
