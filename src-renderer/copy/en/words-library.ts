/** English: words of looking for photos: filter, order, folders, loupe, what a file says. */
import { formatCount, plural } from '../format.ts'

export const LIBRARY_WORDS = {
  filter: {
    more: 'More filters',
    moreActive: (count: number) => `More filters, ${formatCount(count)} in use`,
    sort: 'Order',
    sorts: { path: 'Folder', name: 'Name', taken: 'Time taken', rating: 'Stars', added: 'Time added', size: 'File size' },
    ascending: 'Ascending',
    descending: 'Descending',
    keyword: 'Keyword',
    rating: 'Stars',
    stars: {
      '': 'Any',
      rejected: 'Rejected',
      none: 'None',
      '1': '★ and more',
      '2': '★★ and more',
      '3': '★★★ and more',
      '4': '★★★★ and more',
      '5': '★★★★★',
    },
    fromDay: 'Taken from',
    toDay: 'Taken until',
    camera: 'Camera',
    model: 'Words by',
    gate: 'Held back',
    any: 'Any',
    anyOrNone: 'Any or none',
    heldBack: 'For any reason',
  },
  tree: {
    recent: 'Recent',
    watch: 'Follow this folder',
    watched: 'Followed: new photos are taken in by themselves',
    fold: (name: string) => `Hide subfolders of ${name}`,
    unfold: (name: string) => `Show subfolders of ${name}`,
  },
  cell: {
    sidecar: 'XMP',
    sidecarHelp: 'An XMP sidecar lies beside this photo',
    rating: (stars: number) => (stars < 0 ? 'Rejected' : plural(stars, 'star', 'stars')),
  },
  loupe: { title: 'Loupe', actualSize: '100 %', fullScreen: 'Full screen' },
  exif: { title: 'In the file', none: 'No photo', all: (count: number) => `All ${formatCount(count)} values`, show: 'What the file says' },
}
