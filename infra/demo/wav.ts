const sampleRate = 48_000
const channelCount = 2
const bytesPerSample = 2

/** A playable WAV file (48 kHz, 16 bit, stereo) of a tone that rises over an octave, faded in and out. */
export function generateWav(durationSeconds: number, baseHertz: number): Buffer {
  const frameCount = Math.round(durationSeconds * sampleRate)
  const dataBytes = frameCount * channelCount * bytesPerSample
  const file = Buffer.alloc(44 + dataBytes)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + dataBytes, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16) // bytes of the format that follows
  file.writeUInt16LE(1, 20) // PCM
  file.writeUInt16LE(channelCount, 22)
  file.writeUInt32LE(sampleRate, 24)
  file.writeUInt32LE(sampleRate * channelCount * bytesPerSample, 28)
  file.writeUInt16LE(channelCount * bytesPerSample, 32)
  file.writeUInt16LE(bytesPerSample * 8, 34)
  file.write('data', 36)
  file.writeUInt32LE(dataBytes, 40)
  let phase = 0
  for (let frame = 0; frame < frameCount; frame += 1) {
    const progress = frame / frameCount
    phase += (2 * Math.PI * baseHertz * 2 ** progress) / sampleRate
    const loudness = 0.3 * Math.min(1, progress * 20, (1 - progress) * 20)
    const sample = Math.round(Math.sin(phase) * loudness * 32_767)
    file.writeInt16LE(sample, 44 + frame * 4)
    file.writeInt16LE(sample, 46 + frame * 4)
  }
  return file
}
