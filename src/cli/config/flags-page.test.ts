import { expect, test } from 'vitest'
import { flagsPage } from './flags-page.ts'

/** `npm run docs` runs this test with `-u`, which writes the page. */
test('docs/flags.md is what the flag table says', async () => {
  await expect(flagsPage()).toMatchFileSnapshot('../../../docs/flags.md')
})
