import { expect, test } from 'vitest'
import { flagsPage } from './flags-page.ts'

/** `npm run docs` runs this test with `-u`, which writes the page. */
test('docs/flags.md is the page generated from the flag table', async () => {
  await expect(flagsPage()).toMatchFileSnapshot('../../../docs/flags.md')
})
