import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

/** Links that one path may lead through, as in the kernel. */
const MOST_LINKS = 40;
/** `S_IWGRP | S_IWOTH` and `S_ISVTX`. */
const WRITABLE = 0o022;
const STICKY = 0o1000;

/**
 * Says why a file or folder must not be relied on, with the remedy; null when it may. `opened` is the file that was
 * opened, or the folder that is about to be read.
 *
 * What the extension reads as root decides what is seen and what is not: whoever can change it can switch detection
 * off. osquery asks of an extension's file that root or its own user owns it, that others cannot write it, and that
 * its folder is not like /tmp (`safePermissions` in osquery/filesystem/filesystem.cpp). That leaves those who can
 * write a folder above, and so put another tree in its place. Here the whole way is walked, link by link:
 * everything on it belongs to root or to us, and none of it can be written by group or others, but for folders
 * like /tmp above the last one, where only its owner can move what is in them. On such a way nobody else can
 * put something in the place of what was looked at, so that there is no race to win; that the opened file is
 * the one that was looked at is checked all the same. An access list's rights show in the group's.
 *
 * Where there are no such owners and modes, on Windows, nothing is refused.
 */
export function flawOf(path: string, opened: Stats, us = process.getuid?.()): string | null {
  if (us === undefined) return null;
  try {
    const { end, flaw } = walk(path.startsWith('/') ? path : `${process.cwd()}/${path}`, us);
    if (flaw !== null) return flaw;
    if (end.dev !== opened.dev || end.ino !== opened.ino) return 'It was replaced while it was read.';
    return opened.isFile() || opened.isDirectory() ? null : 'It is no regular file.';
  } catch (error) {
    return `Who can write it cannot be told: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

interface Way {
  /** What the path leads to, as far as there is no flaw. */
  readonly end: Stats;
  readonly flaw: string | null;
}

/** `at` never has a link in it, so that `..` means its parent. */
function walk(path: string, us: number): Way {
  let at = '/';
  let end = lstatSync(at);
  let links = 0;
  let flaw = flawOfPart(at, end, us);
  const left = partsOf(path);
  while (flaw === null) {
    const part = left.shift();
    if (part === undefined) break;
    const next = part === '..' ? dirname(at) : join(at, part);
    const found = lstatSync(next);
    if (found.isSymbolicLink()) {
      links += 1;
      flaw =
        links > MOST_LINKS ? `It leads over more than ${MOST_LINKS} links.` : flawOfOwner(next, found, us);
      const target = readlinkSync(next);
      left.unshift(...partsOf(target));
      if (target.startsWith('/')) [at, end] = ['/', lstatSync('/')];
      continue;
    }
    flaw = found.isDirectory()
      ? flawOfPart(next, found, us)
      : (flawOfLast(at, end) ?? flawOfPart(next, found, us));
    [at, end] = [next, found];
  }
  return { end, flaw: flaw ?? (end.isDirectory() ? flawOfLast(at, end) : null) };
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** A folder like /tmp is let pass here: what belongs to us or root in it, nobody else can move. */
function flawOfPart(path: string, found: Stats, us: number): string | null {
  return flawOfOwner(path, found, us) ?? (isShared(found) ? null : flawOfMode(path, found));
}

/** In the last folder others must not even add files. */
function flawOfLast(folder: string, found: Stats): string | null {
  return isShared(found)
    ? `${folder} is a folder for everyone (mode ${modeOf(found)}); keep the file in another.`
    : flawOfMode(folder, found);
}

function flawOfOwner(path: string, { uid }: Stats, us: number): string | null {
  if (uid === 0 || uid === us) return null;
  const who = us === 0 ? 'root' : `root or user ${us}, as whom we run`;
  return `${path} belongs to user ${uid}, and must belong to ${who}: chown -h root ${quoted(path)}`;
}

function flawOfMode(path: string, found: Stats): string | null {
  if ((found.mode & WRITABLE) === 0) return null;
  return `${path} can be written by others than its owner (mode ${modeOf(found)}): chmod go-w ${quoted(path)}`;
}

function isShared(found: Stats): boolean {
  return found.isDirectory() && (found.mode & WRITABLE) !== 0 && (found.mode & STICKY) !== 0;
}

function modeOf({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
