// Numbers and durations for people, as the command's text form writes them.

const ms = 1e6, second = 1e9, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

/** duration writes nanoseconds with three digits: "812 µs", "28.1 ms", "2m 05s". */
export function duration(ns: number): string {
  if (ns < 0) return "-" + duration(-ns);
  if (ns < ms) return Math.floor(ns / 1000) + " µs";
  if (ns < second) return threeDigits(ns / ms) + " ms";
  if (ns < minute) return threeDigits(ns / second) + " s";
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  if (ns < hour) return Math.floor(ns / minute) + "m " + two((ns / second) % 60) + "s";
  if (ns < day) return Math.floor(ns / hour) + "h " + two((ns / minute) % 60) + "m";
  return Math.floor(ns / day) + "d " + two((ns / hour) % 24) + "h";
}

function threeDigits(n: number): string {
  return n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0);
}

/** signed is a duration that says which way it goes. */
export function signed(ns: number): string {
  return ns > 0 ? "+" + duration(ns) : duration(ns);
}

/** grouped writes a count with commas between the thousands. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** counted is a number with its noun: "1 point", "2 points". */
export function counted(n: number, one: string): string {
  return n === 1 ? "1 " + one : grouped(n) + " " + one + "s";
}

/** mean writes how many there are in the mean: "20", "2.4", "0.25". */
export function mean(n: number): string {
  if (n >= 100) return grouped(Math.round(n));
  return String(Number(n.toFixed(n < 1 ? 2 : 1)));
}

/** share writes a part of one in percent: "73 %", "<1 %". */
export function share(part: number): string {
  return part < 0.01 ? "<1 %" : (100 * part).toFixed(0) + " %";
}

/** parseDuration reads "10ms", "1.5 s" or "200" (milliseconds); NaN if it is none. */
export function parseDuration(text: string): number {
  const m = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*(ns|us|µs|ms|s|m|h)?\s*$/.exec(text);
  if (!m) return NaN;
  const units: Record<string, number> = { ns: 1, us: 1e3, "µs": 1e3, ms, s: second, m: minute, h: hour };
  return Number(m[1]) * (units[m[2] ?? "ms"] ?? NaN);
}
