/**
 * Tool calls that a model wrote as text, for servers without a parser for them. Only for a request that offered tools, only when the whole
 * answer is one fenced block of JSON `{"name", "arguments"}`, and only for a tool that was offered; any other text is an answer. Pure.
 */
import { isRecord } from './body/look-at-messages.ts'

/** Names of the tools that the request offers; none when it forbids their use. */
export function offeredTools(body: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const { tools, tool_choice: choice } = body
  if (!Array.isArray(tools) || choice === 'none') return new Set()
  return new Set(
    (tools as unknown[]).flatMap((tool) =>
      isRecord(tool) && isRecord(tool['function']) && typeof tool['function']['name'] === 'string' ? [tool['function']['name']] : [],
    ),
  )
}

const FENCED = /^\s*```(?:json|tool_call|tool_code)?[ \t]*\r?\n([\s\S]*?)\r?\n?```\s*$/

function readCall(content: unknown, offered: ReadonlySet<string>): { name: string; arguments: string } | null {
  const inner = typeof content === 'string' ? FENCED.exec(content)?.[1] : undefined
  if (inner === undefined) return null
  let call: unknown
  try {
    call = JSON.parse(inner)
  } catch {
    return null
  }
  if (!isRecord(call) || typeof call['name'] !== 'string' || !offered.has(call['name']) || !('arguments' in call)) return null
  const given = call['arguments']
  if (isRecord(given)) return { name: call['name'], arguments: JSON.stringify(given) }
  return typeof given === 'string' && isJsonObject(given) ? { name: call['name'], arguments: given } : null
}

function isJsonObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text))
  } catch {
    return false
  }
}

/** Arguments that a server gave as an object, as the text that the protocol asks for; null where nothing is to be done. */
function withTextArguments(calls: readonly unknown[]): unknown[] | null {
  let changed = false
  const mended = calls.map((call) => {
    if (!isRecord(call) || !isRecord(call['function']) || !isRecord(call['function']['arguments'])) return call
    changed = true
    return { ...call, function: { ...call['function'], arguments: JSON.stringify(call['function']['arguments']) } }
  })
  return changed ? mended : null
}

/** The completion with its tool calls in their place; null when it is to go on byte for byte. `nextId` gives ids of calls. */
export function normalizeToolCalls(
  completion: Readonly<Record<string, unknown>>,
  offered: ReadonlySet<string>,
  nextId: () => string,
): Record<string, unknown> | null {
  if (offered.size === 0 || !Array.isArray(completion['choices'])) return null
  let changed = false
  const choices = (completion['choices'] as unknown[]).map((choice) => {
    if (!isRecord(choice) || !isRecord(choice['message'])) return choice
    const { message } = choice
    const calls = message['tool_calls']
    if (Array.isArray(calls) && calls.length > 0) {
      const mended = withTextArguments(calls)
      if (!mended) return choice
      changed = true
      return { ...choice, message: { ...message, tool_calls: mended } }
    }
    const call = readCall(message['content'], offered)
    if (!call) return choice
    changed = true
    return {
      ...choice,
      finish_reason: 'tool_calls',
      message: { ...message, content: null, tool_calls: [{ id: nextId(), type: 'function', function: call }] },
    }
  })
  return changed ? { ...completion, choices } : null
}
