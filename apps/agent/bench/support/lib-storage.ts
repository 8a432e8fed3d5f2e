/** Uploads the named files with the AWS SDK's own uploader, as its documentation shows, and prints what that took. argv: server, list of files. */
import { createReadStream, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'

const [endpoint = '', listPath = ''] = process.argv.slice(2)
const paths = readFileSync(listPath, 'utf8')
  .split('\n')
  .filter((path) => path !== '')
const client = new S3Client({
  ...{ endpoint, region: 'us-east-1', forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' },
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
})
const before = process.cpuUsage()
const begunMs = performance.now()
for (const path of paths)
  await new Upload({ client, params: { Bucket: 'b', Key: basename(path), Body: createReadStream(path) } }).done()
const { user, system } = process.cpuUsage(before)
const rssMb = process.resourceUsage().maxRSS / 1_000
console.log(JSON.stringify({ wallMs: performance.now() - begunMs, cpuMs: (user + system) / 1_000, rssMb }))
