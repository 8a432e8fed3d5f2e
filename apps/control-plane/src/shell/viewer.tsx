'use client'
import type { Person } from '@rushes/fleet'
import { createContext, type ReactNode, useContext } from 'react'

const ViewerContext = createContext<Person | null>(null)

export function ViewerProvider({ viewer, children }: { viewer: Person; children: ReactNode }) {
  return <ViewerContext value={viewer}>{children}</ViewerContext>
}

/** Who looks at the console. */
export function useViewer(): Person {
  const viewer = useContext(ViewerContext)
  if (viewer === null) throw new Error('useViewer belongs inside the console')
  return viewer
}

/** Whether the viewer may do what cannot be taken back, and set how long things are kept. */
export function useIsAdmin(): boolean {
  return useViewer().role === 'admin'
}

/** Whether the viewer may steer devices. The server decides; this only keeps buttons away that it would refuse. */
export function useMayOperate(): boolean {
  return useViewer().role !== 'viewer'
}
