import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface CurveOptions {
  /** The name of a CSS variable. */
  readonly color: string;
  /** What is measured, for those who do not see the curve. */
  readonly name: string;
  /** What stands beside the axes. */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly format: (value: number) => string;
  /** The top of the axis; else it follows the values. */
  readonly highest?: number;
}

const FONT = '11px system-ui, sans-serif';

/** One line over the steps of a training, in the colours of the page's theme. */
export class Curve {
  readonly #plot: uPlot;
  #end = 0;

  constructor(
    private readonly element: HTMLElement,
    private readonly options: CurveOptions,
  ) {
    this.#plot = new uPlot(
      plotOptions(element, options, () => this.#end),
      [[], []],
      element,
    );
    new ResizeObserver(() => this.#plot.setSize(sizeOf(element))).observe(element);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
      this.#plot.redraw(false),
    );
  }

  /** @param end the last step of the axis, when all is done. */
  show(steps: readonly number[], values: readonly number[], end: number): void {
    this.#end = end;
    this.#plot.setData([steps as number[], values as number[]]);
    const { name, format } = this.options;
    const [first, last] = [values[0], values.at(-1)];
    this.element.ariaLabel =
      first === undefined || last === undefined
        ? `${name}: nothing yet`
        : `${name}: from ${format(first)} to ${format(last)} after ${steps.at(-1)} steps`;
  }
}

function plotOptions(
  element: HTMLElement,
  options: CurveOptions,
  end: () => number,
): uPlot.Options {
  const color = (name: string) => () => getComputedStyle(element).getPropertyValue(name);
  const axis: uPlot.Axis = {
    font: FONT,
    labelFont: FONT,
    stroke: color('--quiet'),
    grid: { stroke: color('--grid'), width: 1 },
    ticks: { show: false },
    labelGap: 0,
  };
  return {
    ...sizeOf(element),
    padding: [6, 10, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: () => [0, Math.max(end(), 10)] },
      y: { range: (_, __, top) => [0, options.highest ?? (top ? 1.1 * top : 1)] },
    },
    axes: [
      {
        ...axis,
        ...{ label: options.xLabel, labelSize: 14, size: 20, gap: 2, space: 60 },
        values: (_, steps) => steps.map(wholeSteps),
      },
      {
        ...axis,
        ...{ label: options.yLabel, labelSize: 16, size: 40, gap: 4, space: 26 },
        values: (_, ticks) => ticks.map(options.format),
      },
    ],
    series: [
      {},
      {
        stroke: color(options.color),
        width: 2,
        points: { show: (plot) => plot.data[0].length < 40, size: 5, fill: color(options.color) },
      },
    ],
  };
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: element.clientWidth, height: element.clientHeight };
}

const wholeSteps = (step: number) => (Number.isInteger(step) ? step.toLocaleString('en') : '');
