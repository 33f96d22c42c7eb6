import { expect, test } from 'vitest'
import { FakeClock } from './clock.ts'
import { type LogFields, type Logger, silentLogger } from './log.ts'
import { Scope } from './scope.ts'

/** A task that ends when its scope closes, and says so. */
const untilClosed =
  (ended: string[], name: string) =>
  ({ signal }: Scope) =>
    new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => {
        ended.push(name)
        resolve()
      }),
    )

function warnings(): { readonly log: Logger; readonly lines: (readonly [string, LogFields | undefined])[] } {
  const lines: (readonly [string, LogFields | undefined])[] = []
  return { lines, log: { ...silentLogger, warn: (message, fields) => lines.push([message, fields]) } }
}

const clock = (): FakeClock => new FakeClock()

test('the first task to return closes the scope and its siblings', async () => {
  const scope = new Scope({ clock: clock() })
  const ended: string[] = []
  scope.spawn('a', untilClosed(ended, 'a'))
  scope.spawn('b', untilClosed(ended, 'b'))
  scope.spawn(
    'first',
    async () => {},
    () => 'first returned',
  )
  await scope.done()
  expect(ended).toEqual(['a', 'b'])
  expect(scope.signal.reason).toBe('first returned')
  expect(scope.running).toEqual([])
})

test('the first task to throw gives the scope its reason, and later errors change nothing', async () => {
  const scope = new Scope({ clock: clock() })
  const first = new Error('first')
  scope.spawn('later', async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    throw new Error('second')
  })
  scope.spawn('thrower', async () => Promise.reject(first))
  await scope.done()
  expect(scope.signal.reason).toBe(first)
})

test('a task that throws before its first await closes the scope instead of its caller', async () => {
  const scope = new Scope({ clock: clock() })
  const error = new Error('at once')
  scope.spawn('sync', () => {
    throw error
  })
  expect(scope.signal.reason).toBe(error)
  await scope.done()
})

test('a forked task that returns leaves the scope open; one that throws closes it', async () => {
  const scope = new Scope({ clock: clock() })
  scope.fork('quiet', async () => {})
  await scope.done()
  expect(scope.signal.aborted).toBe(false)
  const error = new Error('loud')
  scope.fork('loud', async () => Promise.reject(error))
  await scope.done()
  expect(scope.signal.reason).toBe(error)
})

test('the first reason to close a scope wins', () => {
  const scope = new Scope({ clock: clock() })
  scope.close('one')
  scope.close('two')
  expect(scope.signal.reason).toBe('one')
})

test('done waits for tasks that are spawned while it waits', async () => {
  const scope = new Scope({ clock: clock() })
  const ended: string[] = []
  scope.fork('outer', async () => {
    await Promise.resolve()
    scope.fork('inner', async () => {
      await Promise.resolve()
      ended.push('inner')
    })
    ended.push('outer')
  })
  await scope.done()
  expect(ended).toEqual(['outer', 'inner'])
})

test('disposing a scope closes it and waits for every task', async () => {
  const ended: string[] = []
  {
    await using scope = new Scope({ clock: clock() })
    scope.spawn('a', untilClosed(ended, 'a'))
  }
  expect(ended).toEqual(['a'])
})

test('a task that ignores the closing is named in the log after the grace period, once', async () => {
  const time = clock()
  const { log, lines } = warnings()
  const scope = new Scope({ clock: time, log, graceTimeout: 1_000 })
  let release = (): void => {}
  scope.spawn('deaf', () => new Promise<void>((resolve) => (release = resolve)))
  scope.spawn('polite', untilClosed([], 'polite'))
  scope.close('bye')
  await time.advance(999)
  expect(lines).toEqual([])
  await time.advance(10_000)
  expect(lines).toHaveLength(1)
  expect(lines[0]?.[1]).toMatchObject({ tasks: ['deaf'], after: 1_000 })
  release()
  await scope.done()
})

test('tasks that end within the grace period leave no timer and no log line', async () => {
  const time = clock()
  const { log, lines } = warnings()
  const scope = new Scope({ clock: time, log })
  scope.spawn('polite', untilClosed([], 'polite'))
  scope.close()
  await scope.done()
  expect(time.pending).toBe(0)
  await time.advance(60_000)
  expect(lines).toEqual([])
})

test('a parent signal closes the scope with its reason', () => {
  const parent = new AbortController()
  const scope = new Scope({ clock: clock(), signal: parent.signal })
  parent.abort('shutdown')
  expect(scope.signal.reason).toBe('shutdown')
})

test('a scope with an aborted parent is closed from the start, and its tasks see that', async () => {
  const scope = new Scope({ clock: clock(), signal: AbortSignal.abort('too late') })
  let seen: unknown
  scope.spawn('late', async ({ signal }) => {
    seen = signal.reason
  })
  await scope.done()
  expect(seen).toBe('too late')
})

test('a closed scope no longer listens to its parent', () => {
  const parent = new AbortController()
  const scope = new Scope({ clock: clock(), signal: parent.signal })
  scope.close('own reason')
  parent.abort('shutdown')
  expect(scope.signal.reason).toBe('own reason')
})

test('many listeners on the signal of a scope cause no warning of Node', async () => {
  const warned: string[] = []
  const onWarning = (warning: Error): number => warned.push(warning.name)
  process.on('warning', onWarning)
  const scope = new Scope({ clock: clock() })
  for (let i = 0; i < 50; i++) scope.signal.addEventListener('abort', () => i)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', onWarning)
  expect(warned).toEqual([])
})

test('reasonOf makes the reason from the cause that a scope is closed with', async () => {
  const scope = new Scope({ clock: clock(), reasonOf: (cause) => `because of ${cause}` })
  scope.spawn('thrower', async () => Promise.reject('a throw'))
  await scope.done()
  expect([scope.reason, scope.signal.reason]).toEqual(['because of a throw', 'because of a throw'])
})

test('a listener of onClose is called once, before the signal aborts, or at once when the scope has closed', () => {
  const scope = new Scope({ clock: clock() })
  const told: unknown[] = []
  scope.onClose(() => told.push(['first', scope.closing, scope.signal.aborted]))
  scope.signal.addEventListener('abort', () => told.push('signal'))
  scope.onClose(() => told.push('second'))
  scope.close()
  scope.close()
  scope.onClose(() => told.push('late'))
  expect(told).toEqual([['first', true, false], 'second', 'signal', 'late'])
})

test('a signal that is first read after the close has aborted, with the reason', () => {
  const scope = new Scope({ clock: clock() })
  scope.close('over')
  expect([scope.signal.aborted, scope.signal.reason]).toEqual([true, 'over'])
})
