/**
 * The ffmpeg demuxer for a clip, by its media type, else by the ending of its name; null for what nobody here can look into.
 * It is forced, never guessed from the bytes: a playlist or a concat script under a video's name would make ffmpeg open whatever
 * it names. Demuxers that follow references to other files are not among these.
 */
export function demuxerFor(clip: { name: string; filetype: string }): string | null {
  const type = clip.filetype.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const ending = /\.([a-z0-9]{1,5})$/.exec(clip.name.toLowerCase())?.[1] ?? ''
  return byType.get(type) ?? byEnding.get(ending) ?? null
}

/** Demuxers of single pictures: what they have neither plays nor lasts. */
export const isStill = (demuxer: string): boolean => demuxer.endsWith('_pipe')

const byType = new Map([
  ...['video/mp4', 'video/quicktime', 'video/x-m4v', 'video/3gpp', 'video/3gpp2', 'audio/mp4', 'audio/x-m4a'].map(
    (type) => [type, 'mov'] as const,
  ),
  ...['video/x-matroska', 'video/webm', 'audio/webm', 'audio/x-matroska'].map((type) => [type, 'matroska'] as const),
  ...['application/mxf', 'video/mxf'].map((type) => [type, 'mxf'] as const),
  ...['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'].map((type) => [type, 'wav'] as const),
  ...['audio/aiff', 'audio/x-aiff'].map((type) => [type, 'aiff'] as const),
  ...['video/ogg', 'audio/ogg'].map((type) => [type, 'ogg'] as const),
  ...['audio/aac', 'audio/aacp'].map((type) => [type, 'aac'] as const),
  ['audio/mpeg', 'mp3'],
  ['audio/flac', 'flac'],
  ['video/x-msvideo', 'avi'],
  ['video/mp2t', 'mpegts'],
  ['image/jpeg', 'jpeg_pipe'],
  ['image/png', 'png_pipe'],
  ['image/webp', 'webp_pipe'],
  ['image/tiff', 'tiff_pipe'],
  ['image/bmp', 'bmp_pipe'],
])

const byEnding = new Map([
  ...['mp4', 'mov', 'm4v', '3gp', 'm4a'].map((ending) => [ending, 'mov'] as const),
  ...['mkv', 'webm', 'mka'].map((ending) => [ending, 'matroska'] as const),
  ...['aif', 'aiff'].map((ending) => [ending, 'aiff'] as const),
  ...['ogg', 'ogv', 'oga'].map((ending) => [ending, 'ogg'] as const),
  ...['mts', 'm2ts', 'ts'].map((ending) => [ending, 'mpegts'] as const),
  ...['jpg', 'jpeg'].map((ending) => [ending, 'jpeg_pipe'] as const),
  ...['tif', 'tiff'].map((ending) => [ending, 'tiff_pipe'] as const),
  ['mxf', 'mxf'],
  ['wav', 'wav'],
  ['mp3', 'mp3'],
  ['aac', 'aac'],
  ['flac', 'flac'],
  ['avi', 'avi'],
  ['png', 'png_pipe'],
  ['webp', 'webp_pipe'],
  ['bmp', 'bmp_pipe'],
])
