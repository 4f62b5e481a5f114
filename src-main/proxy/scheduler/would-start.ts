import { planEviction } from './evict.ts'
import { whyHopeless } from './hopeless.ts'
import { fit, roomOf, spreadOf } from './place.ts'
import { holdsMemory, isLoaded, type ModelDemand, type State } from './state.ts'

export interface WouldStart {
  /** Whether it is loaded or could be, once `evicts` are gone. */
  fits: boolean
  /** Models that would be unloaded for it. */
  evicts: string[]
  /** One sentence. */
  reason: string
}

/** What asking for the model now would lead to. Changes nothing. */
export function wouldStart(state: State, name: string, demand: ModelDemand): WouldStart {
  const known = state.models.get(name)
  if (!demand.managed) return { fits: true, evicts: [], reason: 'runs on a server that the studio does not manage' }
  if (known && known.phase !== 'stopped') return { fits: true, evicts: [], reason: known.phase === 'ready' ? 'is loaded' : `is ${known.phase}` }
  if (!holdsMemory(demand)) return { fits: true, evicts: [], reason: 'needs no graphics memory' }
  if (state.cards === null) return { fits: false, evicts: [], reason: 'the graphics cards have not been read yet' }
  if (state.lease) return { fits: false, evicts: [], reason: `the graphics cards are lent to ${state.lease.owner}` }
  const hopeless = whyHopeless(state, name, demand)
  if (hopeless) return { fits: false, evicts: [], reason: hopeless.message }
  if (fit(demand.needMb, spreadOf(demand.needMb, state.cards, state.limits), roomOf(state)))
    return { fits: true, evicts: [], reason: 'fits beside what is loaded' }
  const plan = planEviction(state, { name, needMb: demand.needMb })
  if (!plan) return { fits: false, evicts: [], reason: 'does not fit beside what is loaded' }
  const evicts = plan.victims.map((victim) => victim.name)
  if (evicts.length === 0) return { fits: true, evicts, reason: 'fits once the models that are stopping are gone' }
  const used = plan.victims.filter((victim) => isLoaded(victim) && (victim.phase === 'starting' || victim.inFlight > 0)).map((victim) => victim.name)
  const wait = used.length === 0 ? '' : ` and waits until ${used.join(', ')} is idle`
  return { fits: true, evicts, reason: `takes the place of ${evicts.join(', ')}${wait}` }
}
