import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { deviceModels, devices, projects } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { announceDeviceChange, createAuth, type FleetRow, fleetRows } from '@rushes/fleet'
import { pino } from 'pino'
import type { Config } from '../../src/config.ts'
import { type RunningGateway, startGateway } from '../../src/gateway.ts'
import { addPerson, signIn } from './people.ts'

export const publicUrl = 'http://rushes.test'
export const secret = 'a secret of the test, long enough'

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

export type TestDevice = { id: string; secret: string }

/** A gateway in this process over a database of its own, with what a test needs around it. */
export class Site {
  readonly database: TestDatabase
  readonly config: Config
  gateway: RunningGateway
  readonly projectId: string
  readonly cookie: string

  private constructor(options: {
    database: TestDatabase
    config: Config
    gateway: RunningGateway
    projectId: string
    cookie: string
  }) {
    this.database = options.database
    this.config = options.config
    this.gateway = options.gateway
    this.projectId = options.projectId
    this.cookie = options.cookie
  }

  static async open(): Promise<Site> {
    const database = await createTestDatabase()
    const config: Config = {
      databaseUrl: database.connectionString,
      publicUrl,
      secret,
      port: 0,
      host: '127.0.0.1',
      trustedProxies: ['127.0.0.0/8'],
    }
    await database.db.insert(deviceModels).values({ name: 'Rushes agent', isOurAgent: true })
    const projectId = randomUUID()
    await database.db.insert(projects).values({ id: projectId, name: 'Harbour Nights' })
    const auth = createAuth({ db: database.db, secret, baseUrl: publicUrl })
    await addPerson(database.db, 'ana')
    const cookie = await signIn(auth, 'ana')
    const gateway = await startGateway(config, quiet)
    return new Site({ database, config, gateway, projectId, cookie })
  }

  get db() {
    return this.database.db
  }

  get port() {
    return this.gateway.port
  }

  /** For what no verb does: the state that a test begins with. */
  async sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.database.pool.query<Record<string, unknown>>(text, values)).rows
  }

  async restart(): Promise<void> {
    await this.gateway.stop()
    this.gateway = await startGateway(this.config, quiet)
  }

  async device(name = 'A-Cam'): Promise<TestDevice> {
    const model = await this.db.query.deviceModels.findFirst()
    if (model === undefined) throw new Error('there is no model of device')
    const id = randomUUID()
    const deviceSecret = `rushes_dev_${id}.${randomBytes(32).toString('base64url')}`
    await this.db.insert(devices).values({
      id,
      modelId: model.id,
      clientId: `rushes-agent-${id}`,
      name,
      projectId: this.projectId,
      projectEpoch: 1,
      meReadEpoch: 1,
      purgeReceiptEpoch: 1,
      secretSha256: sha256(deviceSecret),
    })
    await announceDeviceChange(this.db, { deviceIds: [id] })
    return { id, secret: deviceSecret }
  }

  async row(deviceId: string): Promise<FleetRow | undefined> {
    return (await fleetRows({ db: this.db }, { deviceIds: [deviceId] }))[0]
  }

  async close(): Promise<void> {
    await this.gateway.stop()
    await this.database.drop()
  }
}

const quiet = pino({ level: 'silent' })
