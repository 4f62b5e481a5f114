import { z } from 'zod'
import { gauge, lockReport, modelDetail, probeReport, registryVersion, requestLine, scanReport, servingView, startForecast } from '../engine.ts'
import { route } from '../route.ts'

const named = z.object({ name: z.string().min(1).max(300) })

/** The engine room: models in depth, what runs, what the cards hold. */
export const engineRoutes = {
  'models.show': route(named, modelDetail),
  /** Looks through Ollama, running servers, the Hugging Face cache, GGUF folders and LM Studio; nothing leaves this machine. */
  'models.scan': route(z.object({ only: z.literal('ollama').optional() }), scanReport),
  /** Shows the model two known pictures and keeps whether it sees them. */
  'models.probe': route(named, probeReport),
  'models.verify': route(named, lockReport),
  /** From now on the model is used only with the weights that lie there now. */
  'models.lock': route(named, lockReport),
  'models.unlock': route(named, lockReport),
  /** A merge patch over the entry, kept in the user's own layer; null takes a value back to what ships. */
  'models.edit': route(named.extend({ patch: z.record(z.string(), z.unknown()) }), modelDetail),
  /** Older versions of the user's layer, newest first. */
  'models.history': route(z.object({}), z.array(registryVersion)),
  'models.rollback': route(z.object({ version: z.string() }), z.array(registryVersion)),
  'backends.view': route(z.object({}), servingView),
  'backends.load': route(named, servingView),
  'backends.unload': route(named, servingView),
  /** A pinned model is never unloaded to make room. */
  'backends.pin': route(named.extend({ pinned: z.boolean() }), servingView),
  /** The last lines of a model server's own log. */
  'backends.log': route(named, z.object({ lines: z.array(z.string()) })),
  'vram.gauge': route(z.object({}), gauge),
  'vram.forecast': route(named, startForecast),
  /** The newest first. Never text of a prompt or an answer. */
  'proxy.requests': route(z.object({ limit: z.int().min(1).max(1000).default(100) }), z.array(requestLine)),
}
