// Numbers and tables as text.

/** Three digits. */
function digits(number) {
  if (!Number.isFinite(number)) return '–';
  if (Math.abs(number) >= 100) return Math.round(number).toLocaleString('en');
  return number.toPrecision(Math.abs(number) < 1 ? 2 : 3);
}

const scaled = (units, factor) => (number) => {
  if (!Number.isFinite(number)) return '–';
  let [unit, value] = [0, number];
  while (Math.abs(value) >= factor && unit + 1 < units.length) [unit, value] = [unit + 1, value / factor];
  return `${digits(value)} ${units[unit]}`;
};

export const nanoseconds = scaled(['ns', 'µs', 'ms'], 1000);
export const microseconds = scaled(['µs', 'ms'], 1000);
/** Of microseconds. */
export const milliseconds = (number) => (Number.isFinite(number) ? `${digits(number / 1e3)} ms` : '–');
export const bytes = scaled(['B', 'KB', 'MB'], 1000);
export const ratio = (number) => `${digits(number)}×`;

export const geometricMean = (numbers) => Math.exp(numbers.reduce((sum, number) => sum + Math.log(number), 0) / numbers.length);

/** A Markdown table; the first column is text. */
export function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), `|---|${'--:|'.repeat(heads.length - 1)}`, ...rows.map(line)].join('\n');
}
