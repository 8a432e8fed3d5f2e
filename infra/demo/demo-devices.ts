/** The devices that a newcomer sees: ordinary agents, each with folders of its own below the data folder's `demo`. */
export const demoDevices = [
  { name: 'A-Cam', folder: 'a-cam', reel: 'A' },
  { name: 'B-Cam', folder: 'b-cam', reel: 'B' },
  { name: 'Sound cart', folder: 'sound-cart', reel: 'C' },
] as const

export type DemoDevice = (typeof demoDevices)[number]

export const demoProjectName = 'Demo production'
