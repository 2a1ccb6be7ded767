import { getSystemErrorMap } from 'node:util'

/** What the system says of an error, in its own words (`no such file or directory`); the error's message when it is none of the system's. */
export function systemWords(error: unknown): string {
  const { errno, message } = error as { errno?: unknown; message?: unknown }
  const words = typeof errno === 'number' ? getSystemErrorMap().get(errno)?.[1] : undefined
  return words ?? (typeof message === 'string' ? message : 'unknown error')
}
