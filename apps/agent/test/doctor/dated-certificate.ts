import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const config = `[ca]
default_ca = d
[d]
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = sha256
policy = p
[p]
commonName = supplied
`

/** Issues the server's certificate of `makeCertificates` in the same folder anew, good between two instants (YYYYMMDDHHMMSSZ). */
export function dateCertificate(folder: string, name: string, validity: { from: string; to: string }): Buffer {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  write('ca.cnf', config)
  write('index.txt', '')
  write('names', `subjectAltName=DNS:${name}\nbasicConstraints=critical,CA:FALSE\n`)
  openssl('req', '-new', '-key', 'server.key', '-subj', `/CN=${name}`, '-out', 'server.csr')
  openssl(
    ...['ca', '-batch', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-notext', '-extfile', 'names'],
    ...['-startdate', validity.from, '-enddate', validity.to, '-in', 'server.csr', '-out', 'dated.pem'],
  )
  return readFileSync(join(folder, 'dated.pem'))
}
