import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

const config: NextConfig = {
  output: 'standalone',
  // The workspace's packages are TypeScript sources beside this folder; what they import is traced from the root.
  outputFileTracingRoot: fileURLToPath(new URL('../..', import.meta.url)),
  transpilePackages: [
    '@rushes/api',
    '@rushes/asc-mhl',
    '@rushes/command-core',
    '@rushes/db',
    '@rushes/fleet',
    '@rushes/protocol',
    '@rushes/upload-core',
  ],
  serverExternalPackages: ['pg', 'pino', 'better-auth'],
  // Types are checked by `tsc -p apps/control-plane`: Next's own check needs an interface that TypeScript 7 does not have.
  typescript: { ignoreBuildErrors: true },
  // A film that is paused sends nothing for as long as the viewer likes; live streams speak every few seconds anyway.
  experimental: { proxyTimeout: 600_000 },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
}

export default config
