// Reading Prometheus text: samples by name, counters as rates, histograms as quantiles. SPDX-License-Identifier: Apache-2.0

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Map from a metric's name to its samples: [{ labels, value }]. */
export function parse(text) {
  const metrics = new Map();

  for (const line of text.split('\n')) {
    const match = line.startsWith('#') ? null : SAMPLE.exec(line);

    if (!match) continue;
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(LABEL)].map(([, name, value]) => [name, value]));
    if (!metrics.has(match[1])) metrics.set(match[1], []);
    metrics.get(match[1]).push({ labels, value: Number(match[3]) });
  }
  return metrics;
}

/** Sum of a metric over the samples that pass; 0 when there are none. */
export function sum(metrics, name, passes = () => true) {
  let total = 0;

  for (const { labels, value } of metrics.get(name) ?? []) if (passes(labels)) total += value;
  return total;
}

/** Cumulative buckets of a histogram, summed over the samples that pass: Map from upper bound to count. */
export function buckets(metrics, name, passes = () => true) {
  const counts = new Map();

  for (const { labels, value } of metrics.get(`${name}_bucket`) ?? []) {
    if (!passes(labels)) continue;
    const bound = labels.le === '+Inf' ? Infinity : Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return counts;
}

/** What was added between two readings of the same histogram. */
export function since(now, before) {
  return new Map([...now].map(([bound, count]) => [bound, count - (before?.get(bound) ?? 0)]));
}

/** The value below which a share q lies, within its bucket by proportion; null without observations. */
export function quantile(counts, q) {
  const bounds = [...counts.keys()].sort((a, b) => a - b);
  const total = counts.get(Infinity) ?? 0;
  let lower = 0, below = 0;

  if (!(total > 0)) return null;
  for (const bound of bounds) {
    const count = counts.get(bound);

    if (count >= q * total) {
      if (bound === Infinity) return lower;
      return count === below ? bound : lower + (bound - lower) * (q * total - below) / (count - below);
    }
    lower = bound;
    below = count;
  }
  return lower;
}
