import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Instance, InstanceOutput } from '../start/instance.ts'
import { appFile } from '../start/repository.ts'
import { runAdmin } from '../start/run-admin.ts'
import { demoDevices, demoProjectName } from './demo-devices.ts'
import { insecureFlag, isPairedWith, pairDevice } from './pair-device.ts'

const project = z.object({ id: z.string(), name: z.string() })

/**
 * Starts the demo devices and their recorder. They are ordinary agents: paired by code into an ordinary project the first
 * time, and merely started again after that. One that cannot be paired is told of and left out; the rest goes on.
 */
export async function startDemo(instance: Instance, output: InstanceOutput, signal: AbortSignal): Promise<void> {
  output.step('starting the demo devices')
  const demoDir = join(instance.dataDir, 'demo')
  const projectId = await findOrCreateProject(instance)
  await Promise.all(
    demoDevices.map(async (device) => {
      const stateDir = join(demoDir, device.folder, 'state')
      const watchDir = join(demoDir, device.folder, 'watch')
      const name = `demo ${device.folder}`
      try {
        for (const dir of [stateDir, watchDir]) await mkdir(dir, { recursive: true, mode: 0o700 })
        if (!(await isPairedWith(instance, stateDir)))
          await pairDevice(instance, { device, stateDir, projectId }, signal)
        const argv = [appFile('agent'), 'run', '--watch', watchDir, '--state-dir', stateDir, ...insecureFlag(instance)]
        await instance.addComponent({ name, argv })
      } catch (error) {
        signal.throwIfAborted()
        output.notice(name, `left out: ${error instanceof Error ? error.message : error}`)
      }
    }),
  )
  const recorder = fileURLToPath(new URL('recorder.ts', import.meta.url))
  await instance.addComponent({ name: 'demo recorder', argv: [recorder, demoDir] })
}

async function findOrCreateProject(instance: Instance): Promise<string> {
  const projects = z.array(project).parse(await runAdmin(instance.env, ['project', 'list']))
  const found = projects.find(({ name }) => name === demoProjectName)
  return (found ?? project.parse(await runAdmin(instance.env, ['project', 'create', demoProjectName]))).id
}
