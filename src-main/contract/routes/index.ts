import type { RouteArgument, RouteInput, RouteOutput } from '../route.ts'
import { appRoutes } from './app.ts'
import { engineRoutes } from './engine.ts'
import { libraryRoutes } from './library.ts'
import { metadataRoutes } from './metadata.ts'
import { modelRoutes } from './models.ts'
import { monoRoutes } from './mono.ts'
import { reviewRoutes } from './review.ts'
import { taggingRoutes } from './tagging.ts'

/** Every request of the studio, one table for all hosts. */
export const routes = {
  ...appRoutes,
  ...libraryRoutes,
  ...taggingRoutes,
  ...reviewRoutes,
  ...metadataRoutes,
  ...modelRoutes,
  ...engineRoutes,
  ...monoRoutes,
}

export type Routes = typeof routes
export type RouteName = keyof Routes
export type Request<N extends RouteName> = RouteInput<Routes[N]>
export type RequestArgument<N extends RouteName> = RouteArgument<Routes[N]>
export type Reply<N extends RouteName> = RouteOutput<Routes[N]>

/** One handler a route: leave one out and this does not compile. */
export type Handlers = { [N in RouteName]: (input: Request<N>) => Promise<Reply<N>> | Reply<N> }
