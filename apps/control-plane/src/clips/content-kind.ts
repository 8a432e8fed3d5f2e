/** How a browser shows a file of this type, if at all. */
export type ContentKind = 'video' | 'audio' | 'image' | 'none'

const images = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])

export function contentKindOf(filetype: string): ContentKind {
  const type = filetype.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type.startsWith('video/')) return 'video'
  if (type.startsWith('audio/')) return 'audio'
  return images.has(type) ? 'image' : 'none'
}

export const contentUrl = (assetId: string) => `/clips/${assetId}/content`
