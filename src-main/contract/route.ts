import type { z } from 'zod'

/** A request that crosses the border: zod values for both directions, so that the trust boundary is visible in the declaration. */
export interface Route<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly input: I
  readonly output: O
}

export function route<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Route<I, O> {
  return { input, output }
}

export type RouteInput<R> = R extends Route<infer I, z.ZodType> ? z.output<I> : never
export type RouteArgument<R> = R extends Route<infer I, z.ZodType> ? z.input<I> : never
export type RouteOutput<R> = R extends Route<z.ZodType, infer O> ? z.output<O> : never
