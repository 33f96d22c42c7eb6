#!/usr/bin/env node
/**
 * Checks the words of docstrings and the names of tests, as part of `npm run lint`. Plain Node, without dependencies.
 *
 *   node scripts/check-words.mjs [--list]     --list prints every place found, also when all limits are kept
 *
 * A docstring names its subject: it begins with a verb or a noun. The share that opens with a question word or a
 * preposition is limited, not forbidden, because "In WASM, …" or "When the queue is full, …" can state a condition.
 * A program cannot tell such a condition from a fragment ("For tests.", "When it began."), so both count.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Largest share of docstrings with such an opening: in src, and in the folders beside it. */
const MAX_SHARE = { src: 0.05, beside: 0.05 }
/** Largest number of `it(` in test files; `test(` is the one word. */
const MAX_IT_CALLS = 0

const QUESTION_WORDS =
  'what who whom whose whether where when how why which whatever whoever whichever wherever whenever'
const PREPOSITIONS =
  'of as for from in on with without by at to into onto over under between among after before beside besides behind ' +
  'below above against along through throughout since until during per via than like unlike within outside inside ' +
  'upon beyond about across around towards despite instead'
const OPENINGS = new Set(`${QUESTION_WORDS} ${PREPOSITIONS}`.split(' '))

/** A `/**` in a string, such as a glob, follows another character than white space. */
const DOCSTRING = /(?<=^|\s)\/\*\*\s([\s\S]*?)\*\//g
/** Labels that stand before the sentence: `BOUNDED:`, `{@link Name}:`. Block tags such as `@returns` are not openings. */
const NO_OPENING = /^(?:[A-Z]{2,}:|\{@\w+ [^}]*\}:|@)/
/** `On-disk` and `in-memory` are nouns; `What's` is none. */
const FIRST_WORD = /^([A-Za-z]+)(?!-?\w)/
const IT_CALL = /^[ \t]*it(?:\.\w+)*[(`]/gm

/**
 * Finds the docstrings of a source.
 * @param {string} text
 * @returns {{ line: number, opening: string, counts: boolean }[]} line, first words, and true if the opening counts
 */
export function docstringsOf(text) {
  return [...text.matchAll(DOCSTRING)].map(({ 1: inner, index }) => {
    const words = inner.replace(/^[\s*]+/, '').replace(/\s+\*?\s*/g, ' ')
    const first = NO_OPENING.test(words) ? undefined : FIRST_WORD.exec(words)?.[1]
    const counts = first !== undefined && OPENINGS.has(first.toLowerCase())
    return { line: lineAt(text, index), opening: words.slice(0, 60).trim(), counts }
  })
}

/**
 * Finds the lines of a test file that call `it` in place of `test`.
 * @param {string} text
 * @returns {number[]}
 */
export function itCallsOf(text) {
  return [...text.matchAll(IT_CALL)].map(({ index }) => lineAt(text, index))
}

function lineAt(text, index) {
  return text.slice(0, index).split('\n').length
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

function filesOf(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.m?ts$|\.mjs$/.test(file) && !/(?:^|[/\\])(?:\.build|node_modules)[/\\]/.test(file))
    .map((file) => join(folder, file))
    .sort()
}

/** Prints what is over its limit. @returns true if nothing is */
function checkOpenings(name, folders, list) {
  const found = folders.flatMap(filesOf).flatMap((file) => {
    const docstrings = docstringsOf(readFileSync(join(ROOT, file), 'utf8'))
    return docstrings.map((docstring) => ({ file, ...docstring }))
  })
  const counted = found.filter(({ counts }) => counts)
  const share = counted.length / Math.max(1, found.length)
  const isKept = share < MAX_SHARE[name]
  if (list || !isKept) {
    for (const { file, line, opening } of counted) console.log(`${file}:${line}: ${opening}`)
    const [percent, limit] = [share, MAX_SHARE[name]].map((part) => `${(part * 100).toFixed(1)} %`)
    const where = folders.join(', ')
    console.log(`${where}: ${counted.length} of ${found.length} docstrings (${percent}, limit ${limit}) open with a`)
    console.log('question word or a preposition: name the subject, begin with a verb or a noun')
  }
  return isKept
}

/** Prints what is over its limit. @returns true if nothing is */
function checkTestNames(list) {
  const files = ['src', 'test'].flatMap(filesOf).filter((file) => file.endsWith('.test.ts'))
  const places = files.flatMap((file) =>
    itCallsOf(readFileSync(join(ROOT, file), 'utf8')).map((line) => `${file}:${line}`),
  )
  const isKept = places.length <= MAX_IT_CALLS
  if (list || !isKept) {
    for (const place of places) console.log(`${place}: it(`)
    console.log(`${places.length} tests are named with it(, limit ${MAX_IT_CALLS}: write test(`)
  }
  return isKept
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const list = process.argv.includes('--list')
  const beside = ['test', 'scripts', 'bench', 'examples', 'wasm']
  const kept = [checkOpenings('src', ['src'], list), checkOpenings('beside', beside, list), checkTestNames(list)]
  if (kept.includes(false)) process.exitCode = 1
}
