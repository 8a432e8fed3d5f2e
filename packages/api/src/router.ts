import { activityRouter } from './routers/activity.ts'
import { clipsRouter } from './routers/clips.ts'
import { commandsRouter } from './routers/commands.ts'
import { devicesRouter } from './routers/devices.ts'
import { fleetRouter } from './routers/fleet.ts'
import { linksRouter } from './routers/links.ts'
import { pairingRouter } from './routers/pairing.ts'
import { peopleRouter } from './routers/people.ts'
import { projectsRouter } from './routers/projects.ts'
import { trashRouter } from './routers/trash.ts'
import { uploadsRouter } from './routers/uploads.ts'
import { procedure, router } from './trpc.ts'

/** Everything that the control plane answers at `/api/trpc`. */
export const appRouter = router({
  me: procedure.query(({ ctx }) => ctx.signedIn.person),
  links: linksRouter,
  fleet: fleetRouter,
  devices: devicesRouter,
  pairing: pairingRouter,
  projects: projectsRouter,
  commands: commandsRouter,
  uploads: uploadsRouter,
  clips: clipsRouter,
  trash: trashRouter,
  activity: activityRouter,
  people: peopleRouter,
})

export type AppRouter = typeof appRouter
