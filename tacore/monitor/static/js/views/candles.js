/** What uPlot does not draw by itself: candles and guiding lines. */

const [OPEN, HIGH, LOW, CLOSE] = [1, 2, 3, 4];
const WIDEST = 14;

/** Draw candles: hollow where the close is not below the open, filled where it is. */
export function candles(up, down) {
  return (plot) => {
    const { ctx, data, bbox } = plot;
    const step = Math.abs(plot.valToPos(1, "x", true) - plot.valToPos(0, "x", true));
    const width = Math.max(1, Math.min(step * 0.7, WIDEST * devicePixelRatio));
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = Math.max(1, Math.round(devicePixelRatio));
    const [first, last] = [
      Math.max(0, Math.floor(plot.scales.x.min)),
      Math.min(data[0].length - 1, Math.ceil(plot.scales.x.max)),
    ];
    for (let index = first; index <= last; index++) candle(plot, index, width, up, down);
    ctx.restore();
  };
}

function candle(plot, index, width, up, down) {
  const { ctx, data } = plot;
  const x = Math.round(plot.valToPos(data[0][index], "x", true));
  const [open, high, low, close] = [OPEN, HIGH, LOW, CLOSE].map((row) =>
    plot.valToPos(data[row][index], "y", true),
  );
  const rises = data[CLOSE][index] >= data[OPEN][index];
  const [top, bottom] = [Math.min(open, close), Math.max(open, close)];
  ctx.strokeStyle = ctx.fillStyle = rises ? up : down;
  ctx.beginPath();
  ctx.moveTo(x, high);
  ctx.lineTo(x, top);
  ctx.moveTo(x, bottom);
  ctx.lineTo(x, low);
  ctx.stroke();
  const body = [x - width / 2, top, width, Math.max(bottom - top, 1)];
  if (rises && width > 3) ctx.strokeRect(...body);
  else ctx.fillRect(...body);
}

/** Draw dashed lines across at these values. */
export function guides(values, stroke) {
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = stroke;
    ctx.setLineDash([4, 4]);
    ctx.lineWidth = 1;
    for (const value of values) {
      const y = Math.round(plot.valToPos(value, "y", true));
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  };
}
