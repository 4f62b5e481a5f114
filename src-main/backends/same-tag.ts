/** `llava` and `llava:latest` are one tag of Ollama. */
export const sameTag = (a: string, b: string) => a.replace(/:latest$/, '').toLowerCase() === b.replace(/:latest$/, '').toLowerCase()
