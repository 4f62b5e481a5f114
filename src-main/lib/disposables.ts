/** Things with a lifetime, taken down in the reverse order of their making. Whoever creates one registers its end on the same line. */
export class Disposables {
  #stack: { name: string; dispose: () => Promise<void> | void }[] = []
  #ended: Promise<void> | null = null

  add<T>(name: string, thing: T, dispose: (thing: T) => Promise<void> | void): T {
    this.#stack.push({ name, dispose: () => dispose(thing) })
    return thing
  }

  /** Idempotent. Every disposal is tried and given at most `boundMs`; rejects afterwards with an AggregateError if any failed. */
  dispose(boundMs = 10_000): Promise<void> {
    this.#ended ??= this.#run(boundMs)
    return this.#ended
  }

  async #run(boundMs: number): Promise<void> {
    const failures: unknown[] = []
    for (const { name, dispose } of this.#stack.splice(0).reverse()) {
      let timer: NodeJS.Timeout | undefined
      const bound = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${name} did not stop within ${boundMs} ms`)), boundMs)
      })
      try {
        await Promise.race([Promise.resolve().then(dispose), bound])
      } catch (error) {
        failures.push(new Error(`stopping ${name} failed`, { cause: error }))
      } finally {
        clearTimeout(timer)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not stop cleanly')
  }
}
