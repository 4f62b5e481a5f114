/** Whose server listens on a port of ours: a stranger that got it first must never be taken for our model. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { findGroupMembers } from './process-table.ts'

export type PortOwner = 'ours' | 'foreign' | 'unknown'

const LISTENING = '0A'

/** Inodes of the sockets that listen on the port, from `/proc/net/tcp` or `tcp6` (addresses in hexadecimal). Pure. */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const inode = fields[9]
    return fields[1]?.endsWith(`:${wanted}`) && fields[3] === LISTENING && inode ? [inode] : []
  })
}

async function socketsOf(pid: number): Promise<string[] | undefined> {
  try {
    const names = await readdir(`/proc/${pid}/fd`)
    return await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
  } catch {
    return undefined
  }
}

/** Never rejects. `unknown` where the system does not tell (all but Linux). */
export async function portOwner(port: number, group: number): Promise<PortOwner> {
  if (process.platform !== 'linux') return 'unknown'
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'latin1').catch(() => '')))
  const wanted = new Set(tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`))
  if (wanted.size === 0) return 'unknown'
  const holds = (links: string[] | undefined) => links?.some((link) => wanted.has(link)) === true
  // Mostly it is the leader itself; the others are looked for only when it is not.
  if (holds(await socketsOf(group))) return 'ours'
  const held = await Promise.all((findGroupMembers(group) ?? []).map((pid) => socketsOf(pid)))
  if (held.some(holds)) return 'ours'
  return held.includes(undefined) ? 'unknown' : 'foreign'
}
