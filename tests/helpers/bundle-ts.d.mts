export function bundleTs(entries: Record<string, string>, folderName: string): Promise<string>
