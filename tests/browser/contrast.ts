/** A text that stands out too little from what is behind it. */
export interface Pale {
  text: string
  ratio: number
}

/**
 * Runs in the page: texts with a contrast below 4.5 to 1 (WCAG AA), each colour once. As source, for the page knows nothing of our build.
 */
export const paleTexts = `(() => {
  const parse = (color) => { const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number); return { r, g, b, a } }
  const light = ({ r, g, b }) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0)
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor)
      if (color.a === 1) return color
    }
    return { r: 255, g: 255, b: 255 }
  }
  const found = new Map()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    if (node.data.trim() === '' || ['STYLE', 'TITLE', 'title'].includes(element.tagName)) continue
    const style = getComputedStyle(element)
    if (style.display === 'none' || style.visibility === 'hidden') continue
    const color = parse(element.closest('svg') ? style.fill : style.color)
    const [a, b] = [light(color), light(behind(element))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < 4.5) found.set(style.color + style.fill, { text: node.data.slice(0, 40), ratio: Number(ratio.toFixed(2)) })
  }
  return [...found.values()]
})()`
