import type { Metadata } from 'next'
import { ProjectPage } from '@/projects/project-page.tsx'

export const metadata: Metadata = { title: 'Project' }

export default async function Page({ params }: { params: Promise<{ projectId: string }> }) {
  return <ProjectPage projectId={(await params).projectId} />
}
