import { beforeEach, inject } from 'vitest'

// Each test says by itself that it was skipped, so that it is counted and named.
beforeEach((context) => {
  if (inject('s3Server') === null)
    context.skip(
      'needs Ceph, which is not installed here (on Debian, as root: apt-get install radosgw ceph-mon ceph-osd ceph-common)',
    )
})
