// What the page program asks of the page. Times are in milliseconds; those of the
// opening begin with the navigation. It runs before the page's own script.
(() => {
  const once = (ready) => new Promise((done) => {
    const look = () => (ready() ? done() : requestAnimationFrame(look));
    look();
  });
  // A timer after a frame runs when that frame was drawn and nothing else is waiting.
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

  window.bench = {
    usable: once(() => document.querySelector(".row")).then(drawn).then(() => performance.now()),

    painted: () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,

    /**
     * search looks for words and waits until what was found is on the screen. It ends
     * with Enter, so the field's wait for more letters is not counted.
     */
    search: async (words) => {
      const field = document.querySelector(".search");
      const told = document.querySelector(".told");
      field.value = words;
      const from = performance.now();
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
      await drawn();
      const took = performance.now() - from;
      if ((told.textContent === "") !== (words === "")) throw new Error("the search did not run");
      return took;
    },

    /** scroll goes through the rows by 300 pixels a frame, for 300 frames. */
    scroll: async () => {
      const frames = [];
      scrollTo(0, 0);
      await drawn();
      let last = await new Promise(requestAnimationFrame);
      for (let i = 0; i < 300; i++) {
        scrollBy(0, 300);
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
      }
      if (scrollY < 10_000) throw new Error("the page did not scroll");
      frames.sort((a, b) => a - b);
      return (bench.frames = { median: frames[150], p95: frames[285] });
    },

    tab: async (n, shown) => {
      const from = performance.now();
      document.querySelectorAll('[role="tab"]')[n - 1].click();
      await once(() => document.querySelector(shown));
      await drawn();
      return performance.now() - from;
    },
  };
})();
