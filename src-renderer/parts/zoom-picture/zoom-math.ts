/** Geometry of a picture shown at 100 %. Pure; lengths in CSS pixels, places in the picture as shares of its sides. */
export interface Place {
  x: number
  y: number
}
export interface Box {
  widthPx: number
  heightPx: number
}

/** One pixel of the picture on one pixel of the screen. */
export function actualSize(width: number, height: number, devicePixelRatio: number): Box {
  return { widthPx: width / devicePixelRatio, heightPx: height / devicePixelRatio }
}

/** Where the picture's corner lies so that `centre` is in the middle; a side that fits is centred, the others leave no gap. */
export function cornerFor(picture: Box, view: Box, centre: Place): { leftPx: number; topPx: number } {
  const along = (picturePx: number, viewPx: number, share: number) =>
    picturePx <= viewPx ? (viewPx - picturePx) / 2 : Math.min(0, Math.max(viewPx - picturePx, viewPx / 2 - picturePx * share))
  return { leftPx: Math.round(along(picture.widthPx, view.widthPx, centre.x)), topPx: Math.round(along(picture.heightPx, view.heightPx, centre.y)) }
}

/** The middle after moving the picture by so many pixels, kept where moving further would show nothing new. */
export function moved(picture: Box, view: Box, centre: Place, byPx: { x: number; y: number }): Place {
  const along = (picturePx: number, viewPx: number, share: number, px: number) => {
    const margin = Math.min(0.5, viewPx / 2 / picturePx)
    return Math.min(1 - margin, Math.max(margin, Math.min(1 - margin, Math.max(margin, share)) - px / picturePx))
  }
  return { x: along(picture.widthPx, view.widthPx, centre.x, byPx.x), y: along(picture.heightPx, view.heightPx, centre.y, byPx.y) }
}

/** What of the picture lies under a point of the view where the whole picture is fitted in. */
export function placeUnder(picture: Box, view: Box, point: { xPx: number; yPx: number }): Place {
  const scale = Math.min(view.widthPx / picture.widthPx, view.heightPx / picture.heightPx)
  const share = (picturePx: number, viewPx: number, atPx: number) =>
    Math.min(1, Math.max(0, (atPx - (viewPx - picturePx * scale) / 2) / (picturePx * scale)))
  return { x: share(picture.widthPx, view.widthPx, point.xPx), y: share(picture.heightPx, view.heightPx, point.yPx) }
}
