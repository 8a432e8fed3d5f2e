/** How a browser shows a file of this type, if at all. */
export type ContentKind = 'video' | 'audio' | 'image' | 'none'

const images = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])

export function contentKindOf(filetype: string): ContentKind {
  const type = filetype.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type.startsWith('video/')) return 'video'
  if (type.startsWith('audio/')) return 'audio'
  return images.has(type) ? 'image' : 'none'
}

/** `trash`: as the view of the trash shows it, to those who may restore it. */
export type ClipView = 'clips' | 'trash'

const search = (view: ClipView) => (view === 'trash' ? '?view=trash' : '')

export const contentUrl = (assetId: string, view: ClipView = 'clips') => `/clips/${assetId}/content${search(view)}`
export const posterUrl = (assetId: string, view: ClipView = 'clips') => `/clips/${assetId}/poster${search(view)}`
