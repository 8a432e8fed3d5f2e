import { numberedName, safeName } from '../assets/safe-name.ts'

/**
 * Gives clips, which come folder by folder, their paths within the folder of their project. Where the store keeps a tree, that
 * is where the file lies; a bucket keeps no names, so there two clips of one name are numbered as in a tree.
 */
export function createTreePaths(): (clip: { folder: string; name: string; storeKey: string }) => string {
  let folder = ''
  let taken = new Set<string>()
  return (clip) => {
    if (clip.folder !== folder) {
      folder = clip.folder
      taken = new Set()
    }
    const at = clip.storeKey.indexOf(`/${folder}/`)
    if (at > 0) return clip.storeKey.slice(at + 1)
    for (let nth = 1; ; nth += 1) {
      const path = `${folder}/${numberedName(safeName(clip.name), nth)}`
      if (taken.has(path)) continue
      taken.add(path)
      return path
    }
  }
}
