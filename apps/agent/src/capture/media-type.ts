import { extname } from 'node:path'

/**
 * MIME types by extension, for what cameras, recorders and their companions write. Registered types where there is one (IANA), else the
 * spelling that players and the destination's own clients use.
 */
const byExtension = new Map<string, string>([
  // Containers
  ['mov', 'video/quicktime'],
  ['qt', 'video/quicktime'],
  ['mp4', 'video/mp4'],
  ['m4v', 'video/x-m4v'],
  ['mxf', 'application/mxf'],
  ['mkv', 'video/x-matroska'],
  ['webm', 'video/webm'],
  ['avi', 'video/x-msvideo'],
  ['mts', 'video/mp2t'],
  ['m2ts', 'video/mp2t'],
  ['m2t', 'video/mp2t'],
  ['ts', 'video/mp2t'],
  ['mpg', 'video/mpeg'],
  ['mpeg', 'video/mpeg'],
  ['3gp', 'video/3gpp'],
  ['insv', 'video/mp4'],
  ['lrv', 'video/mp4'],
  ['360', 'video/mp4'],
  // Camera raw, moving
  ['r3d', 'video/x-red-r3d'],
  ['braw', 'video/x-blackmagic-raw'],
  ['ari', 'image/x-arri-raw'],
  ['arx', 'image/x-arri-hde'],
  ['cine', 'video/x-phantom-cine'],
  ['crm', 'video/x-canon-crm'],
  ['nev', 'video/x-nikon-nraw'],
  ['mlv', 'video/x-magic-lantern'],
  // Camera raw, still, and image sequences
  ['dng', 'image/x-adobe-dng'],
  ['cr2', 'image/x-canon-cr2'],
  ['cr3', 'image/x-canon-cr3'],
  ['nef', 'image/x-nikon-nef'],
  ['arw', 'image/x-sony-arw'],
  ['raf', 'image/x-fuji-raf'],
  ['orf', 'image/x-olympus-orf'],
  ['rw2', 'image/x-panasonic-rw2'],
  ['dpx', 'image/x-dpx'],
  ['exr', 'image/x-exr'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['insp', 'image/jpeg'],
  ['thm', 'image/jpeg'],
  ['heic', 'image/heic'],
  ['heif', 'image/heif'],
  ['hif', 'image/heif'],
  ['png', 'image/png'],
  ['gif', 'image/gif'],
  ['tif', 'image/tiff'],
  ['tiff', 'image/tiff'],
  // Sound
  ['wav', 'audio/wav'],
  ['bwf', 'audio/wav'],
  ['rf64', 'audio/wav'],
  ['w64', 'audio/x-w64'],
  ['aif', 'audio/aiff'],
  ['aiff', 'audio/aiff'],
  ['mp3', 'audio/mpeg'],
  ['m4a', 'audio/mp4'],
  ['aac', 'audio/aac'],
  ['flac', 'audio/flac'],
  // Companions
  ['cdl', 'application/xml'],
  ['ccc', 'application/xml'],
  ['cc', 'application/xml'],
  ['xml', 'application/xml'],
  ['fcpxml', 'application/xml'],
  ['mhl', 'application/xml'],
  ['ale', 'text/plain'],
  ['edl', 'text/plain'],
  ['cube', 'text/plain'],
  ['txt', 'text/plain'],
  ['csv', 'text/csv'],
  ['srt', 'application/x-subrip'],
  ['vtt', 'text/vtt'],
  ['json', 'application/json'],
  ['pdf', 'application/pdf'],
])

/** What is sent of a file that nobody knows the format of. */
export const unknownMediaType = 'application/octet-stream'

/** The MIME type that a file is registered and sent with, by its extension alone; `application/octet-stream` for one not known. */
export function mediaTypeOf(path: string): string {
  return byExtension.get(extname(path).slice(1).toLowerCase()) ?? unknownMediaType
}
