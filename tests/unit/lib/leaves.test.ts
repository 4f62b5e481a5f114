import { describe, expect, it } from 'vitest'
import { Disposables } from '../../../src-main/lib/disposables.ts'
import { EventBus } from '../../../src-main/lib/event-bus.ts'
import { nearestNames } from '../../../src-main/lib/nearest.ts'
import { dataFolderFrom } from '../../../src-main/lib/places.ts'
import { StudioError, toProblem } from '../../../src-main/lib/studio-error.ts'

describe('Disposables', () => {
  it('ends things in reverse, each once, however often it is asked', async () => {
    const ended: string[] = []
    const things = new Disposables()
    for (const name of ['a', 'b', 'c']) things.add(name, name, (it) => void ended.push(it))
    await Promise.all([things.dispose(), things.dispose()])
    await things.dispose()
    expect(ended).toEqual(['c', 'b', 'a'])
  })

  it('ends the others when one fails, and says so', async () => {
    const ended: string[] = []
    const things = new Disposables()
    things.add('first', 1, () => void ended.push('first'))
    things.add('broken', 2, () => Promise.reject(new Error('no')))
    await expect(things.dispose()).rejects.toThrow('did not stop cleanly')
    expect(ended).toEqual(['first'])
  })

  it('does not wait for ever', async () => {
    const things = new Disposables()
    things.add('stuck', 1, () => new Promise(() => undefined))
    await expect(things.dispose(10)).rejects.toThrow(AggregateError)
  })
})

describe('EventBus', () => {
  it('stops telling a listener that left', () => {
    const bus = new EventBus()
    const heard: string[] = []
    const leave = bus.subscribe((event) => heard.push(event.name))
    bus.emit('settings.changed', {})
    leave()
    bus.emit('settings.changed', {})
    expect(heard).toEqual(['settings.changed'])
  })
})

describe('nearestNames', () => {
  const known = ['balanced_24gb', 'constrained_16gb', 'cpu_only', 'development']
  it.each([
    ['cpuonly', 'cpu_only'],
    ['balanced', 'balanced_24gb'],
    ['develpment', 'development'],
    ['CONSTRAINED_16GB', 'constrained_16gb'],
  ])('%s → %s', (typed, meant) => {
    expect(nearestNames(typed, known)[0]).toBe(meant)
  })
  it('suggests nothing for something else entirely', () => {
    expect(nearestNames('zzzzzzzzzzzzzzzzzzzzzzzz', known)).toEqual([])
  })
})

describe('toProblem', () => {
  it('keeps what is expected and hides what is a bug', () => {
    expect(toProblem(new StudioError('file-missing', 'gone', { data: { path: 'x' } }))).toEqual({
      code: 'file-missing',
      message: 'gone',
      data: { path: 'x' },
    })
    expect(JSON.stringify(toProblem(new Error('secret /home/me')))).not.toContain('secret')
  })
})

describe('dataFolderFrom', () => {
  it('follows IMAGEWORKS_HOME, and the system otherwise', () => {
    expect(dataFolderFrom({ IMAGEWORKS_HOME: '/tmp/a/../b' }, '/system')).toBe('/tmp/b')
    expect(dataFolderFrom({}, '/system')).toBe('/system')
    expect(dataFolderFrom({ IMAGEWORKS_HOME: '' }, '/system')).toBe('/system')
    expect(() => dataFolderFrom({ IMAGEWORKS_HOME: '/a\0b' }, '/system')).toThrow(StudioError)
  })
})
