import { type PointerEvent, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import { actualSize, type Box, cornerFor, moved, type Place, placeUnder } from './zoom-math.ts'
import './zoom-picture.css'

/** Pixels that an arrow key moves the picture by. */
const STEP_PX = 120
/** A press that moves less than this is a click. */
const CLICK_PX = 4
const CENTRE: Place = { x: 0.5, y: 0.5 }
const ARROWS: Readonly<Record<string, { x: number; y: number }>> = {
  ArrowLeft: { x: STEP_PX, y: 0 },
  ArrowRight: { x: -STEP_PX, y: 0 },
  ArrowUp: { x: 0, y: STEP_PX },
  ArrowDown: { x: 0, y: -STEP_PX },
}

export interface ZoomPictureProps {
  /** Shown fitted, and enlarged until the full one is there. */
  url: string
  /** Every pixel; asked for when zoomed only. */
  fullUrl: string
  width: number
  height: number
  alt: string
  zoomed: boolean
  onZoom: (zoomed: boolean) => void
}

/** A picture fitted in, or at 100 % to be moved about by dragging or with Shift and the arrows. A click goes to 100 % where it was made. */
export function ZoomPicture({ url, fullUrl, width, height, alt, zoomed, onZoom }: ZoomPictureProps) {
  const element = useRef<HTMLDivElement>(null)
  const [view, setView] = useState<Box>({ widthPx: 0, heightPx: 0 })
  const [centre, setCentre] = useState(CENTRE)
  const [fullReady, setFullReady] = useState('')
  const drag = useRef<{ x: number; y: number; travelledPx: number }>(undefined)
  const picture = actualSize(width, height, window.devicePixelRatio)

  useLayoutEffect(() => {
    const node = element.current
    if (!node) return
    const measure = () => setView({ widthPx: node.clientWidth, heightPx: node.clientHeight })
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(node)
    return () => observer.disconnect()
  }, [])

  const pan = useEffectEvent((event: KeyboardEvent) => {
    const by = event.shiftKey && zoomed ? ARROWS[event.key] : undefined
    if (by === undefined) return
    event.preventDefault()
    setCentre((now) => moved(picture, view, now, by))
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pan(event)
    // Before the grid hears of the arrows.
    window.addEventListener('keydown', listener, { capture: true })
    return () => window.removeEventListener('keydown', listener, { capture: true })
  }, [])

  const press = (event: PointerEvent) => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    drag.current = { x: event.clientX, y: event.clientY, travelledPx: 0 }
  }
  const move = (event: PointerEvent) => {
    const from = drag.current
    if (!from) return
    const by = { x: event.clientX - from.x, y: event.clientY - from.y }
    drag.current = { x: event.clientX, y: event.clientY, travelledPx: from.travelledPx + Math.abs(by.x) + Math.abs(by.y) }
    if (zoomed) setCentre((now) => moved(picture, view, now, by))
  }
  const release = (event: PointerEvent) => {
    const from = drag.current
    drag.current = undefined
    if (!from || from.travelledPx > CLICK_PX) return
    const box = event.currentTarget.getBoundingClientRect()
    if (!zoomed) setCentre(placeUnder(picture, view, { xPx: event.clientX - box.left, yPx: event.clientY - box.top }))
    onZoom(!zoomed)
  }

  const { leftPx, topPx } = cornerFor(picture, view, centre)
  const placed = zoomed ? { width: picture.widthPx, height: picture.heightPx, transform: `translate(${leftPx}px, ${topPx}px)` } : undefined
  return (
    <div
      ref={element}
      className={`zoom${zoomed ? ' zoom--in' : ''}`}
      data-testid="zoom"
      data-zoomed={zoomed}
      data-full={zoomed && fullReady === fullUrl}
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={release}
      onPointerCancel={() => {
        drag.current = undefined
      }}
    >
      <img key={url} src={url} alt={alt} style={placed} draggable={false} />
      {zoomed && <img key={fullUrl} src={fullUrl} alt="" style={placed} draggable={false} onLoad={() => setFullReady(fullUrl)} />}
    </div>
  )
}
