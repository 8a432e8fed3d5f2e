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
  // What ends in +xml a browser would show as a document, whatever it begins with.
  const isMedia = /^(video|audio)\/[\w.+-]+$/.test(type) && !type.endsWith('+xml')
  return isMedia || inlineImages.has(type) ? type : null
}

/** A Content-Disposition header with a name of any script (RFC 6266). */
export function contentDisposition(how: 'inline' | 'attachment', name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const utf8 = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${how}; filename="${ascii}"; filename*=UTF-8''${utf8}`
}
