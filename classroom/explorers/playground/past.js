// What a reader can take back: how things stood before each change.

const MOST = 60; // changes that can be taken back

/** Entries are {net, ...}, net being the key of the net that the engine held (trainer.js). */
export function past() {
  const entries = [];
  let last = null;

  return {
    /**
     * Keep how things stand before a change. by: the control that is moved, of which many moves are one change, unless a net that
     * has been trained would be lost between two of them (`trained`).
     */
    keep(entry, by, trained) {
      const same = by !== null && by === last && (!trained || entries.at(-1)?.net === entry.net);
      last = by;
      if (same) return;
      entries.push(entry);
      if (entries.length > MOST) entries.shift();
    },

    /** The last entry, or the last one that fits; those after it are forgotten. Null where there is none. */
    back(fits = () => true) {
      const at = entries.findLastIndex(fits);
      last = null;
      return at < 0 ? null : entries.splice(at)[0];
    },

    holds: (fits) => entries.some(fits),
  };
}
