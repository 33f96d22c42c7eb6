import { method, param } from '../../../rpc/index.ts'
import { filterIdParam, logQueryParam } from '../params.ts'
import type { Filters } from './filters.ts'
import type { LogSearch } from './log-search.ts'

const QUERY = param('filter', logQueryParam)
const ID = param('filterId', filterIdParam)

/** Methods for logs and filters. */
export function logMethods(search: LogSearch, filters: Filters) {
  return {
    getLogs: method({ summary: 'The logs that match.', params: [QUERY] }, (query, { signal }) =>
      search.find(query, signal),
    ),
    newFilter: method({ summary: 'Adds a filter for new logs; its id.', params: [QUERY] }, (query) =>
      filters.add(query),
    ),
    newBlockFilter: method({ summary: 'Adds a filter for new blocks; its id.', params: [] }, () => filters.add()),
    uninstallFilter: method({ summary: 'Removes a filter; true if there was one.', params: [ID] }, (id) =>
      filters.remove(id),
    ),
    getFilterChanges: method({ summary: 'Changes since the last call.', params: [ID] }, (id, { signal }) =>
      filters.changes(id, signal),
    ),
    getFilterLogs: method({ summary: 'All logs of a filter.', params: [ID] }, (id, { signal }) =>
      filters.logs(id, signal),
    ),
  }
}
