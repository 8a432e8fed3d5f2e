import { safeName } from '@rushes/fleet'

const inlineImages = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/heic',
  'image/tiff',
  'image/bmp',
])

/** The type under which a browser may show this clip in the page; null for what it is only to save (SVG, HTML, anything else). */
export function inlineType(filetype: string): string | null {
  const type = filetype.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  // What ends in +xml a browser would show as a document, whatever it begins with; a playlist makes it fetch other addresses.
  const isMedia = /^(video|audio)\/[\w.+-]+$/.test(type) && !type.endsWith('+xml') && !type.includes('mpegurl')
  return isMedia || inlineImages.has(type) ? type : null
}

/**
 * A Content-Disposition header with a name of any script (RFC 6266, RFC 8187). The name is what a folder store would call the
 * file, so it neither leaves a folder nor turns the reading direction, and is short enough for every proxy between.
 */
function contentDisposition(how: 'inline' | 'attachment', name: string): string {
  const plain = safeName(name)
  const ascii = plain.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const utf8 = encodeURIComponent(plain).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${how}; filename="${ascii}"; filename*=UTF-8''${utf8}`
}

/** The headers of a clip that say what a browser does with it. */
export function shownAs(clip: { name: string; filetype: string }): { contentType: string; contentDisposition: string } {
  const type = inlineType(clip.filetype)
  return {
    contentType: type ?? 'application/octet-stream',
    contentDisposition: contentDisposition(type === null ? 'attachment' : 'inline', clip.name),
  }
}
